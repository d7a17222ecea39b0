# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154  # the variables of common.sh and files.sh
# The restorer: a unit that runs early on every boot and applies the committed system, so that an unconfirmed
# activation does not outlive a power cut. It is on disk before the first change to anything else, and goes as the
# last thing when nothing is managed any more. $state/restorer links to a copy of the scripts: all that is needed
# to put the machine back as it was found when no system was ever committed, or when /nix is not there.

restorer_unit=/etc/systemd/system/nixus-restore.service
restorer_link=/etc/systemd/system/sysinit.target.wants/nixus-restore.service

restorer_text() {
  cat <<'END'
# Written by Nixus; goes when the machine goes back to generation 0.
[Unit]
Description=Put the committed Nixus system into effect
DefaultDependencies=no
RequiresMountsFor=/etc /var/lib/nixus
Wants=nix.mount nix-store.mount network-pre.target
After=local-fs.target systemd-remount-fs.service systemd-sysctl.service nix.mount nix-store.mount
Before=sysinit.target systemd-tmpfiles-setup.service network-pre.target systemd-networkd.service ssh.service sshd.service ssh.socket
# Only while booting: starting any unit later asks for what sysinit.target wants as well.
ConditionPathExists=!/run/nixus/linux/live
Conflicts=shutdown.target
Before=shutdown.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh /var/lib/nixus/linux/restorer/bin/boot
TimeoutStartSec=90
KillMode=control-group
StandardOutput=journal+console
END
}

install_scripts() {
  read -r is_digest <"$system/manifest/scripts" || return 1
  is_name=restorer-$is_digest
  if [ ! -d "$state/$is_name" ]; then
    rm -rf -- "$state/restorer.new" &&
      mkdir -p "$state/restorer.new/bin" "$state/restorer.new/lib" "$state/restorer.new/manifest" &&
      cp -- "$system"/lib/*.sh "$state/restorer.new/lib/" &&
      cp -- "$system/bin/boot" "$system/bin/restore" "$state/restorer.new/bin/" &&
      cp -- "$system/manifest/version" "$system/manifest/scripts" "$state/restorer.new/manifest/" || return 1
    # The system that manages nothing.
    for is_manifest in files units users groups members settings sysctl; do
      : >"$state/restorer.new/manifest/$is_manifest" || return 1
    done
    sync -f "$state" && mv -T -- "$state/restorer.new" "$state/$is_name" || return 1
  fi
  if [ "$(readlink "$state/restorer")" != "$is_name" ]; then
    rm -f -- "$state/restorer~" && ln -s -- "$is_name" "$state/restorer~" &&
      mv -T -- "$state/restorer~" "$state/restorer" && sync -f "$state" || return 1
  fi
  for is_old in "$state"/restorer-*; do
    [ "$is_old" = "$state/$is_name" ] || rm -rf -- "$is_old"
  done
}

install_restorer() {
  : >"$volatile/live" && install_scripts || return 1
  restorer_text >"$work/restorer-unit" || return 1
  if cmp -s -- "$work/restorer-unit" $restorer_unit &&
    [ "$(readlink $restorer_link)" = ../nixus-restore.service ]; then return 0; fi
  journal=$state/originals
  mkdir -p "$journal/dirs" "$work/parents" &&
    path=$restorer_link && record_parents && sync -f "$state" &&
    mkdir -p "${restorer_link%/*}" &&
    cat -- "$work/restorer-unit" >$restorer_unit.nixus-new && sync $restorer_unit.nixus-new &&
    mv -T -- $restorer_unit.nixus-new $restorer_unit &&
    ln -s -f -n ../nixus-restore.service $restorer_link &&
    sync -f /etc
}

# Whether the machine is as it was found, but for the restorer.
is_untouched() {
  if manages_anything || has_records || has_found_parameters; then return 1; fi
  [ ! -s "$state/accounts" ] && [ ! -e "$state/originals/hostname" ]
}

remove_restorer() {
  rm -rf -- "$state/originals/units"
  exists $restorer_unit || exists $restorer_link || return 0
  rm -f -- $restorer_link $restorer_unit.nixus-new && rm -f -- $restorer_unit && sync -f /etc || return 1
  rm -rf -- "$work/parents"
  prune_directories
  sync -f /etc && systemctl daemon-reload </dev/null 9>&-
}

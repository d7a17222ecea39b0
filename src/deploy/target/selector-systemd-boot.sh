# shellcheck shell=sh
# systemd-boot: the variable LoaderEntryOneShot of the firmware, which the boot loader removes before it boots what the
# variable names (systemd-boot(7)).

efi_variables=$root/sys/firmware/efi/efivars
loader_vendor=4a67b082-0a4c-41cf-b6c7-440b29bb8c4f

systemd_boot_check() {
  # The boot loader that the machine was started with says who it is (https://systemd.io/BOOT_LOADER_INTERFACE/), in
  # UTF-16 after four bytes of flags. efivarfs can't seek, as tail would.
  case $(tr -cd '[:print:]' 2>/dev/null <"$efi_variables/LoaderInfo-$loader_vendor") in
  "systemd-boot "*) ;;
  *)
    selector_problem="it was not started by systemd-boot"
    return 1
    ;;
  esac
  command -v bootctl >/dev/null || {
    selector_problem="there is no bootctl for its systemd-boot"
    return 1
  }
  [ -n "$(systemd_boot_entry "$previous")" ] || {
    selector_problem="its systemd-boot has no entry for the system that runs, $previous"
    return 1
  }
}

# systemd_boot_place esp|boot: the directory `loader` of the EFI system partition, or of the extended boot loader partition;
# where there is no such partition, `boot` is the same as `esp` (bootctl(1)).
systemd_boot_place() {
  boot_place=$(timeout 20 bootctl "--print-$1-path" 2>/dev/null </dev/null) && printf '%s/loader\n' "$root${boot_place#"$root"}"
}

# systemd_boot_entry SYSTEM: the id of an entry that boots it. A count of the tries left (`+3`, `+2-1`) is no part of it.
systemd_boot_entry() {
  { systemd_boot_place esp; systemd_boot_place boot; } | while IFS= read -r boot_place; do
    for boot_entry in "$boot_place"/entries/*.conf; do
      [ -r "$boot_entry" ] || continue
      while read -r boot_key boot_options; do
        case "$boot_key $boot_options " in
        options\ *"init=$1/init "*)
          boot_entry=${boot_entry##*/}
          case $boot_entry in *+*.conf) boot_entry=${boot_entry%+*}.conf ;; esac
          printf '%s\n' "$boot_entry"
          return
          ;;
        esac
      done <"$boot_entry"
    done
  done | head -n 1
}

systemd_boot_set() {
  boot_id_of_entry=$(systemd_boot_entry "$1")
  if [ -z "$boot_id_of_entry" ]; then
    selector_problem="systemd-boot has no entry for $1"
    return 1
  fi
  timeout 20 bootctl set-oneshot "$boot_id_of_entry" >>"$log" 2>&1 </dev/null || {
    selector_problem="'bootctl set-oneshot $boot_id_of_entry' failed"
    return 1
  }
}

systemd_boot_clear() {
  [ -e "$efi_variables/LoaderEntryOneShot-$loader_vendor" ] || return 0
  timeout 20 bootctl set-oneshot "" >>"${log:-/dev/null}" 2>&1 </dev/null
}

# NixOS names the default by its id, or by a pattern that is one, in loader.conf, which the boot loader reads from the EFI
# system partition alone (loader.conf(5)).
systemd_boot_has_default() {
  boot_default=$(field_of "$(systemd_boot_place esp)/loader.conf" default)
  if [ -z "$boot_default" ] || [ "$boot_default" != "$(systemd_boot_entry "$previous")" ]; then
    selector_problem="the default of systemd-boot is ${boot_default:-none}, not $previous (does it keep more than one generation?)"
    return 1
  fi
}

# field_of FILE KEY: the value of the first line `KEY VALUE`.
field_of() {
  [ -r "$1" ] || return 0
  while read -r boot_key boot_value; do
    if [ "$boot_key" = "$2" ]; then
      printf '%s\n' "$boot_value"
      return 0
    fi
  done <"$1"
}

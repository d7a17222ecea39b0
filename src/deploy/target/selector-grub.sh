# shellcheck shell=sh
# GRUB: `next_entry` in its environment block, as grub-reboot sets it. NixOS's menu takes it from there before it boots
# what it names (nixos/modules/system/boot/loader/grub/install-grub.pl).

grub_directory=$root/boot/grub

grub_check() {
  if [ ! -r "$grub_directory/grub.cfg" ] || ! command -v grub-editenv >/dev/null; then
    selector_problem="there is no GRUB in $grub_directory, or no grub-editenv"
    return 1
  fi
  if [ -z "$(grub_lines 'save_env next_entry')" ]; then
    selector_problem="the menu of its GRUB does not know next_entry (grub-reboot)"
    return 1
  fi
  # GRUB writes the block where it found it on the disk: not where data has checksums, or is spread over disks.
  case $(stat -f -c %T "$grub_directory") in
  ext2/ext3 | xfs | msdos | vfat) ;;
  *)
    selector_problem="GRUB can't write to the file system of $grub_directory, so what is started once would be started again"
    return 1
    ;;
  esac
  case $(df -P "$grub_directory" | tail -n 1) in
  /dev/mapper/* | /dev/dm-* | /dev/md*)
    selector_problem="GRUB can't write to the device of $grub_directory, so what is started once would be started again"
    return 1
    ;;
  esac
  [ -n "$(grub_entry "$previous")" ] || {
    selector_problem="the menu of its GRUB has no entry for the system that runs, $previous"
    return 1
  }
}

# grub_lines START: lines of the menu that begin so.
grub_lines() {
  while read -r menu_line; do
    case $menu_line in "$1"*) printf '%s\n' "$menu_line" ;; esac
  done <"$grub_directory/grub.cfg"
}

# grub_entry SYSTEM: the first entry of the menu that boots it, by numbers as GRUB counts them (`0`, or `1>4` in a
# submenu), since titles may hold anything.
grub_entry() {
  menu_number=-1
  submenu_number=
  in_entry=
  while read -r menu_word menu_rest; do
    case $menu_word in
    submenu)
      menu_number=$((menu_number + 1))
      submenu_number=-1
      ;;
    menuentry)
      in_entry=1
      if [ -n "$submenu_number" ]; then
        submenu_number=$((submenu_number + 1))
      else
        menu_number=$((menu_number + 1))
      fi
      ;;
    \})
      if [ -n "$in_entry" ]; then in_entry=; else submenu_number=; fi
      ;;
    linux | linuxefi | linux16 | module | module2)
      case "$menu_rest " in
      *" init=$1/init "*)
        printf '%s\n' "$menu_number${submenu_number:+>$submenu_number}"
        return 0
        ;;
      esac
      ;;
    esac
  done <"$grub_directory/grub.cfg"
}

grub_set() {
  menu_wanted=$(grub_entry "$1")
  if [ -z "$menu_wanted" ]; then
    selector_problem="the menu of GRUB has no entry for $1"
    return 1
  fi
  grub-editenv "$grub_directory/grubenv" set "next_entry=$menu_wanted" >>"$log" 2>&1 &&
    sync -f "$grub_directory" || {
    selector_problem="next_entry could not be set in $grub_directory/grubenv"
    return 1
  }
}

grub_clear() {
  [ -e "$grub_directory/grubenv" ] || return 0
  grub-editenv "$grub_directory/grubenv" unset next_entry >>"${log:-/dev/null}" 2>&1 && sync -f "$grub_directory"
}

# The default is an entry by its number, which NixOS makes of the system that the boot loader was installed for. One that
# was saved may be any.
grub_has_default() {
  menu_default=$(grub_lines 'set default=' | tr -d "\"'" | while IFS='=' read -r _ menu_value; do
    case $menu_value in \$*) ;; *) printf '%s\n' "$menu_value" ;; esac
  done)
  if [ "$(grub_entry "$previous")" != "${menu_default:-0}" ]; then
    selector_problem="the default of GRUB is its entry ${menu_default:-0}, which is not known to be $previous"
    return 1
  fi
}

#!/bin/sh
# shellcheck disable=SC1090,SC1091,SC2154
# restore: brings this system's files, accounts, units and name into effect early in the boot, before sysinit.target.
# Called by the restorer; no check may refuse here, and nothing waits for other units.
# Activation scripts need a machine that has booted further: nixus-activate.service runs them after basic.target.
set -u
system=$(readlink -f -- "$0") && system=${system%/bin/*} || exit 1
for library in common files accounts units checks restorer host kernel secrets; do
  . "$system/lib/$library.sh"
done

take_lock 60 && check_formats && prepare_state || exit 1
status=0
: >"$volatile/live"
register_running_system /run/current-system || status=2
register_running_system /run/booted-system || status=2
remember_enabled_units || status=2
install_secrets "$system/nixus-secrets" early || status=2
apply_accounts || { problem 'accounts could not be set up'; status=2; }
install_secrets "$system/nixus-secrets" all || status=2
{ plan_files && apply_files; } || { problem 'files could not be set up'; status=2; }
apply_hostname || { problem 'the host name could not be set'; status=2; }
apply_parameters || { problem 'kernel parameters could not be set'; status=2; }
finish_units || status=2
for daemon in sshd network; do finish_daemon $daemon || status=2; done
systemctl daemon-reload </dev/null 9>&- || status=2
# The boot was planned before these units were there. Not when something else than the default is being booted.
case $(systemctl show -p Job --value default.target 9>&-) in
  '' | 0) ;;
  *) systemctl start --no-block default.target </dev/null 9>&- || status=2 ;;
esac
if [ -e "$system/bin/activate" ]; then
  systemctl start --no-block nixus-activate.service </dev/null 9>&- || status=2
fi
# A machine that is as it was found needs no restorer, unless the committed system could only not be read.
if is_untouched && { [ ! -L "$profile" ] || [ "$(readlink -f "$profile")" = "$system" ]; }; then
  remove_restorer || status=2
fi
rm -rf -- "$work"
exit "$status"

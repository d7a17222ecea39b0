# shellcheck shell=sh
# Gives the deployer the store of this machine: the settings of its Nix, one `name = value` a line, the line
# `nixus-store`, and then the worker protocol over standard input and output. Sent over SSH after connection.sh.

{ nix --extra-experimental-features nix-command show-config || nix show-config; } 2>/dev/null </dev/null
printf '\nnixus-store\n'
end_with_connection
exec nix-daemon --stdio

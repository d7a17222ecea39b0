# shellcheck shell=sh
# Notes store paths, from standard input, that are about to come. Sent over SSH after common.sh and arriving.sh with
# `note_id` set.

note_arriving "$note_id" || exit 73

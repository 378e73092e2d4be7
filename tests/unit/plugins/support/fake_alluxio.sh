#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Alluxio's command line, as far as backups use it. $CACHE: a folder with the files `tree` and `leader` of one cache.
[ -s "$CACHE/leader" ] || { echo "no leader" >&2; exit 1; }
case "$*" in
  "fs masterInfo") echo "Current leader master: $(<"$CACHE/leader")/<unresolved>:19998" ;;
  "fs ls -R /")
    cat "$CACHE/tree" || exit
    # A namespace that somebody writes to: each line of `writes` is added after one listing.
    if [ -s "$CACHE/writes" ]; then head -1 "$CACHE/writes" >>"$CACHE/tree"; sed -i 1d "$CACHE/writes"; fi ;;
  "fsadmin backup "*)
    [ "${*:4}" = "--local --allow-leader --bypass-delegation" ] || exit 2
    gzip -c "$CACHE/tree" >"$3/alluxio-backup-2026-11-24-1795890153000.gz"
    echo "Backup Entry Count : $(wc -l <"$CACHE/tree")" ;;
  version) echo 2.9.4 ;;
  *) echo "unexpected: $*" >&2; exit 2 ;;
esac

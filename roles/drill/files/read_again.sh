#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Reads one file below /data in a loop, bypassing the page cache. Each line is one read: "read", checksum and the uptime in seconds
# before and after it, or "error", both uptimes and the message. Without a name it reads the smallest file above 64 KiB of the first
# thousand. A file that is being written is none of them: FUSE answers its size after 5 seconds, or its opening after 20.
# Without such a file it looks again for a while: after a failover FUSE may answer late for every file.
choose() {
  find /data -type f | head -n 1000 | while IFS= read -r name; do
    size=$(timeout -s KILL 1 stat -c %s "$name" 2>/dev/null)
    [ "${size:-0}" -gt 65536 ] && echo "$size $name"
  done | sort -n | cut -d ' ' -f 2- | while IFS= read -r name; do
    timeout -s KILL 2 dd if="$name" of=/dev/null count=0 2>/dev/null && echo "$name" && break
  done
}
looks=0
while file=${1:-$(choose)}; [ ! -f "$file" ]; do
  looks=$((looks + 1))
  [ "$looks" -lt 15 ] || { echo "no file ${1:+$1 }to read below /data" >&2; exit 1; }
  sleep 1
done
while :; do
  read -r before _ </proc/uptime
  if dd if="$file" of=/copies/copy iflag=direct bs=1M 2>/copies/message; then
    sum=$(sha256sum /copies/copy)
    read -r after _ </proc/uptime
    echo "read ${sum%% *} $before $after"
  else
    read -r after _ </proc/uptime
    echo "error $before $after $(tail -n 1 /copies/message)"
  fi
  sleep 0.1
done

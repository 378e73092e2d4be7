#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Reads one file below /data in a loop, bypassing the page cache. Each line is one read: "read", checksum and the uptime in seconds
# before and after it, or "error", both uptimes and the message. Without a name it reads the smallest file above 64 KiB.
file=$1
[ -n "$file" ] || file=$(find /data -type f -size +64k -printf '%s %p\n' | sort -n | head -n 1 | cut -d ' ' -f 2-)
[ -f "$file" ] || { echo "no file $file to read below /data" >&2; exit 1; }
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

#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What the containers of Fluid's alluxio chart start: the roles and arguments of the upstream image's /entrypoint.sh.
role=$1
shift

# format COMMAND FLAG: a component starts on formatted storage, unless the chart says that it is.
format() { [ "$2" = --no-format ] || alluxio "$1" || exit; }

# fuse [--fuse-opts=OPTION,...] MOUNT_POINT [ALLUXIO_PATH]
fuse() {
  local options=() positional=() argument option
  for argument; do
    case $argument in
      --fuse-opts=*) for option in $(tr , ' ' <<<"${argument#*=}"); do options+=(-o "$option"); done ;;
      *) positional+=("$argument") ;;
    esac
  done
  mkdir -p "${positional[0]}"
  # AlluxioFuse has no argument for the path.
  export ALLUXIO_FUSE_JAVA_OPTS="$ALLUXIO_FUSE_JAVA_OPTS -Dalluxio.fuse.mount.alluxio.path=${positional[1]:-/}"
  exec alluxio fuse -m "${positional[0]}" "${options[@]}"
}

case $role in
  master-only) format formatJournal "$1"; exec alluxio master ;;
  job-master)  exec alluxio job-master ;;
  worker-only) format formatWorker "$1"; exec alluxio worker ;;
  job-worker)  exec alluxio job-worker ;;
  fuse)        fuse "$@" ;;
  *)           exec "$role" "$@" ;;
esac

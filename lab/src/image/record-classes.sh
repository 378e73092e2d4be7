#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# record-classes.sh FOLDER: runs Alluxio on this one host, reads a file through it as in a Dataset of the lab, and leaves
# what each JVM loads in FOLDER/<name>.<pid>.classes. A step that fails ends it, with the end of the step's log.
set -uo pipefail
folder=$1
mkdir -p "$folder"/{www,tier,mount}
echo data >"$folder/www/file"
declare -A component

settings="-Dalluxio.master.hostname=localhost -Dalluxio.worker.hostname=localhost -Dalluxio.user.hostname=localhost
  -Dalluxio.master.journal.type=EMBEDDED -Dalluxio.master.journal.folder=/journal
  -Dalluxio.master.embedded.journal.addresses=localhost:19200 -Dalluxio.job.master.embedded.journal.addresses=localhost:20003
  -Dalluxio.master.mount.table.root.ufs=/underFSStorage
  -Dalluxio.worker.ramdisk.size=64MB -Dalluxio.worker.tieredstore.level0.dirs.path=$folder/tier
  -Dalluxio.fuse.jnifuse.libfuse.version=3 -XX:TieredStopAtLevel=1"

fail() {
  echo "record-classes.sh: $1; the end of its log:" >&2
  tail -n 15 "$2" >&2
  exit 1
}

# alluxio_as NAME ARGUMENT...: becomes Alluxio's launcher, with the classes and the log in files of this name.
alluxio_as() {
  local name=$1
  shift
  export ALLUXIO_JAVA_OPTS="$settings -XX:DumpLoadedClassList=$folder/$name.%p.classes"
  exec alluxio "$@" >"$folder/$name.log" 2>&1
}

# call NAME ARGUMENT...: a command that ends.
call() { (alluxio_as "$@") || fail "alluxio ${*:2} failed" "$folder/$1.log"; }

# start NAME ARGUMENT...: a component that stays.
start() {
  (alluxio_as "$@") &
  component[$1]=$!
}

# await NAME WHAT COMMAND...: until the command succeeds, which shows that the component has come so far.
await() {
  local name=$1 what=$2 limit=$((SECONDS + 300))
  shift 2
  until "$@" 2>/dev/null; do
    kill -0 "${component[$name]}" 2>/dev/null || fail "$name ended before $what" "$folder/$name.log"
    ((SECONDS < limit)) || fail "$name ran for 300 s without $what" "$folder/$name.log"
    sleep 0.2
  done
}

listens() { (: <>"/dev/tcp/localhost/$1"); }

# stop NAME...: a JVM writes the rest of its list when it ends.
stop() {
  local name
  for name; do kill "${component[$name]}"; done
  for name; do wait "${component[$name]}"; done
}

echo "daemon off; events {} http { server { listen 8090; root $folder/www; autoindex on; } }" >"$folder/nginx.conf"
nginx -c "$folder/nginx.conf" >"$folder/nginx.log" 2>&1 &
component[nginx]=$!

call format-journal formatJournal
call format-worker formatWorker
start master master
start job-master job-master
start worker worker
start job-worker job-worker
await nginx "opening its port" listens 8090
# Only a leader opens its web port.
await master "leading the quorum" listens 19999
await job-master "leading the quorum" listens 20002
await worker "opening its web port" listens 30000
await job-worker "opening its web port" listens 30003

# Other commands load hardly a class that these do not.
call mount fs mount --readonly /web http://localhost:8090/
call ls fs -Dalluxio.user.file.metadata.sync.interval=0 ls -R /web
case $(alluxio version) in
  2.9.0) call load fs load /web ;;
  *) call load fs load /web --submit ;;
esac
call report fsadmin report
call quorum fsadmin journal quorum info -domain MASTER

start fuse fuse -m "$folder/mount" -o ro -o allow_other
await fuse "mounting" mountpoint -q "$folder/mount"
cat "$folder/mount/web/file" >"$folder/read" || fail "reading a file of the mount failed" "$folder/fuse.log"

# Clients first: they end at once as long as their masters answer.
stop fuse
stop worker job-worker
stop master job-master nginx

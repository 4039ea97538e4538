#!/bin/sh
# zookeeper.sh DIR PORT [ID SERVER…]: becomes a ZooKeeper server of Debian's
# package, on 127.0.0.1:PORT, with its data and configuration in DIR. For tests
# and the quickstart: short ticks, small heap, no admin server. As one of
# several it is number ID; each SERVER is the host:port:port of the next, by
# which they talk to one another and vote.
set -eu
dir=$1 port=$2
shift 2
mkdir -p "$dir"
cat >"$dir/zoo.cfg" <<CFG
tickTime=500
dataDir=$dir
clientPortAddress=${ZOOKEEPER_ADDRESS:-127.0.0.1}
clientPort=$port
admin.enableServer=false
4lw.commands.whitelist=ruok,srvr,wchs,wchp,mntr,dump
maxClientCnxns=0
maxSessionTimeout=60000
CFG
if [ $# -gt 0 ]; then
  echo "$1" >"$dir/myid"
  shift
  n=1
  echo "initLimit=20" >>"$dir/zoo.cfg"
  echo "syncLimit=6" >>"$dir/zoo.cfg"
  for server; do
    echo "server.$n=$server" >>"$dir/zoo.cfg"
    n=$((n + 1))
  done
fi
exec java -Xmx128m -XX:+UseSerialGC -cp /usr/share/java/zookeeper.jar \
  org.apache.zookeeper.server.quorum.QuorumPeerMain "$dir/zoo.cfg"

#!/bin/sh
# zookeeper.sh DIR PORT: becomes a ZooKeeper server of Debian's package, on
# 127.0.0.1:PORT, with its data and configuration in DIR. For tests and the
# quickstart: short ticks, small heap, no admin server.
set -eu
dir=$1 port=$2
mkdir -p "$dir"
cat >"$dir/zoo.cfg" <<CFG
tickTime=500
dataDir=$dir
clientPortAddress=127.0.0.1
clientPort=$port
admin.enableServer=false
4lw.commands.whitelist=ruok,srvr,wchs,wchp,mntr,dump
maxClientCnxns=0
maxSessionTimeout=60000
CFG
exec java -Xmx128m -XX:+UseSerialGC -cp /usr/share/java/zookeeper.jar \
  org.apache.zookeeper.server.quorum.QuorumPeerMain "$dir/zoo.cfg"

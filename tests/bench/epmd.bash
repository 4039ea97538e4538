# rm-cepmd beside Debian's epmd, one load generator for both, in turn: its
# answers, its registrations beside what the ZooKeeper client alone can do,
# and its memory. Sourced by run.
# shellcheck shell=bash

EPMD_LOAD=$RM_BUILD/tools/epmd_load

# port_mapper NAME [OPTION]…: an rm-cepmd; its port is in PORT_MAPPER.
port_mapper() {
  local name=$1
  shift
  rm-cepmd --port 0 --port-file "$STACK/$name.port" --packet-timeout 600 "$@" \
    >"$STACK/$name.out" 2>>"$STACK/$name.log" &
  PORT_MAPPER_PID=$!
  track "$PORT_MAPPER_PID"
  wait_for 10 test -s "$STACK/$name.port" || return 1
  PORT_MAPPER=$(cat "$STACK/$name.port")
}

# Debian's, as PORT_MAPPER.
real_epmd() {
  PORT_MAPPER=$(free_port)
  epmd -port "$PORT_MAPPER" >/dev/null 2>&1 &
  track $!
  wait_for 10 listens "$PORT_MAPPER"
}

# names PORT N: registered, over connections that stay open.
names() {
  mkfifo "$STACK/names.$1"
  "$EPMD_LOAD" "$1" hold "$2" <"$STACK/names.$1" >"$STACK/held.$1" \
    2>>"$STACK/load.log" &
  track $!
  # shellcheck disable=SC2034 # kept open: the generator ends with it
  exec {HELD}>"$STACK/names.$1"
  wait_for 60 grep -q ready "$STACK/held.$1"
}

# in_turn COMMAND COMMAND: the median of the first's figure over the second's,
# five alternating rounds.
in_turn() {
  local _ a b
  for _ in 1 2 3 4 5; do
    a=$($1) && b=$($2) || return 1
    echo "$a $b"
  done | awk '{printf "%.3f\n", $1 / $2}' | sort -n | median 5
}

lookups() { # lookups NAME COUNT LIMIT: the real one's share of ours
  local real ours
  real_epmd && real=$PORT_MAPPER && names "$real" "$2" || return 1
  port_mapper "epmd-$2" && ours=$PORT_MAPPER && names "$ours" "$2" || return 1
  local ask="ask 1 16 name-$(($2 / 2))"
  bench "$1" "$(in_turn "$EPMD_LOAD $real $ask" "$EPMD_LOAD $ours $ask")" \
    ratio "$3"
}

# Ours with 10 names beside ours with 10,000; what those weigh.
many_names() {
  local few many before after
  port_mapper few && few=$PORT_MAPPER && names "$few" 10 || return 1
  port_mapper many && many=$PORT_MAPPER || return 1
  before=$(dirty "$PORT_MAPPER_PID")
  names "$many" 10000 || return 1
  after=$(dirty "$PORT_MAPPER_PID")
  bench epmd-lookups-10000 "$(in_turn "$EPMD_LOAD $few ask 1 16 name-5" \
    "$EPMD_LOAD $many ask 1 16 name-5000")" ratio 1.11
  bench epmd-memory-10000 "$(awk -v a="$after" -v b="$before" \
    'BEGIN {printf "%.2f", a - b}')" MiB 6
}

# A name registered and given up, as records in ZooKeeper, beside what the
# bare client gets for a create and a delete of the same size.
registrations() {
  local directory=/riak/frameworks/bench/cepmd/kv size
  start_zookeeper || return 1
  port_mapper shared --zk "$ZK" --framework bench --cluster kv \
    --host 127.0.0.1 --log-level warn || return 1
  names "$PORT_MAPPER" 1 || return 1
  wait_for 10 "$RM_BUILD/tools/zk" get --zk "$ZK" "$directory/name-1" ||
    return 1
  size=$("$RM_BUILD/tools/zk" get --zk "$ZK" "$directory/name-1" | wc -c)
  bench epmd-registrations "$(in_turn \
    "$RM_BUILD/tools/zk_churn $ZK /riak/frameworks/bench 3 16 $(head -c "$size" /dev/zero | tr '\0' x)" \
    "$EPMD_LOAD $PORT_MAPPER churn 3 16")" ratio 1.43
}

port_mappers() {
  # Every name is a connection.
  ulimit -n "$(ulimit -Hn)"
  lookups epmd-lookups-10 10 1 &&
    lookups epmd-lookups-900 900 0.333 &&
    many_names && registrations
}

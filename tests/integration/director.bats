# shellcheck disable=SC2030,SC2031 # each test has variables of its own
# The Director with 10,000 clients that stay, while its nodes are killed one
# after the other: the next as soon as the last is healthy again, never the last
# one up. What fails is counted and printed by cause; only what was passed on
# and must not be sent twice may fail. SHORT=1: 20 seconds, else two minutes.

load ../helper

TOOLS=${RM_TOOLS:-$RM_BIN/../tools}

setup() {
  start_zookeeper
  HTTP=$(free_port) PB=$(free_port) ADMIN=$(free_port)
  declare -gA NODE_PID NODE_HTTP NODE_PB
  ulimit -n "$(ulimit -Hn)"
  for n in 1 2 3; do
    NODE_HTTP[$n]=$(free_port) NODE_PB[$n]=$(free_port)
    node "$n"
    "$TOOLS/zk" put --zk "$ZK" "/riak/frameworks/f/coordinator/coordinatedNodes/n$n" "{\"ClusterName\":\"kv\",
      \"NodeName\":\"n$n\",\"Hostname\":\"127.0.0.$n\",\"HTTPPort\":${NODE_HTTP[$n]},\"PBPort\":${NODE_PB[$n]}}"
  done
}

teardown() {
  stop_tracked
}

node() {
  "$TOOLS/backend" "n$1" "127.0.0.$1" "${NODE_HTTP[$1]}" "${NODE_PB[$1]}" "$BATS_TEST_TMPDIR" \
    2>>"$BATS_TEST_TMPDIR/node$1.log" 3>&- &
  NODE_PID[$1]=$!
  track "${NODE_PID[$1]}"
  wait_for 10 listens "${NODE_PB[$1]}"
}

director() {
  rm-director --zk "$ZK" --framework f --cluster kv --http-port "$HTTP" --pb-port "$PB" --admin-port "$ADMIN" \
    --check-interval 0.2 --slow-start 1 --idle-time 600 "$@" 2>"$BATS_TEST_TMPDIR/log" 3>&- &
  DIRECTOR=$!
  track "$DIRECTOR"
  wait_for 10 listens "$ADMIN"
  up 3
}

up() {
  wait_for 30 says ".http.nodes_up == $1 and .protobuf.nodes_up == $1"
}

says() {
  curl -sf "http://127.0.0.1:$ADMIN/status" | jq -e "$1" >/dev/null
}

# kill_nodes PID: one after the other, while that process runs.
kill_nodes() {
  local n=0 kills=0
  while kill -0 "$1" 2>/dev/null; do
    n=$((n % 3 + 1))
    kill -KILL "${NODE_PID[$n]}"
    wait_for 10 gone "${NODE_PID[$n]}"
    wait_for 30 says '.http.nodes_up == 2 and .protobuf.nodes_up == 2'
    node "$n"
    up 3
    kills=$((kills + 1))
  done
  echo "# $kills nodes killed" >&3
  [ "$kills" -ge 3 ]
}

# crowd OUT: 10,000 that stay.
crowd() {
  local seconds=120
  [ -z "${SHORT-}" ] || seconds=20
  "$TOOLS/crowd" "$HTTP" "$PB" 10000 "$seconds" 5 >"$1" 3>&- &
  CROWD=$!
  track "$CROWD"
  wait_for 30 grep -q held "$1"
  wait_for 30 says '.http.open + .protobuf.open >= 9900'
}

# Reads are never lost; of writes, those that a node had when it was killed.
judge() {
  sed 's/^/# /' "$1" >&3
  local bad
  bad=$(grep '^failed' "$1" |
    grep -vE '^failed write http HTTP/1.1 502 |^failed write protobuf (closed before the answer|Connection reset by peer) ' || true)
  [ -z "$bad" ]
}

@test "10,000 connections, one node after the other killed" {
  director
  crowd "$BATS_TEST_TMPDIR/out"
  kill_nodes "$CROWD"
  wait "$CROWD"
  judge "$BATS_TEST_TMPDIR/out"
  # all of them were there to the end
  says '.http.requests + .protobuf.requests > 10000'
}

@test "the same with workers, and another process that takes over" {
  director --workers 2 --handover "$BATS_TEST_TMPDIR/handover"
  crowd "$BATS_TEST_TMPDIR/out"
  director --workers 2 --handover "$BATS_TEST_TMPDIR/handover" --drain-time 300
  kill_nodes "$CROWD"
  wait "$CROWD"
  judge "$BATS_TEST_TMPDIR/out"
}

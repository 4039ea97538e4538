# Hosts that are cut off from all others, by a network that says nothing, and
# return: one with a node of Riak, one with the scheduler that leads. Each test's
# title is its outcome.

load ../helper
load ../stack
load ../hosts

# 2 to 4 run nodes, 10 ZooKeeper, 21 and 22 schedulers, 30 clients.
setup_file() {
  local options
  export STACK=$BATS_FILE_TMPDIR ZK=10.77.0.10:2181
  hosts_up 1 2 3 4 10 21 22 30
  ZOOKEEPER_ADDRESS=10.77.0.10 start_at 10 zk \
    "$TOP/tests/zookeeper.sh" "$STACK/zk" 2181
  travelling_archive
  local_at_1 2 3 4
  wait_for 60 state ls
  mapfile -t options < <(schedd_options)
  start_at 21 schedd-21 rm-schedd --master "$MASTER" "${options[@]}"
  echo "$STARTED" >"$STACK/schedd-21.pid"
  make_cluster kv
  for n in 1 2 3; do add_node kv "$n"; done
  wait_for 30 grep -q leading "$STACK/schedd-21.log"
  start_at 22 schedd-22 rm-schedd --master "$MASTER" "${options[@]}"
  echo "$STARTED" >"$STACK/schedd-22.pid"
  start_at 30 director rm-director --zk "$ZK" --framework riak --cluster kv
  wait_for 90 well 21 3
}

teardown_file() {
  export STACK=$BATS_FILE_TMPDIR
  stop_tracked
  stop_executors
  hosts_down
}

setup() {
  export STACK=$BATS_FILE_TMPDIR
}

teardown() {
  [ -n "${BATS_TEST_COMPLETED-}" ] || tell_logs
}

# All that looks or orders does it from host 30.
state() {
  at 30 rm-state "$@" --zk "$ZK" --framework riak
}

curl() {
  at 30 curl "$@"
}

DIRECTOR=127.0.0.1:8098

up_are() { # up_are COUNT: as the Director sees it
  curl -sf http://127.0.0.1:9000/status | jq -e --argjson n "$1" \
    '.http.nodes_up == $n and .protobuf.nodes_up == $n'
}

# By its own word: the record's may be half a minute old.
in_ring() { # in_ring NODE COUNT
  [ "$(curl -sf -m 5 "http://$(http "$1")/stats" |
    jq '.ring_members | length')" -eq "$2" ]
}

stages_of() { # stages_of HOST: how many
  pgrep -cP "$(cat "$STACK/schedd-$1.pid")"
}

# well HOST COUNT: the scheduler there leads, no other does; that many nodes
# are ready, in one ring, and known to all.
well() {
  local n other=21
  [ "$1" = 22 ] || other=22
  [ "$(stages_of "$1")" -eq 8 ] && [ "$(stages_of "$other")" -eq 0 ] || return 1
  for ((n = 1; n <= $2; n++)); do
    running "riak-kv-$n" && holds "members/riak-kv-$n" .ready &&
      in_ring "riak-kv-$n" "$2" &&
      [ "$(vms_of "riak-kv-$n" | wc -l)" -eq 1 ] || return 1
  done
  [ "$(state ls coordinator/coordinatedNodes | wc -l)" -eq "$2" ] &&
    [ "$(state ls cepmd/kv | wc -l)" -eq "$2" ] && up_are "$2"
}

launches() {
  cat "$STACK"/schedd*.log | grep -c 'rm-offer: info: launch node='
}

tasks() {
  state dump | jq -S '.records | with_entries(select(.key |
    startswith("tasks/")) | .value |= .task_id)'
}

member_gone() {
  ! state get "members/$1" && [ "$(state ls cepmd/kv | wc -l)" -eq 2 ]
}

put_some() { # put_some NAME
  local i
  for i in 1 2 3 4 5 6; do put_key "$DIRECTOR" "$1-$i" "$1" || return; done
}

has_some() { # has_some HOST:PORT NAME
  local i
  for i in 1 2 3 4 5 6; do
    [ "$(get_key "$1" "$2-$i")" = "$2" ] || return
  done
}

@test "a host with a node is cut off and returns: it is waited for, others serve" {
  local host before tasks name
  before=$(launches) tasks=$(tasks)
  host=$(state get tasks/riak-kv-2 | jq -r .address)
  host=${host##*.}
  put_some before
  cut "$host"
  fault cut "$((host - 1))"
  wait_for 30 status_is riak-kv-2 TASK_UNREACHABLE
  wait_for 40 member_gone riak-kv-2
  wait_for 20 up_are 2
  put_some meanwhile
  [ "$(vms_of riak-kv-2 | wc -l)" -eq 1 ]
  plug "$host"
  fault heal "$((host - 1))"
  wait_for 90 well 21 3
  assert_equal "$(tasks)" "$tasks"
  [ "$(launches)" -eq "$before" ]
  # The connections between Riaks outlived the cut, and resume when TCP next
  # tries: until then the others don't answer the one who was away.
  wait_for 30 put_some after
  for name in before meanwhile after; do
    wait_for 30 has_some "$(http riak-kv-2)" "$name"
  done
}

@test "the scheduler that leads is cut off: another does, it stands by on return" {
  local before tasks others='del(."tasks/riak-kv-1")'
  before=$(launches) tasks=$(tasks)
  cut 21
  wait_for 60 grep -q leading "$STACK/schedd-22.log"
  state put nodes/riak-kv-1 <<<'{"cluster":"kv","goal":"run","restart":1}'
  wait_for 90 runs_anew riak-kv-1 "$(jq -r '."tasks/riak-kv-1"' <<<"$tasks")"
  plug 21
  wait_for 120 well 22 3
  [ "$(launches)" -eq $((before + 1)) ]
  # Its session's end is told when it has a connection again, and its time.
  wait_for 60 grep -q 'standing by' "$STACK/schedd-21.log"
  assert_equal "$(tasks | jq "$others")" "$(jq "$others" <<<"$tasks")"
}

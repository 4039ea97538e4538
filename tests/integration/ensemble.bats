# A ZooKeeper of three servers under a whole system: it loses its leader, loses
# its quorum for longer than sessions last, and comes back. No task is launched
# again for it, no record is lost, one scheduler leads, Riak serves clients all
# the while, and what is ordered after it is done. SHORT=1: the quorum is away
# for longer than a session lasts, but not than clients hold on to it.

load ../helper
load ../stack
load ../ensemble

setup_file() {
  export STACK=$BATS_FILE_TMPDIR
  start_ensemble
  start_local
  start_schedd
  mv "$STACK/schedd.log" "$STACK/schedd-1.log"
  make_cluster kv
  add_node kv 1
  add_node kv 2
  wait_for 90 running riak-kv-1
  wait_for 90 running riak-kv-2
  # One that stands by.
  start_schedd
  wait_for 20 grep -q 'standing by' "$STACK/schedd.log"
  start_api
  start_director kv
  wait_for 90 well
}

teardown_file() {
  export STACK=$BATS_FILE_TMPDIR
  touch "$STACK/enough"
  stop_tracked
  stop_executors
}

setup() {
  export STACK=$BATS_FILE_TMPDIR
}

teardown() {
  if [ -z "${BATS_TEST_COMPLETED-}" ]; then
    tail -n 40 "$STACK"/*.log
  fi
}

# The Director knows of both nodes, and that they are well.
served() {
  curl -sf "http://127.0.0.1:$DIRECTOR_ADMIN/status" |
    jq -e '.http.nodes_up == 2 and .protobuf.nodes_up == 2'
}

# Writes through the Director until told that it is enough.
write_on() {
  local i=0
  while [ ! -e "$STACK/enough" ]; do
    if put_key "127.0.0.1:$DIRECTOR_HTTP" "e$i" "value $i"; then
      echo "$i" >>"$STACK/written"
    else
      echo "$i" >>"$STACK/refused"
    fi
    i=$((i + 1))
    sleep 0.05
  done
}

begin_client() {
  rm -f "$STACK"/{enough,written,refused}
  write_on 3>&- &
  CLIENT_PID=$!
  track "$CLIENT_PID"
  wait_for 20 test -s "$STACK/written"
}

# Not one request has failed, and what was written is there.
end_client() {
  local i
  touch "$STACK/enough"
  wait "$CLIENT_PID"
  [ ! -e "$STACK/refused" ] || fail "$(wc -l <"$STACK/refused") requests failed"
  for i in $(head -n 1 "$STACK/written") $(tail -n 1 "$STACK/written"); do
    [ "$(get_key "127.0.0.1:$DIRECTOR_HTTP" "e$i")" = "value $i" ]
  done
}

# What must be as it was: whatever the stages and people wrote.
kept() {
  state dump | jq -S '.records | with_entries(select(.key |
    test("^(framework|clusters/|nodes/|orphans/|tasks/|reservations/)")))'
}

# By its own word: the record's may be half a minute old.
in_ring() { # in_ring NODE
  curl -sf -m 5 "http://$(http "$1")/stats" |
    grep -q '"ring_members":\["[^",]*","[^",]*"\]'
}

# One pipeline runs, it reports; the nodes are ready, in one ring, and known to
# clients.
well() {
  local at
  [ "$(pgrep -fc "rm-state apply .*$ZK")" -eq 1 ] || return 1
  holds scheduler .running && served || return 1
  for at in riak-kv-1 riak-kv-2; do
    running "$at" && holds "members/$at" .ready && in_ring "$at" &&
      [ "$(vms_of "$at" | wc -l)" -eq 1 ] || return 1
  done
  [ "$(state ls coordinator/coordinatedNodes | wc -l)" -eq 2 ] &&
    [ "$(state ls cepmd/kv | wc -l)" -eq 2 ]
}

# is_obeyed NODE: a restart that is asked for is done, once, and not of others.
is_obeyed() {
  local other=riak-kv-2 task others
  [ "$1" = riak-kv-1 ] || other=riak-kv-1
  task=$(task_of "$1") others=$(task_of "$other")
  riak-mesos node restart "$1"
  wait_for 60 runs_anew "$1" "$task"
  [ "$(task_of "$other")" = "$others" ]
  wait_for 60 well
}

# is_remembered NODE OTHER: a port mapper and the API answer from what they
# knew, and change nothing.
is_remembered() {
  run rm-cepmd lookup --port "${MAPPER[$1]}" "$2"
  assert_output --partial "$2"
  [ "$(curl -s "$API/api/v1/clusters/kv/nodes" | jq '.nodes | length')" -eq 2 ]
  run curl -s -X POST "$API/api/v1/clusters/kv/nodes"
  assert_output --partial "nothing was changed"
  run curl -s "$API/healthcheck"
  assert_output --partial "no connection to ZooKeeper"
}

no_quorum() {
  ! role_of 1 && ! role_of 2 && ! role_of 3
}

# lose_quorum SIGNAL: two of three are killed, or sleep.
lose_quorum() {
  FIRST=$(server_that leader) SECOND=$(server_that follower)
  kill "-$1" "$(server_pid "$FIRST")" "$(server_pid "$SECOND")"
  wait_for 30 no_quorum
}

# Longer than sessions last, which is 10 s; but for a short round also than
# three times that, when clients begin new ones.
long() {
  sleep "$([ -n "${SHORT-}" ] && echo "$1" || echo 45)"
}

launches() {
  cat "$STACK"/schedd*.log | grep -c 'rm-offer: info: launch node='
}

begin() {
  wait_for 90 well
  kept >"$STACK/before"
  declare -gA MAPPER
  MAPPER[riak-kv-1]=$(state get tasks/riak-kv-1 | jq .ports.cepmd)
  MAPPER[riak-kv-2]=$(state get tasks/riak-kv-2 | jq .ports.cepmd)
}

@test "the leader of three is lost, and comes back: clients notice nothing" {
  local leader
  leader=$(server_that leader)
  begin
  begin_client
  kill -KILL "$(server_pid "$leader")"
  wait_for 30 server_that leader
  wait_for 60 well
  run_server "$leader"
  wait_for 30 role_of "$leader"
  wait_for 60 well
  end_client
  kept | diff "$STACK/before" -
}

@test "no quorum for longer than sessions last: Riak serves, then all go on" {
  begin
  begin_client
  lose_quorum KILL
  long 12
  is_remembered riak-kv-1 riak-kv-2
  served
  run_server "$SECOND"
  wait_for 120 well
  kept | diff "$STACK/before" -
  end_client
  run_server "$FIRST"
  wait_for 30 role_of "$FIRST"
  is_obeyed riak-kv-2
}

@test "servers that sleep; a node that ends meanwhile runs again, once, then" {
  local task others before
  begin
  task=$(task_of riak-kv-1) others=$(task_of riak-kv-2)
  before=$(launches)
  lose_quorum STOP
  kill -KILL "$(vm_of riak-kv-1)"
  long 4
  is_remembered riak-kv-2 riak-kv-2
  [ -z "$(vm_of riak-kv-1)" ]
  kill -CONT "$(server_pid "$FIRST")" "$(server_pid "$SECOND")"
  wait_for 90 runs_anew riak-kv-1 "$task"
  wait_for 120 well
  [ "$(task_of riak-kv-2)" = "$others" ]
  [ "$(launches)" -eq $((before + 1)) ]
}

# A client writes through the Director without a pause while nodes' machines
# are killed, one after the other, each as soon as all are well again. What was
# acknowledged is there at the end. SHORT=1: three kills; else twelve.

load ../helper
load ../stack

TOOLS=${RM_TOOLS:-$RM_BIN/../tools}

setup() {
  STACK=$BATS_TEST_TMPDIR
  start_zookeeper
  start_local
  start_schedd
  start_api
  riak-mesos framework wait-for-service --timeout 60
  riak-mesos cluster create kv "$RIAK_VERSION"
  riak-mesos cluster add-node kv --nodes 3
  riak-mesos cluster wait-for-service kv --nodes 3 --timeout 180
  wait_for 120 whole
  start_director kv
}

teardown() {
  touch "$STACK/enough"
  stop_tracked
  stop_executors
}

# All three are ready and see a ring of three.
whole() {
  local n
  for n in 1 2 3; do
    holds "members/riak-kv-$n" '.ready and (.members | length == 3)' ||
      return 1
  done
}

# Writes until told that it is enough; notes what was acknowledged.
write_on() {
  local i=0
  while [ ! -e "$STACK/enough" ]; do
    if put_key "127.0.0.1:$DIRECTOR_HTTP" "w$i" "value $i"; then
      echo "$i" >>"$STACK/acknowledged"
    else
      echo "$i" >>"$STACK/refused"
    fi
    i=$((i + 1))
  done
}

@test "no acknowledged key is lost while machines are killed" {
  local kills=12 i n
  [ -z "${SHORT-}" ] || kills=3
  write_on 3>&- &
  track $!
  for ((i = 0; i < kills; i++)); do
    n=riak-kv-$((i % 3 + 1))
    local task
    task=$(task_of "$n")
    kill -KILL "$(vm_of "$n")"
    wait_for 60 runs_anew "$n" "$task"
    wait_for 60 whole
  done
  touch "$STACK/enough"
  echo "# $(wc -l <"$STACK/acknowledged") acknowledged," \
    "$(cat "$STACK/refused" 2>/dev/null | wc -l) refused" >&3
  [ "$(wc -l <"$STACK/acknowledged")" -gt 100 ]
  while read -r i; do
    [ "$(get_key "127.0.0.1:$DIRECTOR_HTTP" "w$i")" = "value $i" ] ||
      fail "w$i was acknowledged, and is lost"
  done <"$STACK/acknowledged"
}

# try COMMAND…: again and again until it is enough; notes what failed.
try() {
  until [ -e "$STACK/enough" ]; do
    "$@" >/dev/null 2>>"$STACK/why" && echo >>"$STACK/done" || echo "$*" >>"$STACK/failed"
  done
}

rolled() {
  local n
  for n in 1 2 3; do
    [ "$(task_of "riak-kv-$n")" != "${before[$n]}" ] || return 1
  done
  holds rollouts/kv '.state == "done"' && whole
}

@test "a rolling restart: not one request fails" {
  local -A before
  local n at=127.0.0.1:$DIRECTOR_HTTP
  for n in 1 2 3; do before[$n]=$(task_of "riak-kv-$n"); done
  for n in 1 2 3; do
    try put_key "$at" "r$n" value 3>&- &
    track $!
    try "$TOOLS/pb" 127.0.0.1 "$DIRECTOR_PB" put test "p$n" value 3>&- &
    track $!
  done
  # on one connection, which stays
  try curl -sf -m 20 -X PUT -H 'Content-Type: text/plain' -d v "http://$at/buckets/test/keys/[1-200]" 3>&- &
  track $!
  try get_key "$at" r1 3>&- &
  track $!
  # get_key has nothing to read before the first of these
  wait_for 20 test -s "$STACK/done"
  rm -f "$STACK/failed"
  riak-mesos cluster restart kv
  wait_for 300 rolled
  touch "$STACK/enough"
  echo "# $(wc -l <"$STACK/done") requests answered, $(cat "$STACK/failed" 2>/dev/null | wc -l) failed" >&3
  cat "$STACK/failed" "$STACK/why" 2>/dev/null | head -n 20
  [ ! -s "$STACK/failed" ]
}

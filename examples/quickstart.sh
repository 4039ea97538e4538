#!/usr/bin/env bash
# The toolkit on this machine, from nothing: ZooKeeper, rm-local (a stand-in
# for Mesos) with three agents, and Riak nodes that stay. `make quickstart`
# builds what it needs and runs it. RIAK=<file or URL of a package> uses that
# package in place of the stand-in; KEEP=1 leaves everything running.
set -u
TOP=$(cd "$(dirname "$0")/.." && pwd)
: "${RM_BUILD:=$TOP/build}"
RM_BIN=$RM_BUILD/bin
PATH=$RM_BIN:$PATH
STACK=$(mktemp -d "${TMPDIR:-/tmp}/riak-mesos-XXXXXX")
step="the beginning" began=$SECONDS summary=()
# shellcheck source-path=SCRIPTDIR source=../tests/servers.bash
. "$TOP/tests/servers.bash"
# shellcheck source-path=SCRIPTDIR source=../tests/stack.bash
. "$TOP/tests/stack.bash"

bold() {
  if [ -t 1 ] && [ -z "${NO_COLOR-}" ]; then
    printf '\033[1m%s\033[0m\n' "$1"
  else
    printf '%s\n' "$1"
  fi
}

begin() {
  finish
  step=$1 began=$SECONDS
  bold "== $step"
}

finish() {
  [ "$step" = "the beginning" ] ||
    summary+=("$(printf '%4d s  %s' $((SECONDS - began)) "$step")")
}

fail() {
  trap - EXIT
  echo
  bold "quickstart: failed at: $step"
  [ -z "${1-}" ] || echo "$1"
  local log
  for log in "$STACK"/*.log; do
    [ -s "$log" ] || continue
    echo "-- the last of $log"
    tail -n 8 "$log"
  done
  stop_tracked
  stop_executors
  echo "the rest is in $STACK"
  exit 1
}

clean_up() {
  stop_tracked
  stop_executors
  rm -rf "$STACK"
}
trap 'fail interrupted' INT TERM
trap clean_up EXIT

# says NODE…: a line whenever the state of a node's task changes, until all
# run, or 120 seconds have passed.
until_running() {
  local -A last=()
  local node now all deadline=$((SECONDS + 120))
  while :; do
    all=1
    for node in "$@"; do
      now=$(state get "status/$node" 2>/dev/null | jq -r .state)
      [ -n "$now" ] || now=waiting
      [ "$now" = "${last[$node]-}" ] || echo "   $node: $now"
      last[$node]=$now
      [ "$now" = TASK_RUNNING ] || all=0
    done
    [ "$all" -eq 0 ] || return 0
    ((SECONDS < deadline)) || fail "not all of $* run"
    sleep 0.2
  done
}

check_key() { # check_key NODE KEY VALUE
  local got
  got=$(get_key "$(http "$1")" "$2") || fail "no answer for key $2 from $1"
  [ "$got" = "$3" ] || fail "key $2 of $1 is '$got', not '$3'"
  echo "   $1 has $2 = $got"
}

kill_and_wait() { # kill_and_wait NODE: its machine, with SIGKILL
  local task
  task=$(task_of "$1")
  echo "   SIGKILL to the machine of $1, in $(sandbox_of "$1")"
  kill -KILL "$(vm_of "$1")"
  wait_for 60 runs_anew "$1" "$task" || fail "$1 did not come back"
  echo "   it runs again, in $(sandbox_of "$1")"
  echo "   on $(realpath "$(sandbox_of "$1")/data")"
}

begin "ZooKeeper, and rm-local with three agents"
start_zookeeper || fail
start_local || fail
echo "   ZooKeeper at $ZK, a stand-in for Mesos at $MASTER"

begin "a node, with the pipeline typed by hand"
settings | state put settings || fail
make_cluster kv || fail
add_node kv 1 || fail
cat <<LINE
   rm-mesos events --master $MASTER --zk $ZK | rm-state watch --zk $ZK |
     rm-status | rm-cluster | rm-offer | rm-launch |
     rm-state apply --zk $ZK | rm-mesos calls --zk $ZK
LINE
type_pipeline || fail
until_running riak-kv-1
put_key "$(http riak-kv-1)" greeting hello || fail "the key was not written"
check_key riak-kv-1 greeting hello
kill_and_wait riak-kv-1
check_key riak-kv-1 greeting hello
stop_pipeline || fail "the pipeline did not end"
echo "   the pipeline has ended; the node runs on"

begin "the same with rm-schedd, and three nodes on three agents"
add_node kv 2 || fail
add_node kv 3 || fail
start_schedd
until_running riak-kv-1 riak-kv-2 riak-kv-3
for n in 1 2 3; do
  put_key "$(http "riak-kv-$n")" "k$n" "v$n" || fail "k$n was not written"
  echo "   riak-kv-$n is at $(http "riak-kv-$n")"
done
kill_and_wait riak-kv-2
check_key riak-kv-2 k2 v2

begin "a fourth doubles up; then it is removed"
add_node kv 4 || fail
until_running riak-kv-4
echo "   riak-kv-4 is at $(http riak-kv-4)"
volume=$(realpath "$(sandbox_of riak-kv-4)/data")
add_node kv 4 remove || fail
no_node_4() { ! state get nodes/riak-kv-4 2>/dev/null; }
wait_for 60 no_node_4 || fail "riak-kv-4 is still there"
[ ! -e "$volume" ] || fail "its volume is still there: $volume"
echo "   it is gone, with its volume and its reservation"

if [ -n "${KEEP-}" ]; then
  trap - EXIT
  cat <<USE
everything runs on, in $STACK:
  rm-state ls nodes --zk $ZK
  curl http://$(http riak-kv-1)/buckets/test/keys/greeting
  stop it with: kill $(tr '\n' ' ' <"$STACK/pids"); pkill -KILL -f $STACK/mesos/
USE
else
  begin "stopping"
  kill -TERM "$SCHEDD_PID"
  wait_for 20 gone "$SCHEDD_PID" || fail "rm-schedd did not stop"
  clean_up
  trap - EXIT
fi
finish
echo
bold "what was done:"
printf '%s\n' "${summary[@]}"
bold "quickstart: ok"

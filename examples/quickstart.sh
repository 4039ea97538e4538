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
step="the beginning" began=$SECONDS summary=() places=()
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

# run_cli WORD…: riak-mesos, shown as it would be typed.
run_cli() {
  echo "   \$ riak-mesos $*"
  riak-mesos "$@" --api "$API" > >(sed 's/^/   /') 2>&1 ||
    fail "riak-mesos $* ended with $?"
  sleep 0.1 # the last of its words
}

ran() { # ran WHAT WHERE: for the summary
  places+=("$(printf '%-14s %s' "$1" "$2")")
}

# Of a node: its host, its ports, and where its data lie.
node_ran() {
  local ports
  ports=$(state get "tasks/$1" | jq -r '.address + ", " + (.ports |
    to_entries | map(select(.key | startswith("spare") | not) |
    "\(.key) \(.value)") | join(", "))')
  ran "$1" "$ports"
  ran "" "on $(realpath "$(sandbox_of "$1")/data")"
}

pb() {
  "$RM_BUILD/tools/pb" 127.0.0.1 "$DIRECTOR_PB" "$@"
}

# Every member that is there sees a ring of so many.
ring_of() {
  local key count=0
  for key in $(state ls members); do
    [ "$(state get "members/${key##*/}" | jq '.members | length')" = "$1" ] ||
      return 1
    count=$((count + 1))
  done
  [ "$count" -eq "$1" ]
}

begin "ZooKeeper, and rm-local with three agents"
start_zookeeper || fail
start_local || fail
echo "   ZooKeeper at $ZK, a stand-in for Mesos at $MASTER"

ran ZooKeeper "$ZK"
ran rm-local "$MASTER, agents on 127.0.0.1 to 127.0.0.3"

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

begin "the typed node goes; its volume and reservation with it"
add_node kv 1 remove || fail
type_pipeline || fail
# no_record PATH: ZooKeeper says that there is none; to be away is no answer.
no_record() {
  state get "$1" >/dev/null 2>&1
  [ $? -eq 1 ]
}
no_node() { no_record "nodes/$1"; }
volume=$(realpath "$(sandbox_of riak-kv-1)/data")
wait_for 60 no_node riak-kv-1 || fail "riak-kv-1 is still there"
[ ! -e "$volume" ] || fail "its volume is still there: $volume"
stop_pipeline || fail "the pipeline did not end"
state rm clusters/kv || fail
echo "   nothing is left of it"

begin "rm-schedd and rm-api; a cluster by the command line"
start_schedd
start_api || fail
ran rm-schedd "pid $SCHEDD_PID, no port"
ran rm-api "${API#http://}"
run_cli framework wait-for-service --timeout 60
run_cli cluster create kv "$RIAK_VERSION"
# A small ring that looks often whether there is something to hand off: with
# its own settings a real Riak takes many minutes to let a node go.
printf '%s\n' "ring_size = 16" "transfer_limit = 8" \
  "vnode_management_timer = 2s" >"$STACK/riak.conf"
run_cli cluster config kv --file "$STACK/riak.conf"
run_cli cluster add-node kv --nodes 3
run_cli cluster wait-for-service kv --nodes 3 --timeout 180
wait_for 120 ring_of 3 || fail "the three did not become one ring"
echo "   one ring of three"
run_cli cluster endpoints kv

begin "a Director; 100 keys over HTTP, ten over protocol buffers"
start_director kv || fail
ran rm-director "127.0.0.1, http $DIRECTOR_HTTP, pb $DIRECTOR_PB, admin $DIRECTOR_ADMIN"
for ((i = 1; i <= 100; i++)); do
  put_key "127.0.0.1:$DIRECTOR_HTTP" "key$i" "value$i" ||
    fail "key$i was not written"
done
read_keys() {
  for ((i = 1; i <= 100; i++)); do
    [ "$(get_key "127.0.0.1:$DIRECTOR_HTTP" "key$i")" = "value$i" ] ||
      fail "key$i is not value$i"
  done
}
read_keys
for ((i = 1; i <= 10; i++)); do
  pb put test "pb$i" "value$i" || fail "pb$i was not written"
  [ "$(pb get test "pb$i")" = "value$i" ] || fail "pb$i is not value$i"
done
echo "   all written and read again, through 127.0.0.1:$DIRECTOR_HTTP and" \
  "127.0.0.1:$DIRECTOR_PB"

begin "one node's machine is killed; it comes back on its volume"
victim=$(state ls nodes | sed -n 's|^nodes/||; 2p')
[ -n "$victim" ] || victim=riak-kv-3
kill_and_wait "$victim"
read_keys
echo "   all keys are there"

for key in $(state ls nodes); do node_ran "${key#nodes/}"; done

begin "scaled to four"
run_cli cluster add-node kv
run_cli cluster wait-for-service kv --nodes 4 --timeout 180
wait_for 180 ring_of 4 || fail "the fourth did not join the ring"
node_ran riak-kv-4
echo "   one ring of four"

begin "one leaves, with its handoff"
run_cli node remove "$victim"
wait_for 600 no_node "$victim" || fail "$victim is still there"
wait_for 60 ring_of 3 || fail "the ring still has four"
read_keys
echo "   it is gone, with its volume; all keys are there"
run_cli cluster list

if [ -n "${KEEP-}" ]; then
  trap - EXIT
  cat <<USE
everything runs on, in $STACK:
  export RIAK_MESOS_API=$API RIAK_MESOS_ZK=$ZK
  riak-mesos cluster info kv
  curl http://127.0.0.1:$DIRECTOR_HTTP/buckets/test/keys/key1
  stop it with: kill $(tr '\n' ' ' <"$STACK/pids"); pkill -KILL -f $STACK/mesos/
USE
else
  begin "the cluster is destroyed, and all is stopped"
  run_cli cluster destroy kv
  wait_for 120 no_record clusters/kv || fail "the cluster is still there"
  [ -z "$(find "$STACK"/mesos/agent-*/volumes -name '*riak-kv-*')" ] ||
    fail "a volume is left"
  kill -TERM "$SCHEDD_PID"
  wait_for 20 gone "$SCHEDD_PID" || fail "rm-schedd did not stop"
  clean_up
  trap - EXIT
fi
finish
echo
bold "what ran where:"
printf '   %s\n' "${places[@]}"
bold "what was done, and how long it took:"
printf '%s\n' "${summary[@]}"
bold "quickstart: ok"

# An operator's day, from an empty machine and back, by nothing but the command
# line: what is typed, and what came of it, is in the log of the test. Marathon
# is a stand-in that runs what it is given, as it is given: the archive of
# `make dist`. SHORT=1: one node and then two, one of the two rollouts; no node
# leaves, and ZooKeeper keeps its data.
# shellcheck shell=bash
# STACK is stack.bash's.
# shellcheck disable=SC2034

load ../helper
load ../stack

setup() {
  STACK=$BATS_TEST_TMPDIR
  cd "$STACK" || return
  export HOME=$STACK
  unset RIAK_MESOS_API RIAK_MESOS_NAME RIAK_MESOS_ZK RIAK_MESOS_CONFIG
  start_zookeeper
  start_local
  "$TOP/tests/standin-marathon/marathon.pl" marathon.port "$STACK/marathon" \
    2>marathon.log 3>&- &
  track "$!"
  mkdir build
  ln -s "$RM_BUILD/bin" "$RM_BUILD/ebin" "$RM_BUILD/rm-executor.tar.gz" build/
  (cd "$TOP" && examples/dist.sh "$STACK/build" 9.9.9)
  wait_for 20 test -s marathon.port
}

teardown() {
  stop_tracked
  stop_executors
}

# do_it WORD…: typed, and well.
do_it() {
  echo "$SECONDS s \$ riak-mesos $*"
  riak-mesos "$@"
}

# One ring of so many, as the nodes themselves see it.
serve() { # serve N
  do_it cluster wait-for-service kv --nodes "$1" --timeout $((180 * ${WAIT_SCALE:-1}))
}

rolled_out() {
  [ "$(riak-mesos plan show kv --jq .state)" = "done" ]
}

# Through the Director, whichever nodes there are.
has_keys() {
  [ "$(get_key "$DIRECTOR" k1)" = v1 ] && [ "$(get_key "$DIRECTOR" k2)" = v2 ]
}

no_cluster() {
  ! riak-mesos cluster info kv >/dev/null 2>&1 &&
    [ "$(riak-mesos cluster list --json)" = '{"clusters":[]}' ]
}

node_gone() {
  ! riak-mesos node info "$1" >/dev/null 2>&1 && riak-mesos cluster list
}

@test "an operator's day, by the command line alone" {
  local nodes=3 state
  [ -z "${SHORT-}" ] || nodes=1
  mkdir -p .config/riak-mesos
  # What an operator writes by hand.
  cat >.config/riak-mesos/config.json <<JSON
{"riak": {"marathon": "127.0.0.1:$(cat marathon.port)", "zk": "$ZK",
    "master": "$MASTER", "user": "root",
    "node": {"cpus": 1, "mem": 256, "disk": 500},
    "executor": {"cpus": 0.1, "mem": 64}},
  "resources": {"scheduler": "file://$STACK/build/riak-mesos-9.9.9.tar.gz",
    "executor": "$(url "$EXECUTOR_ARCHIVE")",
    "riak-a": "$(url "$RIAK")", "riak-b": "$(url "$RIAK")"}}
JSON
  printf '%s\n' "ring_size = 8" "transfer_limit = 8" \
    "vnode_management_timer = 2s" >riak.conf

  # Install.
  do_it framework install --attach --timeout $((60 * ${WAIT_SCALE:-1}))
  do_it framework status
  do_it config riak-versions

  # Create, with nodes and a Director.
  do_it cluster create kv riak-a
  do_it cluster config kv --file riak.conf
  do_it cluster add-node kv --nodes "$nodes"
  serve "$nodes"
  do_it director install kv
  do_it director wait-for-service kv --timeout $((60 * ${WAIT_SCALE:-1}))
  DIRECTOR=$(do_it director endpoints kv | awk '$1 == "http:" {print $2}')
  wait_for 60 put_key "$DIRECTOR" k1 v1
  put_key "$DIRECTOR" k2 v2

  # Scale, and configure: what has to restart says so.
  if [ -z "${SHORT-}" ]; then
    nodes=4
    do_it cluster scale kv "$nodes"
    serve "$nodes"
  fi
  printf 'anti_entropy = passive\n' >>riak.conf
  do_it cluster config kv --file riak.conf
  outdated() { riak-mesos cluster info kv | grep -q "restart it"; }
  wait_for 60 outdated

  # Restart one by one; another Riak; each time until the plan is through.
  if [ -z "${SHORT-}" ]; then
    do_it cluster restart kv
    wait_for 300 rolled_out
  fi
  do_it cluster upgrade kv riak-b
  wait_for 300 rolled_out
  do_it plan show kv
  [ "$(riak-mesos cluster info kv --jq .kv.riak_version)" = riak-b ]
  run ! outdated
  serve "$nodes"
  has_keys

  # Replace one; let another leave.
  if [ -z "${SHORT-}" ]; then
    do_it node replace riak-kv-2 --force
    wait_for 300 node_gone riak-kv-2
    serve 4
    do_it node remove riak-kv-1
    wait_for 300 node_gone riak-kv-1
    nodes=3
  else
    nodes=2
    do_it cluster scale kv 2
  fi
  serve "$nodes"
  has_keys
  do_it status

  # Back up. The scheduler goes, then all that ZooKeeper held is lost.
  rm-state dump --secrets --zk "$ZK" >backup.json
  do_it framework uninstall
  if [ -z "${SHORT-}" ]; then
    kill "$ZK_PID"
    wait_for 30 gone "$ZK_PID"
    rm -r "$STACK/zk"
    start_zookeeper "${ZK#*:}"
    run -1 rm-state get clusters/kv --zk "$ZK"
  fi

  # Restore: the same nodes, that ran all the time, with what they held.
  rm-state restore --replace --zk "$ZK" backup.json
  do_it framework install --attach --timeout $((60 * ${WAIT_SCALE:-1}))
  serve "$nodes"
  wait_for 60 has_keys
  run riak-mesos framework orphans --json
  assert_output "{}"

  # Destroy, and leave nothing behind.
  do_it director uninstall kv
  do_it cluster destroy kv
  wait_for 300 no_cluster
  do_it framework uninstall
  run -1 riak-mesos framework status
  assert_output --partial "App '/riak' does not exist"
  do_it framework teardown --timeout $((30 * ${WAIT_SCALE:-1}))
  do_it framework clean-metadata
  run -1 rm-state get settings --zk "$ZK"
  state=$(curl -sf "http://$MASTER/state")
  [ "$(jq '.frameworks | length' <<<"$state")" = 0 ]
  [ -z "$(find mesos/agent-*/volumes -name '*riak-kv-*')" ]
  [ -z "$(vms_of riak-kv-3)" ]
}

# What the tests of the command line share: a ZooKeeper a file, a framework and
# an rm-api a test; load helper and stack first.
# shellcheck shell=bash
# STACK is stack.bash's, F the framework's name.
# shellcheck disable=SC2034,SC2120

setup_file() {
  BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR start_zookeeper
}

teardown_file() {
  BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR stop_tracked
}

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  STACK=$BATS_TEST_TMPDIR
  export RIAK_MESOS_ZK=$ZK RIAK_MESOS_NAME=riak$BATS_TEST_NUMBER
  export HOME=$BATS_TEST_TMPDIR
  unset RIAK_MESOS_CONFIG RIAK_MESOS_TOKEN_FILE RIAK_MESOS_API
  F=$RIAK_MESOS_NAME
}

teardown() {
  stop_tracked
  stop_executors
}

start_api() { # its address becomes the default of riak-mesos
  rm -f port
  rm-api --port 0 --port-file port "$@" 2>>api.log 3>&- &
  echo "$!" >api.pid
  track "$!"
  wait_for 10 test -s port
  RIAK_MESOS_API=http://127.0.0.1:$(cat port)
  export RIAK_MESOS_API
  wait_for 10 curl -sf "$RIAK_MESOS_API/api/v1/clusters"
}

framework() {
  jq -n --arg f "$F" '{schema: 1, framework: $f, role: "riak",
    resources: {executor: "file:///e.tgz", "riak-3-2": "file:///r.tgz"}}' |
    rm-state put settings
  start_api
}

znode() {
  "$RM_TOOLS/zkput" "$ZK" "/riak/frameworks/$F/$1" "$2"
}

# serves NODE: as if its task ran and were registered.
serves() {
  jq -n --arg t "$1.5" '{task_id: $t, agent_id: "a", hostname: "h",
    address: "127.0.0.9", ports: {http: 8098, pb: 8087, disterl: 4,
      executor: '"${2:-1}"'}}' | rm-state put "tasks/$1"
  jq -n --arg t "$1.5" '{task_id: $t, state: "TASK_RUNNING"}' |
    rm-state put "status/$1"
  znode "coordinator/coordinatedNodes/$1.5" '{}'
}

# An rm-api over records in a real ZooKeeper, one for the file; a framework of
# its own for each test. What nodes do is put by hand, as the stages would.
# shellcheck shell=bash

setup_file() {
  BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR start_zookeeper
}

teardown_file() {
  BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR stop_tracked
}

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  export RIAK_MESOS_ZK=$ZK RIAK_MESOS_NAME=riak$BATS_TEST_NUMBER
  export HOME=$BATS_TEST_TMPDIR
  unset RIAK_MESOS_CONFIG RIAK_MESOS_TOKEN_FILE RIAK_MESOS_API_OPEN
  F=$RIAK_MESOS_NAME
  ROOT=/riak/frameworks/$F
}

teardown() {
  stop_tracked
}

settings() {
  jq -n --arg f "$F" '{schema: 1, framework: $f, role: "riak",
    resources: {executor: "file:///e.tar.gz", "riak-kv-3-2": "file:///r.tgz",
      "riak-kv-2-2": "http://h/r22.tgz"}}' | rm-state put settings
}

# start_api OPTION…: API is its address. TLS_CA names who signed its
# certificate, TLS_CERT ours, a .crt and a .key.
start_api() {
  local scheme=http
  rm -f port
  rm-api --port 0 --port-file port "$@" 2>>api.log 3>&- &
  API_PID=$!
  track "$API_PID"
  wait_for 10 test -s port
  [ -z "${TLS_CA-}" ] || scheme=https
  API=$scheme://127.0.0.1:$(cat port)
  wait_for 10 curl -sf ${TLS_CA:+--cacert "$TLS_CA"} \
    ${TLS_CERT:+--cert "$TLS_CERT.crt" --key "$TLS_CERT.key"} \
    "$API/api/v1/clusters"
}

zk() {
  "$RM_TOOLS/zkput" "$ZK" "$ROOT/$1" "$2"
}

get() {
  curl -s -m 10 "$API/api/v1/$1"
}

# ask METHOD PATH [BODY]: the answer.
ask() {
  curl -s -m 10 -X "$1" "$API/api/v1/$2" ${3+--data-binary "$3"}
}

create() {
  ask POST "clusters/$1/create" '{"riak_version":"riak-kv-2-2"}'
}

# A node that runs and serves: put by hand, as the stages would. Its Riak and
# its executor listen on the port given.
run_node() { # run_node CLUSTER N PORT
  local key=$F-$1-$2
  jq -n --argjson p "$3" '{state: "held", agent_id: "a1", hostname: "h1",
    address: "127.0.0.1", container_path: "data", persistence_id: "p-1",
    ports: {http: $p, pb: 2, disterl: 4, executor: $p}}' |
    rm-state put "reservations/$key"
  jq -n --argjson p "$3" --arg t "$key.5" '{task_id: $t, agent_id: "a1",
    hostname: "h1", address: "127.0.0.1", persistence_id: "p-1",
    ports: {http: $p, pb: 2, disterl: 4, executor: $p}}' |
    rm-state put "tasks/$key"
  jq -n --arg t "$key.5" '{task_id: $t, agent_id: "a1", state: "TASK_RUNNING",
    since: 1}' | rm-state put "status/$key"
  zk "coordinator/coordinatedNodes/$key.5" '{}'
}

status_of() { # status_of CLUSTER NODE STATUS
  [ "$(get "clusters/$1/nodes/$2" | jq -r --arg n "$2" '.[$n].status')" = "$3" ]
}

# echo_server PORT: answers with what it was asked, as JSON.
echo_server() {
  "$RM_TOOLS/echo_server" "$1" 3>&- &
  track "$!"
  wait_for 10 listens "$1"
}

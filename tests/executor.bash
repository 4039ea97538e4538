# An executor alone: a strict agent that the test leads (fake_agent), a
# sandbox, a volume, and Riak's stand-in. Load helper.bash first.
# shellcheck shell=bash

TOOLS=${RM_TOOLS:-$RM_BIN/../tools}

# What all tests of a file share: the package and ZooKeeper.
executor_setup_file() {
  export PACKAGE=$BATS_FILE_TMPDIR/riak.tar.gz
  "$TOP/tests/standin-riak/package.sh" "$PACKAGE"
  BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR start_zookeeper
}

executor_teardown_file() {
  BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR stop_tracked
}

# A framework of the test's own, a cluster without templates, an agent.
executor_setup() {
  export STANDIN_PING_MS=0 STANDIN_READY_MS=100 STANDIN_WAIT_S=0.1
  FRAMEWORK=f$BATS_TEST_NUMBER
  VOLUME=$BATS_TEST_TMPDIR/volume
  RUN=0
  AGENT_PORT=$(free_port)
  mkdir -p "$VOLUME"
  set_cluster '{}'
  start_agent
  new_ports
}

executor_teardown() {
  # Riak and rm-cepmd go with it.
  [ -z "${EXECUTOR-}" ] || kill -KILL "$EXECUTOR" 2>/dev/null || true
  exec 8>&-
  stop_tracked
}

# For all runs of the node in this test.
new_ports() {
  local name
  for name in HTTP PB HANDOFF DISTERL CEPMD MANAGER REX; do
    printf -v "$name" %s "$(free_port)"
  done
}

root() {
  echo "/riak/frameworks/$FRAMEWORK"
}

zk() {
  "$TOOLS/zk" "$@"
}

# set_cluster JSON: its record, with the rest of what it needs.
set_cluster() {
  zk put "$(root)/clusters/kv" "$(jq -cn --argjson more "$1" \
    '{riak_version: "riak-standin", riak_config: null, advanced_config: null,
      generation: 1, next: 2, restart: 0} + $more')"
}

start_agent() {
  SAID=$BATS_TEST_TMPDIR/said
  mkfifo "$BATS_TEST_TMPDIR/orders"
  "$TOOLS/fake_agent" "$AGENT_PORT" "${TOKEN-s3cret}" ${AGENT_SOCKET-} \
    <"$BATS_TEST_TMPDIR/orders" >"$SAID" 2>"$BATS_TEST_TMPDIR/agent.log" 3>&- &
  AGENT_PID=$!
  track "$AGENT_PID"
  exec 8>"$BATS_TEST_TMPDIR/orders"
  wait_for 10 listens "$AGENT_PORT"
}

# agent ORDER…: see fake_agent.c.
agent() {
  echo "$*" >&8
}

# said FILTER: whether a call was made for which the jq filter is true.
said() {
  jq -se "any(.[]; $1)" "$SAID"
}

# state NAME [MORE]: whether this run's task has told this state.
state() {
  said ".type == \"UPDATE\" and .update.status.task_id.value == \"$TASK\" and
    .update.status.state == \"TASK_$1\" and (${2:-true})"
}

message() {
  jq -rs "[.[] | .update?.status | select(.state == \"TASK_$1\" and
    .task_id.value == \"$TASK\")] | last | .message" "$SAID"
}

nothing_bad() {
  ! grep '"bad"' "$SAID"
}

# A new sandbox, as the fetcher leaves it, with the volume in it.
new_sandbox() {
  RUN=$((RUN + 1))
  SANDBOX=$BATS_TEST_TMPDIR/run-$RUN
  TASK=riak-kv-1.$RUN
  mkdir "$SANDBOX"
  tar -xzf "$PACKAGE" -C "$SANDBOX"
  ln -s "$VOLUME" "$SANDBOX/data"
}

# start_executor [NAME=VALUE…]: as an agent starts it.
start_executor() {
  run_executor "$@"
  wait_for 10 said ".type == \"SUBSCRIBE\" and
    .executor_id.value == \"$TASK\""
}

# run_executor [NAME=VALUE…]: the same without a wait.
run_executor() {
  [ -n "${TOKEN-s3cret}" ] &&
    set -- "MESOS_EXECUTOR_AUTHENTICATION_TOKEN=${TOKEN-s3cret}" "$@"
  (
    cd "$SANDBOX" || exit
    exec env MESOS_FRAMEWORK_ID=f-0000 MESOS_EXECUTOR_ID="$TASK" \
      MESOS_SLAVE_ID=s-0 MESOS_SLAVE_PID="slave(1)@127.0.0.1:$AGENT_PORT" \
      MESOS_AGENT_ENDPOINT="127.0.0.1:$AGENT_PORT" MESOS_CHECKPOINT=1 \
      MESOS_SANDBOX="$SANDBOX" MESOS_DIRECTORY="$SANDBOX" \
      MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD=10secs \
      MESOS_RECOVERY_TIMEOUT=15mins MESOS_SUBSCRIPTION_BACKOFF_MAX=2secs \
      "$@" rm-executor --log-level debug >stdout 2>stderr 3>&- 7>&- 8>&-
  ) &
  EXECUTOR=$!
  track "$EXECUTOR"
}

# task_data: what rm-launch gives, changed by the jq filter in DATA.
task_data() {
  jq -cn --arg zk "$ZK" --arg framework "$FRAMEWORK" --arg task "$TASK" \
    --argjson http "$HTTP" --argjson pb "$PB" --argjson handoff "$HANDOFF" \
    --argjson disterl "$DISTERL" --argjson cepmd "$CEPMD" \
    --argjson manager "$MANAGER" --argjson rex "$REX" \
    '{FullyQualifiedNodeName: "riak-kv-1@127.0.0.1", Host: "127.0.0.1",
      Zookeepers: [$zk], FrameworkName: $framework, URI: "",
      ClusterName: "kv", HTTPPort: $http, PBPort: $pb, HandoffPort: $handoff,
      DisterlPort: $disterl, RiakRootPath: "riak", NodeKey: "riak-kv-1",
      TaskId: $task, CepmdPort: $cepmd, ClusterManagerPort: $manager,
      ExecutorPort: $rex, Address: "127.0.0.1", ContainerPath: "data",
      Cookie: "crumb", Key: "k", KillGrace: 20, StartLimit: 60} |
      '"${DATA:-.}"
}

# launch: sends the task.
launch() {
  jq -cn --arg task "$TASK" --arg data "$(task_data | base64 -w0)" \
    '{name: "riak-kv-1", task_id: {value: $task}, agent_id: {value: "s-0"},
      data: $data} + '"${INFO:-{\}}" >"$SANDBOX.task"
  agent launch "$SANDBOX.task"
}

# run_node: all of it, until Riak is ready.
run_node() {
  new_sandbox
  start_executor "$@"
  launch
  wait_for 60 state RUNNING
}

url() {
  echo "http://127.0.0.1:$HTTP$1"
}

put_key() {
  curl -sf -X PUT -H 'Content-Type: text/plain' -d "$2" \
    "$(url "/buckets/b/keys/$1")"
}

get_key() {
  curl -sf "$(url "/buckets/b/keys/$1")"
}

# The VM of this run, while it is there.
vm() {
  local pid
  pid=$(grep -o 'Riak was started pid=[0-9]*' "$SANDBOX/stderr" | tail -n 1)
  [ -n "$pid" ] && ! gone "${pid##*=}" && echo "${pid##*=}"
}

mapper() {
  pgrep -P "$EXECUTOR" -x rm-cepmd
}

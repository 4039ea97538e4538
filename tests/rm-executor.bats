# rm-executor: one run of a node under an agent that the test leads.

bats_require_minimum_version 1.5.0
load helper
load executor

setup_file() {
  executor_setup_file
}

teardown_file() {
  executor_teardown_file
}

setup() {
  executor_setup
}

teardown() {
  executor_teardown
}

# Whether the record is there, and the filter is true of it.
member() {
  zk get "$(root)/members/riak-kv-1" | jq -es "length == 1 and (.[0] | $1)"
}

coordinated() {
  zk get "$(root)/coordinator/coordinatedNodes/$TASK" |
    jq -es "length == 1 and (.[0] | ${1:-true})"
}

unrecorded() {
  ! zk get "$(root)/coordinator/coordinatedNodes/$TASK" 2>&1
}

# What must be true once the last update was told: what ran was reaped
# before, and the executor ends.
ended() {
  nothing_left "$@"
  wait_for 10 gone "$EXECUTOR"
  nothing_bad
}

nothing_left() {
  local pid
  for pid in "$@"; do
    gone "$pid" || {
      echo "still there: $pid" >&2
      return 1
    }
  done
  ! listens "$HTTP"
  ! listens "$CEPMD"
}

# says STATE PATTERN: the message of that update.
says() {
  # shellcheck disable=SC2053 # a pattern
  [[ $(message "$1") == $2 ]] || fail "says: $(message "$1")"
}

# subscribed N: whether it has called SUBSCRIBE N times or more.
subscribed() {
  [ "$(grep -c '"SUBSCRIBE"' "$SAID")" -ge "$1" ]
}

exit_code() {
  local code=0
  wait "$EXECUTOR" || code=$?
  [ "$code" -eq "$1" ] || {
    echo "exit $code" >&2
    return 1
  }
}

@test "a node starts, is told, keeps its data, and stops when killed" {
  run_node
  state STARTING
  state RUNNING '.update.status.healthy == true'
  jq -rs 'map(.update?.status | select(.state == "TASK_RUNNING"))[0].data' \
    "$SAID" | base64 -d | jq -e ".RexPort == $REX"
  wait_for 10 member '.ready and .health == "ok" and .partitions == 64 and
    .members == ["riak-kv-1@127.0.0.1"] and (.config_digest | length) == 64'
  wait_for 10 coordinated '.HTTPPort == '"$HTTP"' and .PBPort == '"$PB"' and
    .DisterlPort == '"$DISTERL"' and .Hostname == "127.0.0.1" and
    .NodeName == "riak-kv-1@127.0.0.1" and .ClusterName == "kv" and
    .FrameworkName == "'"$FRAMEWORK"'"'
  put_key k v1
  local vm mapper
  vm=$(vm) mapper=$(mapper)

  agent kill "$TASK"
  wait_for 30 state KILLED '.update.status.message == "killed as asked"'
  state KILLING
  ended "$vm" "$mapper"
  exit_code 0
  unrecorded
  run ! zk get "$(root)/members/riak-kv-1"

  # The next run has a sandbox of its own; the stand-in refuses data that was
  # written under another configured path.
  run_node
  [ "$(get_key k)" = v1 ]
}

@test "no secret shows in our arguments or environments" {
  run_node
  local pid
  for pid in "$EXECUTOR" "$(mapper)"; do
    run ! grep -aE 'crumb|s3cret' "/proc/$pid/cmdline"
    run ! grep -aE 'crumb|s3cret' "/proc/$pid/environ"
  done
  run ! grep -a s3cret "/proc/$(vm)/environ"
  run ! grep -rE 'crumb|s3cret' "$SANDBOX/stderr"
  [ "$(stat -c %a "$SANDBOX/riak/etc/riak.conf")" = 600 ]
}

@test "Riak may open as many files as the agent lets it" {
  ulimit -Sn 1024
  run_node
  local hard
  hard=$(ulimit -Hn)
  ((hard > 1024 && hard <= 262144)) || hard=262144
  run sed -nE 's/^Max open files +([0-9]+) .*/\1/p' "/proc/$(vm)/limits"
  assert_output "$hard"
}

@test "over the agent's domain socket, where there is one" {
  stop_tracked
  rm "$BATS_TEST_TMPDIR/orders"
  AGENT_SOCKET=$BATS_TEST_TMPDIR/agent.sock start_agent
  # Nobody is at the endpoint.
  run_node "MESOS_DOMAIN_SOCKET=$BATS_TEST_TMPDIR/agent.sock" \
    MESOS_AGENT_ENDPOINT=127.0.0.1:1
  agent kill "$TASK"
  wait_for 30 state KILLED
  nothing_bad
}

@test "at the address of an interface, where one is named" {
  DATA='.NetworkInterfaceName = "lo" | .Address = "127.0.0.9"'
  run_node
  wait_for 10 member '.address == "127.0.0.1"'
  run ss -Hltn "sport = :$HTTP"
  assert_output --partial "127.0.0.1:$HTTP"
  agent kill "$TASK"
  wait_for 30 state KILLED
  DATA='.NetworkInterfaceName = "none9"'
  new_sandbox
  start_executor
  launch
  wait_for 10 state FAILED
  run message FAILED
  assert_output --regexp '^no interface none9 here \(there is .*lo.*\)$'
}

@test "RUNNING comes within a second of Riak's own readiness" {
  export STANDIN_PING_MS=300 STANDIN_READY_MS=2500 STANDIN_WAIT_S=3
  run_node
  local ready running
  ready=$(date +%s.%N -d "$(sed -nE 's/^([^ ]+) \[notice\] .*riak_kv is up$/\1/p' \
    "$SANDBOX/riak/log/console.log")")
  running=$(jq -s 'map(.update?.status | select(.state == "TASK_RUNNING"))[0].timestamp' "$SAID")
  jq -en "$running - $ready | . > 0 and . < ${WAIT_SCALE:-1}"
}

@test "a grace in the call wins; what does not stop is killed" {
  run_node
  local vm
  vm=$(vm)
  kill -STOP "$vm"
  agent kill "$TASK" 1
  wait_for 15 state KILLED
  ended "$vm"
}

@test "SHUTDOWN stops it within the agent's grace, without KILLING" {
  run_node
  local vm
  vm=$(vm)
  agent shutdown
  wait_for 10 state KILLED '.update.status.message == "shutdown"'
  run ! state KILLING
  ended "$vm"
  exit_code 0
}

@test "SHUTDOWN by an agent that acknowledges nothing more: it goes all the same" {
  run_node
  local vm
  vm=$(vm)
  agent ack off
  agent shutdown
  wait_for 10 state KILLED
  wait_for 10 gone "$EXECUTOR"
  ended "$vm"
}

@test "a VM that is killed fails the task" {
  run_node
  kill -KILL "$(vm)"
  wait_for 20 state FAILED
  says FAILED "Riak ended: signal 9 (Killed); last words: *"
  ended
}

@test "an end with exit 0 that nobody asked for finishes the task" {
  new_sandbox
  start_executor STANDIN_FAIL=quit
  launch
  wait_for 60 state FINISHED
  says FINISHED "Riak ended by itself with exit 0 *"
  ended
}

@test "a Riak that does not boot fails the task with its last words" {
  new_sandbox
  start_executor STANDIN_FAIL=boot
  launch
  wait_for 60 state FAILED
  says FAILED "Riak ended: exit 1; last words: *STANDIN_FAIL=boot*"
  run ! state RUNNING
  grep STANDIN_FAIL=boot "$SANDBOX/stderr"
  ended
}

@test "a Riak that hangs is ended at the start limit" {
  new_sandbox
  start_executor STANDIN_FAIL=hang
  DATA='.StartLimit = 12' launch
  wait_for 40 state FAILED
  says FAILED "not ready within 12 s: waited for riak_kv; last words: *"
  run ! state RUNNING
  ended
}

@test "updates that were not acknowledged are told again to a new agent" {
  new_sandbox
  start_executor
  agent ack off
  launch
  wait_for 60 state RUNNING
  local vm
  vm=$(vm)
  agent down
  wait_for 10 grep -q "no connection to the agent" "$SANDBOX/stderr"
  agent ack on
  agent up
  wait_for 2 subscribed 2
  run jq -cs '[.[] | select(.type == "SUBSCRIBE")] | last | .subscribe |
    [(.unacknowledged_updates | map(.status.state)),
     (.unacknowledged_tasks | map(.task_id.value))]' "$SAID"
  assert_output "[[\"TASK_STARTING\",\"TASK_RUNNING\"],[\"$TASK\"]]"
  [ "$(vm)" = "$vm" ]

  # It is subscribed for good: what comes next is heard.
  agent kill "$TASK"
  wait_for 30 state KILLED
  wait_for 5 nothing_bad
}

@test "acknowledged updates are told once" {
  run_node
  wait_for 5 grep -q 'type=ACKNOWLEDGED' "$SANDBOX/stderr"
  agent cut
  wait_for 2 subscribed 2
  run jq -cs '[.[] | select(.type == "SUBSCRIBE")] | last | .subscribe' "$SAID"
  assert_output '{"unacknowledged_tasks":[],"unacknowledged_updates":[]}'
}

@test "an agent that stays away for too long ends it" {
  run_node MESOS_RECOVERY_TIMEOUT=3secs
  local vm mapper
  vm=$(vm) mapper=$(mapper)
  agent down
  wait_for 20 gone "$EXECUTOR"
  exit_code 111
  nothing_left "$vm" "$mapper"
  grep "stayed away for too long" "$SANDBOX/stderr"
}

@test "without checkpointing it ends with its agent" {
  run_node MESOS_CHECKPOINT=0
  local vm
  vm=$(vm)
  agent down
  wait_for 20 gone "$EXECUTOR"
  exit_code 111
  nothing_left "$vm"
}

@test "an agent that recovers is asked again, one that refuses is not" {
  run_node
  agent refuse 503
  agent cut
  wait_for 5 subscribed 3
  agent refuse 0
  wait_for 5 eval '[ "$(grep -c "info: subscribed" "$SANDBOX/stderr")" -ge 2 ]'
  agent refuse 400
  agent cut
  wait_for 30 gone "$EXECUTOR"
  exit_code 111
  grep "status 400: refused as told" "$SANDBOX/stderr"
}

@test "a stream that is broken is left, and subscribed anew" {
  run_node
  agent bytes 'this is no record'
  wait_for 5 subscribed 2
  wait_for 5 grep -q "stream is broken" "$SANDBOX/stderr"
  agent event '{"type":'
  wait_for 5 subscribed 3
  agent event '{"type":"NEWS"}'
  agent event '{"type":"KILL","kill":{}}'
  agent event '[]'
  agent kill "$TASK"
  wait_for 30 state KILLED
}

@test "the wrong token is an end, not a loop" {
  new_sandbox
  start_executor MESOS_EXECUTOR_AUTHENTICATION_TOKEN=other || true
  wait_for 10 gone "$EXECUTOR"
  exit_code 111
  grep "status 401" "$SANDBOX/stderr"
}

@test "an executor that is killed leaves nothing; the next run has the data" {
  run_node
  put_key k v2
  local vm mapper
  vm=$(vm) mapper=$(mapper)
  kill -KILL "$EXECUTOR"
  wait_for 5 gone "$vm"
  wait_for 5 gone "$mapper"
  run_node
  [ "$(get_key k)" = v2 ]
}

@test "the volume is waited for while an earlier Riak holds its lock" {
  new_sandbox
  mkfifo "$BATS_TEST_TMPDIR/held"
  flock "$VOLUME/.rm-executor.lock" cat "$BATS_TEST_TMPDIR/held" 3>&- 8>&- &
  exec 7>"$BATS_TEST_TMPDIR/held"
  start_executor
  launch
  wait_for 10 grep -q "waiting for an earlier Riak" "$SANDBOX/stderr"
  [ -z "$(vm)" ]
  exec 7>&-
  wait_for 60 state RUNNING
  # The VM has it now, not only the executor.
  readlink "/proc/$(vm)/fd/"* | grep -q '\.rm-executor\.lock$'
}

@test "a task can be killed while it waits" {
  new_sandbox
  mkfifo "$BATS_TEST_TMPDIR/held"
  flock "$VOLUME/.rm-executor.lock" cat "$BATS_TEST_TMPDIR/held" 3>&- 8>&- &
  exec 7>"$BATS_TEST_TMPDIR/held"
  start_executor
  launch
  wait_for 10 grep -q "waiting for an earlier Riak" "$SANDBOX/stderr"
  agent kill "$TASK"
  wait_for 5 state KILLED
  ended
  exec 7>&-
}

@test "a port that is taken is named" {
  new_sandbox
  local other=$PB
  PB=$AGENT_PORT
  start_executor
  launch
  wait_for 20 state FAILED
  run message FAILED
  assert_output "port $PB (pb) on 127.0.0.1: Address already in use"
  PB=$other
  ended
}

@test "what is no package is told, with what is there" {
  new_sandbox
  rm -r "$SANDBOX/riak"
  mkdir -p "$SANDBOX/other/bin"
  start_executor
  launch
  wait_for 10 state FAILED
  run message FAILED
  assert_output "no package of Riak: no riak/bin/riak in the sandbox, which holds: data other stderr stdout"
  ended
}

@test "a package that lies deeper is found and moved" {
  new_sandbox
  mkdir -p "$SANDBOX/a/b"
  mv "$SANDBOX/riak" "$SANDBOX/a/b/riak"
  start_executor
  launch
  wait_for 60 state RUNNING
  [ -x "$SANDBOX/riak/bin/riak" ]
  [ ! -e "$SANDBOX/a/b/riak" ]
}

@test "the package's own port mapper never runs" {
  new_sandbox
  local epmd=$SANDBOX/riak/erts-9/bin/epmd
  mkdir -p "${epmd%/*}"
  cp -L "$(command -v epmd)" "$epmd"
  start_executor
  launch
  wait_for 60 state RUNNING
  # A real one would stay, in front or behind.
  run timeout 5 env ERL_EPMD_PORT="$(free_port)" "$epmd"
  assert_success
  assert_output ""
}

@test "without its volume nothing starts" {
  new_sandbox
  rm "$SANDBOX/data"
  start_executor
  launch
  wait_for 10 state FAILED
  run message FAILED
  assert_output "no volume at $SANDBOX/data: No such file or directory"
  [ ! -e "$SANDBOX/data" ]
  ended
}

@test "templates are rendered, and what is ours wins" {
  set_cluster "$(jq -n '{riak_config: ("ring_size = 16\n" +
      "nodename = other@127.0.0.1\n" +
      "handoff.port = {{handoffport}}\n" +
      "listener.http.internal = {{bindaddress}}:{{.HTTPPort}}\n"),
    advanced_config: "[{riak_kv,[{x,{{pbport}}}]}]."}')"
  run_node
  grep -qx "listener.http.internal = 127.0.0.1:$HTTP" "$SANDBOX/riak/etc/riak.conf"
  grep -qx "\[{riak_kv,\[{x,$PB}\]}\]\." "$SANDBOX/riak/etc/advanced.config"
  grep "ours instead, line 2: nodename = other@127.0.0.1 -> riak-kv-1@127.0.0.1" \
    "$SANDBOX/stderr"
  wait_for 10 member '.partitions == 16'
}

@test "a configuration that can't be is refused before Riak starts" {
  local i
  local -a config=('a = 1\nhandoff.port = {{prot}}\n'
    'bitcask.data_root = /srv/riak\n' 'platform_data_dir = /srv/riak\n'
    'a word\n' 'no_such_key = 1\n')
  local -a says=('riak.conf: line 2: unknown variable {{prot}}'
    'riak.conf: line 1: bitcask.data_root = /srv/riak: data must lie below*'
    'riak.conf: line 1: platform_data_dir = /srv/riak: data must stay on*'
    'riak.conf: line 1: not a setting: a word'
    'Riak refuses its configuration: *unknown variable: no_such_key*')
  for i in "${!config[@]}"; do
    set_cluster "$(jq -n --arg c "$(printf '%b' "${config[i]}")" \
      '{riak_config: ($c + "\n")}')"
    new_sandbox
    start_executor
    launch
    wait_for 30 state FAILED
    says FAILED "${says[i]}"
    run ! grep "Riak was started" "$SANDBOX/stderr"
    ended
  done
}

@test "an advanced.config that moves data is refused before Riak starts" {
  set_cluster "$(jq -n '{advanced_config:
    "[{bitcask,[{data_root,\"/srv/riak\"}]}]."}')"
  new_sandbox
  start_executor
  launch
  wait_for 30 state FAILED
  run message FAILED
  assert_output "the configuration that Riak generated: bitcask data_root is \"/srv/riak\": data must lie below ../data"
  run ! grep "Riak was started" "$SANDBOX/stderr"
  ended
}

@test "task data that are bad are told" {
  local i
  local -a data=('del(.Cookie)' '.ContainerPath = "../x"' '.HTTPPort = 70000'
    '.PBPort = .HTTPPort' '.Address = "localhost"' '.Zookeepers = []'
    '.NodeKey = "a\nb"')
  local -a says=('Cookie is missing or bad' 'ContainerPath is missing or bad'
    'HTTPPort is missing or bad' 'HTTPPort and PBPort are one port'
    'Address is missing or bad' 'Zookeepers is missing or bad'
    'NodeKey is missing or bad')
  for i in "${!data[@]}"; do
    new_sandbox
    start_executor
    DATA=${data[i]} launch
    wait_for 10 state FAILED
    run message FAILED
    assert_output "the task's data: ${says[i]}"
    ended
    exit_code 0
  done
}

@test "a second LAUNCH of the task is one, of another is refused" {
  run_node
  local vm task=$TASK
  vm=$(vm)
  launch
  TASK=riak-kv-1.99 launch
  TASK=riak-kv-1.99 wait_for 10 state FAILED
  agent kill riak-kv-1.99
  [ "$(vm)" = "$vm" ]
  [ "$(jq -s "map(select(.update.status.task_id.value? == \"$task\")) |
    length" "$SAID")" -eq 2 ]
}

@test "ZooKeeper may come late, go away, and forget the session" {
  local shared=$ZK port
  port=$(free_port)
  ZK=127.0.0.1:$port
  new_sandbox
  start_executor
  launch
  wait_for 10 state STARTING
  wait_for 10 grep -q "ours instead\|subscribed" "$SANDBOX/stderr"
  start_zookeeper "$port"
  set_cluster '{}'
  wait_for 60 state RUNNING
  wait_for 10 coordinated
  local vm
  vm=$(vm)

  # Away and back.
  kill "$ZK_PID"
  wait_for 10 gone "$ZK_PID"
  wait_for 20 grep -q "session=suspended" "$SANDBOX/stderr"
  start_zookeeper "$port"
  wait_for 20 coordinated
  put_key k v3

  # The session expires while we stand still.
  kill -STOP "$EXECUTOR"
  wait_for 40 unrecorded
  kill -CONT "$EXECUTOR"
  wait_for 20 grep -q "session=renewed" "$SANDBOX/stderr"
  wait_for 20 coordinated
  wait_for 20 member .ready
  [ "$(vm)" = "$vm" ]
  ZK=$shared
}

@test "a cluster that has no record in ZooKeeper is waited for" {
  zk rm "$(root)/clusters/kv"
  new_sandbox
  start_executor
  DATA='.StartLimit = 3' launch
  wait_for 10 state FAILED
  run message FAILED
  assert_output "not ready within 3 s: waited for its configuration in ZooKeeper: $(root)/clusters/kv: no such node"
  ended
}

@test "an end while its configuration is waited for ends the waiting" {
  zk rm "$(root)/clusters/kv"
  new_sandbox
  start_executor
  agent ack off
  DATA='.StartLimit = 1' launch
  wait_for 10 state FAILED
  # It stays for its last update longer than it waits to ask again.
  agent shutdown
  exit_code 111
  nothing_left
}

@test "rm-cepmd is started again, and the node registers again" {
  run_node
  local mapper
  mapper=$(mapper)
  kill -KILL "$mapper"
  wait_for 20 rm-cepmd lookup riak-kv-1 --port "$CEPMD"
  [ "$(mapper)" != "$mapper" ]
  run ! state FAILED
}

@test "a Riak that does not answer is not shown to clients" {
  run_node
  wait_for 10 coordinated
  kill -STOP "$(vm)"
  wait_for 60 member '.ready == false and .health != "ok"'
  wait_for 5 unrecorded
  wait_for 5 state RUNNING '.update.status | .healthy == false and
    .reason == "REASON_TASK_HEALTH_CHECK_STATUS_UPDATED" and
    (.message | startswith("Riak does not answer: "))'
  kill -CONT "$(vm)"
  wait_for 20 coordinated
  wait_for 10 member '.ready and .health == "ok"'
  wait_for 5 state RUNNING '.update.status | .healthy == true and
    .message == "Riak answers again"'
  run ! state FAILED
}

@test "Riak's log is on stdout, each line once, through rotations" {
  run_node
  local log=$SANDBOX/riak/log/console.log
  in_stdout() { [ "$(grep -cxF "$1" "$SANDBOX/stdout")" -eq 1 ]; }
  wait_for 5 in_stdout "$(head -n 1 "$log")"
  echo one >>"$log"
  wait_for 5 in_stdout one
  mv "$log" "$log.0"
  echo two >>"$log.0"
  seq -f 'three %.0f' 20000 >"$log"
  wait_for 5 in_stdout "three 20000"
  in_stdout one
  in_stdout two
  echo last >>"$log"
  agent kill "$TASK" 10
  wait_for 20 state KILLED
  in_stdout last
  in_stdout "three 1"
  wait_for 10 gone "$EXECUTOR"
}

@test "executor and port mapper are small" {
  run_node
  dirty() { awk '/^Private_Dirty/ {print $2}' "/proc/$1/smaps_rollup"; }
  local executor mapper limit=4096
  # A sanitizer's own memory is not ours.
  ! nm "$RM_BIN/rm-executor" | grep -q __asan_init || limit=65536
  executor=$(dirty "$EXECUTOR") mapper=$(dirty "$(mapper)")
  echo "executor $executor KiB, rm-cepmd $mapper KiB"
  [ "$executor" -le "$limit" ]
  [ $((executor + mapper)) -le $((2 * limit)) ]
}

@test "bad usage is told in a line" {
  run --separate-stderr rm-executor --frobnicate
  assert_failure 100
  [[ $stderr == *frobnicate* ]]
  run --separate-stderr env -u MESOS_AGENT_ENDPOINT rm-executor
  assert_failure 100
  [[ $stderr == *MESOS_AGENT_ENDPOINT* ]]
  run --separate-stderr env MESOS_AGENT_ENDPOINT=127.0.0.1:1 \
    MESOS_FRAMEWORK_ID=f MESOS_EXECUTOR_ID=e MESOS_RECOVERY_TIMEOUT=soon \
    rm-executor
  assert_failure 100
  [[ $stderr == *"MESOS_RECOVERY_TIMEOUT: not a duration: soon"* ]]
  run --separate-stderr env MESOS_AGENT_ENDPOINT=127.0.0.1:1 \
    MESOS_FRAMEWORK_ID=f MESOS_EXECUTOR_ID=e rm-executor --cepmd /nowhere
  assert_failure 100
  [[ $stderr == *"/nowhere can't be run"* ]]
}

@test "a closed or full stdout is no reason to end" {
  new_sandbox
  (
    cd "$SANDBOX" || exit
    exec env MESOS_FRAMEWORK_ID=f-0000 MESOS_EXECUTOR_ID="$TASK" \
      MESOS_SLAVE_PID="slave(1)@127.0.0.1:$AGENT_PORT" \
      MESOS_AGENT_ENDPOINT="127.0.0.1:$AGENT_PORT" MESOS_CHECKPOINT=1 \
      MESOS_EXECUTOR_AUTHENTICATION_TOKEN=s3cret \
      rm-executor >/dev/full 2>&- 3>&- 8>&-
  ) &
  EXECUTOR=$!
  track "$EXECUTOR"
  wait_for 10 said '.type == "SUBSCRIBE"'
  launch
  wait_for 60 state RUNNING
  agent kill "$TASK"
  wait_for 30 state KILLED
}

# The examples of the pages run as they stand there; addresses of this machine's
# well-known ports are replaced by those of what the test has started. Those of
# riak-mesos, rm-cepmd, rm-mesos, rm-riak and rm-state are in their own files.
# shellcheck shell=bash
# run sets status and output; STACK is stack.bash's.
# shellcheck disable=SC2154,SC2034,SC2030,SC2031

load helper
load stack
load examples

setup_file() {
  export STACK=$BATS_FILE_TMPDIR
  start_zookeeper
  start_local
}

teardown_file() {
  STACK=$BATS_FILE_TMPDIR
  stop_tracked
  stop_executors
}

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  export HOME=$BATS_TEST_TMPDIR
  unset RIAK_MESOS_API RIAK_MESOS_NAME RIAK_MESOS_ZK RIAK_MESOS_CONFIG
}

teardown() {
  STACK=$BATS_TEST_TMPDIR stop_tracked
}

# here PORT=ADDRESS…: an example with other addresses, from stdin to stdout.
here() {
  local one
  local changes=()
  for one in "$@"; do
    changes+=(-e "s|127\.0\.0\.1:${one%%=*}|${one#*=}|g")
  done
  sed "${changes[@]}" -e "s|/opt/|$PWD/|g"
}

# A test's own servers, apart from the file's.
track_here() {
  STACK=$BATS_TEST_TMPDIR track "$1"
}

@test "the pure stages: a tick passes; a recorded stream is asked" {
  local page line ticks=0 streams=0
  cp "$TOP/tests/golden/stages/01-lifecycle.one-node.out.jsonl" stream.jsonl
  for page in rm-status.1 rm-cluster.1 rm-offer.1 rm-launch.1 rm-stream.5; do
    while read -r line; do
      echo "$page: $line"
      run --separate-stderr bash -o pipefail -c "$line"
      case $line in
      echo*)
        ticks=$((ticks + 1))
        assert_success
        assert_output '{"tick":1.5}'
        ;;
      *stream.jsonl*) # what is dropped of it is told by 2
        streams=$((streams + 1))
        [ "$status" -eq 0 ] || [ "$status" -eq 2 ]
        ;;
      *) assert_success ;;
      esac
    done < <(shown "$page")
  done
  [ "$ticks" -eq 5 ]
  [ "$streams" -ge 2 ]
}

@test "rm-schedd and rm-api: brought up as their pages say" {
  local api events
  cp "$EXECUTOR_ARCHIVE" rm-executor.tar.gz
  cp "$RIAK" riak.tar.gz
  mkdir artifacts
  # What is tracked is the program itself.
  printf 'exec ' >schedd
  example rm-schedd.8 1 | here "2181=$ZK" "5050=$MASTER" >>schedd
  grep -q "$MASTER" schedd
  bash -c ". ./schedd" 2>schedd.log 3>&- &
  track_here "$!"
  wait_for 30 rm-state get scheduler --zk "$ZK"

  api=$(free_port)
  example rm-api.8 1 | here "2181=$ZK" "9090=127.0.0.1:$api" >create
  # The server stays; the client comes when it is there.
  grep '^rm-api' create | sed 's/^/exec /; s/ &$//' >server
  RIAK_MESOS_PORT=$api bash -c ". ./server" 2>api.log 3>&- &
  track_here "$!"
  wait_for 20 curl -sf "http://127.0.0.1:$api/api/v1/clusters"
  known() { curl -sf "http://127.0.0.1:$api/api/v1/riak/versions" | grep -q riak-3-2; }
  wait_for 20 known
  run bash -e <(grep -v '^rm-api' create)
  assert_output --partial '{"success":true}'

  example rm-api.8 2 | here "9090=127.0.0.1:$api" >follow
  bash follow >followed 2>follow.err 3>&- &
  events=$!
  export RIAK_MESOS_API=http://127.0.0.1:$api
  riak-mesos cluster add-node kv
  wait_for 60 grep -qE "^riak-kv-1 [a-z]+" followed
  riak-mesos cluster wait-for-service kv --timeout $((90 * ${WAIT_SCALE:-1}))
  riak-mesos cluster destroy kv
  gone_all() { [ "$(riak-mesos cluster list --json)" = '{"clusters":[]}' ]; }
  wait_for 120 gone_all
  pkill -P "$events"
  wait "$events" || true
}

@test "rm-local: an agent is lost and comes back, as its page says" {
  local line
  agents() { # agents N: so many are active
    [ "$(curl -sf "http://$MASTER/state" | jq .activated_slaves)" = "$1" ]
  }
  wait_for 20 agents 3
  shown rm-local.1 | grep curl | here "5051=x" |
    sed "s|:5051|:$(cat "$BATS_FILE_TMPDIR/agent-port")|" >look
  run bash -o pipefail look
  assert_success
  example rm-local.1 1 >faults
  while read -r line; do
    echo "$line"
    $line --master "$MASTER"
    case $line in
    *stop*) wait_for 30 agents 2 ;;
    *start*) wait_for 30 agents 3 ;;
    esac
  done <faults
}

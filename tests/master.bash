# What the tests of rm-mesos share: a scripted master, rm-mesos events in the
# background, and call lines.
# shellcheck shell=bash

GOLDEN=$TOP/tests/golden/mesos-1.12
TOOLS=${RM_TOOLS:-$RM_BIN/../tools}
ROOT=/riak/frameworks/riak
export GOLDEN ROOT

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  unset RIAK_MESOS_MASTER RIAK_MESOS_ZK
}

teardown() {
  stop_tracked
}

# ---- a master ----

# master NAME [OPTION]...: starts one; its address is in MASTER, its requests
# in NAME.log.
master() {
  local name=$1
  shift
  "$TOOLS/fake_master" --log "$name.log" "$@" >"$name.port" 2>"$name.err" 3>&- &
  MASTER_PID=$!
  track "$MASTER_PID"
  wait_for 10 test -s "$name.port"
  MASTER=127.0.0.1:$(head -n 1 "$name.port")
}

# calls_of NAME: what it was asked, as TYPE or TYPE:STREAM, a line each.
calls_of() {
  jq -r 'select(.call) | .call.type + (if .stream then ":" + .stream else "" end)' \
    "$1.log"
}

# asked NAME N TYPE: whether it was asked that at least N times.
asked() {
  [ "$(calls_of "$1" | grep -c "^$3")" -ge "$2" ]
}

# record TEXT: framed.
record() {
  printf '%d\n%s' "${#1}" "$1"
}

# subscribed ID INTERVAL: the event.
subscribed() {
  record "{\"type\":\"SUBSCRIBED\",\"subscribed\":{\"framework_id\":{\"value\":\"$1\"},\"heartbeat_interval_seconds\":$2}}"
}

# ---- rm-mesos ----

# events [OPTION]...: in the background; its lines in events.out, its log in
# events.err, its pid in EVENTS_PID.
events() {
  rm-mesos events --master "$MASTER" --role riak "$@" \
    >events.out 2>events.err 3>&- &
  EVENTS_PID=$!
  track "$EVENTS_PID"
}

# has FILE WORDS...
has() {
  local file=$1
  shift
  grep -qF -- "$*" "$file"
}

# lines_at_least N FILE: of events.
lines_at_least() {
  [ "$(grep -c '"event"' "$2")" -ge "$1" ]
}

ticks_at_least() {
  [ "$(grep -c tick events.out)" -ge "$1" ]
}

# expect_exit PID STATUS
expect_exit() {
  wait_for 15 gone "$1"
  local got=0
  wait "$1" || got=$?
  [ "$got" -eq "$2" ] || {
    echo "exit status $got, not $2"
    cat ./*.err
    return 1
  }
}

# ---- ZooKeeper ----

zk() {
  "$TOOLS/zk" "$@"
}

# ---- calls ----

# subscription ID: a stream for it, in ID.stream.
subscription() {
  subscribed "$1" 15 >"$1.stream"
}

# subscribe_line: subscribes; the SUBSCRIBED line is in subscribed.line.
subscribe_line() {
  events --new
  wait_for 10 has events.out SUBSCRIBED
  grep SUBSCRIBED events.out >subscribed.line
}

call() {
  local type=$1
  echo "{\"call\":\"$type\",\"mesos\":{\"type\":\"$type\"${2:+,$2}}}"
}

kill_call() {
  call KILL "\"kill\":{\"task_id\":{\"value\":\"$1\"}}"
}

decline() {
  call DECLINE "\"decline\":{\"offer_ids\":[{\"value\":\"$1\"}],\"filters\":{\"refuse_seconds\":${2:-5}}}"
}

accept() {
  call ACCEPT "\"accept\":{\"offer_ids\":[{\"value\":\"O7\"}],\"operations\":[{\"type\":\"LAUNCH\",\"launch\":{\"task_infos\":[{\"name\":\"riak-kv-1\",\"data\":${1:-{\}}}]}}]}"
}

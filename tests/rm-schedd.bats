#!/usr/bin/env bats
# The supervisor, with stages that do nothing until they are told to end.

load helper

setup() {
  STAGES=$BATS_TEST_TMPDIR/stages LOG=$BATS_TEST_TMPDIR/schedd.log
  mkdir "$STAGES"
  cat >"$STAGES/stage" <<'STAGE'
#!/bin/bash
name=${0##*/}
case $1 in events | watch | apply | calls) name+=-$1 ;; esac
trap 'exit 102' USR1
case $name in rm-mesos-events) sleep 1000 & ;; *) cat <&0 >/dev/null & ;; esac
echo "$$" >"${0%/*}/$name.pid"
trap 'kill $!; exit 0' TERM
wait
STAGE
  chmod +x "$STAGES/stage"
  for program in rm-mesos rm-state rm-status rm-cluster rm-offer rm-launch; do
    ln "$STAGES/stage" "$STAGES/$program"
  done
  start_zookeeper
}

teardown() {
  if [ -z "${BATS_TEST_COMPLETED-}" ]; then cat "$LOG"; fi
  stop_tracked
}

start_schedd() {
  rm-schedd --zk "$ZK" --master 127.0.0.1:1 --programs "$STAGES" \
    --backoff 0.1 2>"$LOG" 3>&- &
  SCHEDD=$!
  track "$SCHEDD"
  wait_for 20 all_run
}

stages=(rm-mesos-events rm-state-watch rm-status rm-cluster rm-offer rm-launch
  rm-state-apply rm-mesos-calls)

all_run() {
  local s
  for s in "${stages[@]}"; do
    [ -s "$STAGES/$s.pid" ] && kill -0 "$(pid_of "$s")" || return 1
  done
}

pid_of() {
  cat "$STAGES/$1.pid"
}

# All end while rm-schedd does not look; then it hears of all at once.
end_all() { # end_all SIGNAL STAGE
  local s
  kill -STOP "$SCHEDD"
  kill "-$1" "$(pid_of "$2")"
  wait_for 5 gone "$(pid_of "$2")"
  kill -TERM "$(pid_of rm-mesos-events)"
  for s in "${stages[@]}"; do wait_for 5 gone "$(pid_of "$s")"; done
}

times() { # times N TEXT: the log has it so often
  [ "$(grep -c "$2" "$LOG")" -eq "$1" ]
}

@test "an unknown option: 100, and the word is named" {
  run -100 rm-schedd --zk "$ZK" --master 127.0.0.1:1 --surprise
  assert_output --partial surprise
}

@test "the stage that was killed is named, whoever ended with it" {
  start_schedd
  end_all KILL rm-state-watch
  kill -CONT "$SCHEDD"
  wait_for 10 times 2 'the pipeline runs'
  grep -q 'warn: rm-state watch ended with signal 9' "$LOG"
}

@test "a conflict while the election node is there: it gives up, with 102" {
  start_schedd
  end_all USR1 rm-state-apply
  kill -CONT "$SCHEDD"
  wait_for 10 gone "$SCHEDD"
  run wait "$SCHEDD"
  assert_equal "$status" 102
  grep -q 'rm-state apply ended with exit 102' "$LOG"
  grep -q 'giving up: state conflict' "$LOG"
}

@test "a conflict because the election node is gone: it stands again" {
  start_schedd
  end_all USR1 rm-state-apply
  "$RM_TOOLS/zk" rm --zk "$ZK" \
    "$(sed -n 's/.*leading, fence //p' "$LOG")"
  kill -CONT "$SCHEDD"
  wait_for 10 times 2 'leading, fence'
  wait_for 10 times 2 'the pipeline runs'
  kill -0 "$SCHEDD"
}

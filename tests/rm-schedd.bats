# The supervisor: election, settings, and a pipeline of stages that are scripts
# here, so that each can be made to end as it likes. tests/system.bats has the
# real ones.

load helper

setup() {
  STACK=$BATS_TEST_TMPDIR
  stages=$BATS_TEST_TMPDIR/stages
  mkdir "$stages"
  local p
  for p in rm-mesos rm-state rm-status rm-cluster rm-offer rm-launch; do
    stage "$p" 'exec -a "$0" cat'
  done
  # The source runs until it is told to end.
  stage rm-mesos 'if [ "$1" = events ]; then
      trap "exit 0" TERM; while :; do echo "{\"tick\":1}"; sleep 0.2 & wait $!; done
    else exec cat >/dev/null; fi'
}

teardown() {
  stop_tracked
}

# stage PROGRAM SCRIPT: notes that it was started, with what.
stage() {
  printf '#!/bin/bash\necho "$(basename "$0") $*" >>"%s/started"\n%s\n' \
    "$BATS_TEST_TMPDIR" "$2" >"$stages/$1"
  chmod +x "$stages/$1"
}

schedd() { # schedd NAME [OPTION…]: in the background, its log in NAME.log
  local name=$1
  shift
  rm-schedd --zk "$ZK" --master 127.0.0.1:1 --programs "$stages" \
    --backoff 0.2 "$@" 2>"$STACK/$name.log" >"$STACK/$name.out" 3>&- &
  SCHEDD_PID=$!
  track "$SCHEDD_PID"
}

said() { # said NAME TEXT
  grep -q -- "$2" "$STACK/$1.log"
}

started() { # started N: so many stages, at least
  [ "$(wc -l <"$STACK/started" 2>/dev/null || echo 0)" -ge "$1" ]
}

# The exit code of the last one started, within 25 seconds.
ends_with() {
  wait_for 25 gone "$SCHEDD_PID"
  run wait "$SCHEDD_PID"
  assert_equal "$status" "$1"
}

@test "it leads, writes the settings and starts the stages in order" {
  start_zookeeper
  schedd a --node-mem 777 --network-interface eth1 --resource riak-3=http://x/r.tgz \
    --resource-urls '{"executor":"http://x/e.tgz"}' \
    --where '.hostname != "a"' --constraints '"[[&quot;rack&quot;,&quot;UNIQUE&quot;]]"'
  wait_for 20 started 8
  run cut -d' ' -f1-2 "$STACK/started"
  assert_line "rm-mesos events"
  assert_line "rm-state watch"
  assert_line "rm-state apply"
  assert_line "rm-mesos calls"
  grep -q "rm-mesos events.*--zk $ZK.*--fence /riak/frameworks/riak/election/" "$STACK/started"
  run rm-state get settings --zk "$ZK"
  assert_output --partial '"mem":777'
  assert_output --partial '"network_interface":"eth1"'
  assert_output --partial '"resources":{"executor":"http://x/e.tgz","riak-3":"http://x/r.tgz"}'
  assert_output --partial '"constraints":[["rack","UNIQUE"]]'
  assert_output --partial '"where":".hostname != \"a\""'
  assert_output --partial '"schema":1'
  kill -TERM "$SCHEDD_PID"
  ends_with 0
  said a stopping
  [ -z "$(pgrep -f "$stages/")" ]
}

@test "a package that can't be is said at once; the others are not held up" {
  start_zookeeper
  echo rubbish >"$STACK/bad.tgz"
  schedd a --resource "riak-bad=file://$STACK/bad.tgz"
  wait_for 20 started 8
  said a "warn: --resource: riak-bad: $STACK/bad.tgz: no archive"
}

@test "ready is told when it leads, and when it stands by" {
  start_zookeeper
  exec 7> >(cat >"$STACK/ready7")
  schedd a --ready-fd 7
  exec 7>&-
  wait_for 20 test -s "$STACK/ready7"
  exec 8> >(cat >"$STACK/ready8")
  schedd b --ready-fd 8
  exec 8>&-
  wait_for 20 test -s "$STACK/ready8"
  said b "standing by, 1 ahead"
}

@test "a stage that fails outside is started again, with all the others" {
  start_zookeeper
  stage rm-offer '[ -e "'"$STACK"'/once" ] && exec cat; touch "'"$STACK"'/once"; exit 111'
  schedd a
  wait_for 20 started 16
  said a "rm-offer ended with exit 111"
  said a "the pipeline starts again"
}

@test "however often a stage fails, the wait stays within 15 seconds" {
  start_zookeeper
  stage rm-offer 'exit 111'
  schedd a --backoff 3600
  wait_for 20 said a "starts again in"
  run sed -nE 's/.*starts again in ([0-9]+)\.[0-9] s$/\1/p' "$STACK/a.log"
  assert [ "${lines[0]}" -le 15 ]
}

@test "a crash is a reason to start again, a bug is said loudly" {
  start_zookeeper
  stage rm-launch '[ -e "'"$STACK"'/once" ] && exec cat; touch "'"$STACK"'/once"; kill -SEGV $$'
  stage rm-cluster '[ "$(grep -c "^rm-cluster" "'"$STACK"'/started")" -ne 2 ] || exit 101; exec cat'
  schedd a
  wait_for 30 started 24
  said a "rm-launch ended with signal 11"
  said a "a bug: rm-cluster ended with exit 101"
}

@test "a configuration that can't work ends it, with the stage's code" {
  start_zookeeper
  stage rm-mesos 'echo "rm-mesos: error: wrong credentials" >&2; exit 100'
  schedd a
  ends_with 100
  # Both stages of this program end so; who is first is chance.
  said a "giving up: rm-mesos \(events\|calls\) ended with exit 100: usage or configuration"
}

@test "another scheduler that has the framework ends it with 102" {
  start_zookeeper
  stage rm-mesos '[ "$1" = calls ] && exec cat >/dev/null; exit 102'
  schedd a
  ends_with 102
  said a "state conflict"
}

@test "settings of a newer schema are left alone: 102" {
  start_zookeeper
  echo '{"schema":99}' | rm-state put settings --zk "$ZK" ||
    "$RM_TOOLS/zkput" "$ZK" /riak/frameworks/riak/settings '{"schema":99}'
  schedd a
  ends_with 102
  said a "the settings record has schema 99; this program knows 1"
  ! started 1
}

@test "of two the second stands by, and takes over when the first is killed" {
  start_zookeeper
  schedd a
  local first=$SCHEDD_PID
  wait_for 20 started 8
  schedd b
  wait_for 20 said b "standing by, 1 ahead"
  kill -KILL "$first"
  wait_for 30 said b "leading"
  wait_for 20 started 16
  # The stages of the killed one died with it.
  [ "$(pgrep -fc "$stages/rm-offer")" -eq 1 ]
}

@test "one that loses its session kills its stages and stands by" {
  start_zookeeper
  schedd a
  wait_for 20 started 8
  # ZooKeeper itself counts: it ends a session that it does not hear of.
  kill -STOP "$SCHEDD_PID"
  fenced() { [ -z "$(rm-state ls election --zk "$ZK")" ]; }
  wait_for 30 fenced
  kill -CONT "$SCHEDD_PID"
  wait_for 30 said a "in a new session"
  said a "leadership lost"
  wait_for 20 started 16
}

@test "no ZooKeeper, an unknown program, wrong options: one line and the code" {
  ZK=127.0.0.1:$(free_port)
  schedd a
  ends_with 111
  said a "ZooKeeper: no answer from $ZK"
  run --separate-stderr rm-schedd --zk x --master y --resource nonsense
  assert_failure 100
  [[ $stderr == *"--resource: not KEY=URL: nonsense"* ]]
  [ "${#stderr_lines[@]}" -eq 1 ]
  run --separate-stderr rm-schedd --master y
  assert_failure 100
  [[ $stderr == *"--zk is required"* ]]
  run --separate-stderr rm-schedd --zk x --master y --constraints '[["a","LIKE","("]]'
  assert_failure 100
  [[ $stderr == *"constraint 1: bad regular expression"* ]]
  run --separate-stderr rm-schedd --zk x --master y --where '.hostname ='
  assert_failure 100
  [[ $stderr == *"--where: syntax error"* ]]
  run --separate-stderr rm-schedd --zk x --master y --framework '../x'
  assert_failure 100
  run --separate-stderr rm-schedd --zk x --master y --node-mem lots
  assert_failure 100
  [[ $stderr == *"not a number: lots"* ]]
}

@test "programs that are not there end it: 100" {
  start_zookeeper
  rm "$stages/rm-status"
  schedd a
  ends_with 100
  said a "rm-status"
}

@test "stages count for it, and what they counted outlives them" {
  start_zookeeper
  stage rm-offer 'exec "$RM_BIN/rm-offer" "$@"'
  stage rm-status '[ -e "$STACK/fed" ] || echo nonsense; touch "$STACK/fed"; exec -a "$0" cat'
  export STACK
  schedd a
  # rm-offer drops what is no line of ours; it is counted though it is killed.
  wait_for 20 test -e "$STACK/fed"
  wait_for 20 said a "line 1 dropped"
  pkill -KILL -P "$SCHEDD_PID" -f rm-offer
  counters() {
    rm-state get scheduler --zk "$ZK" | jq -e ".counters | $1"
  }
  wait_for 30 counters '.pipeline_starts_total[""] == 2'
  counters '.stage_dropped_lines_total["rm-offer"] == 1'
  counters '.pipeline_ends_total["rm-offer"] == 1'
}

@test "a descriptor that is nothing to count in" {
  run -100 rm-status --figures-fd 9 </dev/null
  assert_output --partial "--figures-fd: 9 is nothing to count in"
  run -100 rm-mesos calls --figures-fd 8 8</dev/null </dev/null
  assert_output --partial "--figures-fd: 8 is nothing to count in"
  head -c 16000 /dev/zero >"$BATS_TEST_TMPDIR/zeros"
  run -100 rm-state watch --zk h:1 --figures-fd 8 8<>"$BATS_TEST_TMPDIR/zeros" </dev/null
  assert_output --partial "--figures-fd: 8 is nothing to count in"
}

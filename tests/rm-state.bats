# rm-state: what it brings from ZooKeeper, what it makes durable there, and
# what operators do with it; against a real server that is stopped and killed.
# shellcheck shell=bash
# run sets status, output and stderr; a test is a subshell of its own:
# shellcheck disable=SC2154,SC2030,SC2031

load helper

TOOLS=${RM_TOOLS:-$RM_BIN/../tools}

# One server for the tests that do it no harm, a framework for each.
setup_file() {
  BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR start_zookeeper
}

teardown_file() {
  BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR stop_tracked
}

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  export RIAK_MESOS_ZK=$ZK RIAK_MESOS_NAME=riak$BATS_TEST_NUMBER
  ROOT=/riak/frameworks/$RIAK_MESOS_NAME
  unset RIAK_MESOS_ZK_AUTH_FILE RIAK_MESOS_CONFIG
  export HOME=$BATS_TEST_TMPDIR
  INPUTS=()
}

teardown() {
  [ -z "${STOPPED-}" ] || kill -CONT "$STOPPED" 2>/dev/null || true
  stop_tracked
}

# A server of the test's own.
own_zookeeper() {
  start_zookeeper
  export RIAK_MESOS_ZK=$ZK
}

# The same one again, on its data.
restart_zookeeper() {
  eval "start_zookeeper ${ZK#*:} ${IN+$IN>&-}"
}

# zk put|get|rm PATH [VALUE]: a znode, past all that rm-state checks.
zk() {
  "$TOOLS/zk" "$1" --zk "$RIAK_MESOS_ZK" -- "${@:2}"
}

# start NAME COMMAND…: rm-state in the background, reading the fifo NAME.in
# that this shell holds open on IN; out and err in files; its pid in PID.
start() {
  local name=$1
  shift
  mkfifo "$name.in"
  without_input rm-state "$@" <"$name.in" >"$name.out" 2>"$name.err" 3>&- &
  PID=$!
  track "$PID"
  exec {IN}>"$name.in"
  INPUTS+=("$IN")
}

# Becomes a command that keeps none of those fifos open.
without_input() {
  local fd
  for fd in "${INPUTS[@]}"; do exec {fd}>&-; done
  exec "$@"
}

# Whether ZooKeeper has no session left.
no_session() {
  local port=${RIAK_MESOS_ZK#*:} answer
  exec 9<>"/dev/tcp/127.0.0.1/$port" || return 1
  printf dump >&9
  answer=$(timeout 5 cat <&9)
  exec 9>&-
  [[ $answer == *"Session Sets (0)/(0)"* ]]
}

has() {
  grep -qxF -- "$2" "$1"
}

# lines_in FILE N: at least.
lines_in() {
  [ "$(wc -l <"$1")" -ge "$2" ]
}

says() {
  grep -qF -- "$2" "$1"
}

ended() {
  gone "$PID"
}

ends_with() {
  wait_for 20 ended
  local code=0
  wait "$PID" || code=$?
  assert_equal "$code" "$1"
}

record() {
  printf '{"record":"%s","value":%s,"version":%d}\n' "$1" "$2" "$3"
}

END='{"record":"","snapshot":true}'

# ---- watch ----

@test "watch brings a snapshot, ends it, then lets the input through" {
  zk put "$ROOT/clusters/kv" '{"next":3}'
  zk put "$ROOT/nodes/$RIAK_MESOS_NAME-kv-1" '{"goal":"run"}'
  zk put "$ROOT/settings" '{"schema":1}'
  zk put "$ROOT/members/$RIAK_MESOS_NAME-kv-1" '{"ready":true}'
  run --separate-stderr rm-state watch <<<$'{"tick":1}\n{"event":"X"}'
  assert_success
  assert_equal "${lines[4]}" "$END"
  assert_equal "${lines[5]}" '{"tick":1}'
  assert_equal "${lines[6]}" '{"event":"X"}'
  assert_equal "${#lines[@]}" 7
  diff <(printf '%s\n' "${lines[@]:0:4}" | sort) - <<OUT
$(record clusters/kv '{"next":3}' 0)
$(record "members/$RIAK_MESOS_NAME-kv-1" '{"ready":true}' 0)
$(record "nodes/$RIAK_MESOS_NAME-kv-1" '{"goal":"run"}' 0)
$(record settings '{"schema":1}' 0)
OUT
  [ -z "$stderr" ]
}

@test "watch of nothing is an empty snapshot" {
  run rm-state watch </dev/null
  assert_success
  assert_output "$END"
}

@test "watch leaves out what is not of the stream" {
  local path
  for path in secrets/kv coordinator/coordinatedNodes/x cepmd/kv/x \
    election/x-0000000001 scheduler other/x; do
    zk put "$ROOT/$path" '{"a":1}'
  done
  run rm-state watch </dev/null
  assert_output "$END"
}

@test "watch --follow tells each change, with its version" {
  rm-state watch --follow >out 2>err 3>&- &
  PID=$!
  track "$PID"
  wait_for 20 has out "$END"
  zk put "$ROOT/clusters/kv" '{"a":1}'
  wait_for 20 has out "$(record clusters/kv '{"a":1}' 0)"
  zk put "$ROOT/clusters/kv" '{"a":2}'
  wait_for 20 has out "$(record clusters/kv '{"a":2}' 1)"
  zk rm "$ROOT/clusters/kv"
  wait_for 20 has out '{"record":"clusters/kv","value":null}'
  zk put "$ROOT/clusters/kv" '{"a":3}'
  wait_for 20 has out "$(record clusters/kv '{"a":3}' 0)"
  zk put "$ROOT/framework" '{"id":"x"}'
  wait_for 20 has out "$(record framework '{"id":"x"}' 0)"
  kill "$PID"
  ends_with 0
  assert_equal "$(wc -l <out)" 6
}

@test "a value of several lines comes as one" {
  zk put "$ROOT/settings" $'{\n  "schema": 1,\r\n  "n": [1,\n2]\n}\n'
  run rm-state watch </dev/null
  assert_line "$(record settings '{"schema":1,"n":[1,2]}' 0)"
}

@test "numbers and unknown keys come through as they are" {
  zk put "$ROOT/settings" '{"big":12345678901234567890,"f":1.50}'
  run rm-state watch </dev/null
  assert_line "$(record settings '{"big":12345678901234567890,"f":1.50}' 0)"
}

@test "a record that can't be read is not an absent one" {
  zk put "$ROOT/nodes/a" 'rubbish'
  zk put "$ROOT/nodes/b" '{"half":'
  zk put "$ROOT/nodes/c" ''
  zk put "$ROOT/nodes/d" '[1]'
  zk put "$ROOT/nodes/e" null
  zk put "$ROOT/nodes/f" $'{"a":"\xff"}'
  run rm-state watch </dev/null
  assert_success
  assert_line '{"record":"nodes/a","error":"not a JSON object","version":0}'
  assert_line '{"record":"nodes/b","error":"not JSON","version":0}'
  assert_line '{"record":"nodes/c","error":"empty","version":0}'
  assert_line '{"record":"nodes/d","error":"not a JSON object","version":0}'
  assert_line '{"record":"nodes/e","error":"not a JSON object","version":0}'
  assert_line '{"record":"nodes/f","error":"not UTF-8","version":0}'
}

@test "a record that we may not read is told as such" {
  (umask 077 && echo 'riak:word' >auth)
  zk put "$ROOT/clusters/open" '{}'
  rm-state put --zk-auth-file auth clusters/kv <<<'{}'
  run rm-state watch </dev/null
  assert_success
  assert_line '{"record":"clusters/kv","error":"not permitted"}'
  run rm-state watch --zk-auth-file auth </dev/null
  assert_line --regexp '"record":"clusters/kv","value":\{'
}

@test "a directory that we may not list ends watch" {
  (umask 077 && echo 'riak:word' >auth)
  rm-state put --zk-auth-file auth clusters/kv <<<'{}'
  rm-state put --zk-auth-file auth "nodes/$RIAK_MESOS_NAME-kv-1" <<<'{}'
  run --separate-stderr rm-state watch </dev/null
  assert_failure 100
  [[ $stderr == *"$ROOT/nodes: not permitted"* ]]
}

@test "watch lets nothing through while ZooKeeper is silent" {
  own_zookeeper
  STOPPED=$ZK_PID
  kill -STOP "$ZK_PID"
  start w watch
  echo '{"tick":1}' >&"$IN"
  sleep 1
  [ ! -s w.out ]
  kill -CONT "$ZK_PID"
  wait_for 20 has w.out '{"tick":1}'
  assert_equal "$(head -n 1 w.out)" "$END"
  exec {IN}>&-
  ends_with 0
}

@test "over a new session watch tells differences only" {
  zk put "$ROOT/clusters/a" '{"n":1}'
  zk put "$ROOT/clusters/b" '{"n":1}'
  zk put "$ROOT/clusters/c" '{"n":1}'
  rm-state watch --follow >out 2>err 3>&- &
  PID=$! STOPPED=$!
  track "$PID"
  wait_for 20 has out "$END"
  kill -STOP "$PID"
  zk put "$ROOT/clusters/b" '{"n":2}'
  zk rm "$ROOT/clusters/c"
  wait_for 30 no_session
  zk put "$ROOT/clusters/d" '{"n":1}'
  kill -CONT "$PID"
  wait_for 20 has out "$(record clusters/d '{"n":1}' 0)"
  wait_for 20 has out '{"record":"clusters/c","value":null}'
  wait_for 20 has out "$(record clusters/b '{"n":2}' 1)"
  assert_equal "$(grep -c '"clusters/a"' out)" 1
  zk put "$ROOT/clusters/a" '{"n":2}'
  wait_for 20 has out "$(record clusters/a '{"n":2}' 1)"
  assert_equal "$(wc -l <out)" 8
  kill "$PID"
  ends_with 0
}

@test "watch lives on while ZooKeeper is killed and started again" {
  own_zookeeper
  zk put "$ROOT/clusters/a" '{"n":1}'
  start w watch
  wait_for 20 has w.out "$END"
  kill -KILL "$ZK_PID"
  wait_for 20 says w.err "not connected"
  echo '{"tick":1}' >&"$IN"
  wait_for 20 has w.out '{"tick":1}'
  restart_zookeeper
  zk put "$ROOT/clusters/a" '{"n":2}'
  wait_for 20 has w.out "$(record clusters/a '{"n":2}' 1)"
  exec {IN}>&-
  ends_with 0
}

@test "no ZooKeeper: a limited wait, one line, 111" {
  RIAK_MESOS_ZK=127.0.0.1:$(free_port)
  local command
  for command in "watch" "apply" "get settings" "ls" "dump"; do
    # shellcheck disable=SC2086
    run --separate-stderr rm-state $command --wait 0.5 </dev/null
    assert_failure 111
    assert_output ""
    assert_equal "${#stderr_lines[@]}" 1
    [[ $stderr == *"ZooKeeper $RIAK_MESOS_ZK: no connection"* ]]
  done
}

# ---- lines and outputs, of both ----

@test "a bad line in the middle is reported, dropped and counted" {
  local command
  for command in watch apply; do
    run --separate-stderr rm-state "$command" \
      <<<$'{"tick":1}\nrubbish\n\n{"nonsense":1}\n{"tick":2}'
    assert_failure 2
    assert_line '{"tick":1}'
    assert_line '{"tick":2}'
    refute_output --partial nonsense
    [[ $stderr == *"line 2 dropped: starts with no known kind"* ]]
    [[ $stderr == *"line 3 dropped"* && $stderr == *"line 4 dropped"* ]]
  done
}

@test "what passes is unparsed and unchanged" {
  local line='{ "tick" : 1e0, not json at all'
  local command
  for command in watch apply; do
    run rm-state "$command" --log-level error <<<"$line"
    assert_success
    assert_line "$line"
  done
}

@test "output to a full disk, closed, or to nobody" {
  local command
  for command in watch apply; do
    run bash -c "echo '{\"tick\":1}' | rm-state $command --log-level error >/dev/full"
    assert_failure 111
    assert_output --partial "No space left on device"
    run bash -c "echo '{\"tick\":1}' | rm-state $command --log-level error >&-"
    assert_failure 111
    assert_output --partial "Bad file descriptor"
    run bash -c "yes '{\"tick\":1}' | rm-state $command --log-level error | head -n 1"
    [ "${#lines[@]}" -eq 1 ]
  done
  zk put "$ROOT/settings" '{}'
  for command in "get settings" ls dump; do
    run bash -c "rm-state $command >/dev/full"
    assert_failure 111
    assert_output --partial "No space left on device"
    run bash -c "rm-state $command >&-"
    assert_failure 111
  done
}

@test "unknown options and commands are named" {
  run rm-state watch --nonsense
  assert_failure 100
  assert_output --partial -- "--nonsense"
  run rm-state frobnicate
  assert_failure 100
  assert_output --partial frobnicate
  run rm-state ls --framework 'a/b'
  assert_failure 100
  assert_output --partial 'a/b'
  run rm-state ls --zk nonsense
  assert_failure 100
  assert_output --partial nonsense
  run rm-state ls --zk-auth-file /nonexistent
  assert_failure 100
  assert_output --partial /nonexistent
}

# ---- apply ----

@test "apply stores writes, and passes the rest in order" {
  run --separate-stderr rm-state apply <<'IN'
{"tick":1}
{"write":"status/riak-kv-1","value":{"state":"TASK_RUNNING"}}
{"call":"ACCEPT","mesos":{}}
{"record":"nodes/x","value":null}
{"write":"tasks/riak-kv-1","value": {"big":12345678901234567890, "b":"a\"b"} }
{"event":"X"}
{"write":"orders/riak-kv-7","value":null}
{"call":"KILL","mesos":{}}
IN
  assert_success
  assert_output '{"tick":1}
{"call":"ACCEPT","mesos":{}}
{"record":"nodes/x","value":null}
{"event":"X"}
{"call":"KILL","mesos":{}}'
  run rm-state get status/riak-kv-1 tasks/riak-kv-1
  assert_output '{"state":"TASK_RUNNING"}
{"big":12345678901234567890, "b":"a\"b"}'
}

@test "writes to one record keep their order, deletions too" {
  run rm-state apply --log-level error <<'IN'
{"write":"status/a","value":{"n":1}}
{"write":"status/a","value":null}
{"write":"status/b","value":{"n":1}}
{"write":"status/a","value":{"n":2}}
{"write":"status/b","value":null}
{"write":"status/b","value":null}
{"write":"status/c","value":{"n":1}}
{"write":"status/c","value":{"n":2}}
IN
  assert_success
  run rm-state watch </dev/null
  assert_output "$(record status/a '{"n":2}' 0)
$(record status/c '{"n":2}' 1)
$END"
}

@test "20,000 writes: each call passes behind its writes, all are there" {
  awk 'BEGIN { for (i = 0; i < 20000; i++) {
    printf "{\"write\":\"status/riak-kv-%d\",\"value\":{\"n\":%d}}\n", i % 500, i
    if (i % 50 == 49) printf "{\"call\":\"ACCEPT\",\"n\":%d}\n", i
    if (i % 100 == 99) printf "{\"tick\":%d}\n", i } }' >in
  run rm-state apply <in
  assert_success
  grep -v '"write"' in >expected
  printf '%s\n' "${lines[@]}" | grep -v 'info: ' | diff expected -
  rm-state watch </dev/null | sed '$d' | sed -E 's/.*"n":([0-9]+).*/\1/' |
    sort -n | diff <(seq 19500 19999) -
}

@test "a call waits for the writes before it, what follows for the call" {
  own_zookeeper
  start a apply
  echo '{"call":"ACCEPT","n":0}' >&"$IN"
  wait_for 20 has a.out '{"call":"ACCEPT","n":0}'
  STOPPED=$ZK_PID
  kill -STOP "$ZK_PID"
  cat >&"$IN" <<'IN'
{"write":"status/riak-kv-1","value":{"n":1}}
{"tick":2}
{"call":"ACCEPT","n":1}
{"tick":3}
IN
  # A tick before the call passes; the call does not.
  wait_for 20 has a.out '{"tick":2}'
  sleep 1
  refute has a.out '{"call":"ACCEPT","n":1}'
  refute has a.out '{"tick":3}'
  kill -CONT "$ZK_PID"
  wait_for 20 has a.out '{"tick":3}'
  assert_equal "$(tail -n 2 a.out | head -n 1)" '{"call":"ACCEPT","n":1}'
  run rm-state get status/riak-kv-1
  assert_output '{"n":1}'
  exec {IN}>&-
  ends_with 0
}

@test "whenever a call is out, its write is there" {
  start a apply
  local i
  for i in {1..40}; do
    printf '{"write":"status/x","value":{"n":%d}}\n{"call":"A","n":%d}\n' \
      "$i" "$i" >&"$IN"
    wait_for 20 has a.out "{\"call\":\"A\",\"n\":$i}"
    assert_equal "$(rm-state get status/x)" "{\"n\":$i}"
  done
  exec {IN}>&-
  ends_with 0
}

@test "no call passes while the session is not connected" {
  own_zookeeper
  start a apply
  echo '{"call":"A","n":1}' >&"$IN"
  wait_for 20 has a.out '{"call":"A","n":1}'
  kill -KILL "$ZK_PID"
  wait_for 20 says a.err "not connected: calls wait"
  printf '{"tick":1}\n{"call":"A","n":2}\n{"tick":2}\n' >&"$IN"
  wait_for 20 has a.out '{"tick":1}'
  sleep 1
  refute has a.out '{"call":"A","n":2}'
  restart_zookeeper
  wait_for 20 has a.out '{"tick":2}'
  has a.out '{"call":"A","n":2}'
  exec {IN}>&-
  ends_with 0
}

@test "writes survive a ZooKeeper that is killed in the middle" {
  own_zookeeper
  awk 'BEGIN { for (i = 0; i < 20000; i++) {
    printf "{\"write\":\"status/riak-kv-%d\",\"value\":{\"n\":%d}}\n", i % 300, i
    if (i % 9 == 0) printf "{\"write\":\"orders/riak-kv-%d\",\"value\":null}\n", i % 50
    if (i % 100 == 99) printf "{\"call\":\"A\",\"n\":%d}\n", i } }' >in
  grep call in >expected
  rm-state apply <in >out 2>err 3>&- &
  PID=$!
  track "$PID"
  wait_for 20 lines_in out 20
  kill -KILL "$ZK_PID"
  wait_for 20 says err "not connected"
  [ "$(wc -l <out)" -lt 200 ] # it was in the middle
  restart_zookeeper
  ends_with 0
  diff expected out
  rm-state watch </dev/null | sed '$d' | sed -E 's/.*"n":([0-9]+).*/\1/' |
    sort -n | diff <(seq 19700 19999) -
}

@test "a write with a version is dropped where the record has another" {
  zk put "$ROOT/nodes/a" '{"v":0}'
  zk put "$ROOT/nodes/b" '{"v":0}'
  run --separate-stderr rm-state apply --log-level warn <<'IN'
{"write":"nodes/a","value":{"v":1},"version":0}
{"write":"nodes/a","value":{"v":2},"version":1}
{"write":"nodes/a","value":{"v":9},"version":0}
{"write":"nodes/b","value":null,"version":7}
{"write":"nodes/c","value":{"v":1},"version":0}
{"write":"nodes/d","value":null,"version":0}
{"write":"nodes/e","value":{"v":1}}
{"call":"A"}
IN
  assert_failure 2
  assert_output '{"call":"A"}'
  assert_equal "${#stderr_lines[@]}" 3
  [[ $stderr == *"write dropped: nodes/a: changed meanwhile"* ]]
  [[ $stderr == *"write dropped: nodes/b: changed meanwhile"* ]]
  [[ $stderr == *"write dropped: nodes/c: no such node"* ]]
  run rm-state get nodes/a nodes/b nodes/e
  assert_output '{"v":2}
{"v":0}
{"v":1}'
}

@test "writes that are none are reported and dropped" {
  run --separate-stderr rm-state apply --log-level warn <<'IN'
{"write":"status/a"}
{"write":"status/a","value":1}
{"write":"status/a","value":{
{"write":"status/a","value":{},"version":-1}
{"write":"status/a","value":{},"version":1.5}
{"write":"status/a/b","value":{}}
{"write":"../x","value":{}}
{"write":"secrets/kv","value":{}}
{"write":"members/a","value":{}}
{"write":17,"value":{}}
{"tick":1}
IN
  assert_failure 2
  assert_output '{"tick":1}'
  assert_equal "${#stderr_lines[@]}" 10
  [[ ${stderr_lines[0]} == *"line 1 dropped: write: status/a: lacks value" ]]
  [[ ${stderr_lines[2]} == *"line 3 dropped: write: not JSON" ]]
  [[ ${stderr_lines[7]} == *"secrets/kv: no stage writes that" ]]
  run rm-state ls
  assert_output ""
}

@test "a stage takes away a cluster's secret, but makes none" {
  rm-state put clusters/kv <<<'{"riak_version":"riak-3-2"}'
  run rm-state apply --log-level warn <<'IN'
{"write":"secrets/kv","value":null}
{"write":"clusters/kv","value":null,"version":0}
IN
  assert_success
  run rm-state ls
  assert_output ""
}

@test "a value of more than ZooKeeper takes is refused by name" {
  awk 'BEGIN { printf "{\"write\":\"status/small\",\"value\":{}}\n"
    printf "{\"write\":\"status/large\",\"value\":{\"x\":\""
    for (i = 0; i < 1024001; i++) printf "x"
    printf "\"}}\n{\"write\":\"status/fits\",\"value\":{\"x\":\""
    for (i = 0; i < 1020000; i++) printf "x"
    printf "\"}}\n{\"call\":\"A\"}\n" }' >in
  run --separate-stderr rm-state apply --log-level warn <in
  assert_failure 2
  assert_output '{"call":"A"}'
  assert_equal "${#stderr_lines[@]}" 1
  [[ $stderr == *"write dropped: status/large: too large for ZooKeeper"* ]]
  run rm-state ls status
  assert_output 'status/fits
status/small'
}

@test "a fence that is not there: 102, and nothing is written" {
  run --separate-stderr rm-state apply --fence "$ROOT/election/x-0000000001" \
    <<<'{"write":"status/a","value":{}}'
  assert_failure 102
  assert_output ""
  [[ $stderr == *"$ROOT/election/x-0000000001: the election node is gone"* ]]
  run rm-state ls
  assert_output ""
}

@test "a fence that is no path is told" {
  run --separate-stderr rm-state apply --fence nonsense </dev/null
  assert_failure 100
  [[ $stderr == *"--fence nonsense"* ]]
}

@test "a fence that goes ends apply at once" {
  zk put "$ROOT/election/x-0000000001" '{}'
  start a apply --fence "$ROOT/election/x-0000000001"
  printf '{"write":"status/a","value":{"n":1}}\n{"call":"A"}\n' >&"$IN"
  wait_for 20 has a.out '{"call":"A"}'
  zk rm "$ROOT/election/x-0000000001"
  ends_with 102
  exec {IN}>&-
  says a.err "the election node is gone"
  run rm-state get status/a
  assert_output '{"n":1}'
}

@test "apply takes the election itself, after who has it" {
  start a apply
  echo '{"tick":1}' >&"$IN"
  wait_for 20 has a.out '{"tick":1}'
  local first=$IN
  run --separate-stderr rm-state apply --wait 1 <<<'{"tick":2}'
  assert_failure 102
  assert_output ""
  [[ $stderr == *"another leads $RIAK_MESOS_NAME"* ]]
  start b apply
  echo '{"tick":3}' >&"$IN"
  wait_for 20 says b.err "waiting to lead: 1 ahead"
  [ ! -s b.out ]
  exec {first}>&-
  wait_for 20 has b.out '{"tick":3}'
  exec {IN}>&-
  ends_with 0
}

@test "a session that ends takes the fence with it: no call passes, 102" {
  start a apply
  echo '{"call":"A","n":1}' >&"$IN"
  wait_for 20 has a.out '{"call":"A","n":1}'
  STOPPED=$PID
  kill -STOP "$PID"
  echo '{"call":"A","n":2}' >&"$IN"
  wait_for 30 no_session
  kill -CONT "$PID"
  ends_with 102
  exec {IN}>&-
  refute has a.out '{"call":"A","n":2}'
}

@test "SIGTERM ends apply with what it had" {
  start a apply
  printf '{"write":"status/a","value":{"n":1}}\n{"call":"A"}\n' >&"$IN"
  wait_for 20 has a.out '{"call":"A"}'
  kill "$PID"
  ends_with 0
  exec {IN}>&-
  run rm-state ls election
  assert_output ""
}

@test "writes that can't be stored at the end of input: 111" {
  own_zookeeper
  start a apply --wait 10
  echo '{"tick":1}' >&"$IN"
  wait_for 20 has a.out '{"tick":1}'
  kill -KILL "$ZK_PID"
  echo '{"write":"status/a","value":{"n":1}}' >&"$IN"
  exec {IN}>&-
  ends_with 111
  says a.err "1 writes may be lost"
}

# ---- by hand ----

@test "put makes a cluster with its secret, get and ls show it" {
  rm-state put clusters/kv <<<'{"riak_version":"riak-3.2"}'
  run rm-state get clusters/kv
  assert_success
  assert_equal "$(jq -S -c . <<<"$output")" \
    '{"advanced_config":null,"generation":1,"next":1,"restart":0,"riak_config":null,"riak_version":"riak-3.2"}'
  run rm-state ls
  assert_output 'clusters/kv
secrets/kv'
  run rm-state get secrets/kv
  assert_output --regexp '^\{"cookie":"[0-9a-f]{64}","key":"[0-9a-f]{64}"\}$'
  local secret=$output
  # Again: the secret stays; a new configuration is a new generation.
  rm-state put clusters/kv <<<'{"riak_config":"a = b"}'
  assert_equal "$(rm-state get secrets/kv)" "$secret"
  run jq -c '[.riak_version, .generation]' <(rm-state get clusters/kv)
  assert_output '["riak-3.2",2]'
  rm-state put clusters/other <<<'{}'
  [ "$(rm-state get secrets/other)" != "$secret" ]
}

@test "put makes a node, with its cluster's counter" {
  local f=$RIAK_MESOS_NAME
  run --separate-stderr rm-state put "nodes/$f-kv-1" <<<'{}'
  assert_failure 1
  [[ $stderr == *"clusters/kv: no such cluster"* ]]
  rm-state put clusters/kv <<<'{}'
  rm-state put "nodes/$f-kv-1" <<<'{}'
  run rm-state get "nodes/$f-kv-1"
  assert_output '{"cluster":"kv","goal":"run","restart":0}'
  rm-state put "nodes/$f-kv-5" <<<'{"goal":"stop"}'
  assert_equal "$(rm-state get clusters/kv | jq .next)" 6
  # A number is used once.
  run --separate-stderr rm-state put "nodes/$f-kv-3" <<<'{}'
  assert_failure 102
  [[ $stderr == *"nodes/$f-kv-3: the number was used before, 6 is the next"* ]]
  rm-state put --force "nodes/$f-kv-3" <<<'{}'
  # A change keeps what it does not name, and the counter.
  rm-state put "nodes/$f-kv-1" <<<'{"restart":2}'
  rm-state put "nodes/$f-kv-1" <<<'{"goal":"leave"}'
  assert_equal "$(rm-state get "nodes/$f-kv-1" | jq -c '[.goal,.restart]')" \
    '["leave",2]'
  rm-state put clusters/kv <<<'{"next":2}'
  assert_equal "$(rm-state get clusters/kv | jq .next)" 6
}

@test "put refuses what is wrong, and changes nothing" {
  local f=$RIAK_MESOS_NAME
  rm-state put clusters/kv <<<'{}'
  rm-state dump --secrets >before
  while IFS='|' read -r code key value words; do
    run --separate-stderr rm-state put "$key" <<<"$value"
    assert_failure "$code"
    [[ $stderr == *"$words"* ]] || fail "$key: $stderr"
    assert_equal "${#stderr_lines[@]}" 1
  done <<IN
100|nonsense|{}|nonsense: not the path of a record
100|nodes|{}|nodes: not the path of a record
100|nodes/$f-kv-1|[]|nodes/$f-kv-1: not a JSON object
100|nodes/$f-kv-1|{|standard input: not JSON
100|nodes/$f-kv-1|{"goal":"fly"}|nodes/$f-kv-1: goal: not run
100|nodes/$f-kv-1|{"cluster":"x"}|cluster: not the one that the key names
100|nodes/$f-kv-1|{"restart":-1}|restart: not a whole number
100|nodes/kv-1|{}|nodes/kv-1: not $f-CLUSTER-NUMBER
100|nodes/$f-kv-01|{}|nodes/$f-kv-01: not $f-CLUSTER-NUMBER
100|clusters/kv|{"generation":"x"}|clusters/kv: generation: not a whole number
100|clusters/kv|{"riak_config":1}|clusters/kv: riak_config: not a text
100|clusters/kv|{"constraints":{}}|clusters/kv: constraints: not an array
100|members/x|{}|members/x: lives with the session of rm-executor
100|settings|{"schema":2}|settings: schema: not 1
100|secrets/kv|{"cookie":"a b","key":"0123456789abcdef"}|cookie: has a byte
100|secrets/kv|{"cookie":"ab","key":"short"}|key: shorter than 16
IN
  run rm-state put clusters/kv /nonexistent
  assert_failure 100
  rm-state dump --secrets | diff before -
}

@test "put refuses the stages' kinds while a scheduler is up" {
  rm-state put tasks/a <<<'{"task_id":"a.1"}'
  zk put "$ROOT/election/x-0000000001" '{"host":"h","pid":7}'
  run --separate-stderr rm-state put tasks/a <<<'{"task_id":"a.2"}'
  assert_failure 102
  [[ $stderr == *'tasks/a: a scheduler is up ({"host":"h","pid":7}): stop it first'* ]]
  run rm-state rm tasks/a
  assert_failure 102
  rm-state put clusters/kv <<<'{}'
  assert_equal "$(rm-state get tasks/a)" '{"task_id":"a.1"}'
  zk rm "$ROOT/election/x-0000000001"
  rm-state put tasks/a <<<'{"task_id":"a.2"}'
  run rm-state ls election
  assert_output ""
}

@test "rm keeps what others still refer to" {
  local f=$RIAK_MESOS_NAME
  rm-state put clusters/kv <<<'{}'
  rm-state put "nodes/$f-kv-1" <<<'{}'
  rm-state put "reservations/$f-kv-1" <<<'{"state":"held"}'
  run rm-state rm clusters/kv
  assert_failure 102
  assert_output --partial "clusters/kv: nodes/$f-kv-1 is still there"
  run rm-state rm "nodes/$f-kv-1"
  assert_failure 102
  assert_output --partial "reservations/$f-kv-1 is still there"
  run rm-state rm secrets/kv
  assert_failure 102
  run rm-state rm "reservations/$f-kv-1"
  assert_failure 102
  assert_output --partial "nodes/$f-kv-1 is still there"
  run rm-state rm nodes/none "nodes/$f-kv-1" "reservations/$f-kv-1" nonsense
  assert_failure 100
  assert_line --partial "nodes/none: no such record"
  assert_line --partial "nonsense: "
  run rm-state ls
  assert_line "nodes/$f-kv-1"
  assert_line "reservations/$f-kv-1"
  rm-state rm "nodes/$f-kv-1" clusters/kv "reservations/$f-kv-1" "nodes/$f-kv-1"
  run rm-state ls
  assert_success
  assert_output ""
}

@test "get tells what is missing or wrong, and prints the rest" {
  zk put "$ROOT/settings" '{"schema":1}'
  zk put "$ROOT/framework" 'rubbish'
  run --separate-stderr rm-state get settings nodes/none
  assert_failure 1
  assert_output '{"schema":1}'
  [[ $stderr == *"nodes/none: no such record"* ]]
  run --separate-stderr rm-state get framework settings
  assert_failure 2
  assert_output '{"schema":1}'
  [[ $stderr == *"framework: not a JSON object"* ]]
  run rm-state get ''
  assert_failure 100
  run rm-state get /settings
  assert_failure 100
}

@test "ls lists in the order of numbers, and any directory" {
  local i
  for i in 2 10 1; do zk put "$ROOT/nodes/a-$i" '{}'; done
  zk put "$ROOT/cepmd/kv/x" '{}'
  run rm-state ls nodes
  assert_output 'nodes/a-1
nodes/a-2
nodes/a-10'
  run rm-state ls
  assert_output 'nodes/a-1
nodes/a-2
nodes/a-10'
  run rm-state ls cepmd/kv
  assert_output cepmd/kv/x
  run rm-state ls tasks
  assert_success
  assert_output ""
  run rm-state ls nonsense
  assert_failure 1
  assert_output --partial "nonsense: no such directory"
}

# ---- dump and restore ----

fill() {
  local f=$RIAK_MESOS_NAME i
  rm-state put settings <<<'{"schema":1,"role":"riak"}'
  rm-state put clusters/kv <<<'{"riak_config":"a = \"b\"\nc = d"}'
  for i in 1 2 10; do
    rm-state put "nodes/$f-kv-$i" <<<'{}'
    rm-state put "tasks/$f-kv-$i" <<<"{\"task_id\":\"$f-kv-$i.1\"}"
  done
  zk put "$ROOT/members/$f-kv-1" '{"ready":true}'
  zk put "$ROOT/scheduler" '{}'
}

@test "dump is one document, restore brings it back" {
  fill
  rm-state dump --secrets >all
  rm-state dump >public
  jq -e ".schema == 1 and .framework == \"$RIAK_MESOS_NAME\"" all
  run jq -r '.records | keys_unsorted[]' all
  local f=$RIAK_MESOS_NAME
  assert_output "clusters/kv
nodes/$f-kv-1
nodes/$f-kv-2
nodes/$f-kv-10
secrets/kv
settings
tasks/$f-kv-1
tasks/$f-kv-2
tasks/$f-kv-10"
  diff <(grep -v secrets all) public
  run rm-state restore --replace \
    <<<"{\"schema\":1,\"framework\":\"$f\",\"records\":{}}"
  assert_output "0 created, 0 replaced, 9 removed, 0 as it was"
  run rm-state restore all
  assert_success
  assert_output "9 created, 0 replaced, 0 removed, 0 as it was"
  rm-state dump --secrets | diff all -
  run rm-state restore <all
  assert_output "0 created, 0 replaced, 0 removed, 9 as it was"
}

@test "restore needs --replace where something else is there" {
  fill
  rm-state dump --secrets >all
  local f=$RIAK_MESOS_NAME
  rm-state put "nodes/$f-kv-11" <<<'{}'
  run --separate-stderr rm-state restore all
  assert_failure 102
  [[ $stderr == *"2 records are there that would be replaced or removed"* ]]
  assert_equal "$(rm-state get clusters/kv | jq .next)" 12
  run rm-state restore --replace all
  assert_output "0 created, 1 replaced, 1 removed, 8 as it was"
  rm-state dump --secrets | diff all -
}

@test "restore without secrets keeps those that are there, or needs a word" {
  fill
  rm-state dump >public
  local secret
  secret=$(rm-state get secrets/kv)
  rm-state restore public
  assert_equal "$(rm-state get secrets/kv)" "$secret"
  rm-state restore --replace \
    <<<"{\"schema\":1,\"framework\":\"$RIAK_MESOS_NAME\",\"records\":{}}"
  run --separate-stderr rm-state restore public
  assert_failure 100
  [[ $stderr == *"secrets/kv: neither in the document nor there"* ]]
  run rm-state ls nodes
  assert_output ""
  rm-state restore --new-secrets public
  run rm-state get secrets/kv
  assert_success
  [ "$output" != "$secret" ]
}

@test "restore refuses while a scheduler is up, and wrong documents" {
  fill
  rm-state dump --secrets >all
  zk put "$ROOT/election/x-0000000001" '{"pid":7}'
  run --separate-stderr rm-state restore all
  assert_failure 102
  [[ $stderr == *'restore: a scheduler is up ({"pid":7})'* ]]
  zk rm "$ROOT/election/x-0000000001"
  local f=$RIAK_MESOS_NAME
  while IFS='|' read -r document words; do
    run --separate-stderr rm-state restore --replace <<<"$document"
    assert_failure 100
    [[ $stderr == *"$words"* ]] || fail "$document: $stderr"
  done <<IN
{|not JSON
{"schema":2,"framework":"$f","records":{}}|schema: not 1
{"schema":1,"framework":"other","records":{}}|framework: is "other", not $f
{"schema":1,"framework":"$f"}|records: not a JSON object
{"schema":1,"framework":"$f","records":{"x":{}}}|records: x: not the path
{"schema":1,"framework":"$f","records":{"members/x":{}}}|records: members/x
{"schema":1,"framework":"$f","records":{"nodes/x":1}}|nodes/x: not a JSON object
IN
  rm-state dump --secrets | diff all -
}

@test "a large document is restored behind a block, and so is the rest of one" {
  local f=$RIAK_MESOS_NAME
  jq -cn --arg f "$f" '("x" * 3000) as $x | {schema:1,framework:$f,records:
    ({"settings":{schema:1,role:"r"}} +
     ([range(1000)|{("tasks/a-\(.)"):{n:.,x:$x}}]|add))}' >large
  run rm-state restore large
  assert_success
  assert_output "1001 created, 0 replaced, 0 removed, 0 as it was"
  assert_equal "$(rm-state get settings)" '{"schema":1,"role":"r"}'
  # As one that was interrupted leaves it.
  zk put "$ROOT/settings" '{"schema":1000000000,"restoring":true}'
  zk rm "$ROOT/tasks/a-17"
  run rm-state restore large
  assert_success
  assert_output "2 created, 0 replaced, 0 removed, 999 as it was"
  assert_equal "$(rm-state get settings)" '{"schema":1,"role":"r"}'
  rm-state dump | jq -cS . | diff <(jq -cS . large) -
}

@test "what is made with an auth file is its user's alone" {
  (umask 077 && echo 'riak:word' >auth)
  rm-state put --zk-auth-file auth clusters/kv <<<'{}'
  run rm-state get secrets/kv
  assert_failure 100
  assert_output --partial "not permitted"
  RIAK_MESOS_ZK_AUTH_FILE=auth run rm-state get secrets/kv
  assert_success
}

@test "the page's examples work" {
  export RIAK_MESOS_NAME=riak
  sed -n '/^\.Sh EXAMPLES/,/^\.Sh SEE/s/^\.Dl //p' "$TOP/man/rm-state.1" |
    sed 's/\\(dq/"/g' | grep -v -- '-f |' >examples
  assert_equal "$(wc -l <examples)" 5
  run bash -eo pipefail examples
  assert_success
  assert_line run
  assert_line "0 created, 0 replaced, 0 removed, 3 as it was"
}

# rm-mesos calls: what arrives at a master that is as strict as a real one.
# shellcheck shell=bash
# run sets status, output and stderr; a test is a subshell of its own:
# shellcheck disable=SC2154,SC2030,SC2031

load helper
load master

# with_calls [OPTION]... <CALLS: SUBSCRIBED and the calls of stdin into
# rm-mesos calls.
with_calls() {
  cat subscribed.line - >calls.in
  run --separate-stderr rm-mesos calls "$@" <calls.in
  echo "$stderr"
}

@test "calls go in order, with framework id and stream id" {
  subscription F-1
  master m --subscribe play=F-1.stream
  subscribe_line
  {
    call REVIVE
    kill_call t1
    echo '{"tick":1}'
    echo '{"event":"OFFERS","at":1,"mesos":not even JSON'
    echo '{"record":"nodes/x","value":{}}'
    decline O1
    call ACKNOWLEDGE '"acknowledge":{"uuid":"abc="}'
    accept
    call SUPPRESS
  } >todo
  with_calls <todo
  assert_success
  assert_output ''
  run jq -c 'select(.stream) | [.call.type, .stream, .call.framework_id.value]' m.log
  assert_output '["REVIVE","stream-1","F-1"]
["KILL","stream-1","F-1"]
["DECLINE","stream-1","F-1"]
["ACKNOWLEDGE","stream-1","F-1"]
["ACCEPT","stream-1","F-1"]
["SUPPRESS","stream-1","F-1"]'
  run jq -c 'select(.call.type == "KILL") | .call.kill' m.log
  assert_output '{"task_id":{"value":"t1"}}'
}

@test "DECLINEs with the same filters go together" {
  subscription F-1
  master m --subscribe play=F-1.stream
  subscribe_line
  {
    for i in {1..2500}; do decline "O$i"; done
    decline O9 60
    kill_call t1
    decline O10 60
    decline O11 60
  } >todo
  with_calls <todo
  assert_success
  # All declined, in order, before what came after them.
  run jq -r 'select(.call.type == "DECLINE") | .call.decline.offer_ids[].value' m.log
  [ "$output" = "$(seq -f 'O%.0f' 2500; printf 'O9\nO10\nO11')" ]
  (($(calls_of m | grep -c DECLINE) < 60))
  run tail -n 3 <(calls_of m)
  assert_output $'DECLINE:stream-1\nKILL:stream-1\nDECLINE:stream-1'
}

@test "2,000 calls go over few connections, fast" {
  subscription F-1
  master m --subscribe play=F-1.stream
  subscribe_line
  for i in {1..2000}; do kill_call "t$i"; done >many
  local start=$SECONDS before after
  before=$(awk '/^TcpExt/ {next} /^Tcp: [0-9]/ {print $6}' /proc/net/snmp)
  with_calls <many
  assert_success
  after=$(awk '/^TcpExt/ {next} /^Tcp: [0-9]/ {print $6}' /proc/net/snmp)
  ((SECONDS - start < 20))
  run jq -r 'select(.call.type == "KILL") | .call.kill.task_id.value' m.log
  [ "$output" = "$(seq -f 't%.0f' 2000)" ]
  # Others on this machine connect too.
  echo "connections: $((after - before))"
  ((after - before < 1000))
}

@test "an ACCEPT whose answer is lost goes once: 111" {
  subscription F-1
  master m --subscribe play=F-1.stream --call abort
  subscribe_line
  { accept; kill_call t1; } >todo
  with_calls <todo
  assert_failure 111
  [[ $stderr == *"ACCEPT: done or not, nobody knows"* ]]
  [ "$(calls_of m | grep -cE 'ACCEPT|KILL')" -eq 1 ]
}

@test "an ACCEPT that was surely not taken goes again" {
  subscription F-1
  master m --subscribe play=F-1.stream --call status=503 --call status=503
  subscribe_line
  accept >todo
  with_calls <todo
  assert_success
  [ "$(calls_of m | grep -c ACCEPT)" -eq 3 ]
}

@test "what may be repeated is repeated" {
  subscription F-1
  master m --subscribe play=F-1.stream --call abort --call status=503 \
    --call status=500 --call status=202
  subscribe_line
  { kill_call t1; call REVIVE; } >todo
  with_calls <todo
  assert_success
  run calls_of m
  assert_output --partial $'KILL:stream-1\nKILL:stream-1\nKILL:stream-1\nKILL:stream-1\nREVIVE:stream-1'
}

@test "each call has a deadline" {
  subscription F-1
  master m --subscribe play=F-1.stream --call hang --call hang --call hang
  subscribe_line
  { kill_call t1; call REVIVE; } >todo
  with_calls --deadline 1 <todo
  assert_success
  [[ $stderr == *"KILL: not delivered in time"*"2 calls dropped"* ]]
  run ! asked m 1 REVIVE
  accept >todo
  with_calls --deadline 1 <todo
  assert_failure 111
}

@test "a call that is wrong is reported, the rest goes on: 2" {
  subscription F-1
  master m --subscribe play=F-1.stream \
    --call "status=400,text=Failed%20to%20validate" --call status=202
  subscribe_line
  { kill_call t1; kill_call t2; } >todo
  with_calls <todo
  assert_failure 2
  [[ $stderr == *"KILL refused: HTTP 400: Failed to validate"* ]]
  [ "$(calls_of m | grep -c KILL)" -eq 2 ]
}

@test "an ACCEPT that is refused: its offers are let go" {
  subscription F-1
  master m --subscribe play=F-1.stream --call status=400,text=Bad
  subscribe_line
  { accept; kill_call t1; } >todo
  with_calls <todo
  assert_failure 2
  run tail -n 3 <(calls_of m)
  assert_output $'ACCEPT:stream-1\nDECLINE:stream-1\nKILL:stream-1'
  run jq -c 'select(.call.type == "DECLINE") | .call.decline.offer_ids' m.log
  assert_output '[{"value":"O7"}]'
}

@test "wrong credentials end it: 100" {
  subscription F-1
  master m --subscribe play=F-1.stream --call status=401,text=401%20Unauthorized.
  subscribe_line
  { kill_call t1; kill_call t2; } >todo
  with_calls <todo
  assert_failure 100
  [[ $stderr == *"401 Unauthorized"* ]]
}

@test "a subscription that is gone: calls are dropped until the next" {
  subscription F-1
  master m --subscribe play=F-1.stream,end --subscribe play=F-1.stream
  events --new
  wait_for 10 lines_at_least 2 events.out
  local old new
  old=$(grep SUBSCRIBED events.out | head -n 1)
  new=$(grep SUBSCRIBED events.out | tail -n 1)
  mkfifo in
  rm-mesos calls <in 2>calls.err 3>&- &
  local pid=$!
  track "$pid"
  exec 8>in
  { echo "$old"; kill_call t1; call SUPPRESS; } >&8
  wait_for 10 has calls.err "the subscription is gone"
  kill_call t2 >&8
  { echo "$new"; kill_call t3; } >&8
  exec 8>&-
  expect_exit "$pid" 0
  run calls_of m
  refute_output --partial SUPPRESS
  run jq -c 'select(.call.type == "KILL") | [.stream, .call.kill.task_id.value]' m.log
  assert_output $'["stream-1","t1"]\n["stream-2","t3"]'
}

@test "calls that wait are dropped when a newer SUBSCRIBED comes" {
  subscription F-1
  master m --subscribe play=F-1.stream --call hang --call status=202
  subscribe_line
  mkfifo in
  rm-mesos calls --deadline 2 <in 2>calls.err 3>&- &
  local pid=$!
  track "$pid"
  exec 8>in
  { cat subscribed.line; kill_call t1; } >&8
  wait_for 10 asked m 1 KILL
  { call SUPPRESS; cat subscribed.line; call REVIVE; } >&8
  exec 8>&-
  expect_exit "$pid" 0
  run calls_of m
  assert_output --partial $'KILL:stream-1\nREVIVE:stream-1'
  refute_output --partial SUPPRESS
}

@test "a subscription that talks but takes no calls: 111" {
  subscription F-1
  master m --subscribe play=F-1.stream --call status=403,text=Framework%20is%20not%20subscribed
  subscribe_line
  mkfifo in
  rm-mesos calls <in 2>calls.err 3>&- &
  local pid=$! now
  track "$pid"
  exec 8>in
  { cat subscribed.line; kill_call t1; } >&8
  wait_for 10 has calls.err "the subscription is gone"
  now=$(date +%s)
  echo "{\"event\":\"HEARTBEAT\",\"at\":$now,\"mesos\":{\"type\":\"HEARTBEAT\"}}" >&8
  call REVIVE >&8
  wait_for 2 true
  kill -0 "$pid"
  echo "{\"event\":\"HEARTBEAT\",\"at\":$((now + 15)),\"mesos\":{\"type\":\"HEARTBEAT\"}}" >&8
  expect_exit "$pid" 111
  exec 8>&-
  has calls.err "lives, but takes no calls"
}

@test "secrets are filled in from ZooKeeper, and nowhere else" {
  start_zookeeper
  zk put "$ROOT/secrets/kv" '{"cookie":"monster-7","key":"k-7"}'
  subscription F-1
  master m --subscribe play=F-1.stream
  subscribe_line
  accept '{"NodeKey":"riak-kv-1","Cookie":{"secret":"kv","field":"cookie"},"Key":{"secret":"kv","field":"key"}}' >one
  cat one one >todo
  with_calls --zk "$ZK" --log-level debug <todo
  assert_success
  refute_output --partial monster
  [[ $stderr != *monster* ]]
  run jq -c 'select(.call.type == "ACCEPT") |
    .call.accept.operations[0].launch.task_infos[0].data | @base64d | fromjson' m.log
  assert_output '{"NodeKey":"riak-kv-1","Cookie":"monster-7","Key":"k-7"}
{"NodeKey":"riak-kv-1","Cookie":"monster-7","Key":"k-7"}'
}

@test "a secret that changes is read again" {
  start_zookeeper
  zk put "$ROOT/secrets/kv" '{"cookie":"first"}'
  subscription F-1
  master m --subscribe play=F-1.stream
  subscribe_line
  accept '{"Cookie":{"secret":"kv","field":"cookie"}}' >one
  mkfifo in
  rm-mesos calls --zk "$ZK" <in 2>calls.err 3>&- &
  local pid=$!
  track "$pid"
  exec 8>in
  cat subscribed.line one >&8
  wait_for 10 asked m 1 ACCEPT
  zk put "$ROOT/secrets/kv" '{"cookie":"second"}'
  # The change and the answer come over one session each: ask until it is told.
  for i in {2..20}; do
    cat one >&8
    wait_for 10 asked m "$i" ACCEPT
    jq -r 'select(.call.type == "ACCEPT") | .call.accept.operations[0].launch.task_infos[0].data | @base64d' m.log >sent
    ! grep -q second sent || break
    sleep 0.2
  done
  exec 8>&-
  expect_exit "$pid" 0
  has sent '{"Cookie":"second"}'
}

@test "a missing secret: the ACCEPT stays, its offers are let go" {
  start_zookeeper
  zk put "$ROOT/secrets/kv" '{"key":"k"}'
  subscription F-1
  master m --subscribe play=F-1.stream
  subscribe_line
  {
    accept '{"Cookie":{"secret":"kv","field":"cookie"}}'
    accept '{"Cookie":{"secret":"other","field":"cookie"}}'
    accept '{"Cookie":{"secret":"../x","field":"cookie"}}'
    call REVIVE
  } >todo
  with_calls --zk "$ZK" <todo
  assert_failure 2
  [[ $stderr == *"ACCEPT not sent: no cookie among the secrets of cluster kv"* ]]
  [[ $stderr == *"secrets of cluster other: "* ]]
  run ! asked m 1 ACCEPT
  run jq -c 'select(.call.type == "DECLINE") | .call.decline' m.log
  assert_line --index 0 '{"offer_ids":[{"value":"O7"}]}'
  [ "${#lines[@]}" -eq 3 ]
  asked m 1 REVIVE

  # Without any ZooKeeper too.
  accept '{"Cookie":{"secret":"kv","field":"cookie"}}' >todo
  with_calls <todo
  assert_failure 2
  [[ $stderr == *"no ZooKeeper (--zk)"* ]]
}

@test "a dry run prints what would be posted, with secrets masked" {
  subscribed_line='{"event":"SUBSCRIBED","at":1,"master":"127.0.0.1:1","stream_id":"s","mesos":{"type":"SUBSCRIBED","subscribed":{"framework_id":{"value":"F-1"}}}}'
  echo "$subscribed_line" >subscribed.line
  {
    kill_call t1
    accept '{"Cookie":{"secret":"kv","field":"cookie"}}'
  } >todo
  with_calls --dry-run <todo
  assert_success
  [ "$stderr" = "" ]
  assert_line --index 0 '{"type":"KILL","kill":{"task_id":{"value":"t1"}},"framework_id":{"value":"F-1"}}'
  run jq -r '.accept.operations[0].launch.task_infos[0].data | @base64d' <<<"${lines[1]}"
  assert_output '{"Cookie":"***"}'
}

@test "bad lines are reported with their number and dropped: 2" {
  subscription F-1
  master m --subscribe play=F-1.stream
  subscribe_line
  {
    echo '{"call":"KILL","mesos":{"type":"KILL"}}'
    echo '{"call":"KILL","mesos":'
    echo '{"call":"NONSENSE","mesos":{"type":"NONSENSE"}}'
    echo '{"event":"SUBSCRIBED","at":1,"mesos":{}}'
    echo 'rubbish'
    call REVIVE
  } >todo
  with_calls <todo
  assert_failure 2
  [[ $stderr == *"line 2 dropped: KILL lacks kill"* ]]
  [[ $stderr == *"line 3 dropped: not JSON"* ]]
  [[ $stderr == *"line 4 dropped: no call that is known: NONSENSE"* ]]
  [[ $stderr == *"line 5 dropped: SUBSCRIBED lacks master"* ]]
  [[ $stderr == *"line 6 dropped: starts with no known kind"* ]]
  asked m 1 REVIVE
}

@test "calls before the first SUBSCRIBED are dropped: 2" {
  run --separate-stderr rm-mesos calls <<<"$(call REVIVE)"
  assert_failure 2
  assert_output ''
  [[ $stderr == *"line 1 dropped: REVIVE before the first SUBSCRIBED"* ]]
}

#!/usr/bin/env bats
# rm-local over its sockets, with real executors. What its world answers is
# compared with real Mesos in tests/unit/local_replay_test.c.
# shellcheck disable=SC2016,SC2034 # conditions for eval; variables of functions

load helper
load rm-local/scheduler

teardown() {
  stop_tracked
  stop_inside "$BATS_TEST_TMPDIR"
}

@test "says when it is ready, and what it is" {
  start_local
  run cat "$BATS_TEST_TMPDIR/local/out"
  assert_line --partial "rm-local: ready master=$MASTER"
  assert_line --partial "a stand-in for Mesos"
  run curl -s "http://$MASTER/health" -o /dev/null -w '%{http_code}'
  assert_output 200
  run curl -s "http://127.0.0.3:$AGENT_PORT/slave(1)/state"
  assert_equal "$(jq -r .hostname <<<"$output")" 127.0.0.3
}

@test "an unknown option is named, and is usage" {
  run -100 rm-local --no-such-option
  assert_output --partial "--no-such-option"
  run -100 rm-local --agents 0
  run -100 rm-local nonsense
  assert_output --partial nonsense
}

@test "a bad resource, attribute or domain is named, and is usage" {
  run -100 rm-local --work-dir "$BATS_TEST_TMPDIR/w" --resources 'cpus=4'
  assert_output --partial "cpus=4"
  run -100 rm-local --work-dir "$BATS_TEST_TMPDIR/w" --attributes 'rack'
  assert_output --partial "rack"
  run -100 rm-local --work-dir "$BATS_TEST_TMPDIR/w" --domain 'eu'
  assert_output --partial "eu"
}

@test "a port that is taken, a directory that is used" {
  start_local
  run -111 rm-local --work-dir "$BATS_TEST_TMPDIR/other" --port "$MASTER_PORT"
  assert_output --partial "$MASTER_PORT"
  run -102 rm-local --work-dir "$WORK" --port 0 --agent-port 0
  assert_output --partial "$WORK"
}

@test "standard output is full or closed: it does not pretend to be ready" {
  run -111 bash -c "rm-local --port 0 --agent-port 0 \
    --work-dir '$BATS_TEST_TMPDIR/w' >/dev/full"
  assert_output --partial "standard output"
  run -111 bash -c "rm-local --port 0 --agent-port 0 \
    --work-dir '$BATS_TEST_TMPDIR/w' >&-"
}

@test "--help and the list of faults go to stdout" {
  run -0 --separate-stderr rm-local --help
  assert_output --partial "--keep-executors"
  run -0 --separate-stderr rm-local fault
  assert_output --partial "failover"
  run -0 bash -c 'rm-local fault >/dev/full; test $? = 111'
}

@test "agents have their own ports, attributes and domains" {
  start_local --agents 2 --attributes 'rack:r{n};slots:[1-2]' \
    --domain eu/a --domain eu/b
  subscribe
  wait_event '.type == "OFFERS"'
  run last_offer 2
  assert_equal "$(jq -c .resources[0].ranges.range <<<"$output")" \
    '[{"begin":32000,"end":32999}]'
  assert_equal "$(jq -r .attributes[0].text.value <<<"$output")" r2
  assert_equal "$(jq -r .domain.fault_domain.zone.name <<<"$output")" b
  run jq -r '.subscribed.master_info.domain.fault_domain.zone.name // empty' \
    "$EVENTS"
  assert_output a
}

@test "agents have the addresses that they are given" {
  start_local --agents 3 --agent-address 127.0.0.9
  subscribe
  wait_event '.type == "OFFERS"'
  run jq -rs '[.[] | .offers?.offers[]?.hostname] | unique | join(" ")' "$EVENTS"
  assert_output "127.0.0.2 127.0.0.3 127.0.0.9"
}

@test "HTTP answers: 400, 401, 404, 405, 406, 415 in the recorded words" {
  printf 'riak secret\nadmin other\n' >"$BATS_TEST_TMPDIR/credentials"
  chmod 600 "$BATS_TEST_TMPDIR/credentials"
  start_local --credentials "$BATS_TEST_TMPDIR/credentials"
  local body=$BATS_TEST_TMPDIR/body url=http://$MASTER/api/v1/scheduler
  jq -c 'select(.call).call' \
    "$TOP/tests/golden/mesos-1.12/05-auth-none.calls.jsonl" >"$body"
  post=(curl -s -i -H 'Content-Type: application/json' -d "@$body" "$url")
  run "${post[@]}"
  assert_output --partial 'WWW-Authenticate: Basic realm="mesos-master-scheduler"'
  assert_output --partial '401 Unauthorized.'
  run "${post[@]}" -u riak:wrong
  assert_line --index 0 --partial 401
  run "${post[@]}" -u admin:other
  assert_line --index 0 --partial 400
  assert_output --partial "$(jq -r 'select(.body).body' \
    "$TOP/tests/golden/mesos-1.12/05d-auth-other-principal.calls.jsonl")"
  subscribe '' -u riak:secret
  assert [ -n "$FRAMEWORK" ]
  run curl -s -u riak:secret -d '{}' "$url" -w '%{http_code}'
  assert_output --partial 415
  run curl -s -u riak:secret -H 'Content-Type: application/json' -d '{}' "$url" \
    -H 'Accept: text/html' -w '%{http_code}'
  assert_output --partial 406
  run curl -s -u riak:secret -H 'Content-Type: application/json' -d '{' "$url"
  assert_output --partial "Failed to parse body into JSON"
  run curl -s -o /dev/null -w '%{http_code}' "$url"
  assert_output 405
  run curl -s -o /dev/null -w '%{http_code}' "http://$MASTER/nowhere"
  assert_output 404
}

# offers_in FILE: what rm-mesos events was offered, without ids.
offers_in() {
  jq -cS 'select(.event == "OFFERS").mesos.offers.offers[] |
    del(.id, .framework_id)' "$1" | sort
}

# Of each of the three agents.
all_offered() {
  [ "$(offers_in "$1" | jq -r .hostname | sort -u | wc -l)" -eq 3 ]
}

@test "events as protocol buffers say what JSON does" {
  start_local --attributes 'rack:r1;slots:[1-3,5-6];load:1.5' --domain eu/z1
  local form
  for form in json protobuf; do
    rm-mesos events --master "$MASTER" --role riak --name "$form" --new \
      --wire="$form" >"$BATS_TEST_TMPDIR/$form" \
      2>"$BATS_TEST_TMPDIR/$form.err" 3>&- &
    track "$!"
    wait_for 10 all_offered "$BATS_TEST_TMPDIR/$form"
    # What it has goes to the next one.
    kill "$!"
    wait "$!"
  done
  offers_in "$BATS_TEST_TMPDIR/json" >"$BATS_TEST_TMPDIR/expected"
  offers_in "$BATS_TEST_TMPDIR/protobuf" | diff "$BATS_TEST_TMPDIR/expected" -
}

@test "a task's life: reserve, create, launch, message, kill, run again" {
  start_local
  tar -C "$TOP/tests/rm-local" -czf "$BATS_TEST_TMPDIR/tools.tar.gz" recordio.sh
  URIS=$(jq -nc --arg u "file://$BATS_TEST_TMPDIR/tools.tar.gz" \
    '[{value: $u, extract: true}]')
  subscribe
  wait_event '.type == "OFFERS"'
  run launch riak-kv-1.1
  assert_output 202
  wait_state riak-kv-1.1 TASK_STARTING
  acknowledge riak-kv-1.1 TASK_STARTING
  wait_state riak-kv-1.1 TASK_RUNNING
  acknowledge riak-kv-1.1 TASK_RUNNING

  # The sandbox as a real agent has it (captures: executor-*).
  local box
  box=$(sandbox riak-kv-1.1)
  assert [ -e "$box/recordio.sh" ]
  assert [ -e "$box/tools.tar.gz" ]
  assert [ -e "$box/stdout" ]
  assert [ -e "$box/stderr" ]
  run readlink "$box/data"
  assert_output "$WORK/agent-1/volumes/roles/riak/riak-kv-1.1"
  run cut -d= -f1 "$box/environment"
  assert_output "$(jq -r 'select(.kind == "env") | .env | keys[]' \
    "$TOP/tests/golden/mesos-1.12/executor-riak-kv-1.1.a.jsonl" | sort)"
  run grep -c "^MESOS_AGENT_ENDPOINT=127.0.0.1:$AGENT_PORT$" "$box/environment"
  assert_output 1

  call "$(status riak-kv-1.1 TASK_RUNNING | jq -c '{type: "MESSAGE", message:
    {agent_id, executor_id, data: "aGVsbG8="}}')"
  wait_event '.type == "MESSAGE" and .message.data == "aGVsbG8="'

  call "$(status riak-kv-1.1 TASK_RUNNING | jq -c '{type: "KILL", kill:
    {agent_id, task_id}}')"
  wait_state riak-kv-1.1 TASK_KILLING
  acknowledge riak-kv-1.1 TASK_KILLING
  wait_state riak-kv-1.1 TASK_KILLED
  acknowledge riak-kv-1.1 TASK_KILLED
  wait_event '.type == "FAILURE" and .failure.status == 0'

  # The rest comes back, in parts; REVIVE gives it whole.
  wait_for 5 offered 1 'any(.disk.persistence.id == "riak-kv-1.1")'
  call "$(jq -sc '[.[] | select(.type == "OFFERS") | .offers.offers[] |
    select(.hostname == "127.0.0.1") | .id] |
    {type: "DECLINE", decline: {offer_ids: ., filters: {refuse_seconds: 0}}}' \
    "$EVENTS")"
  wait_for 5 offered 1 'map(select(.name == "cpus").scalar.value) | add == 4'
  relaunch riak-kv-1.2
  wait_state riak-kv-1.2 TASK_STARTING
  acknowledge riak-kv-1.2 TASK_STARTING
  wait_state riak-kv-1.2 TASK_RUNNING
  run cat "$(sandbox riak-kv-1.2)/data/tasks"
  assert_line riak-kv-1.1
  assert_line riak-kv-1.2
  assert_not_equal "$(sandbox riak-kv-1.2)" "$box"
}

@test "an update comes again until it is acknowledged" {
  start_local --update-retry 0.3
  subscribe
  wait_event '.type == "OFFERS"'
  launch riak-kv-1.1
  wait_state riak-kv-1.1 TASK_STARTING
  wait_for 5 eval '[ "$(state_is riak-kv-1.1 TASK_STARTING | wc -l)" -ge 2 ]'
  run state_is riak-kv-1.1 TASK_RUNNING
  assert_failure # not before the first is acknowledged
  acknowledge riak-kv-1.1 TASK_STARTING
  wait_state riak-kv-1.1 TASK_RUNNING
}

@test "killed in the middle: all is there again, executors live on" {
  start_local
  TRAIT=late
  subscribe
  wait_event '.type == "OFFERS"'
  launch riak-kv-1.1
  wait_state riak-kv-1.1 TASK_STARTING
  acknowledge riak-kv-1.1 TASK_STARTING
  local box executor first=$FRAMEWORK agent
  box=$(sandbox riak-kv-1.1)
  executor=$(cat "$WORK"/agent-1/meta/*.pid)
  agent=$(status riak-kv-1.1 TASK_STARTING | jq -r .agent_id.value)

  kill -KILL "$LOCAL_PID"
  wait_for 5 gone "$LOCAL_PID"
  assert kill -0 "$executor"
  touch "$box/go" # it says RUNNING while nobody listens
  wait_for 5 eval '[ -n "$(ls "$box/pending")" ]'
  start_local
  subscribe "$first"
  assert_equal "$FRAMEWORK" "$first"
  wait_state riak-kv-1.1 TASK_RUNNING
  run status riak-kv-1.1 TASK_RUNNING
  assert_equal "$(jq -r .agent_id.value <<<"$output")" "$agent"
  assert_equal "$(jq -r .container_status.executor_pid <<<"$output")" "$executor"
  acknowledge riak-kv-1.1 TASK_RUNNING
  wait_for 5 offered 1 'any(.name == "cpus" and .scalar.value == 2.9)'

  # Not our child any more, but its end is seen, and how it ended.
  kill -KILL "$executor"
  wait_event '.type == "FAILURE" and .failure.status == 9'
  wait_state riak-kv-1.1 TASK_FAILED
  run status riak-kv-1.1 TASK_FAILED
  assert_output --partial REASON_EXECUTOR_TERMINATED
  wait_event '.type == "OFFERS" and any(.offers.offers[].resources[];
    .disk.persistence.id == "riak-kv-1.1")'
}

# Keepers of this test's executors that run now, and those in the state.
keepers_alive() {
  local pid
  for pid in $(pgrep -x rm-local-keeper); do
    grep -zqs "^MESOS_SANDBOX=$WORK/" "/proc/$(pgrep -P "$pid")/environ" &&
      echo "$pid"
  done | sort
}

keepers_known() {
  jq '.agents[].executors[].keeper' "$WORK/state.json" | sort
}

# Launches on each agent in turn, as fast as it can, until it is killed.
launch_on_and_on() {
  local n
  for n in 1 2 3; do
    launch "riak-kv-$1-$n" "$n"
  done
}

@test "killed at any moment, again and again: nothing is lost or left over" {
  local round
  for round in 1 2 3 4 5 6; do
    start_local --reregister-timeout 1
    subscribe "${FRAMEWORK:-}"
    wait_event '.type == "OFFERS"'
    launch_on_and_on "$round" >/dev/null 2>&1 &
    sleep "0.$((RANDOM % 6))"
    kill -KILL "$LOCAL_PID"
    wait_for 5 gone "$LOCAL_PID"
    wait
    # What runs is known; a keeper that was not told to begin has ended.
    wait_for 5 eval '[ -z "$(comm -23 <(keepers_alive) <(keepers_known))" ]'
    run jq -c '[.agents[].total | map(select(.name == "cpus").scalar.value) |
      add]' "$WORK/state.json"
    assert_output '[4,4,4]'
    run jq -c '[.agents[].total | map(select(.name == "disk").scalar.value) |
      add]' "$WORK/state.json"
    assert_output '[20000,20000,20000]'
  done
  start_local --reregister-timeout 1
}

# Killed after RUNNING was sent and before it was acknowledged.
crash_while_running() { # TASK
  wait_state "$1" TASK_STARTING
  acknowledge "$1" TASK_STARTING
  wait_state "$1" TASK_RUNNING
  kill -KILL "$LOCAL_PID"
  wait_for 5 gone "$LOCAL_PID"
}

@test "an executor that does not come back is killed" {
  start_local --reregister-timeout 1
  subscribe
  wait_event '.type == "OFFERS"'
  TRAIT=lonely launch riak-kv-1.1
  crash_while_running riak-kv-1.1
  start_local --reregister-timeout 1
  subscribe "$FRAMEWORK"
  # What was not acknowledged comes first.
  wait_state riak-kv-1.1 TASK_RUNNING
  acknowledge riak-kv-1.1 TASK_RUNNING
  wait_state riak-kv-1.1 TASK_FAILED
  run status riak-kv-1.1 TASK_FAILED
  assert_output --partial REASON_EXECUTOR_REREGISTRATION_TIMEOUT
  assert_output --partial "Executor did not reregister within 1secs"
}

@test "an executor that ended while nobody watched" {
  start_local
  subscribe
  wait_event '.type == "OFFERS"'
  launch riak-kv-1.1
  crash_while_running riak-kv-1.1
  kill -KILL "$(executor_pid riak-kv-1.1)"
  start_local
  subscribe "$FRAMEWORK"
  wait_state riak-kv-1.1 TASK_RUNNING
  acknowledge riak-kv-1.1 TASK_RUNNING
  wait_state riak-kv-1.1 TASK_FAILED
  wait_for 5 offered 1 'any(.disk.persistence.id == "riak-kv-1.1")'
}

@test "an executor that never subscribes is killed" {
  start_local --registration-timeout 0.5
  subscribe
  wait_event '.type == "OFFERS"'
  TRAIT=silent launch riak-kv-1.1
  wait_state riak-kv-1.1 TASK_FAILED
  run status riak-kv-1.1 TASK_FAILED
  assert_output --partial REASON_EXECUTOR_REGISTRATION_TIMEOUT
  run find "$WORK/agent-1/meta" -type f
  assert_output ""
}

@test "executors that have to authenticate" {
  start_local --authenticate-executors
  subscribe
  wait_event '.type == "OFFERS"'
  launch riak-kv-1.1
  wait_state riak-kv-1.1 TASK_STARTING
  run curl -si -H 'Content-Type: application/json' -d "$(jq -nc --arg f "$FRAMEWORK" \
    '{framework_id: {value: $f}, executor_id: {value: "riak-kv-1.1"},
      type: "MESSAGE", message: {data: "eA=="}}')" \
    "http://127.0.0.1:$AGENT_PORT/api/v1/executor"
  assert_line --index 0 --partial 401
  assert_output --partial 'WWW-Authenticate: Bearer realm="mesos-agent-executor"'
  # It survives a crash, as the executor does.
  kill -KILL "$LOCAL_PID"
  wait_for 5 gone "$LOCAL_PID"
  start_local --authenticate-executors
  subscribe "$FRAMEWORK"
  wait_state riak-kv-1.1 TASK_STARTING
  acknowledge riak-kv-1.1 TASK_STARTING
  wait_state riak-kv-1.1 TASK_RUNNING
}

@test "SHUTDOWN is waited for, then the executor and its children are killed" {
  start_local
  subscribe
  wait_event '.type == "OFFERS"'
  TRAIT=stubborn GRACE=1 launch riak-kv-1.1
  wait_state riak-kv-1.1 TASK_STARTING
  acknowledge riak-kv-1.1 TASK_STARTING
  wait_state riak-kv-1.1 TASK_RUNNING
  local session
  session=$(ps -o sid= -p "$(executor_pid riak-kv-1.1)" | tr -d ' ')
  call "$(status riak-kv-1.1 TASK_RUNNING | jq -c '{type: "SHUTDOWN", shutdown:
    {agent_id, executor_id}}')"
  acknowledge riak-kv-1.1 TASK_RUNNING
  wait_state riak-kv-1.1 TASK_FAILED
  wait_event '.type == "FAILURE" and .failure.status == 9'
  wait_for 5 eval '! ps -o pid= -s "$session"'
}

@test "an update after TEARDOWN is taken, and never acknowledged" {
  local box uuid=AAAAAAAAAAAAAAAAAAAAAA==
  start_local
  subscribe
  wait_event '.type == "OFFERS"'
  TRAIT=stubborn launch riak-kv-1.1
  wait_state riak-kv-1.1 TASK_STARTING
  acknowledge riak-kv-1.1 TASK_STARTING
  wait_state riak-kv-1.1 TASK_RUNNING
  box=$(sandbox riak-kv-1.1)
  call '{"type": "TEARDOWN"}'
  wait_for 5 grep -q SHUTDOWN "$box/events"
  run curl -s -w '%{http_code}' -H 'Content-Type: application/json' \
    -d "$(jq -nc --arg f "$FRAMEWORK" --arg u "$uuid" '{type: "UPDATE",
      framework_id: {value: $f}, executor_id: {value: "riak-kv-1.1"},
      update: {status: {task_id: {value: "riak-kv-1.1"}, uuid: $u,
        state: "TASK_KILLED", source: "SOURCE_EXECUTOR", timestamp: 1}}}')" \
    "http://127.0.0.1:$AGENT_PORT/slave(1)/api/v1/executor"
  assert_output 202
  wait_for 5 grep -q "ignored task=riak-kv-1.1" "$BATS_TEST_TMPDIR/local/err"
  run ! grep -q "$uuid" "$box/events"
}

@test "SIGTERM ends the executors too, or leaves them when told" {
  start_local
  subscribe
  wait_event '.type == "OFFERS"'
  launch riak-kv-1.1
  wait_state riak-kv-1.1 TASK_STARTING
  local executor
  executor=$(cat "$WORK"/agent-1/meta/*.pid)
  kill -TERM "$LOCAL_PID"
  wait_for 8 gone "$LOCAL_PID"
  assert gone "$executor"

  start_local --keep-executors
  subscribe
  wait_event '.type == "OFFERS"'
  launch riak-kv-2.1 2
  wait_event '.type == "UPDATE" and
    .update.status.task_id.value == "riak-kv-2.1"'
  executor=$(cat "$WORK"/agent-2/meta/*.pid)
  kill -TERM "$LOCAL_PID"
  wait_for 5 gone "$LOCAL_PID"
  wait "$LOCAL_PID"
  assert kill -0 "$executor"
  kill -KILL "$executor"
}

@test "the fetcher: names, executables, zip, http, and nothing outside" {
  start_local --agents 1
  subscribe
  wait_event '.type == "OFFERS"'
  local web=$BATS_TEST_TMPDIR/web
  mkdir -p "$web"
  echo '#!/bin/sh' >"$web/tool"
  # A zip of one file, in/side, that says "inside".
  base64 -d >"$web/in.zip" <<'ZIP'
UEsDBBQAAAAAAAAAdl30j2H+BwAAAAcAAAAHAAAAaW4vc2lkZWluc2lkZQpQ
SwECFAMUAAAAAAAAAHZd9I9h/gcAAAAHAAAABwAAAAAAAAAAAAAApAEAAAAA
aW4vc2lkZVBLBQYAAAAAAQABADUAAAAsAAAAAAA=
ZIP
  local uris
  uris=$(jq -nc --arg w "$web" --arg m "$MASTER" '[
    {value: ($w + "/tool"), executable: true},
    {value: ("file://" + $w + "/in.zip")},
    {value: ("http://" + $m + "/state"), output_file: "sub/state.json",
      cache: true},
    {value: ($w + "/in.zip"), output_file: "kept.zip", extract: false}]')
  URIS=$uris launch riak-kv-1.1
  wait_state riak-kv-1.1 TASK_STARTING
  local box
  box=$(sandbox riak-kv-1.1)
  assert [ -x "$box/tool" ]
  assert [ -e "$box/kept.zip" ]
  run cat "$box/in/side"
  assert_output inside
  run jq -r .hostname "$box/sub/state.json"
  assert_output 127.0.0.1
}

# A tar whose only member has the name $1, in file $2.
evil_tar() {
  echo evil >"$BATS_TEST_TMPDIR/evil"
  tar -C "$BATS_TEST_TMPDIR" -cf "$2" -P --transform "s|^evil$|$1|" evil
}

@test "an archive that leaves the sandbox is refused" {
  start_local --agents 1
  subscribe
  wait_event '.type == "OFFERS"'
  evil_tar ../../escaped "$BATS_TEST_TMPDIR/bad.tar"
  URIS="[{\"value\":\"$BATS_TEST_TMPDIR/bad.tar\"}]" launch riak-kv-1.1
  wait_state riak-kv-1.1 TASK_FAILED
  run status riak-kv-1.1 TASK_FAILED
  assert_output --partial REASON_CONTAINER_LAUNCH_FAILED
  assert_output --partial "leaves the sandbox"
  run find "$WORK" -name escaped
  assert_output ""
}

@test "an archive that goes through its own link is refused" {
  start_local --agents 1
  subscribe
  wait_event '.type == "OFFERS"'
  mkdir "$BATS_TEST_TMPDIR/t" "$BATS_TEST_TMPDIR/outside"
  ln -s "$BATS_TEST_TMPDIR/outside" "$BATS_TEST_TMPDIR/t/link"
  tar -C "$BATS_TEST_TMPDIR/t" -cf "$BATS_TEST_TMPDIR/bad.tar" link
  rm "$BATS_TEST_TMPDIR/t/link"
  mkdir "$BATS_TEST_TMPDIR/t/link"
  echo evil >"$BATS_TEST_TMPDIR/t/link/escaped"
  tar -C "$BATS_TEST_TMPDIR/t" -rf "$BATS_TEST_TMPDIR/bad.tar" link/escaped
  URIS="[{\"value\":\"$BATS_TEST_TMPDIR/bad.tar\"}]" launch riak-kv-1.1
  wait_event '.type == "UPDATE"'
  run ls "$BATS_TEST_TMPDIR/outside"
  assert_output ""
}

@test "what can't be fetched fails the task and says why" {
  start_local --agents 1
  subscribe
  wait_event '.type == "OFFERS"'
  URIS='[{"value":"/no/such/file"}]' launch riak-kv-1.1
  wait_state riak-kv-1.1 TASK_FAILED
  run status riak-kv-1.1 TASK_FAILED
  assert_output --partial "/no/such/file"
  run cat "$(sandbox riak-kv-1.1)/stderr"
  assert_output --partial "/no/such/file"
}

@test "faults: an agent stops, is unreachable, and returns" {
  start_local
  subscribe
  wait_event '.type == "OFFERS"'
  launch riak-kv-1.1
  wait_state riak-kv-1.1 TASK_STARTING
  acknowledge riak-kv-1.1 TASK_STARTING
  wait_state riak-kv-1.1 TASK_RUNNING
  acknowledge riak-kv-1.1 TASK_RUNNING
  fault stop 1 timeout=0.2
  wait_state riak-kv-1.1 TASK_UNREACHABLE
  wait_event '.type == "FAILURE" and (.failure | has("executor_id") | not)'
  run curl -s "http://127.0.0.1:$AGENT_PORT/health"
  assert_failure
  fault start 1
  wait_event '.type == "UPDATE" and
    .update.status.reason == "REASON_AGENT_REREGISTERED"'
  run -102 fault start 1
  assert_output --partial "agent 1 is up"
  run -100 fault stop 9
  assert_output --partial "1 to 3"
  run -100 fault explode
  assert_output --partial explode
}

@test "faults: gone for good, and another agent in its place" {
  start_local
  subscribe
  wait_event '.type == "OFFERS"'
  launch riak-kv-1.1
  wait_state riak-kv-1.1 TASK_STARTING
  fault gone 1
  wait_state riak-kv-1.1 TASK_GONE_BY_OPERATOR
  wait_for 5 eval '! curl -s "http://127.0.0.1:$AGENT_PORT/health"'
  run -102 fault start 1
  assert_output --partial "marked gone"
  local old
  old=$(last_offer 1 | jq -r .agent_id.value)
  fault start 1 new-id=true
  wait_for 5 eval '[ "$(last_offer 1 | jq -r .agent_id.value)" != "$old" ]'
  run offered 1 'all(has("reservations") | not)'
  assert_success
}

# runs_acknowledged TASK: it is launched on agent 1 and runs.
runs_acknowledged() {
  launch "$1"
  wait_state "$1" TASK_STARTING
  acknowledge "$1" TASK_STARTING
  wait_state "$1" TASK_RUNNING
  acknowledge "$1" TASK_RUNNING
}

# reconciled TASK AGENT_ID STATE: that is the master's answer.
reconciled() {
  call "$(jq -nc --arg t "$1" --arg a "$2" '{type: "RECONCILE", reconcile:
    {tasks: [{task_id: {value: $t}, agent_id: {value: $a}}]}}')"
  wait_event ".type == \"UPDATE\" and
    .update.status.task_id.value == \"$1\" and
    .update.status.reason == \"REASON_RECONCILIATION\" and
    .update.status.state == \"$3\""
}

@test "faults: an agent returns under another id: what ran there is lost" {
  start_local
  subscribe
  wait_event '.type == "OFFERS"'
  runs_acknowledged riak-kv-1.1
  local old pid
  old=$(last_offer 1 | jq -r .agent_id.value)
  pid=$(executor_pid riak-kv-1.1)
  fault stop 1
  fault start 1 new-id=true
  wait_state riak-kv-1.1 TASK_LOST
  run status riak-kv-1.1 TASK_LOST
  assert_equal "$(jq -r '.reason + ": " + .message' <<<"$output")" \
    "REASON_AGENT_REMOVED: Agent 127.0.0.1 removed: a new agent registered at the same address"
  wait_event '.type == "FAILURE" and (.failure | has("executor_id") | not)'
  wait_for 5 eval '[ "$(last_offer 1 | jq -r .agent_id.value)" != "$old" ]'
  run offered 1 'any(.disk.persistence.id? == "riak-kv-1.1")'
  assert_success
  # Nobody kills the executor; the agent does not know it.
  kill -0 "$pid"
  run curl -s -w ' %{http_code}' -H 'Content-Type: application/json' \
    -d "{\"type\":\"SUBSCRIBE\",\"subscribe\":{},
      \"framework_id\":{\"value\":\"$FRAMEWORK\"},
      \"executor_id\":{\"value\":\"riak-kv-1.1\"}}" \
    "http://127.0.0.1:$AGENT_PORT/slave(1)/api/v1/executor"
  assert_output "Executor cannot be found 400"
  reconciled riak-kv-1.1 "$old" TASK_UNKNOWN
}

@test "faults: one that was unreachable stays so when another takes its place" {
  start_local
  subscribe
  wait_event '.type == "OFFERS"'
  runs_acknowledged riak-kv-1.1
  local old
  old=$(last_offer 1 | jq -r .agent_id.value)
  fault stop 1 timeout=0
  wait_state riak-kv-1.1 TASK_UNREACHABLE
  fault start 1 new-id=true
  wait_for 5 eval '[ "$(last_offer 1 | jq -r .agent_id.value)" != "$old" ]'
  reconciled riak-kv-1.1 "$old" TASK_UNREACHABLE
  kill -TERM "$LOCAL_PID"
  wait_for 5 gone "$LOCAL_PID"
  start_local
  subscribe "$FRAMEWORK"
  reconciled riak-kv-1.1 "$old" TASK_UNREACHABLE
}

@test "faults: the connection drops, the master fails over" {
  start_local
  subscribe
  wait_event '.type == "OFFERS"'
  local first=$FRAMEWORK id
  id=$(jq -r 'select(.subscribed).subscribed.master_info.id' "$EVENTS")
  fault drop
  wait_for 5 eval '! pgrep -f "^curl -sN -D $HEADERS"'
  subscribe "$first"
  assert_equal "$FRAMEWORK" "$first"
  fault failover election=0.5 agents=0.2
  run call '{"type":"REVIVE"}'
  assert_output 307
  run curl -si -d '{}' -H 'Content-Type: application/json' \
    "http://$MASTER/api/v1/scheduler"
  assert_output --partial "Location: //$MASTER/master/api/v1/scheduler"
  wait_for 5 eval '[ "$(call "{\"type\":\"REVIVE\"}")" = 403 ]'
  subscribe "$first"
  assert_not_equal "$(jq -r \
    'select(.subscribed).subscribed.master_info.id' "$EVENTS")" "$id"
  wait_event '.type == "OFFERS"'
}

@test "announces itself in ZooKeeper; the lowest number leads" {
  start_zookeeper
  start_local --zk "zk://$ZK/mesos"
  local port=$MASTER_PORT
  subscribe
  mkdir "$BATS_TEST_TMPDIR/second"
  rm-local --work-dir "$BATS_TEST_TMPDIR/second/mesos" --port 0 \
    --address 127.0.0.9 --agent-port 0 --zk "zk://$ZK/mesos" \
    --port-file "$BATS_TEST_TMPDIR/second/ports" \
    >/dev/null 2>"$BATS_TEST_TMPDIR/second/err" 3>&- &
  local second=$!
  track "$second"
  wait_for 10 test -s "$BATS_TEST_TMPDIR/second/ports"
  run cat "$BATS_TEST_TMPDIR/second/err"
  assert_output --partial "leader 127.0.0.1:$port"
  local other
  other=$(sed -n 's/^master=//p' "$BATS_TEST_TMPDIR/second/ports")
  run curl -si -d '{}' -H 'Content-Type: application/json' \
    "http://$other/api/v1/scheduler"
  assert_line --index 0 --partial 307
  assert_output --partial "Location: //127.0.0.1:$port/master/api/v1/scheduler"
  kill -KILL "$LOCAL_PID"
  wait_for 15 grep -q "leader is this one" "$BATS_TEST_TMPDIR/second/err"
  run curl -si -d '{}' -H 'Content-Type: application/json' \
    "http://$other/api/v1/scheduler"
  assert_line --index 0 --partial 400
}

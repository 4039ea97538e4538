# A scheduler in shell, for tests of rm-local: one subscription at a time, its
# events a line each in $EVENTS.

# shellcheck shell=bash

# start_local [OPTION…]: sets MASTER, AGENT_PORT, LOCAL_PID. Called again it
# starts rm-local on the same state and ports.
start_local() {
  local dir=$BATS_TEST_TMPDIR/local
  mkdir -p "$dir"
  rm -f "$dir/ports"
  rm-local --work-dir "$dir/mesos" --port "${MASTER_PORT:-0}" \
    --agent-port "${AGENT_PORT:-0}" --port-file "$dir/ports" "$@" \
    >"$dir/out" 2>>"$dir/err" 3>&- &
  LOCAL_PID=$!
  track "$LOCAL_PID"
  wait_for 10 test -s "$dir/ports" || {
    cat "$dir/err" >&2
    return 1
  }
  MASTER=$(sed -n 's/^master=//p' "$dir/ports")
  MASTER_PORT=${MASTER##*:}
  AGENT_PORT=$(sed -n 's/^agent_port=//p' "$dir/ports")
  WORK=$dir/mesos
  export MASTER MASTER_PORT AGENT_PORT LOCAL_PID WORK
}

fault() {
  rm-local --master "$MASTER" fault "$@"
}

framework_info() {
  jq -nc '{user: "root", name: "riak", roles: ["riak"], principal: "riak",
    checkpoint: true, failover_timeout: 604800,
    capabilities: [{type: "PARTITION_AWARE"}, {type: "MULTI_ROLE"},
      {type: "RESERVATION_REFINEMENT"}, {type: "TASK_KILLING_STATE"},
      {type: "REGION_AWARE"}]}'
}

# subscribe [FRAMEWORK_ID [CURL OPTION…]]: sets FRAMEWORK, STREAM, EVENTS.
subscribe() {
  local id=${1:-} body number
  shift || true
  number=$(($(cat "$BATS_TEST_TMPDIR/subscriptions" 2>/dev/null || echo 0) + 1))
  echo "$number" >"$BATS_TEST_TMPDIR/subscriptions"
  EVENTS=$BATS_TEST_TMPDIR/events.$number
  HEADERS=$BATS_TEST_TMPDIR/headers.$number
  : >"$EVENTS"
  body=$(jq -nc --argjson info "${INFO:-$(framework_info)}" --arg id "$id" \
    '{type: "SUBSCRIBE", subscribe: {framework_info: $info}} |
     if $id == "" then . else
       .framework_id.value = $id | .subscribe.framework_info.id.value = $id
     end')
  curl -sN -D "$HEADERS" -H 'Content-Type: application/json' "$@" \
    -d "$body" "http://$MASTER/api/v1/scheduler" 2>/dev/null 3>&- |
    "$BATS_TEST_DIRNAME/rm-local/recordio.sh" >"$EVENTS" 2>/dev/null 3>&- &
  track "$!"
  wait_for 10 test -s "$EVENTS"
  STREAM=$(sed -n 's/^Mesos-Stream-Id: \([^\r]*\).*/\1/ip' "$HEADERS")
  FRAMEWORK=$(jq -r 'select(.type == "SUBSCRIBED") |
    .subscribed.framework_id.value' "$EVENTS")
}

# unsubscribe: the connection goes, as when a scheduler is killed.
unsubscribe() {
  local pid
  for pid in $(pgrep -f "^curl -sN -D $HEADERS"); do
    kill -KILL "$pid"
  done
}

# call JSON: posts it with framework and stream id; prints status and body.
call() {
  local body
  body=$(jq -c --arg id "$FRAMEWORK" '.framework_id.value = $id' <<<"$1")
  curl -s -w '%{http_code}' -o "$BATS_TEST_TMPDIR/answer" \
    -H 'Content-Type: application/json' -H "Mesos-Stream-Id: $STREAM" \
    -d "$body" "http://$MASTER/api/v1/scheduler"
}

# event FILTER: the events that a jq filter selects, or fails.
event() {
  jq -c "select($1)" "$EVENTS" | grep .
}

wait_event() {
  wait_for "${2:-15}" event "$1" || {
    cat "$EVENTS" "$BATS_TEST_TMPDIR/local/err" >&2
    return 1
  }
}

state_is() { # TASK STATE
  event ".type == \"UPDATE\" and .update.status.task_id.value == \"$1\" and
    .update.status.state == \"$2\""
}

wait_state() {
  wait_event ".type == \"UPDATE\" and .update.status.task_id.value == \"$1\" and
    .update.status.state == \"$2\"" "${3:-15}"
}

# status TASK STATE: that status.
status() {
  state_is "$1" "$2" | tail -n 1 | jq -c .update.status
}

# acknowledge TASK STATE
acknowledge() {
  call "$(status "$1" "$2" | jq -c '{type: "ACKNOWLEDGE", acknowledge:
    {agent_id, task_id, uuid}}')"
}

# last_offer [N]: the newest offer of agent N (1 by default).
last_offer() {
  jq -c --arg host "127.0.0.${1:-1}" 'select(.type == "OFFERS") |
    .offers.offers[] | select(.hostname == $host)' "$EVENTS" | tail -n 1
}

LABELS='{"labels": [{"key": "framework", "value": "riak"},
  {"key": "node", "value": "riak-kv-1"}]}'

# scalar NAME VALUE: reserved for us.
scalar() {
  jq -nc --arg n "$1" --argjson v "$2" --argjson l "$LABELS" '{name: $n,
    type: "SCALAR", scalar: {value: $v}, allocation_info: {role: "riak"},
    reservations: [{type: "DYNAMIC", role: "riak", principal: "riak",
      labels: $l}]}'
}

volume() {
  scalar disk 100 | jq -c '.disk = {persistence: {id: "riak-kv-1.1",
    principal: "riak"}, volume: {container_path: "data", mode: "RW"}}'
}

# task OFFER ID: a TaskInfo that runs executor.sh; URIS, TRAIT, COMMAND and
# GRACE (seconds) change it.
task() {
  jq -nc --argjson offer "$1" --arg id "$2" --arg f "$FRAMEWORK" \
    --argjson uris "${URIS:-[]}" --arg trait "${TRAIT:-}" \
    --arg command "${COMMAND:-$BATS_TEST_DIRNAME/rm-local/executor.sh}" \
    --argjson grace "${GRACE:-30}" --argjson cpus "$(scalar cpus 1)" \
    --argjson mem "$(scalar mem 64)" --argjson disk "$(volume)" '
    def executor($n; $v): {name: $n, type: "SCALAR", scalar: {value: $v},
      allocation_info: {role: "riak"}};
    ([$offer.resources[] | select(.name == "ports")][0].ranges.range[0].begin)
      as $port |
    {name: "riak-kv-1", task_id: {value: $id}, agent_id: $offer.agent_id,
     resources: [$cpus, $mem, $disk, {name: "ports", type: "RANGES",
       allocation_info: {role: "riak"},
       ranges: {range: [{begin: $port, end: ($port + 9)}]}}],
     executor: {type: "CUSTOM", executor_id: {value: $id},
       framework_id: {value: $f}, name: "riak", source: "riak",
       shutdown_grace_period: {nanoseconds: ($grace * 1000000000)},
       resources: [executor("cpus"; 0.1), executor("mem"; 32)],
       command: {value: $command, shell: true, uris: $uris,
         environment: {variables: [{name: "TRAIT", value: $trait}]}}}}'
}

# launch ID [N]: on a fresh agent: reserve, create, launch, in one ACCEPT.
launch() {
  local offer
  offer=$(last_offer "${2:-1}")
  call "$(jq -nc --argjson offer "$offer" --argjson task "$(task "$offer" "$1")" \
    --argjson cpus "$(scalar cpus 1)" --argjson mem "$(scalar mem 64)" \
    --argjson disk "$(scalar disk 100)" --argjson volume "$(volume)" '
    {type: "ACCEPT", accept: {offer_ids: [$offer.id], operations: [
      {type: "RESERVE", reserve: {resources: [$cpus, $mem, $disk]}},
      {type: "CREATE", create: {volumes: [$volume]}},
      {type: "LAUNCH", launch: {task_infos: [$task]}}],
      filters: {refuse_seconds: 0}}}')"
}

# relaunch ID [N]: on what is reserved already.
relaunch() {
  local offer
  offer=$(last_offer "${2:-1}")
  call "$(jq -nc --argjson offer "$offer" --argjson task "$(task "$offer" "$1")" '
    {type: "ACCEPT", accept: {offer_ids: [$offer.id], operations: [
      {type: "LAUNCH", launch: {task_infos: [$task]}}],
      filters: {refuse_seconds: 0}}}')"
}

offered() { # N JQ-CONDITION on the resources of the newest offer of agent N
  last_offer "$1" | jq -e ".resources | $2"
}

# sandbox ID: of the newest run of that executor.
sandbox() {
  find "$WORK" -path "*/executors/$1/runs/latest" -exec readlink -f {} \;
}

executor_pid() {
  status "$1" TASK_RUNNING | jq .container_status.executor_pid
}

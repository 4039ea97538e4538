#!/bin/bash
# A custom executor of the v1 API, as small as can be: its tasks start, run,
# echo messages and end when they are killed. TRAIT makes it misbehave:
#   silent     never subscribes
#   lonely     does not subscribe again
#   stubborn   ignores KILL and SHUTDOWN
#   late       keeps the RUNNING update until the file "go" is there
set -u
here=$(dirname "$(readlink -f "$0")")
api="http://$MESOS_AGENT_ENDPOINT/slave(1)/api/v1/executor"
pending=$MESOS_SANDBOX/pending # updates without acknowledgement, a file each
trait=${TRAIT:-}
mkdir -p "$pending"
env | grep -E '^(MESOS|LIBPROCESS)_' | sort >"$MESOS_SANDBOX/environment"

auth=()
[ -z "${MESOS_EXECUTOR_AUTHENTICATION_TOKEN-}" ] ||
  auth=(-H "Authorization: Bearer $MESOS_EXECUTOR_AUTHENTICATION_TOKEN")

post() {
  curl -s "${auth[@]}" -o "$MESOS_SANDBOX/answer" -w '%{http_code}' \
    -H 'Content-Type: application/json' -d "$1" "$api"
}

call() { # TYPE MEMBER BODY
  jq -nc --arg type "$1" --arg member "$2" --argjson body "$3" \
    --arg f "$MESOS_FRAMEWORK_ID" --arg e "$MESOS_EXECUTOR_ID" \
    '{framework_id: {value: $f}, executor_id: {value: $e}, type: $type} +
     {($member): $body}'
}

update() { # TASK STATE MEMBERS
  local uuid body
  uuid=$(head -c 16 /dev/urandom | base64)
  body=$(jq -nc --arg t "$1" --arg s "$2" --arg u "$uuid" --argjson x "$3" \
    --argjson at "$(date +%s.%6N)" \
    '{status: ({task_id: {value: $t}, state: $s, source: "SOURCE_EXECUTOR",
       timestamp: $at, uuid: $u} + $x)}')
  printf '%s\n' "$body" >"$pending/${uuid//\//_}"
  post "$(call UPDATE update "$body")" >/dev/null
}

on_LAUNCH() {
  local task
  task=$(jq -r .launch.task.task_id.value <<<"$1")
  echo "$task" >"$MESOS_SANDBOX/task"
  [ -d data ] && echo "$task" >>data/tasks
  update "$task" TASK_STARTING '{}'
  if [ "$trait" = late ]; then
    until [ -e "$MESOS_SANDBOX/go" ]; do sleep 0.05; done
  fi
  update "$task" TASK_RUNNING '{"healthy": true, "data": "cnVucw=="}'
}

on_ACKNOWLEDGED() {
  local uuid
  uuid=$(jq -r .acknowledged.uuid <<<"$1")
  rm -f "$pending/${uuid//\//_}"
}

on_MESSAGE() {
  post "$(call MESSAGE message "$(jq -c .message <<<"$1")")" >/dev/null
}

on_KILL() {
  [ "$trait" = stubborn ] && return
  local task
  task=$(jq -r .kill.task_id.value <<<"$1")
  update "$task" TASK_KILLING '{}'
  update "$task" TASK_KILLED '{"message": "killed as asked"}'
  exit 0
}

on_SHUTDOWN() {
  [ "$trait" = stubborn ] && return
  [ -e "$MESOS_SANDBOX/task" ] &&
    update "$(cat "$MESOS_SANDBOX/task")" TASK_KILLED '{"message": "shutdown"}'
  exit 0
}

subscribe() {
  local updates tasks
  updates=$(cat "$pending"/* 2>/dev/null | jq -sc .)
  tasks='[]'
  call SUBSCRIBE subscribe \
    "{\"unacknowledged_tasks\": $tasks, \"unacknowledged_updates\": $updates}"
}

[ "$trait" = silent ] && exec sleep 600
while :; do
  while IFS= read -r event; do
    printf '%s\n' "$event" >>"$MESOS_SANDBOX/events"
    type=$(jq -r .type <<<"$event")
    case $type in
    LAUNCH | ACKNOWLEDGED | MESSAGE | KILL | SHUTDOWN) "on_$type" "$event" ;;
    esac
  done < <(curl -sN "${auth[@]}" -H 'Content-Type: application/json' \
    -d "$(subscribe)" "$api" | "$here/recordio.sh")
  [ "$trait" = lonely ] && exec sleep 600
  sleep 0.2
done

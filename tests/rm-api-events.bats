# rm-api: the streams of events, over records in a real ZooKeeper.
# shellcheck shell=bash
# run sets status, output and stderr: shellcheck disable=SC2154

load helper
load api

# follow FILE PATH: a stream into a file; STREAM_PID is who reads it.
follow() {
  curl -sN "$API/api/v1/$2" >"$1" 2>/dev/null 3>&- &
  STREAM_PID=$!
  track "$STREAM_PID"
  wait_for 10 grep -q '"event":"current"' "$1"
}

# last FILE EVENT KEY [PROGRAM]: what a subject was told to be last.
last() {
  jq -c "select(.event == \"$2\" and (.node // .cluster // \"\") == \"$3\") |
    .now | ${4:-.}" "$1" | tail -n 1
}

last_is() { # last_is FILE EVENT KEY PROGRAM VALUE
  [ "$(last "$1" "$2" "$3" "$4")" = "$5" ]
}

# streams_are N: as many as the figures say.
streams_are() {
  curl -s "$API/metrics" | grep -qx "riak_mesos_api_streams $1"
}

@test "events: what there is, then each change, and what is gone" {
  settings
  start_api
  create kv
  ask POST clusters/kv/nodes
  follow all events
  last_is all framework "" '[.zookeeper, .orphans, .nodes]' '["connected",0,null]'
  last_is all cluster kv '[.riak_version, .generation, .serving, .destroy]' \
    '["riak-kv-2-2",1,0,false]'
  last_is all node "$F-kv-1" '[.status, .goal, .serving]' '["requested","run",false]'
  # One that comes later finds the same.
  follow later events
  diff <(jq -cS 'del(.at)' all) <(jq -cS 'del(.at)' later)
  ask PUT clusters/kv/config 'ring_size = 16'
  wait_for 10 last_is all cluster kv .generation 2
  run_node kv 1 4000
  wait_for 10 last_is all node "$F-kv-1" '[.status, .serving, .ports.http]' \
    '["started",true,4000]'
  wait_for 10 last_is all cluster kv .serving 1
  zk "members/$F-kv-1" '{"ready": true, "owns": [1, 2], "task_id": "x", "transfers": null}'
  wait_for 10 last_is all member "$F-kv-1" . '{"ready":true,"owns":[1,2],"transfers":null}'
  zk rollouts/kv '{"state": "running", "waits": "for handoff", "steps": []}'
  wait_for 10 last_is all rollout kv .waits '"for handoff"'
  ask DELETE "clusters/kv/nodes/$F-kv-1"
  wait_for 10 last_is all node "$F-kv-1" .goal '"leave"'
  zk scheduler '{"leader":"h:1","running":true}'
  wait_for 10 last_is all framework "" '[.scheduler, .error]' '["h:1",null]'
  "$RM_TOOLS/zk" rm --zk "$ZK" "$ROOT/members/$F-kv-1"
  rm-state rm {nodes,reservations,tasks,status}/"$F-kv-1"
  wait_for 10 last_is all node "$F-kv-1" . null
  wait_for 10 last_is all member "$F-kv-1" . null
  rm-state rm rollouts/kv
  wait_for 10 last_is all rollout kv . null
  destroyed() { ask DELETE clusters/kv && [ "$(get clusters)" = '{"clusters":[]}' ]; }
  wait_for 10 destroyed
  wait_for 10 last_is all cluster kv . null
  # Each line is whole, and time goes on.
  run jq -s '[.[].at] | . == sort' all
  assert_output true
  # What is gone is not told to who comes then.
  follow then events
  run jq -rs '[.[].event] | join(" ")' then
  assert_output "framework current"
}

@test "events of one cluster; heartbeats; what can't be asked for" {
  settings
  start_api
  create a
  create b
  follow a "clusters/a/events?heartbeat=1"
  ask POST clusters/b/nodes
  ask POST clusters/a/nodes
  wait_for 10 last_is a node "$F-a-1" .status '"requested"'
  run jq -rs '[.[] | select(.event != "heartbeat") | .event + (.cluster // "")] | join(" ")' a
  assert_output "clustera framework current nodea"
  beats() { [ "$(grep -c '"event":"heartbeat"' a)" -ge 2 ]; }
  wait_for 10 beats
  run curl -s -m 10 -w '%{http_code}' "$API/api/v1/clusters/none/events"
  assert_output --partial 'no such cluster: none'
  assert_line --partial 404
  for bad in 0 61 x "" 1s nan; do
    run curl -s -m 10 -o /dev/null -w '%{http_code}' "$API/api/v1/events?heartbeat=$bad"
    assert_output 400
  done
  run curl -s -m 10 -I "$API/api/v1/events"
  assert_line --partial "application/x-ndjson"
}

@test "events: a reader that takes nothing is cut, the others are not" {
  settings
  start_api
  create kv
  follow all events
  exec 8<>"/dev/tcp/127.0.0.1/${API##*:}"
  printf 'GET /api/v1/events HTTP/1.1\r\nHost: x\r\n\r\n' >&8
  wait_for 10 streams_are 2
  local n size=900000
  for n in $(seq 20); do
    jq -n --argjson n "$n" --argjson size "$size" \
      '{state: "running", n: $n, waits: ("x" * $size), steps: []}' |
      rm-state put rollouts/kv
    wait_for 10 last_is all rollout kv .n "$n"
    ! grep -q "a reader is too slow" api.log || break
  done
  exec 8>&-
  grep "a reader is too slow, and cut peer=127.0.0.1" api.log
  wait_for 10 streams_are 1
  ask POST clusters/kv/nodes
  wait_for 10 last_is all node "$F-kv-1" .status '"requested"'
}

@test "events: so many streams and no more; one that goes makes room" {
  settings
  start_api
  local n pids=()
  for n in $(seq 64); do
    curl -sN "$API/api/v1/events" >/dev/null 2>&1 3>&- &
    track "$!"
    pids+=("$!")
  done
  wait_for 20 streams_are 64
  run curl -s -m 10 -w ' %{http_code}' "$API/api/v1/events"
  assert_output --partial '64 streams of events are open: no more'
  assert_line --partial ' 503'
  kill "${pids[0]}"
  wait_for 10 streams_are 63
  follow late events
  # It ends with the streams open.
  kill -TERM "$API_PID"
  wait_for 10 gone "$API_PID"
  wait "$API_PID"
  wait_for 10 gone "$STREAM_PID"
}

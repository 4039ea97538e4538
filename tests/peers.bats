# Peers that take a connection and then their time, or say nothing at all: what
# each program makes of it. Those that it waits for for long are in
# tests/integration/peers.bats.
# shellcheck shell=bash
# run sets status, output and stderr: shellcheck disable=SC2154

load helper
load api
load peers

healthy() {
  [ "$(curl -s -m 2 "$API/healthcheck" | jq -r .zookeeper)" = connected ]
}

connected() { # connected PORT COUNT
  [ "$(ss -Htn state established "sport = :$1" | wc -l)" -eq "$2" ]
}

@test "rm-api: clients who say nothing, or a byte at a time, keep nobody out" {
  settings
  ulimit -Sn 64
  start_api
  crawl silent "${API##*:}" 100 0
  wait_for 5 healthy
  crawl slow "${API##*:}" 100 200 'GET / HTTP/1.1\r\nHost: h\r\nX: xxxxxxxx'
  wait_for 5 healthy
  # Who has waited longest made room; that was said, and not again and again.
  wait_for 5 left silent 100
  assert_equal "$(grep -c 'makes room' api.log)" 1
  [ "$(wc -l <api.log)" -lt 10 ]
  # Those that are answered are left alone.
  curl -sN "$API/api/v1/events" >events 3>&- &
  local reader=$!
  track "$reader"
  wait_for 5 test -s events
  crawl more "${API##*:}" 100 0
  wait_for 5 healthy
  ! gone "$reader"
}

@test "riak-mesos: an API that never answers does not outlast what is waited for" {
  dawdle api 0
  export RIAK_MESOS_API=127.0.0.1:$PORT
  local began=$SECONDS
  run -111 riak-mesos framework wait-for-service --timeout 1
  assert_output --partial "GET http://127.0.0.1:$PORT/"
  ((SECONDS - began < 20))
}

@test "riak-mesos: an answer that trickles in is waited for, while it is time" {
  dawdle api 20 'HTTP/1.0 200 OK\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n{"clusters":[]} \n'
  export RIAK_MESOS_API=127.0.0.1:$PORT
  run -0 riak-mesos cluster list
  assert_output --partial CLUSTER
}

@test "rm-mesos events: a master that sends a byte now and then is left" {
  local event='{"type":"SUBSCRIBED","subscribed":{"framework_id":{"value":"F-1"},"heartbeat_interval_seconds":0.2}}'
  dawdle master 5 "HTTP/1.1 200 OK\r
Content-Type: application/json\r
Mesos-Stream-Id: s-1\r
\r
${#event}
${event}10000
xxxxxxxxxx"
  env -u RIAK_MESOS_ZK rm-mesos events --master "127.0.0.1:$PORT" --role riak \
    --framework-id F-1 >events.out 2>events.err 3>&- &
  track $!
  wait_for 10 grep -q '"event":"SUBSCRIBED"' events.out
  wait_for 10 grep -q "127.0.0.1:$PORT: not a whole event for 1 s" events.err
  # It is asked again, and ticks went on.
  wait_for 10 eval '[ "$(grep -c SUBSCRIBED events.out)" -ge 2 ]'
  grep -q '"tick"' events.out
}

@test "rm-mesos calls: an answer that trickles in is none, once it is late" {
  unset RIAK_MESOS_ZK
  dawdle master 100 'HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\nX: xxxxxxxxxx'
  cat >lines <<LINES
{"event":"SUBSCRIBED","at":1,"master":"127.0.0.1:$PORT","stream_id":"s-1","mesos":{"type":"SUBSCRIBED","subscribed":{"framework_id":{"value":"F-1"}}}}
{"call":"SUPPRESS","mesos":{"type":"SUPPRESS"}}
LINES
  run rm-mesos calls --deadline 1 <lines
  assert_output --partial "SUPPRESS: not delivered in time"
  sed -i 's/"call":"SUPPRESS","mesos":{"type":"SUPPRESS"}/"call":"ACCEPT","mesos":{"type":"ACCEPT","accept":{"offer_ids":[{"value":"o-1"}],"operations":[],"filters":{}}}/' lines
  run -111 rm-mesos calls --deadline 1 <lines
  assert_output --partial "ACCEPT: done or not, nobody knows"
}

@test "rm-api: a Riak that never answers holds up nobody else, and not who has left" {
  settings
  start_api
  create kv
  ask POST clusters/kv/nodes
  dawdle riak 0
  run_node kv 1 "$PORT"
  wait_for 10 status_of kv "$F-kv-1" started
  run curl -s -m 1 "$API/riak/nodes/$F-kv-1/ping"
  assert_failure 28
  wait_for 5 left riak 1
  curl -s -m 20 "$API/riak/nodes/$F-kv-1/ping" 3>&- &
  track $!
  wait_for 5 healthy
  # It ends with that under way, and a question.
  curl -s -m 20 "$API/api/v1/clusters/kv/nodes/$F-kv-1/transfers" 3>&- &
  track $!
  wait_for 5 connected "$PORT" 2
  kill -TERM "$API_PID"
  wait "$API_PID"
}

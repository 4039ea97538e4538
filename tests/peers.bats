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

@test "rm-api: clients who say nothing, or a byte at a time, keep nobody out" {
  settings
  ulimit -Sn 64
  start_api
  crawl silent "${API##*:}" 100 0
  wait_for 5 healthy
  crawl slow "${API##*:}" 100 200 'GET / HTTP/1.1\r\nHost: h\r\nX: \r\n'
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

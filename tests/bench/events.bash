# rm-mesos events behind a scripted master that sends offers a generator made.
# shellcheck shell=bash

# framed: lines become the records of a stream, SUBSCRIBED before them.
framed() {
  {
    echo '{"type":"SUBSCRIBED","subscribed":{"framework_id":{"value":"F-1"},"heartbeat_interval_seconds":15.0}}'
    cat
  } | LC_ALL=C awk '{printf "%d\n%s", length($0), $0}'
}

# events_of FILE: the OFFERS in a stream of rm-offer's, as a master says them.
events_of() {
  sed -n 's/^{"event":"OFFERS","at":[0-9.]*,"mesos":\(.*\)}$/\1/p' "$1"
}

# in_one: all offers of these events in one event.
in_one() {
  sed 's/^{"type":"OFFERS","offers":{"offers":\[//; s/\]}}$//' | paste -sd, |
    sed 's/^/{"type":"OFFERS","offers":{"offers":[/; s/$/]}}/'
}

offers_came() {
  [ -e "$STACK/events" ] &&
    [ "$(grep -c '"event":"OFFERS"' "$STACK/events")" -ge "$1" ]
}

# run_events FILE LINES [OPTION]...: rm-mesos events until so many lines of
# OFFERS have come; EVENTS_PID is still there then.
run_events() {
  local file=$1 lines=$2
  shift 2
  rm -f "$STACK/port" "$STACK/events"
  "$RM_BUILD/tools/fake_master" --log "$STACK/master.log" \
    --subscribe "play=$file" >"$STACK/port" 2>"$STACK/fake.log" &
  MASTER_PID=$!
  track "$MASTER_PID"
  wait_for 10 test -s "$STACK/port" || return 1
  rm-mesos events --master "127.0.0.1:$(head -n 1 "$STACK/port")" \
    --role riak --new "$@" >"$STACK/events" 2>"$STACK/events.log" &
  EVENTS_PID=$!
  track "$EVENTS_PID"
  wait_for 60 offers_came "$lines"
}

end_events() {
  kill "$EVENTS_PID" "$MASTER_PID"
  wait "$EVENTS_PID" "$MASTER_PID" 2>/dev/null
}

# events_peak NAME FILE LINES
events_peak() {
  run_events "$2" "$3" || return 1
  bench "$1" "$(peak_of "$EVENTS_PID")" MiB 64
  end_events
}

# wire_time FORM: processor time that events take in that form.
wire_time() {
  run_events "$STACK/long.recordio" 500 "--wire=$1" || return 1
  cpu "$EVENTS_PID"
  end_events
}

# What is the default, against the other; three alternating rounds.
wires() {
  local json protobuf all
  for _ in 1 2 3; do
    json=$(wire_time json) && protobuf=$(wire_time protobuf) || return 1
    awk -v a="$json" -v b="$protobuf" 'BEGIN {printf "%.3f\n", a / b}'
  done >"$STACK/wires"
  all=$(sort -n "$STACK/wires")
  bench events-json-to-protobuf "$(median 3 <<<"$all")" ratio 1.0
  echo "# events-json-to-protobuf: rounds $(tr '\n' ' ' <<<"$all")"
}

# Private memory, whatever the length, and for one event of 10,000 offers.
events() {
  "$RM_BUILD/tools/offers" 50000 1000 0 >"$STACK/long"
  "$RM_BUILD/tools/offers" 10000 10000 0 >"$STACK/round"
  events_of "$STACK/long" | framed >"$STACK/long.recordio"
  events_of "$STACK/round" | in_one | framed >"$STACK/one.recordio"
  events_peak events-memory "$STACK/long.recordio" 500 || return 1
  events_peak events-memory-10000 "$STACK/one.recordio" 100 || return 1
  wires
}

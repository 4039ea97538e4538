# rm-mesos events, and the program as a whole: recorded streams from a scripted
# master that is as strict as a real one, and a real ZooKeeper.
# shellcheck shell=bash
# run sets status, output and stderr; a test is a subshell of its own:
# shellcheck disable=SC2154,SC2030,SC2031

load helper
load master

# ---- events: lines ----

@test "recorded streams give the same lines for every way of cutting" {
  local name chunk
  for name in 01b-second-instance 02-agent-and-master-failures \
    02b-after-master-failover 03-offers-domains-attributes-disks-static-roles; do
    jq -r .raw "$GOLDEN/$name.events.jsonl" >expected
    for chunk in 1 7 1000000; do
      master "$name-$chunk" --subscribe "play=$GOLDEN/$name.recordio,chunk=$chunk"
      events
      wait_for 10 lines_at_least "$(grep -c . expected)" events.out
      kill "$EVENTS_PID"
      expect_exit "$EVENTS_PID" 0
      # What was embedded is what came, byte for byte.
      sed -nE 's/^\{"event":"[A-Z_]+","at":[0-9.]+,("master":"[0-9.:]+","stream_id":"stream-1",)?"mesos":(.*)\}$/\2/p' \
        events.out | diff expected -
      kill "$MASTER_PID"
    done
  done
}

# mesos_of FILE: the events in lines. Large numbers as jq writes them: the
# scripted master's messages are only as exact, and of 17 digits the last one
# may differ, though it is the same number.
mesos_of() {
  local line
  sed -nE 's/^\{"event":.*"mesos":(.*)\}$/\1/p' "$1" |
    while IFS= read -r line; do
      case $line in
      *nanoseconds* | *timestamp*) jq -c . <<<"$line" ;;
      *) printf '%s\n' "$line" ;;
      esac
    done
}

@test "protocol buffers: the same lines as of JSON" {
  local name
  for name in 01-lifecycle 01b-second-instance 02-agent-and-master-failures \
    02b-after-master-failover 03-offers-domains-attributes-disks-static-roles; do
    jq -r '"{\"event\":\"\",\"mesos\":\(.raw)}"' \
      "$GOLDEN/$name.events.jsonl" >raw
    mesos_of raw >expected
    master "$name" --subscribe "play=$GOLDEN/$name.recordio"
    events --wire=protobuf
    wait_for 10 lines_at_least "$(grep -c . expected)" events.out
    kill "$EVENTS_PID" || true
    wait "$EVENTS_PID" || true
    mesos_of events.out | diff expected -
    kill "$MASTER_PID"
  done
}

@test "protocol buffers of a real master" {
  master m --subscribe "play=$GOLDEN/04-protobuf.recordio,protobuf,chunk=7"
  events --wire=protobuf
  wait_for 10 lines_at_least 3 events.out
  kill "$EVENTS_PID"
  expect_exit "$EVENTS_PID" 0
  mesos_of events.out | diff "$TOP/tests/golden/protobuf.jsonl" -
}

@test "protocol buffers: what is none is dropped, another form refused" {
  {
    printf '2\n\x08\x08'
    record rubbish
    printf '2\n\x08\x63'
    printf '2\n\x08\x08'
  } >bad.stream
  master m --subscribe play=bad.stream,protobuf
  events --wire=protobuf
  wait_for 10 lines_at_least 2 events.out
  has events.err "a record of 7 bytes dropped: not an event in protocol buffers"
  has events.err "a record of 2 bytes dropped: lacks a type"
  [ "$(grep -c HEARTBEAT events.out)" -eq 2 ]
  kill "$EVENTS_PID"
  master n --subscribe play=bad.stream,protobuf,type=application/json
  events --wire=protobuf
  wait_for 10 has events.err "an answer that is not application/x-protobuf"
}

@test "the lines' shape, and a tick a second" {
  master m --subscribe "play=$GOLDEN/01b-second-instance.recordio"
  local start
  start=$(date +%s.%N)
  events
  wait_for 10 ticks_at_least 4
  kill "$EVENTS_PID"
  expect_exit "$EVENTS_PID" 0
  grep -qE '^\{"event":"SUBSCRIBED","at":[0-9]{10}\.[0-9]{3},"master":"'"$MASTER"'","stream_id":"stream-1","mesos":\{' events.out
  grep -qE '^\{"event":"HEARTBEAT","at":[0-9]{10}\.[0-9]{3},"mesos":\{"type":"HEARTBEAT"\}\}$' events.out
  # About a second apart, never back, and the wall clock's.
  jq -se --argjson start "$start" '[.[] | .tick // empty] |
    (.[0] - $start | fabs < 2) and
    ([.[1:], .[:-1]] | transpose | map(.[0] - .[1]) | all(. > 0.8 and . < 1.5))' \
    events.out
  jq -se '[.[] | .tick // .at] | . == sort' events.out
}

@test "ticks go on while no master is there" {
  MASTER=127.0.0.1:$(free_port)
  events
  wait_for 10 ticks_at_least 3
  kill "$EVENTS_PID"
  expect_exit "$EVENTS_PID" 0
  run ! grep -q event events.out
}

@test "newlines between the tokens of an event" {
  {
    subscribed F-1 15
    record $'{\n "type" :\n\t"UPDATE", "update":{"a":"b\\n"}\n}\n'
  } >stream
  master m --subscribe play=stream
  events
  wait_for 10 lines_at_least 2 events.out
  run tail -n 1 <(grep event events.out)
  assert_output --regexp '^\{"event":"UPDATE","at":[0-9.]+,"mesos":\{  "type" : [[:space:]]"UPDATE", "update":\{"a":"b\\n"\} \} \}$'
}

@test "a record that is no event is dropped, the stream goes on" {
  {
    subscribed F-1 15
    record 'rubbish'
    record '{"type":"HEARTBEAT"}'
  } >stream
  master m --subscribe play=stream
  events
  wait_for 10 has events.out HEARTBEAT
  has events.err "a record of 7 bytes dropped"
  run ! grep rubbish events.out
}

@test "10,000 offers: lines of at most 100, in little memory" {
  master m --subscribe offers=10000
  events
  wait_for 20 lines_at_least 101 events.out
  run awk '/^Private_Dirty/ {print $2}' "/proc/$EVENTS_PID/smaps_rollup"
  echo "Private_Dirty: $output kB"
  ((output <= 64 * 1024))
  run awk '/^VmHWM/ {print $2}' "/proc/$EVENTS_PID/status"
  echo "VmHWM: $output kB"
  ((output <= 72 * 1024)) # with the libraries' own pages
  run jq -s '[.[] | select(.event == "OFFERS") | .mesos.offers.offers | length] |
    [length, add, min, max]' -c events.out
  assert_output '[100,10000,100,100]'
  run jq -r 'select(.event == "OFFERS") | .mesos.offers.offers[].hostname' events.out
  [ "$output" = "$(seq -f 'agent-%.0f.example' 0 9999)" ]
}

@test "a reader that does not read loses nothing but ticks" {
  master m --subscribe offers=10000,heartbeat=0.2
  mkfifo slow
  rm-mesos events --master "$MASTER" --role riak >slow 2>events.err 3>&- &
  EVENTS_PID=$!
  track "$EVENTS_PID"
  exec 8<slow
  wait_for 10 asked m 1 SUBSCRIBE
  sleep 4 # ticks that nobody reads
  run ! grep -q closed m.log
  timeout 20 head -n 130 <&8 >read.out
  exec 8<&-
  run jq -s '[.[] | select(.event == "OFFERS") | .mesos.offers.offers | length] | add' read.out
  assert_output 10000
  asked m 1 SUBSCRIBE
  run ! asked m 2 SUBSCRIBE
  # Of four seconds' ticks one was left when the reader came.
  run jq -s '[.[] | select(.tick)] | length' read.out
  ((output <= 4))
}

# ---- events: who we are ----

@test "SUBSCRIBE says what a real master was told" {
  master m --subscribe "play=$GOLDEN/01b-second-instance.recordio"
  events --principal riak --user root --hostname riak.marathon.mesos \
    --webui-url http://127.0.0.1:9090/
  wait_for 10 asked m 1 SUBSCRIBE
  jq -S 'select(.call.type == "SUBSCRIBE") | .call' m.log >said
  head -n 1 "$GOLDEN/01-lifecycle.calls.jsonl" | jq -S .call | diff - said
}

@test "subscribing again takes up the same id, in both places" {
  subscribed F-77 15 >stream
  master m --subscribe play=stream,end --subscribe play=stream
  events
  wait_for 10 asked m 2 SUBSCRIBE
  run jq -c 'select(.call.type == "SUBSCRIBE") | .call |
    [.framework_id.value, .subscribe.framework_info.id.value]' m.log
  assert_output $'[null,null]\n["F-77","F-77"]'
  # The question whether it is there was for the first time only.
  [ "$(calls_of m | grep -c GET_FRAMEWORKS)" -eq 1 ]
}

@test "a framework of this name that is there: 102, and its id" {
  echo '{"type":"GET_FRAMEWORKS","get_frameworks":{"frameworks":[{"framework_info":{"name":"riak","roles":["riak"],"id":{"value":"F-9"}}}]}}' >known
  subscribed F-10 15 >stream
  master m --frameworks known --subscribe play=stream
  events
  expect_exit "$EVENTS_PID" 102
  has events.err "--framework-id F-9 takes it up"
  run ! asked m 1 SUBSCRIBE
  # Another role, another framework.
  events --role other
  wait_for 10 has events.out SUBSCRIBED
  kill "$EVENTS_PID"
  events --new
  wait_for 10 has events.out SUBSCRIBED
  kill "$EVENTS_PID"
  events --framework-id F-9
  wait_for 10 has events.out SUBSCRIBED
  run jq -c 'select(.call.type == "SUBSCRIBE") | .call.framework_id.value' m.log
  assert_output $'null\nnull\n"F-9"'
}

@test "ERROR events: the newest subscriber has won, 102; else 100" {
  master won --subscribe "play=$GOLDEN/01-lifecycle.recordio,end"
  events
  expect_exit "$EVENTS_PID" 102
  run tail -n 1 <(grep event events.out)
  assert_output --partial '"mesos":{"type":"ERROR","error":{"message":"Framework failed over"}}}'
  [ "$(calls_of won | grep -c SUBSCRIBE)" -eq 1 ]

  master removed --subscribe "play=$GOLDEN/01c-removed-framework.recordio"
  events --framework-id 2d4d2b49-ea11-4c25-8a37-6a31b17ae526-0000
  expect_exit "$EVENTS_PID" 100
  has events.err "Framework has been removed"
  has events.out '"event":"ERROR"'
  [ "$(calls_of removed | grep -c SUBSCRIBE)" -eq 1 ]

  master role --subscribe "play=$GOLDEN/03e-subscribe-bad-role.recordio"
  events
  expect_exit "$EVENTS_PID" 100
  has events.err "cannot start with a slash"
}

# ---- events: masters ----

@test "what a restart can't help ends it with the master's words" {
  local case
  for case in "401,text=401%20Unauthorized." "400,text=Missing%20user" \
    "403,text=not%20authorized"; do
    master "m${case%%,*}" --subscribe "status=$case"
    events
    expect_exit "$EVENTS_PID" 100
    has events.err "refuses SUBSCRIBE: HTTP ${case%%,*}"
    [ "$(grep -c . events.err)" -eq 1 ]
  done
  has events.err "not authorized"
}

@test "503, a cut stream and a broken one are tried again" {
  subscribed F-1 15 >stream
  { subscribed F-1 15; printf '20\n{"type"'; } >half
  { subscribed F-1 15; printf 'x\n'; } >broken
  master m --subscribe status=503,text=recovering --subscribe abort \
    --subscribe play=half,end --subscribe play=broken --subscribe play=stream
  events
  wait_for 20 asked m 5 SUBSCRIBE
  has events.err "HTTP 503: recovering"
  has events.err "in the middle of a record"
  has events.err "bad length of a record"
}

@test "307 to another master, and to itself without a loop" {
  subscribed F-1 15 >stream
  master leader --subscribe play=stream
  local leader=$MASTER
  master follower --subscribe "status=307,location=//$leader/master/api/v1/scheduler"
  events --new
  wait_for 10 has events.out SUBSCRIBED
  has events.out "\"master\":\"$leader\""
  kill "$EVENTS_PID"

  local port
  port=$(free_port)
  master itself --port "$port" --subscribe \
    "status=307,location=//127.0.0.1:$port/master/api/v1/scheduler"
  events --new
  wait_for 10 asked itself 2 SUBSCRIBE
  sleep 2
  # With waits of half a second and more between them.
  run ! asked itself 9 SUBSCRIBE
  kill -0 "$EVENTS_PID"
  has events.err "does not lead yet"
}

@test "masters that name each other are not asked in a loop" {
  local one two
  one=$(free_port)
  two=$(free_port)
  master one --port "$one" --subscribe "status=307,location=//127.0.0.1:$two"
  master two --port "$two" --subscribe "status=307,location=//127.0.0.1:$one"
  events --new
  wait_for 10 asked one 3 SUBSCRIBE
  sleep 2
  run ! asked one 30 SUBSCRIBE
}

@test "of several masters the next one is asked" {
  subscribed F-1 15 >stream
  master second --subscribe play=stream
  MASTER=127.0.0.1:$(free_port),$MASTER
  events
  wait_for 10 has events.out SUBSCRIBED
}

@test "a master that falls silent is left after five heartbeats" {
  subscribed F-1 0.1 >stream
  master m --subscribe play=stream,heartbeat=0.1 --subscribe play=stream
  events
  wait_for 10 asked m 1 SUBSCRIBE
  sleep 1
  run ! asked m 2 SUBSCRIBE
  kill -STOP "$MASTER_PID"
  wait_for 10 has events.err "not a word for 0.5 s"
  kill -CONT "$MASTER_PID"
  wait_for 10 asked m 2 SUBSCRIBE
}

@test "a stream without an id is none" {
  master m --subscribe status=200,text=hello --subscribe status=200
  events
  wait_for 10 has events.err "without Mesos-Stream-Id"
}

# ---- credentials and TLS ----

@test "credentials in both forms, and who may read them" {
  subscribed F-1 15 >stream
  local auth
  auth="Basic $(printf 'riak:s3cr\\"t' | base64)"
  master m --auth "$auth" --subscribe play=stream
  printf 'riak s3cr\\"t\n' >line
  jq -n '{principal: "riak", secret: "s3cr\\\"t"}' >json
  chmod 640 line
  chmod 600 json
  events --credentials line
  wait_for 10 has events.out SUBSCRIBED
  run ! grep -q warn events.err
  kill "$EVENTS_PID"
  events --credentials json --framework-id F-1
  wait_for 10 has events.out SUBSCRIBED
  run ! grep -q s3cr events.err
  # The principal of FrameworkInfo is the credentials'.
  run jq -r 'select(.call.type == "SUBSCRIBE") | .call.subscribe.framework_info.principal' m.log
  assert_output $'riak\nriak'
  kill "$EVENTS_PID"
  events
  expect_exit "$EVENTS_PID" 100
  has events.err "HTTP 401"
  has events.err "(--credentials)"
  echo nothing >bad
  chmod 600 bad
  events --credentials bad
  expect_exit "$EVENTS_PID" 100
  has events.err "bad: neither"
  chmod 644 line
  events --credentials line
  expect_exit "$EVENTS_PID" 100
  has events.err "line: others may read it"
}

# One connection of TLS, passed on to $MASTER.
tls_front() {
  openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem \
    -days 1 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 2>/dev/null
  TLS_PORT=$(free_port)
  mkfifo there back
  {
    exec 7<>"/dev/tcp/${MASTER%:*}/${MASTER#*:}"
    cat <there >&7 &
    cat <&7 >back &
    wait
  } 3>&- &
  track $!
  openssl s_server -accept "127.0.0.1:$TLS_PORT" -cert cert.pem -key key.pem \
    -quiet -naccept 1 <back >there 2>tls.err 3>&- &
  track $!
  wait_for 10 listens "$TLS_PORT"
}

@test "TLS with the masters' own certificate" {
  subscribed F-1 15 >stream
  master m --subscribe play=stream
  tls_front
  MASTER=https://127.0.0.1:$TLS_PORT
  events --new --ca-file cert.pem
  wait_for 10 has events.out "\"master\":\"$MASTER\""
}

@test "TLS with a certificate that nobody vouches for is refused" {
  subscribed F-1 15 >stream
  master m --subscribe play=stream
  tls_front
  MASTER=https://127.0.0.1:$TLS_PORT
  events --new
  wait_for 10 has events.err certificate
  run ! asked m 1 SUBSCRIBE
}

# ---- ZooKeeper ----

# info PORT: MasterInfo, with a hostname that leads nowhere.
info() {
  echo "{\"address\":{\"hostname\":\"nowhere.invalid\",\"ip\":\"127.0.0.1\",\"port\":$1},\"ip\":16777343,\"port\":1}"
}

@test "the leader is found in ZooKeeper and followed" {
  start_zookeeper
  subscribed F-1 15 >stream
  master one --subscribe play=stream
  local one=$MASTER
  master two --subscribe play=stream
  local two=$MASTER
  MASTER=zk://$ZK/mesos
  events
  wait_for 10 has events.err "waiting for a master to lead"
  zk put /mesos/log_replicas ''
  zk put /mesos/info_0000000001 'x'
  zk put /mesos/json.info_0000000012 "$(info "${two#*:}")"
  wait_for 10 has events.out "\"master\":\"$two\""
  # A lower number leads; a higher one stands by.
  zk put /mesos/json.info_0000000003 "$(info "${one#*:}")"
  wait_for 10 has events.out "\"master\":\"$one\""
  zk put /mesos/json.info_0000000020 "$(info 1)"
  zk rm /mesos/json.info_0000000003
  wait_for 10 asked two 2 SUBSCRIBE
  [ "$(calls_of one | grep -c SUBSCRIBE)" -eq 1 ]
}

@test "settings and framework records" {
  start_zookeeper
  subscribed F-5 15 >stream
  master m --subscribe play=stream
  zk put "$ROOT/settings" '{"schema":1,"framework":"riak","role":"ring","principal":"p","user":"u","hostname":"h","webui_url":"w","failover_timeout":60}'
  zk put "$ROOT/framework" '{"id":"F-5","name":"riak"}'
  rm-mesos events --master "$MASTER" --zk "$ZK" >events.out 2>events.err 3>&- &
  EVENTS_PID=$!
  track "$EVENTS_PID"
  wait_for 10 has events.out SUBSCRIBED
  run jq -c 'select(.call.type == "SUBSCRIBE") | .call |
    .subscribe.framework_info + {outer: .framework_id.value} |
    [.id.value, .outer, .name, .roles, .principal, .user, .hostname, .webui_url, .failover_timeout, .checkpoint]' m.log
  assert_output '["F-5","F-5","riak",["ring"],"p","u","h","w",60,true]'
  run ! asked m 1 GET_FRAMEWORKS
  kill "$EVENTS_PID"

  # What can't be read is not absent.
  zk put "$ROOT/framework" '{"id":'
  events --zk "$ZK"
  expect_exit "$EVENTS_PID" 100
  has events.err "$ROOT/framework: not JSON"
  zk put "$ROOT/framework" '{}'
  events --zk "$ZK"
  expect_exit "$EVENTS_PID" 100
  zk put "$ROOT/settings" '{"schema":2}'
  events --zk "$ZK"
  expect_exit "$EVENTS_PID" 102
  has events.err "schema 2 is newer"
  zk rm "$ROOT/settings"
  run --separate-stderr rm-mesos events --master "$MASTER" --zk "$ZK"
  assert_failure 100
}

@test "the fence is looked at before every SUBSCRIBE" {
  start_zookeeper
  subscribed F-5 15 >stream
  zk put "$ROOT/election/n_1" ''
  master m --subscribe play=stream
  events --zk "$ZK" --fence "$ROOT/election/n_1"
  wait_for 10 has events.out SUBSCRIBED
  zk rm "$ROOT/election/n_1"
  kill "$MASTER_PID"
  expect_exit "$EVENTS_PID" 102
  has events.err "$ROOT/election/n_1 is gone"
  run rm-mesos events --master "$MASTER" --role riak --fence /x
  assert_failure 100
}

# ---- the whole program ----

@test "events into calls: a subscription and its calls in one line" {
  subscription F-1
  master m --subscribe play=F-1.stream,heartbeat=0.1
  rm-mesos events --master "$MASTER" --role riak 2>events.err 3>&- |
    jq -c --unbuffered '., (select(.event == "HEARTBEAT") |
      {call: "REVIVE", mesos: {type: "REVIVE"}})' |
    rm-mesos calls 2>calls.err 3>&- &
  track $!
  wait_for 10 asked m 3 REVIVE
  kill "$MASTER_PID"
}

# example N: the N-th of the page, with $MASTER for its masters.
example() {
  mandoc -Tutf8 -O width=200 "$TOP/man/rm-mesos.1" | col -bx |
    sed -n '/^EXAMPLES/,/^SEE ALSO/p' |
    awk -v n="$1" '/^           / {if (!on) k++; on = 1; if (k == n) print; next}
      {on = 0}' |
    sed -E "s,(zk://)?127\.0\.0\.1:[0-9]+(/mesos)?,$MASTER,"
}

@test "the examples of the page" {
  master m --subscribe "play=$GOLDEN/03-offers-domains-attributes-disks-static-roles.recordio,end" \
    --subscribe "play=$GOLDEN/01c-removed-framework.recordio"
  example 1 >one
  run -0 --separate-stderr bash one
  [ -n "$output" ]
  for line in "${lines[@]}"; do [[ $line =~ ^\"127\.0\.0\.[0-9]\"$ ]]; done

  {
    echo '{"event":"SUBSCRIBED","at":1,"master":"127.0.0.1:1","stream_id":"s","mesos":{"type":"SUBSCRIBED","subscribed":{"framework_id":{"value":"F-1"}}}}'
    kill_call t1
    accept
  } >stream.jsonl
  example 2 >two
  run -0 bash two
  assert_output $'KILL\nACCEPT'

  kill "$MASTER_PID"
  master again --subscribe offers=250
  example 3 >three
  timeout 20 bash three 2>three.err 3>&- &
  track $!
  wait_for 10 asked again 1 DECLINE
  wait_for 10 eval "jq -e -s '[.[] | .call.decline.offer_ids // [] | length] | add == 250' again.log"
  kill "$MASTER_PID"
}

@test "usage" {
  run rm-mesos
  assert_failure 100
  run --separate-stderr rm-mesos events --nonsense
  assert_failure 100
  [[ $stderr == *--nonsense* ]]
  run --separate-stderr rm-mesos calls --nonsense
  assert_failure 100
  [[ $stderr == *--nonsense* ]]
  run --separate-stderr rm-mesos events
  assert_failure 100
  [[ $stderr == *--master* ]]
  run --separate-stderr rm-mesos events --master here
  assert_failure 100
  [[ $stderr == *"not a master's HOST:PORT: 'here'"* ]]
  run --separate-stderr rm-mesos events --master 127.0.0.1:5050
  assert_failure 100
  [[ $stderr == *--role* ]]
  run --separate-stderr rm-mesos events --master 127.0.0.1:5050 --role r --wire=x
  assert_failure 100
  [[ $stderr == *"bad value for --wire: x"* ]]
  run --separate-stderr rm-mesos calls --deadline 0 </dev/null
  assert_failure 100
  run rm-mesos --help
  assert_success
  run rm-mesos events --help
  assert_success
  assert_output --partial '--master'
}

@test "a full disk and a closed stdout" {
  subscription F-1
  master m --subscribe play=F-1.stream,heartbeat=0.1
  run --separate-stderr timeout 10 bash -c \
    "rm-mesos events --master $MASTER --role riak >/dev/full"
  assert_failure 111
  [[ $stderr == *"standard output: No space left"* ]]
  # Nobody reads any more: it ends without a word.
  timeout 10 bash -c "rm-mesos events --log-level error --framework-id F-1 \
    --master $MASTER --role riak 2>closed.err | head -n 1"
  [ ! -s closed.err ]
  echo '{"event":"SUBSCRIBED","at":1,"master":"127.0.0.1:1","stream_id":"s","mesos":{"type":"SUBSCRIBED","subscribed":{"framework_id":{"value":"F-1"}}}}' >subscribed.line
  { cat subscribed.line; kill_call t1; } >calls.in
  run --separate-stderr bash -c 'rm-mesos calls --dry-run <calls.in >/dev/full'
  assert_failure 111
  run --separate-stderr bash -c 'rm-mesos calls --dry-run <calls.in >&-'
  assert_failure 111
}

#!/usr/bin/env bats
# shellcheck disable=SC2030,SC2031 # each test has variables of its own
# The proxy: real sockets, a real ZooKeeper, and nodes that misbehave as told.

load helper

TOOLS=${RM_TOOLS:-$RM_BIN/../tools}

setup_file() {
  BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR start_zookeeper
  export SHARED_ZK=$ZK
}

teardown_file() {
  BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR stop_tracked
}

setup() {
  ZK=$SHARED_ZK
  FRAMEWORK=f$BATS_TEST_NUMBER
  HTTP=$(free_port) PB=$(free_port) ADMIN=$(free_port)
  declare -gA NODE_PID NODE_HTTP NODE_PB
}

teardown() {
  stop_tracked
}

# director OPTION…: started, and listening.
director() {
  rm-director --zk "$ZK" --framework "$FRAMEWORK" --cluster kv --http-port "$HTTP" --pb-port "$PB" \
    --admin-port "$ADMIN" --check-interval 0.2 --slow-start 0 "$@" 2>>"$BATS_TEST_TMPDIR/log" 3>&- &
  DIRECTOR=$!
  track "$DIRECTOR"
  wait_for 10 listens "$ADMIN"
}

# backend N…: nodes n1, n2, … on 127.0.0.N
backend() {
  local n
  for n in "$@"; do
    NODE_HTTP[$n]=${NODE_HTTP[$n]:-$(free_port)} NODE_PB[$n]=${NODE_PB[$n]:-$(free_port)}
    "$TOOLS/backend" "n$n" "127.0.0.$n" "${NODE_HTTP[$n]}" "${NODE_PB[$n]}" "$BATS_TEST_TMPDIR" \
      2>"$BATS_TEST_TMPDIR/node$n.log" 3>&- &
    NODE_PID[$n]=$!
    track "${NODE_PID[$n]}"
  done
  for n in "$@"; do
    wait_for 10 listens "${NODE_PB[$n]}"
  done
}

znode() {
  echo "/riak/frameworks/$FRAMEWORK/coordinator/coordinatedNodes/riak-kv-$1.1"
}

# register N [CLUSTER]
register() {
  "$TOOLS/zk" put --zk "$ZK" "$(znode "$1")" "{\"FrameworkName\":\"$FRAMEWORK\",\"ClusterName\":\"${2:-kv}\",
    \"NodeName\":\"riak-kv-$1@127.0.0.$1\",\"Hostname\":\"127.0.0.$1\",\"DisterlPort\":1,
    \"HTTPPort\":${NODE_HTTP[$1]},\"PBPort\":${NODE_PB[$1]}}"
}

unregister() {
  "$TOOLS/zk" rm --zk "$ZK" "$(znode "$1")"
}

nodes() {
  backend "$@"
  local n
  for n in "$@"; do
    register "$n"
  done
}

admin() {
  curl -sf "http://127.0.0.1:$ADMIN$1"
}

silent() {
  ! listens "$1"
}

# says FILTER: about /status
says() {
  admin /status | jq -e "$1" >/dev/null
}

up() {
  wait_for 15 says ".http.nodes_up == $1 and .protobuf.nodes_up == $1"
}

get() {
  curl -sS "http://127.0.0.1:$HTTP$1" "${@:2}"
}

# raw TEXT [HOW]: sent as it is (printf's escapes), then the end.
raw() {
  printf '%b' "$1" | "$TOOLS/talk" "$HTTP" "${2:-}"
}

# pb HEX [HOW]: the answer in hexadecimal.
pb() {
  # shellcheck disable=SC2001 # a pattern of two characters is beyond ${//}
  printf '%b' "$(sed 's/../\\x&/g' <<<"$1")" | "$TOOLS/talk" "$PB" "${2:-}" | od -An -v -tx1 | tr -d ' \n'
}

PING=0000000101 PONG=0000000102

# The name of the node that a connection gets: server info.
pb_name() {
  pb 0000000107 | tail -c 4 | sed 's/../\\x&/g' | xargs -0 printf '%b' 2>/dev/null
}

# ---- the command line ----

@test "usage" {
  run rm-director --zk h:1 --cluster kv --no-such
  assert_failure 100
  assert_output --partial "unknown option --no-such"
  run rm-director --zk h:1
  assert_failure 100
  assert_output --partial "--cluster is required"
  run rm-director --cluster kv
  assert_failure 100
  run rm-director --zk h:1 --cluster a/b
  assert_failure 100
  assert_output --partial "a/b"
  run rm-director --zk h:1 --cluster kv --http-port 65536
  assert_failure 100
  assert_output --partial "65536"
  run rm-director --zk h:1 --cluster kv --address 203.0.113.1
  assert_failure 100
  assert_output --partial "203.0.113.1"
  run rm-director admin
  assert_failure 100
  run rm-director admin frobnicate
  assert_failure 100
  assert_output --partial "frobnicate"
  run rm-director admin configure -f riak
  assert_failure 100
  run rm-director admin status --url http://127.0.0.1:1
  assert_failure 111
}

@test "a port that is taken is named" {
  backend 1
  run rm-director --zk "$ZK" --cluster kv --address 127.0.0.1,127.0.0.1 --http-port "$HTTP"
  assert_failure 111
  assert_output --partial "127.0.0.1 port $HTTP"
}

@test "ports come from Marathon's environment, descriptors tell readiness" {
  mkfifo "$BATS_TEST_TMPDIR/ready"
  PORT0=$HTTP PORT1=$PB PORT2=$ADMIN DIRECTOR_ZK=zk://$ZK DIRECTOR_FRAMEWORK=$FRAMEWORK DIRECTOR_CLUSTER=kv \
    rm-director --ready-fd 8 8>"$BATS_TEST_TMPDIR/ready" 2>"$BATS_TEST_TMPDIR/log" 3>&- &
  track $!
  read -r -t 10 _ <"$BATS_TEST_TMPDIR/ready"
  listens "$HTTP"
  listens "$PB"
  run rm-director admin status --url "http://127.0.0.1:$ADMIN"
  assert_success
  assert_output --partial "\"framework\":\"$FRAMEWORK\""
  # only on loopback unless told otherwise
  run ss -Hltn "sport = :$HTTP"
  assert_output --partial "127.0.0.1:$HTTP"
  refute_output --partial "0.0.0.0:$HTTP"
}

@test "admin: answers, and its output going nowhere" {
  nodes 1 2
  register 2 other
  "$TOOLS/zk" put --zk "$ZK" "/riak/frameworks/$FRAMEWORK/clusters/kv" '{}'
  director
  up 1
  run rm-director admin list-nodes --url "http://127.0.0.1:$ADMIN/"
  assert_success
  run jq -c '.nodes[] | [.name, .http.host, .http.port, .protobuf.port, .http.state]' <<<"$output"
  assert_output "[\"riak-kv-1@127.0.0.1\",\"127.0.0.1\",${NODE_HTTP[1]},${NODE_PB[1]},\"up\"]"
  run rm-director admin list-frameworks --url "http://127.0.0.1:$ADMIN"
  assert_success
  jq -e --arg f "$FRAMEWORK" '.frameworks | index($f) != null' <<<"$output"
  run rm-director admin list-clusters --url "http://127.0.0.1:$ADMIN"
  assert_output '{"clusters":["kv"]}'
  run admin /health
  assert_output '{"status":"OK"}'
  run rm-director admin configure -f "$FRAMEWORK" -c other --url "http://127.0.0.1:$ADMIN"
  assert_success
  up 1
  wait_for 10 eval 'get /name | grep -qx n2'
  run admin /nodes
  assert_output --partial riak-kv-2
  run curl -s -X PUT "http://127.0.0.1:$ADMIN/frameworks/.x/clusters/kv" -w '%{http_code}'
  assert_output --partial 400
  run curl -s -X PUT -H 'Origin: http://x' "http://127.0.0.1:$ADMIN/frameworks/a/clusters/kv" -w '%{http_code}'
  assert_output --partial 403
  run bash -c "rm-director admin status --url http://127.0.0.1:$ADMIN >/dev/full"
  assert_failure 111
  run bash -c "rm-director admin status --url http://127.0.0.1:$ADMIN >&-"
  assert_failure 111
}

@test "changes from elsewhere are refused unless --open" {
  director --admin-address 127.0.0.1
  run curl -s -X PUT "http://127.0.0.1:$ADMIN/frameworks/$FRAMEWORK/clusters/x" -w '%{http_code}'
  assert_output --partial 200
  says '.cluster == "x"'
}

@test "runs with stdout and stderr full or closed" {
  nodes 1
  rm-director --zk "$ZK" --framework "$FRAMEWORK" --cluster kv --http-port "$HTTP" --pb-port "$PB" \
    --admin-port "$ADMIN" --check-interval 0.2 >/dev/full 2>/dev/full 3>&- &
  track $!
  wait_for 10 listens "$ADMIN"
  up 1
  stop_tracked
  nodes 1
  rm-director --zk "$ZK" --framework "$FRAMEWORK" --cluster kv --http-port "$HTTP" --pb-port "$PB" \
    --admin-port "$ADMIN" --check-interval 0.2 <&- >&- 2>&- 3>&- &
  track $!
  wait_for 10 listens "$ADMIN"
  up 1
  run get /name
  assert_output n1
}

# ---- which node ----

@test "no node up: 503 with Retry-After, an error over protocol buffers" {
  director
  run get /name -i
  assert_line --partial "503 Service Unavailable"
  assert_line --partial "Retry-After: 2"
  assert_line "rm-director: no node of the cluster is up"
  # the connection stays, and what belongs to the request is swallowed
  run pb "${PING}0000000709616263646566${PING}"
  # three errors: code 0, a text, number 0
  local error
  error=$(printf 'rm-director: no node of the cluster is up' | od -An -v -tx1 | tr -d ' \n')
  error=0000002e000a29${error}1000
  assert_output "$error$error$error"
}

@test "requests of one client are spread over all nodes" {
  nodes 1 2 3
  director
  up 3
  run curl -sS "http://127.0.0.1:$HTTP/name" "http://127.0.0.1:$HTTP/name" "http://127.0.0.1:$HTTP/name" \
    "http://127.0.0.1:$HTTP/name" "http://127.0.0.1:$HTTP/name" "http://127.0.0.1:$HTTP/name" -w '%{num_connects}\n'
  [ "$(grep -o n1 <<<"$output" | wc -l)" -eq 2 ]
  [ "$(grep -o n2 <<<"$output" | wc -l)" -eq 2 ]
  [ "$(grep -o n3 <<<"$output" | wc -l)" -eq 2 ]
  # on one connection
  [ "$(grep -c '^1' <<<"$output")" -eq 1 ]
  # and connections of protocol buffers
  run bash -c "$(declare -f pb pb_name); TOOLS=$TOOLS PB=$PB; pb_name; echo; pb_name; echo; pb_name; echo"
  [ "$(sort -u <<<"$output" | wc -l)" -eq 3 ]
}

@test "a node that is not well gets nothing, until it is again" {
  nodes 1 2
  director
  up 2
  kill -USR1 "${NODE_PID[1]}"
  up 1
  for _ in 1 2 3 4; do
    run get /name
    assert_output n2
  done
  kill -USR2 "${NODE_PID[1]}"
  up 2
}

@test "a node that hangs is left out; what it was asked gets 504" {
  local n codes
  nodes 1 2
  director --check-time 0.5 --stall-time 1
  up 2
  kill -STOP "${NODE_PID[1]}"
  # Some of these go there.
  for n in 1 2 3 4; do
    get /name -o /dev/null -w '%{http_code}\n' >>"$BATS_TEST_TMPDIR/codes" 3>&- &
  done
  up 1
  for n in 1 2 3 4; do
    run get /name -m 5
    assert_output n2
    run pb_name
    assert_output n2
  done
  wait_for 10 eval '[ "$(wc -l <"$BATS_TEST_TMPDIR/codes")" -eq 4 ]'
  codes=$(sort -u "$BATS_TEST_TMPDIR/codes")
  [[ $codes == $'200\n504' || $codes == 504 || $codes == 200 ]]
  kill -CONT "${NODE_PID[1]}"
  up 2
}

@test "a node whose answer to a check trickles in is not well" {
  local port
  nodes 2
  NODE_HTTP[1]=$(free_port) NODE_PB[1]=$(free_port)
  for port in "${NODE_HTTP[1]}" "${NODE_PB[1]}"; do
    printf 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK' |
      "$TOOLS/trickle" listen "$port" 200 >"$BATS_TEST_TMPDIR/check.$port" 3>&- &
    track $!
    wait_for 5 listens "$port"
  done
  register 1
  director --check-time 0.5
  wait_for 10 grep -q gone "$BATS_TEST_TMPDIR/check.${NODE_HTTP[1]}"
  up 1
  run get /name
  assert_output n2
}

@test "what a node did while others were busy is not held against it" {
  local got='' n
  nodes 1 2
  director
  up 2
  get /slow/3000 >"$BATS_TEST_TMPDIR/slow" 3>&- &
  local slow=$!
  wait_for 5 eval 'admin /nodes | jq -e "any(.nodes[]; .http.active == 1)"'
  for n in 1 2 3 4 5 6 7 8; do get /name >>"$BATS_TEST_TMPDIR/meanwhile"; done
  wait "$slow"
  for n in 1 2 3 4; do got+=$(get /name); done
  # each has had its turns
  [[ $got == *n1* && $got == *n2* ]]
}

@test "a node killed under load: nothing fails, and it comes back" {
  nodes 1 2 3
  director
  up 3
  "$TOOLS/load" http "$HTTP" 16 4 >"$BATS_TEST_TMPDIR/http" 3>&- &
  local http=$!
  "$TOOLS/load" pb "$PB" 16 4 >"$BATS_TEST_TMPDIR/pb" 3>&- &
  local pb=$!
  wait_for 5 says '.http.requests > 100 and .protobuf.requests > 100'
  kill -KILL "${NODE_PID[2]}"
  wait_for 5 says '.http.nodes_up == 2'
  backend 2
  up 3
  wait "$http" || true
  wait "$pb" || true
  cat "$BATS_TEST_TMPDIR/http" "$BATS_TEST_TMPDIR/pb"
  grep -q ' failed=0$' "$BATS_TEST_TMPDIR/http"
  grep -q ' failed=0$' "$BATS_TEST_TMPDIR/pb"
  # it works again
  wait_for 5 eval 'get /name | grep -qx n2'
}

@test "a node that leaves is drained" {
  nodes 1
  director
  up 1
  get /slow/1500 >"$BATS_TEST_TMPDIR/slow" 3>&- &
  local slow=$!
  # a protocol-buffers client that stays
  exec 7<>"/dev/tcp/127.0.0.1/$PB"
  printf '\0\0\0\1\1' >&7
  head -c 5 <&7 >/dev/null
  wait_for 5 says '.http.nodes_up == 1 and .protobuf.open == 1'
  backend 2
  unregister 1
  register 2
  wait_for 5 eval 'admin /nodes | jq -e ".nodes[] | select(.name == \"riak-kv-1@127.0.0.1\") | .http.state == \"draining\""'
  wait_for 5 says '.http.nodes_up == 1'
  run get /name
  assert_output n2
  # what was under way ends where it began; the other goes on elsewhere
  wait "$slow"
  run cat "$BATS_TEST_TMPDIR/slow"
  assert_output n1
  printf '\0\0\0\1\7' >&7
  run bash -c 'head -c 7 <&7 | tail -c 2'
  assert_output n2
  exec 7>&-
  # nothing is left of it
  wait_for 5 eval 'admin /nodes | jq -e ".nodes | length == 1"'
}

@test "the drain time ends" {
  nodes 1
  director --drain-time 0.5
  up 1
  get /slow/20000 -w '%{http_code}' >"$BATS_TEST_TMPDIR/slow" 3>&- &
  local slow=$!
  wait_for 5 eval 'admin /nodes | jq -e ".nodes[0].http.active == 1"'
  unregister 1
  wait "$slow" || true
  run cat "$BATS_TEST_TMPDIR/slow"
  assert_output --partial 503
}

@test "ZooKeeper away: goes on with what it knew; back: learns again" {
  start_zookeeper
  local port=${ZK#*:} pid=$ZK_PID
  nodes 1
  director
  up 1
  kill -KILL "$pid"
  wait_for 30 says '.zookeeper == "away"'
  run get /name
  assert_output n1
  run pb "$PING"
  assert_output "$PONG"
  # it judges health by itself meanwhile
  kill -USR1 "${NODE_PID[1]}"
  up 0
  kill -USR2 "${NODE_PID[1]}"
  up 1
  start_zookeeper "$port"
  nodes 2
  up 2
}

@test "starts without ZooKeeper" {
  ZK=127.0.0.1:$(free_port)
  director
  run get /name -o /dev/null -w '%{http_code}'
  assert_output 503
  run curl -s -w '%{http_code}' "http://127.0.0.1:$ADMIN/health"
  assert_line '{"status":"DOWN","why":"the nodes of the cluster are not known yet"}'
  assert_line 503
  run admin /alive
  assert_output '{"status":"OK"}'
}

@test "a record that can't be read is told, and the others count" {
  "$TOOLS/zk" put --zk "$ZK" "$(znode 8)" '{"ClusterName":"kv"'
  "$TOOLS/zk" put --zk "$ZK" "$(znode 9)" '{"ClusterName":"kv","NodeName":"x","Hostname":"h","HTTPPort":99999,"PBPort":1}'
  nodes 1
  director
  up 1
  grep -q 'riak-kv-8.1' "$BATS_TEST_TMPDIR/log"
  grep -q 'riak-kv-9.1' "$BATS_TEST_TMPDIR/log"
}

@test "two records of one place are one node, and it stays with the second" {
  nodes 1
  "$TOOLS/zk" put --zk "$ZK" "$(znode 1)-again" "$("$TOOLS/zk" get --zk "$ZK" "$(znode 1)")"
  director
  up 1
  unregister 1
  run get /slow/300
  assert_output n1
  up 1
  says '.nodes == 1'
}

@test "a host's name is resolved" {
  backend 1
  "$TOOLS/zk" put --zk "$ZK" "$(znode 1)" "{\"ClusterName\":\"kv\",\"NodeName\":\"x\",\"Hostname\":\"localhost\",
    \"HTTPPort\":${NODE_HTTP[1]},\"PBPort\":${NODE_PB[1]}}"
  director
  up 1
}

@test "health says what a client would find" {
  director
  health() { curl -s "http://127.0.0.1:$ADMIN/health"; }
  wait_for 10 eval 'health | grep -q "the cluster has no node"'
  nodes 1
  wait_for 10 eval 'health | grep -q OK'
  kill -USR1 "${NODE_PID[1]}"
  wait_for 10 eval 'health | grep -q "no node answers over"'
  run admin /health
  assert_failure 22
  kill -USR2 "${NODE_PID[1]}"
  wait_for 10 admin /health
}

@test "without its web port, as under Marathon" {
  nodes 1
  DIRECTOR_WEB_ENABLED=false PORT0=$HTTP PORT1=$PB PORT2=$ADMIN rm-director --zk "$ZK" --framework "$FRAMEWORK" \
    --cluster kv --check-interval 0.2 2>"$BATS_TEST_TMPDIR/log" 3>&- &
  local pid=$!
  track "$pid"
  wait_for 10 listens "$HTTP"
  wait_for 10 get /name -f -o /dev/null
  # Other tests may have taken the port by now.
  run ss -Hltnp
  assert_output --partial "pid=$pid,"
  refute_line --regexp ":$ADMIN .*pid=$pid,"
  run rm-director --zk h:1 --cluster kv --web-enabled maybe
  assert_failure 100
  assert_output --partial "maybe"
}

# ---- what comes before a request ----

# certificate NAME: NAME.pem with its key, for 127.0.0.1.
certificate() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$1" \
    -addext subjectAltName=IP:127.0.0.1 -keyout "$BATS_TEST_TMPDIR/$1.key" -out "$BATS_TEST_TMPDIR/$1.crt" 2>/dev/null
  (umask 077 && cat "$BATS_TEST_TMPDIR/$1.crt" "$BATS_TEST_TMPDIR/$1.key" >"$BATS_TEST_TMPDIR/$1.pem")
}

# secure CERTIFICATE PATH OPTION…: by HTTPS.
secure() {
  curl -sS --cacert "$BATS_TEST_TMPDIR/$1.crt" "https://127.0.0.1:$HTTP$2" "${@:3}"
}

@test "TLS for clients: bodies, heads, PB with and without StartTLS, no plain text" {
  nodes 1
  certificate a
  director --tls-cert "$BATS_TEST_TMPDIR/a.pem" --header-time 1
  up 1
  head -c 3000000 /dev/urandom >"$BATS_TEST_TMPDIR/body"
  local sum
  sum=$(curl -sS --data-binary @"$BATS_TEST_TMPDIR/body" "http://127.0.0.1:${NODE_HTTP[1]}/x")
  run secure a /x --data-binary @"$BATS_TEST_TMPDIR/body"
  assert_output "$sum"
  [ "$(secure a /bytes/3000000 | wc -c)" -eq 3000000 ]
  [ "$(secure a /close/300000 | wc -c)" -eq 300000 ]
  run secure a '/name?[1-20]' -w '%{num_connects}'
  [ "$(grep -c '^[01]*n1' <<<"$output")" -eq 20 ]
  # half of it is not taken for all
  run secure a /half
  assert_failure
  # TLS at once on the port of protocol buffers
  run bash -c "(printf '\\0\\0\\0\\1\\1'; sleep 0.5) | timeout 10 openssl s_client -quiet -no_ign_eof -connect 127.0.0.1:$PB 2>/dev/null | od -An -tx1 | tr -d ' \n'"
  assert_output "$PONG"
  # plain text gets nothing, nor does one that says nothing
  run raw 'GET /name HTTP/1.1\r\nHost: x\r\n\r\n' open
  assert_output ""
  run pb "$PING" open
  assert_output ""
  run raw '' open
  assert_output ""
  wait_for 5 says '.http.open == 0 and .protobuf.open == 0'
  # what is not good enough
  run curl -sS --cacert "$BATS_TEST_TMPDIR/a.crt" --tls-max 1.1 "https://127.0.0.1:$HTTP/name"
  assert_failure
}

@test "certificates are read again at SIGHUP, and bad ones are not taken" {
  nodes 1
  certificate a
  certificate b
  cp "$BATS_TEST_TMPDIR/a.pem" "$BATS_TEST_TMPDIR/now.pem"
  director --tls-cert "$BATS_TEST_TMPDIR/now.pem"
  up 1
  run secure a /name
  assert_output n1
  # one under way goes on
  secure a /slow/1500 >"$BATS_TEST_TMPDIR/slow" 3>&- &
  local slow=$!
  wait_for 5 says '.http.open == 1'
  cp "$BATS_TEST_TMPDIR/b.pem" "$BATS_TEST_TMPDIR/now.pem"
  kill -HUP "$DIRECTOR"
  wait_for 5 secure b /name
  wait "$slow"
  grep -q n1 "$BATS_TEST_TMPDIR/slow"
  run secure a /name
  assert_failure 60
  echo nonsense >"$BATS_TEST_TMPDIR/now.pem"
  kill -HUP "$DIRECTOR"
  wait_for 5 grep -q "going on with the old one: .*now.pem" "$BATS_TEST_TMPDIR/log"
  run secure b /name
  assert_output n1
  run rm-director --zk "$ZK" --cluster kv --http-port 0 --pb-port 0 --admin-port 0 --tls-cert "$BATS_TEST_TMPDIR/now.pem"
  assert_failure 100
  assert_output --partial "now.pem"
  run rm-director --zk h:1 --cluster kv --tls-key x
  assert_failure 100
}

@test "TLS to the nodes, both protocols; a certificate of another is not taken" {
  nodes 1 2
  certificate a
  certificate b
  director --tls-cert "$BATS_TEST_TMPDIR/a.crt" --tls-key "$BATS_TEST_TMPDIR/a.key" --tls-client-ca "$BATS_TEST_TMPDIR/b.crt"
  up 2
  # it asks for a certificate, and has none itself: another in front of it fails
  run secure a /name
  assert_failure
  run secure a /name --cert "$BATS_TEST_TMPDIR/b.pem"
  assert_output --regexp 'n[12]'
  kill "$DIRECTOR"
  wait_for 10 silent "$HTTP"
  director --tls-cert "$BATS_TEST_TMPDIR/a.pem"
  up 2
  local inner=$ADMIN
  NODE_HTTP[9]=$HTTP NODE_PB[9]=$PB
  "$TOOLS/zk" put --zk "$ZK" "$(znode 9)" "{\"ClusterName\":\"outer\",\"NodeName\":\"inner\",
    \"Hostname\":\"127.0.0.1\",\"HTTPPort\":$HTTP,\"PBPort\":$PB}"
  HTTP=$(free_port) PB=$(free_port) ADMIN=$(free_port)
  director --cluster outer --node-tls --node-ca "$BATS_TEST_TMPDIR/a.crt"
  up 1
  "$TOOLS/load" http "$HTTP" 16 1 >"$BATS_TEST_TMPDIR/http" 3>&-
  "$TOOLS/load" pb "$PB" 8 1 >"$BATS_TEST_TMPDIR/pb" 3>&-
  grep -q ' failed=0$' "$BATS_TEST_TMPDIR/http"
  grep -q ' failed=0$' "$BATS_TEST_TMPDIR/pb"
  head -c 3000000 /dev/urandom >"$BATS_TEST_TMPDIR/body"
  run get /x --data-binary @"$BATS_TEST_TMPDIR/body"
  assert_output --partial " 3000000 "
  [ "$(get /chunks/3000000 | wc -c)" -eq 3000000 ]
  # connections to the inner one are kept
  [ "$(curl -sf "http://127.0.0.1:$inner/status" | jq '.http.accepted < 100')" = true ]
  HTTP=$(free_port) PB=$(free_port) ADMIN=$(free_port)
  director --cluster outer --node-tls --node-ca "$BATS_TEST_TMPDIR/b.crt"
  wait_for 10 grep -q "down node=inner protocol=http why=.*certificate" "$BATS_TEST_TMPDIR/log"
  run get /name -w '%{http_code}'
  assert_output --partial 503
}

@test "the PROXY protocol tells the client's address, and nobody else does" {
  nodes 1
  director --proxy-protocol --header-time 1
  up 1
  run raw 'PROXY TCP4 192.0.2.7 127.0.0.1 4711 80\r\nGET /head HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' slow
  assert_line --partial 'X-Forwarded-For: 192.0.2.7'
  run get /head --haproxy-protocol
  assert_line --partial 'X-Forwarded-For: 127.0.0.1'
  # version 2: IPv6, with a TLV behind; then LOCAL
  run raw '\x0d\x0a\x0d\x0a\x00\x0d\x0aQUIT\x0a\x21\x21\x00\x29\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x05\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x06\x00\x01\x00\x50\x04\x00\x02xyGET /head HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' open
  assert_line --partial 'X-Forwarded-For: 2001:db8::5'
  run raw '\x0d\x0a\x0d\x0a\x00\x0d\x0aQUIT\x0a\x20\x00\x00\x00GET /head HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' open
  assert_line --partial 'X-Forwarded-For: 127.0.0.1'
  # over protocol buffers too
  run bash -c "(printf 'PROXY UNKNOWN\r\n\\0\\0\\0\\1\\1') | '$TOOLS/talk' $PB | od -An -tx1 | tr -d ' \n'"
  assert_output "$PONG"
  # without one, or with half of one: closed
  local bad
  for bad in 'GET /head HTTP/1.1\r\nHost: x\r\n\r\n' 'PROXY TCP4 192.0.2.7' 'PROXY TCP4 nobody 127.0.0.1 1 2\r\nGET' 'PROXY TCP4 1.2.3.4 1.2.3.4 99999 1\r\n' ''; do
    run raw "$bad" open
    assert_output ""
  done
  wait_for 5 says '.http.open == 0 and .http.refused == 5'
}

@test "the PROXY protocol before TLS" {
  nodes 1
  certificate a
  director --proxy-protocol --tls-cert "$BATS_TEST_TMPDIR/a.pem"
  up 1
  run secure a /head --haproxy-protocol
  assert_line --partial 'X-Forwarded-For: 127.0.0.1'
}

# ---- the ring ----

# owns N PARTITION…: what the member's record of node N says.
owns() {
  "$TOOLS/zk" put --zk "$ZK" "/riak/frameworks/$FRAMEWORK/members/riak-kv-$1" "{\"owns\":$(jq -nc '$ARGS.positional' --jsonargs "${@:2}")}"
}

# first BUCKET KEY: the number of its first partition of 16, from the formula alone.
first() {
  local digest part
  digest=$({
    printf '\x83\x68\x02'
    for part in "$1" "$2"; do
      # a binary: its tag, its length, its bytes
      printf '\x6d\x00\x00\x00'
      printf '%b%s' "$(printf '\\x%02x' "${#part}")" "$part"
    done
  } | sha1sum)
  echo $(((16#${digest:0:1} + 1) % 16))
}

# holders PARTITION: who has one of the three from there, when n1 owns 0 to 5, n2 6 to 10, n3 the others.
holders() {
  local i p
  for i in 0 1 2; do
    p=$((($1 + i) % 16))
    if ((p < 6)); then echo n1; elif ((p < 11)); then echo n2; else echo n3; fi
  done
}

# ring_known SIZE
ring_known() {
  says ".ring == $1"
}

@test "affinity: a key goes to a node that holds it, in doubt to any" {
  nodes 1 2 3
  owns 1 {0..5}
  owns 2 {6..10}
  director --affinity
  up 3
  # one of them has not said yet
  ring_known 0
  owns 3 {11..15}
  wait_for 5 ring_known 16
  local i name before lone=0
  before=$(admin /status | jq .http.owned)
  for i in {10..49}; do
    name=$(get "/buckets/b/keys/k$i")
    holders "$(first b "k$i")" | grep -qx "$name" || fail "k$i went to $name"
    [ "$(holders "$(first b "k$i")" | sort -u | wc -l)" -gt 1 ] || lone=$((lone + 1))
  done
  # keys that only one node holds were among them, and all were counted
  [ "$lone" -ge 5 ]
  [ "$(admin /status | jq .http.owned)" -eq $((before + 40)) ]
  # what is about no key goes to whose turn it is
  run get '/name?[1-9]'
  [ "$(admin /status | jq .http.owned)" -eq $((before + 40)) ]
  # an owner that is not up: another node
  for i in {10..49}; do
    [ "$(holders "$(first b "k$i")" | sort -u)" != n2 ] || break
  done
  kill -USR1 "${NODE_PID[2]}"
  up 2
  run get "/buckets/b/keys/k$i"
  assert_output --regexp '^n[13]$'
  kill -USR2 "${NODE_PID[2]}"
  up 3
  # two who claim the same, or one who does not know: all doubt
  owns 3 {10..15}
  wait_for 5 ring_known 0
  owns 3 {11..15}
  wait_for 5 ring_known 16
  "$TOOLS/zk" put --zk "$ZK" "/riak/frameworks/$FRAMEWORK/members/riak-kv-1" '{"owns":null}'
  wait_for 5 ring_known 0
  before=$(admin /status | jq .http.owned)
  # on to whose turn it is: all of them in time
  for name in n1 n2 n3; do
    wait_for 10 eval 'get "/buckets/b/keys/k$i" | grep -qx $name'
  done
  [ "$(admin /status | jq .http.owned)" -eq "$before" ]
}

# lone N: a key of bucket b that no other node holds.
lone() {
  local i
  for i in {10..99}; do
    [ "$(holders "$(first b "k$i")" | sort -u)" != "n$1" ] || { echo "k$i"; return; }
  done
}

# served N: requests or connections of protocol buffers that it was given.
served() {
  admin /nodes | jq ".nodes[] | select(.name == \"riak-kv-$1@127.0.0.$1\") | .protobuf.served"
}

@test "affinity over protocol buffers: with nothing outstanding, on connections that are kept" {
  nodes 1 2 3
  owns 1 {0..5}
  owns 2 {6..10}
  owns 3 {11..15}
  director --affinity
  up 3
  wait_for 5 ring_known 16
  local n key round
  exec 7<>"/dev/tcp/127.0.0.1/$PB"
  for round in 1 2 3; do
    for n in 1 2 3; do
      key=$(lone "$n")
      printf "\\0\\0\\0\\x09\\x09\\x0a\\1b\\x12\\3$key" >"$BATS_TEST_TMPDIR/get"
      # in one write, as clients do; the shell's own would be one a line
      cat "$BATS_TEST_TMPDIR/get" >&7
      # the node's answer is what it was asked
      [ "$(head -c 13 <&7 | tail -c 3)" = "$key" ]
      [ "$(served "$n")" -eq "$round" ]
    done
  done
  for n in 1 2 3; do
    wait_for 5 eval '[ "$(ss -Htn state established "dport = :${NODE_PB[$n]}" | wc -l)" -eq 1 ]'
  done
  says '.protobuf.owned == 9'
  # two at once: both to the first's owner, in order
  printf "\\0\\0\\0\\x09\\x09\\x0a\\1b\\x12\\3$(lone 2)\\0\\0\\0\\x09\\x09\\x0a\\1b\\x12\\3$(lone 3)" >"$BATS_TEST_TMPDIR/get"
  cat "$BATS_TEST_TMPDIR/get" >&7
  [ "$(head -c 26 <&7 | tail -c 3)" = "$(lone 3)" ]
  [ "$(served 2) $(served 3)" = "4 3" ]
  exec 7>&-
}

# ---- the access log ----

@test "the access log has a line for each request, whatever became of it" {
  nodes 1 2
  local log=$BATS_TEST_TMPDIR/access
  director --access-log "$log"
  up 2
  get /name >/dev/null
  get '/"\\%00?a=ä' -X PUT -d 12345 --path-as-is >/dev/null
  get /admin >/dev/null
  get /reset-once >/dev/null
  get /half >/dev/null || true
  get /reset >/dev/null
  raw 'nonsense\r\n\r\n' open >/dev/null
  pb "$PING" >/dev/null
  pb 000000020d52 open >/dev/null
  wait_for 5 eval '[ "$(wc -l <"$log")" -eq 9 ]'
  run jq -cr '[.protocol, .request // .code, .status // 0, .end, .tries] | join(" ")' "$log"
  assert_line --index 0 "http GET /name 200 answered 1"
  assert_line --index 1 --partial '200 answered 1'
  assert_line --index 2 "http GET /admin 403 refused 0"
  assert_line --index 3 "http GET /reset-once 200 answered 2"
  assert_line --index 4 "http GET /half 200 cut 1"
  assert_line --index 5 --regexp "http GET /reset 503 lost [23]"
  assert_line --index 6 "http - 400 refused 0"
  assert_line --index 7 "protobuf 1 0 answered 1"
  assert_line --index 8 "protobuf 13 0 lost 1"
  head -n 1 "$log" | jq -e '.bytes > 50 and .seconds < 5 and .client == "127.0.0.1" and (.node | test("riak-kv-[12]@"))'
  [ "$(stat -c %a "$log")" = 640 ]
  # renamed, and opened anew
  mv "$log" "$log.1"
  kill -HUP "$DIRECTOR"
  wait_for 5 test -e "$log"
  get /name >/dev/null
  wait_for 5 grep -q 'GET /name' "$log"
  # a full disk costs lines, no answers
  kill "$DIRECTOR"
  wait_for 10 silent "$HTTP"
  director --access-log /dev/full
  up 2
  get /name >/dev/null
  wait_for 5 grep -q "lines are lost" "$BATS_TEST_TMPDIR/log"
  run get /name
  assert_output --regexp 'n[12]'
  run rm-director --zk "$ZK" --cluster kv --http-port 0 --pb-port 0 --admin-port 0 --access-log /no/such/file
  assert_failure 100
}

# ---- workers, and one process after the other ----

serves() {
  [ -n "$(ss -Htnp state established "sport = :$HTTP" | grep "pid=$1,")" ]
}

workers() {
  pgrep -P "$1" | wc -l
}

@test "workers share the clients, and are shown as one" {
  nodes 1 2
  director --workers 3 --handover "$BATS_TEST_TMPDIR/handover"
  up 2
  wait_for 10 eval '[ "$(workers $DIRECTOR)" -eq 3 ]'
  "$TOOLS/load" http "$HTTP" 24 1 >"$BATS_TEST_TMPDIR/http" 3>&-
  grep -q ' failed=0$' "$BATS_TEST_TMPDIR/http"
  local ok pid
  ok=$(sed -n 's/^ok=\([0-9]*\) .*/\1/p' "$BATS_TEST_TMPDIR/http")
  # every request is counted, whoever served it
  wait_for 5 says ".http.requests >= $ok and .http.accepted >= 24"
  [ "$(admin /nodes | jq '[.nodes[].http.served] | add')" -ge "$ok" ]
  wait_for 5 says '.http.open == 0'
  # a worker has taken its share: each holds connections of a second load
  "$TOOLS/load" http "$HTTP" 64 100 >"$BATS_TEST_TMPDIR/http" 3>&- &
  local load=$!
  track "$load"
  for pid in $(pgrep -P "$DIRECTOR"); do
    wait_for 5 serves "$pid"
  done
  kill "$load"
  # what is configured reaches all
  backend 3
  register 3 other
  curl -sf -X PUT "http://127.0.0.1:$ADMIN/frameworks/$FRAMEWORK/clusters/other" >/dev/null
  many_n3() { for _ in {1..12}; do [ "$(get /name)" = n3 ] || return 1; done; }
  wait_for 10 many_n3
  # one that is killed is started again, and knows it too
  kill -KILL "$(pgrep -P "$DIRECTOR" | tail -n 1)"
  wait_for 10 eval '[ "$(workers $DIRECTOR)" -eq 3 ]'
  many_n3
  kill -TERM "$DIRECTOR"
  wait "$DIRECTOR"
  [ ! -e "$BATS_TEST_TMPDIR/handover" ]
}

@test "workers: a wrong configuration ends all of them" {
  run rm-director --zk "h:1" --zk-auth-file /no/such --cluster kv --workers 2 --http-port 0 --pb-port 0 --admin-port 0
  assert_failure 100
  run rm-director --zk h:1 --cluster kv --workers 0
  assert_failure 100
}

@test "a new process takes over: no client is refused, no request fails" {
  nodes 1 2
  director --handover "$BATS_TEST_TMPDIR/handover" --workers 2
  up 2
  "$TOOLS/load" http "$HTTP" 16 6 >"$BATS_TEST_TMPDIR/http" 3>&- &
  local http=$! pb old=$DIRECTOR round
  "$TOOLS/load" pb "$PB" 8 6 >"$BATS_TEST_TMPDIR/pb" 3>&- &
  pb=$!
  # clients that come anew, one after the other
  while get /name -f -o /dev/null; do :; done 2>"$BATS_TEST_TMPDIR/refused" 3>&- &
  local comers=$!
  track "$comers"
  for round in 1 2; do
    wait_for 5 says '.http.requests > 100'
    director --handover "$BATS_TEST_TMPDIR/handover" --workers $((round * 3))
    wait_for 10 eval '[ "$(grep -c "listening http" "$BATS_TEST_TMPDIR/log")" -eq $((round + 1)) ]'
    old=$DIRECTOR
  done
  [ "$(stat -c %a "$BATS_TEST_TMPDIR/handover")" = 600 ]
  wait "$http" || true
  wait "$pb" || true
  cat "$BATS_TEST_TMPDIR/http" "$BATS_TEST_TMPDIR/pb" "$BATS_TEST_TMPDIR/refused"
  kill -0 "$comers"
  grep -q ' failed=0$' "$BATS_TEST_TMPDIR/http"
  grep -q ' failed=0$' "$BATS_TEST_TMPDIR/pb"
  kill "$comers"
}

@test "one that leaves closes no connection that it said it would keep" {
  nodes 1
  director
  up 1
  exec 7<>"/dev/tcp/127.0.0.1/$HTTP"
  printf 'GET /pieces HTTP/1.1\r\nHost: x\r\n\r\n' >&7
  # its head has come, and promised nothing else
  [ "$(head -c 15 <&7)" = "HTTP/1.1 200 OK" ]
  kill -USR1 "$DIRECTOR"
  wait_for 5 silent "$HTTP"
  printf 'GET /name HTTP/1.1\r\nHost: x\r\n\r\n' >&7
  cat <&7 >"$BATS_TEST_TMPDIR/rest"
  exec 7>&-
  [ "$(grep -c '^n1' "$BATS_TEST_TMPDIR/rest")" -eq 2 ]
  [ "$(grep -c '^Connection: close' "$BATS_TEST_TMPDIR/rest")" -eq 1 ]
}

@test "a takeover that fails leaves the old one as it was" {
  nodes 1
  director --handover "$BATS_TEST_TMPDIR/handover"
  up 1
  run timeout 20 rm-director --zk "$ZK" --framework "$FRAMEWORK" --cluster kv --handover "$BATS_TEST_TMPDIR/handover" \
    --http-port "$HTTP" --pb-port "$PB" --admin-port "$ADMIN" --zk-auth-file /no/such
  assert_failure 100
  run get /name
  assert_output n1
  run rm-director --zk "$ZK" --cluster kv --handover "/$(printf '%0200d' 1)"
  assert_failure 100
}

# ---- HTTP ----

@test "bodies, in every way, both ways" {
  nodes 1 2
  director
  up 2
  head -c 3000000 /dev/urandom >"$BATS_TEST_TMPDIR/body"
  local way sum
  sum=$(curl -sS --data-binary @"$BATS_TEST_TMPDIR/body" "http://127.0.0.1:${NODE_HTTP[1]}/x" --interface 127.0.0.1 | cut -d' ' -f2-)
  for way in "" "Transfer-Encoding: chunked" "Expect: 100-continue"; do
    run get /x --data-binary @"$BATS_TEST_TMPDIR/body" -H "$way"
    assert_output --regexp "^n[12] $sum\$"
  done
  for way in bytes chunks close; do
    [ "$(get "/$way/3000000" | tr -d x | wc -c)" -eq 0 ]
    [ "$(get "/$way/3000000" | wc -c)" -eq 3000000 ]
    [ "$(get "/$way/0" | wc -c)" -eq 0 ]
  done
  run get /x -I
  assert_output --partial "Content-Length: 9"
  run get /x -X PUT --data ""
  assert_output --regexp '^n[12]$'
}

@test "the head is passed on without what is of one hop" {
  nodes 1
  director --address 127.0.0.1,::1
  up 1
  run curl -sS "http://[::1]:$HTTP/head"
  assert_line --partial "X-Forwarded-For: ::1"
  assert_line --partial 'Forwarded: for="[::1]"'
  run raw 'GET /head HTTP/1.1\r\nHost: x\r\nConnection: X-Hop, Forwarded\r\nForwarded: for=9.9.9.8\r\nX-Hop: 1\r\nX-Riak-Vclock: a85=\r\nX-Forwarded-For: 9.9.9.9\r\n\r\n'
  assert_line --partial "X-Riak-Vclock: a85="
  assert_line --partial "X-Forwarded-For: 9.9.9.9"
  assert_line --partial "X-Forwarded-For: 127.0.0.1"
  assert_line --partial "Forwarded: for=9.9.9.8"
  assert_line --partial "Forwarded: for=127.0.0.1"
  refute_output --partial "X-Hop"
  refute_output --partial "Connection"
}

@test "pipelined requests are answered in order, also a byte at a time" {
  nodes 1 2
  director
  up 2
  local requests='GET /slow/200 HTTP/1.1\r\nHost: x\r\n\r\nPUT /x HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello\r\nPUT /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\nGET /bytes/3 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
  for how in "" slow; do
    run raw "$requests" "$how"
    assert_success
    run grep -aE '^(n[12]|xxx)' <<<"$output"
    assert_line --index 0 --regexp '^n[12]$'
    assert_line --index 1 --regexp '^n[12] 5 [0-9]+$'
    assert_line --index 2 --regexp '^n[12] 5 [0-9]+$'
    assert_line --index 3 xxx
  done
}

@test "administrative paths are refused, however they are written" {
  nodes 1
  director --refuse /admin,/x/y/
  up 1
  local path
  for path in /admin /admin/ /admin/x '/admin?a' //admin '/%61dmin/x' '/%61%64min' '/admin%2Fx' /x/y /x//y/z; do
    run get "$path" -o /dev/null -w '%{http_code}' --path-as-is
    assert_output 403
  done
  run raw 'GET http://h/admin/x HTTP/1.1\r\nHost: h\r\n\r\n' open
  assert_line --index 0 --partial "403 Forbidden"
  for path in '/name' '/name?/admin'; do
    run get "$path"
    assert_output --partial n1
  done
  run get /adminx -o /dev/null -w '%{http_code}'
  refute_output 403
  for path in '/./admin' '/name/../admin' '/x/%2e%2E/admin'; do
    run get "$path" -o /dev/null -w '%{http_code}' --path-as-is
    assert_output 403
  done
  [ "$(admin /status | jq .http.refused)" -eq 14 ]
}

@test "a node that came up starts slowly" {
  nodes 1
  director --slow-start 600
  up 1
  nodes 2
  up 2
  local n count
  for n in {1..40}; do get /name; done >"$BATS_TEST_TMPDIR/names"
  count=$(grep -o n2 "$BATS_TEST_TMPDIR/names" | wc -l)
  [ "$count" -ge 1 ]
  [ "$count" -le 8 ]
}

@test "a node that has its connections gets no more: others do, or 503" {
  nodes 1
  director --node-connections 1
  up 1
  get /slow/3000 >"$BATS_TEST_TMPDIR/slow" &
  local slow=$!
  wait_for 10 says '.http.open == 1 and .http.requests == 1'
  run get /name -w '%{http_code}'
  assert_output --partial 503
  assert_output --partial "all nodes have as much to do"
  nodes 2
  up 2
  run get /name
  assert_output --partial n2
  wait "$slow"
}

@test "metrics for Prometheus" {
  nodes 1
  director
  up 1
  get /name
  run curl -sSi "http://127.0.0.1:$ADMIN/metrics"
  assert_line --partial "text/plain; version=0.0.4"
  assert_line 'rm_director_requests_total{protocol="http"} 1'
  assert_line "rm_director_node_up{node=\"riak-kv-1@127.0.0.1\",address=\"127.0.0.1:${NODE_HTTP[1]}\",protocol=\"http\"} 1"
  assert_line 'rm_director_zookeeper_connected 1'
  # every sample has its type before it
  run awk '/^# TYPE/ {known[$3]} /^rm_/ {sub(/[{ ].*/, ""); if (!($0 in known)) print}' \
    <(curl -sS "http://127.0.0.1:$ADMIN/metrics")
  assert_output ""
}

@test "HTTP/1.0 and a half-closed client" {
  nodes 1
  director
  up 1
  run raw 'GET /name HTTP/1.0\r\n\r\n' open
  assert_success
  assert_line --partial "Connection: close"
  assert_line n1
  run raw 'GET /name HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /name HTTP/1.0\r\n\r\n' open
  [ "$(grep -ac '^n1' <<<"$output")" -eq 2 ]
  # it has ended its half before the answer comes
  run raw 'GET /slow/300 HTTP/1.1\r\nHost: x\r\n\r\n'
  assert_success
  assert_line n1
}

@test "what could be smuggled is refused, and no node hears of it" {
  nodes 1
  director
  up 1
  local before bad
  before=$(admin /status | jq .http.requests)
  for bad in 'PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /name' \
    'PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!' \
    'GET /name HTTP/1.1\nHost: x\n\n' 'GET /name HTTP/1.1\r\nHost: x\r\n X: folded\r\n\r\n' \
    'GET /name HTTP/1.1\r\n\r\n' 'GET /name HTTP/1.1\r\nHost : x\r\n\r\n' 'nonsense\r\n\r\n'; do
    run raw "$bad" open
    assert_line --index 0 --partial "HTTP/1.1 400 Bad Request"
    [ "$(grep -ac '^HTTP/1' <<<"$output")" -eq 1 ]
  done
  run raw 'PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n' open
  assert_line --index 0 --partial "501"
  [ "$(admin /status | jq .http.requests)" -eq "$before" ]
  # a broken chunk ends the request at the node too
  run raw 'PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n' open
  assert_line --index 0 --partial "400"
}

# smuggled TEXT: it is refused, with one answer and the end of the connection.
smuggled() {
  run raw "$1" open
  assert_line --index 0 --regexp '^HTTP/1.1 (400|501) '
  [ "$(grep -ac '^HTTP/1' <<<"$output")" -eq 1 ] || fail "more than one answer to $1"
}

@test "request smuggling: two ways to see an end are refused" {
  nodes 1
  director
  up 1
  local host='Host: x\r\n' hidden='GET /admin HTTP/1.1\r\nHost: x\r\n\r\n' field
  local -a fields=(
    'Transfer-Encoding: xchunked' 'Transfer-Encoding : chunked' ' Transfer-Encoding: chunked'
    'Transfer-Encoding: chunked, chunked' 'Transfer-Encoding: chunked, identity' 'Transfer-Encoding: gzip, chunked'
    'Transfer-Encoding: \x0bchunked' 'Transfer-Encoding: "chunked"' 'Transfer-Encoding:'
    'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity' 'Transfer-Encoding: chunked\r\nContent-Length: 5'
    'Content-Length: 5\r\nTransfer-Encoding: chunked' 'X: y\rTransfer-Encoding: chunked' 'X: y\nTransfer-Encoding: chunked'
    'X: \r\n\tTransfer-Encoding: chunked' 'Transfer_Encoding\x00: chunked' 'Content-Length: +5' 'Content-Length: 0x5'
    'Content-Length: 5 5' 'Content-Length: 5,5' 'Content-Length: 5, 6' 'Content-Length: -1' 'Content-Length: 5;'
    'Content-Length:' 'Content-Length: 99999999999999999999' 'Content-Length: 5\r\nContent-Length: 05\x000'
    'Content-Length : 5' 'Content-Length\t: 5' 'Content\x0bLength: 5' ': 5')
  for field in "${fields[@]}"; do
    smuggled "PUT /x HTTP/1.1\r\n$host$field\r\n\r\n0\r\n\r\n$hidden"
  done
  # nothing of it reached a node
  says '.http.requests == 0'
  # chunks whose ends two readers see differently; the node's connection ends
  local chunk
  for chunk in '5\nhello\n0\n\n' '5 \r\nhello\r\n0\r\n\r\n' '0x5\r\nhello\r\n0\r\n\r\n' '-5\r\nhello\r\n0\r\n\r\n' \
    '5\r\nhelloX\r\n0\r\n\r\n' '5;a\nb\r\nhello\r\n0\r\n\r\n' '5\rX\nhello\r\n0\r\n\r\n' '\r\n5\r\nhello\r\n0\r\n\r\n' \
    '10000000000000005\r\nhello\r\n0\r\n\r\n' '5\r\nhello\r\n0\r\n X: folded\r\n\r\n' '5\r\nhello\r\n0\r\nX: \x00\r\n\r\n' ; do
    smuggled "PUT /x HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n$chunk$hidden"
  done
  # what a body looks like does not matter, nor what a trailer says of a length
  run raw "GET /x HTTP/1.1\r\n${host}Content-Length: 32\r\n\r\n${hidden}GET /name HTTP/1.1\r\n${host}Connection: close\r\n\r\n" open
  [ "$(grep -ac '^HTTP/1' <<<"$output")" -eq 2 ]
  refute_output --partial 403
  run raw "PUT /x HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\nContent-Length: 9\r\n\r\nGET /name HTTP/1.1\r\n${host}Connection: close\r\n\r\n" open
  assert_line --partial 'n1 5 '
  assert_line n1
  [ "$(grep -ac '^HTTP/1' <<<"$output")" -eq 2 ]
  # what a Connection names can't take away what frames or routes a message
  run raw "PUT /x HTTP/1.1\r\n${host}Connection: Content-Length, Host\r\nContent-Length: 5\r\n\r\nhelloGET /head HTTP/1.1\r\n${host}Connection: Host, close\r\n\r\n" open
  assert_line --partial 'n1 5 '
  assert_line --partial 'Host: x'
}

@test "what a node answers can't be smuggled into another's answer" {
  nodes 1
  director
  up 1
  # more than was asked for, at once: thrown away with the connection
  run raw 'GET /extra HTTP/1.1\r\nHost: x\r\n\r\nGET /name HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' open
  assert_line n1
  refute_output --partial evil
  # and a moment later, on one that is kept: it is closed
  run get /later
  assert_output ok
  wait_for 5 eval '! ss -Htn state established "dport = :${NODE_HTTP[1]}" | grep -q .'
  run get /name
  assert_output n1
  # two lengths
  run get /both -w '%{http_code}'
  assert_output --partial 502
}

@test "heads that are too large or too slow" {
  nodes 1
  director --header-size 1000 --header-time 0.5
  up 1
  run raw "GET /name HTTP/1.1\r\nHost: x\r\nX: $(printf '%01000d' 1)\r\n\r\n" open
  assert_line --index 0 --partial "431"
  run raw 'GET /name HTTP/1.1\r\nHost: x\r\n' open
  assert_line --index 0 --partial "408"
  # one that trickles has no more time
  local start=$SECONDS
  run raw "GET /name HTTP/1.1\r\nHost: x\r\nX: $(printf '%0900d' 1)" slow
  ((SECONDS - start < 5))
}

@test "a request that takes too long gets 504, and the next its own time" {
  nodes 1 2
  director --request-time 1
  up 2
  run get /slow/4000 -w '%{http_code}'
  assert_output --partial "in time"
  assert_output --partial 504
  run get /slow/100 -w '%{http_code}'
  assert_output --partial 200
  # one connection, longer than the limit, in requests that are not
  run get '/slow/[401-404]' -w '%{http_code} %{num_connects}\n'
  assert_equal "$(grep -c '200 0' <<<"$output")" 3
}

@test "an idle client is let go" {
  nodes 1
  director --idle-time 0.3 --pb-idle-time 0.3
  up 1
  run raw 'GET /name HTTP/1.1\r\nHost: x\r\n\r\n' open
  assert_success
  assert_line n1
  run pb "$PING" open
  assert_output "$PONG"
}

@test "a lost connection: asked again only when that is safe" {
  nodes 1 2
  director
  up 2
  run get /reset-once
  assert_output --regexp '^n[12]$'
  rm "$BATS_TEST_TMPDIR/reset"
  run get /reset-once -X PUT -w '%{http_code}'
  assert_output --partial 502
  [ -e "$BATS_TEST_TMPDIR/reset" ]
  rm "$BATS_TEST_TMPDIR/reset"
  run get /reset-once -X GET --data x -w '%{http_code}'
  assert_output --partial 502
  # the answer had begun
  run get /half
  assert_failure
  run get /garbage -w '%{http_code}'
  assert_output --partial 502
  # no node answers it
  run get /reset -w '%{http_code}'
  assert_output --partial 503
  # all others go on
  run get /name
  assert_success
}

@test "a node that refuses is passed over, for every method" {
  nodes 1 2
  director --check-interval 30
  up 2
  kill -KILL "${NODE_PID[1]}"
  wait_for 5 gone "${NODE_PID[1]}"
  for _ in 1 2 3 4 5 6; do
    run get /x -X PUT --data hello
    assert_output --partial "n2 5"
  done
}

@test "an early answer reaches a client that is still sending" {
  nodes 1
  director
  up 1
  head -c 2000000 /dev/zero >"$BATS_TEST_TMPDIR/body"
  run get /early --data-binary @"$BATS_TEST_TMPDIR/body" -H Expect: -w '%{http_code}' -o /dev/null
  assert_output --partial 413
  run get /early --data-binary @"$BATS_TEST_TMPDIR/body" -H 'Expect: 100-continue' -w '%{http_code}' -o /dev/null
  assert_output --partial 413
}

@test "a slow reader costs no memory, and gets it all" {
  nodes 1
  director
  up 1
  local before
  get /name
  before=$(awk '/^VmRSS/ {print $2}' "/proc/$DIRECTOR/status")
  exec 7<>"/dev/tcp/127.0.0.1/$HTTP"
  printf 'GET /bytes/200000000 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' >&7
  head -c 1000 <&7 >/dev/null
  sleep 0.5 # for the node to send as much as it may
  local rss
  rss=$(awk '/^VmRSS/ {print $2}' "/proc/$DIRECTOR/status")
  echo "resident: $before, then $rss KiB"
  ((rss - before < 10000))
  [ "$(wc -c <&7)" -gt 199999000 ]
  exec 7>&-
}

@test "the limit of connections holds, and is lifted" {
  nodes 1
  director --connections 3
  up 1
  exec 5<>"/dev/tcp/127.0.0.1/$HTTP" 6<>"/dev/tcp/127.0.0.1/$HTTP" 7<>"/dev/tcp/127.0.0.1/$HTTP"
  wait_for 5 says '.http.open == 3'
  run get /name -m 0.5
  assert_failure
  exec 5>&-
  run get /name -m 5
  assert_output n1
  exec 6>&- 7>&-
}

# ---- the cases that the page lists ----

@test "every case of HTTP in the page has a test, and no other" {
  run diff <(sed -n '/^\.Ss Cases of HTTP/,/^\.Ss TLS/s/^\.It //p' "$TOP/man/rm-director.8" | sort) \
    <(sed -n 's/^@test "HTTP: \(.*\)" {$/\1/p' "$BATS_TEST_FILENAME" | sort)
  assert_output ""
}

# one node, and a Director that is ready
one() {
  nodes 1
  director "$@"
  up 1
}

END='Host: x\r\nConnection: close\r\n\r\n'

@test "HTTP: 100-continue" {
  one
  run raw "PUT /x HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n${END}hello" open
  assert_line --index 0 --partial "HTTP/1.1 100"
  assert_line --partial 'n1 5 '
  run raw "PUT /early HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n$END" open
  assert_line --index 0 --partial "HTTP/1.1 413"
  run raw "PUT /x HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello" open
  assert_line --index 0 --partial "HTTP/1.1 200"
  run raw "PUT /x HTTP/1.1\r\nExpect: more\r\n$END" open
  assert_line --index 0 --partial "HTTP/1.1 417"
}

@test "HTTP: chunked bodies" {
  one
  local body='3;a=b\r\nabc\r\n00000A\r\n0123456789\r\n0\r\nX-Trailer: 1\r\n\r\n' how
  for how in open slow; do
    run raw "PUT /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n$END$body" "$how"
    assert_line --partial 'n1 13 '
  done
  run raw "GET /chunks/2500 HTTP/1.1\r\n$END" open
  assert_line --partial '3e8'
  [ "$(grep -ao x <<<"$output" | wc -l)" -eq 2500 ]
}

@test "HTTP: multipart answers" {
  one
  run get /multipart -i
  assert_line --index 0 --partial "HTTP/1.1 300 Multiple Choices"
  assert_line --partial 'multipart/mixed; boundary=b'
  diff <(get /multipart) <(curl -sS "http://127.0.0.1:${NODE_HTTP[1]}/multipart")
}

@test "HTTP: upgrade" {
  one
  run raw "GET /head HTTP/1.1\r\nHost: x\r\nUpgrade: h2c, websocket\r\nHTTP2-Settings: AA\r\nConnection: close, Upgrade, HTTP2-Settings\r\n\r\n" open
  assert_line --index 0 --partial "HTTP/1.1 200"
  refute_output --regexp '[Uu]pgrade|HTTP2'
  run raw "CONNECT h:1 HTTP/1.1\r\n$END" open
  assert_line --index 0 --partial "HTTP/1.1 405"
  # a node that switches all the same is not believed
  run get /switch -w '%{http_code}'
  assert_output --partial 502
}

@test "HTTP: pipelining" {
  nodes 1 2
  director
  up 2
  local ask='GET /name HTTP/1.1\r\nHost: x\r\n\r\n'
  run raw "GET /slow/200 HTTP/1.1\r\nHost: x\r\n\r\n$ask$ask${ask}GET /bytes/3 HTTP/1.1\r\n$END" open
  run grep -aE '^(n[12]|xxx)' <<<"$output"
  assert_equal "${#lines[@]}" 5
  assert_line --index 4 xxx
  [ "$(sort -u <<<"$output" | grep -c '^n')" -eq 2 ]
}

@test "HTTP: half-closed clients" {
  one
  run raw 'GET /slow/300 HTTP/1.1\r\nHost: x\r\n\r\nPUT /x HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello'
  assert_success
  assert_line n1
  assert_line --partial 'n1 5 '
  run raw 'PUT /x HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhell'
  refute_output --partial 200
  run raw 'GET /name HTTP/1.1\r\nHost: x\r\n'
  assert_output ""
}

@test "HTTP: HTTP/1.0" {
  one
  run raw 'GET /head HTTP/1.0\r\nX: y\r\n\r\n' open
  assert_line --partial "GET /head HTTP/1.0"
  assert_line --partial "Connection: close"
  run raw 'GET /name HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /name HTTP/1.0\r\n\r\n' open
  [ "$(grep -ac '^n1' <<<"$output")" -eq 2 ]
  run raw 'PUT /x HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n' open
  assert_line --index 0 --partial "HTTP/1.1 400"
}

@test "HTTP: answers without a length" {
  one
  run raw 'GET /close/2500 HTTP/1.1\r\nHost: x\r\n\r\nGET /name HTTP/1.1\r\nHost: x\r\n\r\n' open
  assert_success
  assert_line --partial "Connection: close"
  [ "$(grep -ao x <<<"$output" | wc -l)" -eq 2500 ]
  refute_line n1
  # the node is lost before its end
  run raw 'GET /cut HTTP/1.1\r\nHost: x\r\n\r\n' open
  assert_failure 1
}

@test "HTTP: answers without a body" {
  one
  run raw "HEAD /x HTTP/1.1\r\nHost: x\r\n\r\nGET /empty/204 HTTP/1.1\r\nHost: x\r\n\r\nGET /empty/304 HTTP/1.1\r\nHost: x\r\n\r\nGET /name HTTP/1.1\r\n$END" open
  run grep -aE '^(HTTP|n1)' <<<"$output"
  assert_line --index 0 --partial 200
  assert_line --index 1 --partial 204
  assert_line --index 2 --partial 304
  assert_line --index 3 --partial 200
  assert_line --index 4 n1
}

@test "HTTP: early answers" {
  one
  head -c 2000000 /dev/zero >"$BATS_TEST_TMPDIR/body"
  run get /early --data-binary @"$BATS_TEST_TMPDIR/body" -H Expect: -w '%{http_code} %{num_connects}' -o /dev/null
  assert_output "413 1"
}

@test "HTTP: absolute targets" {
  one
  run raw "GET http://other/head HTTP/1.1\r\n$END" open
  # to this node /head alone is something else
  assert_line n1
  run raw "GET http://other/admin HTTP/1.1\r\n$END" open
  assert_line --index 0 --partial "HTTP/1.1 403"
}

@test "HTTP: other transfer codings" {
  one
  run raw "PUT /x HTTP/1.1\r\nTransfer-Encoding: gzip\r\n$END" open
  assert_line --index 0 --partial "HTTP/1.1 501"
}

@test "HTTP: other versions" {
  one
  run raw "GET /name HTTP/2.0\r\n$END" open
  assert_line --index 0 --partial "HTTP/1.1 505"
  run raw 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' open
  assert_line --index 0 --regexp "HTTP/1.1 (400|505)"
}

# ---- protocol buffers ----

@test "protocol buffers: pipelined, in pieces, half-closed" {
  nodes 1
  director
  up 1
  # get "s": 50 ms; get "a"; ping
  run pb "00000002097300000002096100000001010000000107"
  assert_output "000000020a73000000020a6100000001020000000308$(printf n1 | od -An -tx1 | tr -d ' ')"
  run pb "00000002097300000002096100000001010000000107" slow
  assert_output "000000020a73000000020a6100000001020000000308$(printf n1 | od -An -tx1 | tr -d ' ')"
  # many messages are one answer
  run pb "00000002116b$PING"
  assert_output "00000004120a016b00000004120a016b00000003121001$PONG"
  # unknown: the node's own words
  run pb "00000002fa78$PING"
  assert_output "00000009000a0477686174100$(printf 0)$PONG"
  # length 0 ends it, behind the answers
  run pb "${PING}00000000${PING}" open
  assert_output "$PONG"
}

@test "protocol buffers: reads go to another node, writes do not" {
  nodes 1 2
  director
  up 2
  # get "R": reset once
  run pb "000000020952$PING"
  assert_output "000000020a52$PONG"
  [ -e "$BATS_TEST_TMPDIR/reset" ]
  says '.protobuf.retries == 1'
  # delete: the connection ends, nothing is asked again
  run pb "000000020d52$PING" open
  assert_output ""
  says '.protobuf.retries == 1'
}

@test "protocol buffers: a node that refuses is passed over" {
  nodes 1 2
  director --check-interval 30
  up 2
  kill -KILL "${NODE_PID[1]}"
  wait_for 5 gone "${NODE_PID[1]}"
  for _ in 1 2 3 4; do
    run pb "000000020b61$PING"
    assert_output "000000010c$PONG"
  done
}

@test "sockets that are passed on: starting again refuses nobody" {
  nodes 1
  # shellcheck disable=SC2016 # for the shell that holds the socket
  local twice='for run in 1 2; do
    (LISTEN_PID=$BASHPID LISTEN_FDS=1 LISTEN_FDNAMES=http exec "$@") &
    echo $! >"$HELD/pid$run"
    wait $!
    touch "$HELD/ended$run"
    until [ -e "$HELD/go" ]; do sleep 0.05; done
  done'
  HELD=$BATS_TEST_TMPDIR "$TOOLS/hold" "$HTTP" bash -c "$twice" hold rm-director --zk "$ZK" \
    --framework "$FRAMEWORK" --cluster kv --pb-port "$PB" --admin-port "$ADMIN" --check-interval 0.2 \
    2>"$BATS_TEST_TMPDIR/log" &
  track $!
  wait_for 10 listens "$ADMIN"
  up 1
  run get /name
  assert_output --partial n1
  track "$(cat "$BATS_TEST_TMPDIR/pid1")"
  kill "$(cat "$BATS_TEST_TMPDIR/pid1")"
  wait_for 10 test -e "$BATS_TEST_TMPDIR/ended1"
  # nobody accepts, and yet nobody is refused
  get /name --retry 20 --retry-delay 1 --max-time 30 >"$BATS_TEST_TMPDIR/waited" &
  local client=$!
  touch "$BATS_TEST_TMPDIR/go"
  wait_for 10 test -s "$BATS_TEST_TMPDIR/pid2"
  track "$(cat "$BATS_TEST_TMPDIR/pid2")"
  wait "$client"
  grep -q n1 "$BATS_TEST_TMPDIR/waited"
  run env LISTEN_FDS=1 bash -c 'LISTEN_PID=$$ exec rm-director --zk h:1 --cluster kv 3</dev/null'
  assert_failure 100
  assert_output --partial "descriptor 3 is no listening socket"
}

@test "the admin port can be passed on too" {
  nodes 1
  # shellcheck disable=SC2016 # for the shell that holds the socket
  "$TOOLS/hold" "$ADMIN" bash -c 'LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=admin exec "$@"' hold rm-director \
    --zk "$ZK" --framework "$FRAMEWORK" --cluster kv --http-port "$HTTP" --pb-port "$PB" --admin-port 1 \
    --check-interval 0.2 2>"$BATS_TEST_TMPDIR/log" 3>&- &
  track $!
  up 1
  wait_for 10 get /name -f -o /dev/null
}

@test "stops when what is under way has ended" {
  nodes 1
  director
  up 1
  get /slow/700 -i >"$BATS_TEST_TMPDIR/slow" 3>&- &
  local slow=$!
  wait_for 5 eval 'admin /nodes | jq -e ".nodes[0].http.active == 1"'
  kill -TERM "$DIRECTOR"
  wait_for 5 silent "$HTTP"
  wait "$slow"
  run cat "$BATS_TEST_TMPDIR/slow"
  assert_line n1
  wait "$DIRECTOR"
}

# ---- with a Riak ----

@test "in front of a stand-in for Riak" {
  [ -e "${RM_BUILD:-}/riak-standin.tar.gz" ] && PACKAGE=$RM_BUILD/riak-standin.tar.gz || {
    PACKAGE=$BATS_TEST_TMPDIR/riak.tar.gz
    "$TOP/tests/standin-riak/package.sh" "$PACKAGE"
  }
  tar -xzf "$PACKAGE" -C "$BATS_TEST_TMPDIR"
  NODE_HTTP[1]=$(free_port) NODE_PB[1]=$(free_port)
  export ERL_EPMD_ADDRESS=127.0.0.1 ERL_EPMD_PORT STANDIN_READY_MS=100 STANDIN_PING_MS=0
  ERL_EPMD_PORT=$(free_port)
  local manager
  manager=$(free_port)
  export ERL_ZFLAGS="-start_epmd false -riak_core cluster_mgr {\\\"127.0.0.1\\\",$manager}"
  epmd 3>&- &
  track $!
  wait_for 10 epmd -names
  printf '%s\n' "nodename = riak1@127.0.0.1" "listener.http.internal = 127.0.0.1:${NODE_HTTP[1]}" \
    "listener.protobuf.internal = 127.0.0.1:${NODE_PB[1]}" "handoff.ip = 127.0.0.1" "handoff.port = $(free_port)" \
    "platform_data_dir = ../data" "erlang.distribution.interface = 127.0.0.1" >>"$BATS_TEST_TMPDIR/riak/etc/riak.conf"
  "$BATS_TEST_TMPDIR/riak/bin/riak" foreground >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
  track $!
  register 1
  director
  up 1
  wait_for 20 get /buckets/b/keys/k -f -X PUT -H 'Content-Type: text/plain' --data-binary v1
  run get /buckets/b/keys/k
  assert_output v1
  run pb 0000000107
  assert_output 00000019080a0f7269616b31403132372e302e302e311205332e322e33
  run get /buckets/b/keys/k -X DELETE -w '%{http_code}'
  assert_output 204
}

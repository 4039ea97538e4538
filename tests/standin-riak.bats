#!/usr/bin/env bats
# The stand-in for Riak: what a keeper of a real node would see of it.

load helper

setup_file() {
  export PACKAGE=$BATS_FILE_TMPDIR/riak.tar.gz
  "$BATS_TEST_DIRNAME/standin-riak/package.sh" "$PACKAGE"
}

setup() {
  export ERL_EPMD_ADDRESS=127.0.0.1 ERL_EPMD_PORT STANDIN_READY_MS=100 STANDIN_PING_MS=0 STANDIN_WAIT_S=0.1
  ERL_EPMD_PORT=$(free_port)
  HTTP=$(free_port) PB=$(free_port) HANDOFF=$(free_port) MANAGER=$(free_port)
  NODE=riak1@127.0.0.1
  export ERL_ZFLAGS="-start_epmd false -riak_core cluster_mgr {\\\"127.0.0.1\\\",$MANAGER}"
  epmd 3>&- &
  track $!
  wait_for 10 epmd -names
  unpack "$BATS_TEST_TMPDIR/one"
}

teardown() {
  stop_tracked
}

# A fresh sandbox; its node keeps its data beside riak/, as the executor has it.
unpack() {
  mkdir -p "$1"
  tar -xzf "$PACKAGE" -C "$1"
  RIAK=$1/riak
  set_conf "nodename = $NODE" "listener.http.internal = 127.0.0.1:$HTTP" "listener.protobuf.internal = 127.0.0.1:$PB" \
    "handoff.ip = 127.0.0.1" "handoff.port = $HANDOFF" "platform_data_dir = ../data" \
    "erlang.distribution.interface = 127.0.0.1"
}

set_conf() {
  printf '%s\n' "$@" >>"$RIAK/etc/riak.conf"
}

start() {
  "$RIAK/bin/riak" foreground >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
  VM=$!
  track "$VM"
}

ready() {
  wait_for 20 put ready yes
}

start_ready() {
  start
  ready
}

url() {
  echo "http://127.0.0.1:$HTTP$1"
}

put() {
  curl -sf -X PUT -H 'Content-Type: text/plain' --data-binary "$2" "$(url "/buckets/b/keys/$1")"
}

get() {
  curl -sf "$(url "/buckets/b/keys/$1")"
}

# pb HEX LENGTH: send a frame, print so many bytes of the answer.
pb() {
  local answer
  exec 9<>"/dev/tcp/127.0.0.1/$PB"
  # shellcheck disable=SC2001 # a pattern of two characters is beyond ${//}
  printf '%b' "$(sed 's/../\\x&/g' <<<"$1")" >&9
  answer=$(timeout 10 head -c "$2" <&9 | od -An -v -tx1 | tr -d ' \n')
  exec 9>&-
  echo "$answer"
}

# pb_says REQUEST ANSWER
pb_says() {
  run pb "$1" $((${#2} / 2))
  assert_output "$2"
}

riak() {
  timeout $((20 * ${WAIT_SCALE:-1})) "$RIAK/bin/riak" "$@"
}

@test "a node starts, serves after /ping, and ends at SIGTERM with 0" {
  STANDIN_READY_MS=$((2000 * ${WAIT_SCALE:-1})) start
  wait_for 20 curl -sf "$(url /ping)"
  run curl -s -w ' %{http_code}' -X PUT -d x "$(url /buckets/b/keys/k)"
  assert_output --partial ' 500'
  run riak admin wait-for-service riak_kv "$NODE"
  assert_success
  assert_line --index 0 'riak_kv is not up: [riak_pipe]'
  assert_output --regexp 'riak_kv is up$'
  put k x
  run riak ping
  assert_success
  assert_output pong
  run riak pid
  assert_success
  assert_output "$VM"
  kill -TERM "$VM"
  wait "$VM"
  run riak ping
  assert_failure 1
  assert_output "Node $NODE is not responding to pings"
  run riak pid
  assert_failure 1
  assert_output "Node $NODE is not responding to pings"
}

@test "stop ends the node, and prints ok" {
  start_ready
  run riak stop
  assert_success
  assert_output ok
  wait "$VM"
  run riak stop
  assert_failure 1
}

@test "a node that runs already is not started again" {
  start_ready
  run riak foreground
  assert_failure 1
  assert_output 'Node is already running!'
  riak ping
}

@test "HTTP: objects, as the real one answers" {
  start_ready
  put k hello
  run curl -si "$(url /buckets/b/keys/k)"
  assert_output --partial 'HTTP/1.1 200 OK'
  assert_output --regexp 'X-Riak-Vclock: a85hYGBg'
  assert_output --partial 'Link: </buckets/b>; rel="up"'
  assert_output --regexp 'ETag: "[0-9A-Za-z]{15,22}"'
  assert_output --partial 'Content-Type: text/plain'
  assert_output --regexp 'hello$'
  run curl -s -w '%{http_code}' "$(url /buckets/b/keys/none)"
  assert_output $'not found\n404'
  run curl -s -w ' %{http_code}' "$(url /types/nosuch/buckets/b/keys/k)"
  assert_output 'Unknown bucket type: nosuch 404'
  run curl -s "$(url /types/default/buckets/b/keys/k)"
  assert_output hello
  run curl -s "$(url '/buckets/b/keys?keys=true')"
  assert_output --partial '"k"'
  run curl -s "$(url '/buckets?buckets=true')"
  assert_output '{"buckets":["b"]}'
  run curl -sI "$(url /buckets/b/keys/k)"
  assert_output --partial 'Content-Length: 5'
  run curl -s -o /dev/null -w '%{http_code}' -X PATCH "$(url /buckets/b/keys/k)"
  assert_output 501
  run curl -s -o /dev/null -w '%{http_code}' -X DELETE "$(url /buckets/b/keys/k)"
  assert_output 204
  run curl -s "$(url /buckets/b/keys/k)"
  assert_output 'not found'
  run curl -si -X POST -H 'Content-Type: text/plain' -d auto "$(url /buckets/b/keys)"
  assert_output --partial 'HTTP/1.1 201 Created'
  assert_output --regexp 'Location: /buckets/b/keys/[0-9A-Z]+'
  run curl -s "$(url /stats)"
  assert_output --partial "\"ring_ownership\":\"[{'$NODE',64}]\""
}

@test "HTTP: names of any bytes, and requests that are none" {
  start_ready
  curl -sf -X PUT -d odd "$(url /buckets/%FF%2F/keys/%C3%A4%zz?x=%zz)"
  run curl -si "$(url /buckets/%ff%2f/keys/%c3%a4%zz)"
  assert_output --partial 'Link: </buckets/%FF%2F>; rel="up"'
  assert_output --regexp 'odd$'
  run curl -s -o /dev/null -w '%{http_code}' -X PUT -H 'Content-Length: no' -d '' "$(url /buckets/b/keys/k)"
  assert_output 400
  exec 9<>"/dev/tcp/127.0.0.1/$HTTP"
  printf 'nonsense\r\n\r\n' >&9
  run timeout 10 head -n 1 <&9
  exec 9>&-
  assert_output --partial '400 Bad Request'
}

@test "HTTP: chunks, 100-continue and a kept connection" {
  start_ready
  head -c 300000 /dev/urandom >"$BATS_TEST_TMPDIR/value"
  run curl -si -H 'Expect: 100-continue' -H 'Transfer-Encoding: chunked' -X PUT -T "$BATS_TEST_TMPDIR/value" \
    "$(url /buckets/b/keys/big)"
  assert_output --partial '100 Continue'
  assert_output --partial '204 No Content'
  get big | cmp - "$BATS_TEST_TMPDIR/value"
  run curl -s -o /dev/null -o /dev/null -w '%{num_connects} ' "$(url /ping)" "$(url /buckets/b/keys/big)"
  assert_output '1 0 '
}

@test "protocol buffers: the exchanges of the capture" {
  set_conf 'ring_size = 16'
  start_ready
  put key-0 x
  pb_says 0000000101 0000000102
  pb_says 0000000107 00000019080a0f7269616b31403132372e302e302e311205332e322e33
  pb_says 0000001c0b0a016212016b22130a0568656c6c6f120a746578742f706c61696e 000000010c
  run pb 00000007090a016212016b 30
  assert_output --regexp '^000000..0a0a..0a0568656c6c6f120a746578742f706c61696e'
  pb_says 0000000a090a016212046e6f6e65 000000010a
  pb_says 0000000f090a016212016b6a066e6f73756368 0000000c000a076e6f5f747970651000
  pb_says 00000002fa78 0000001e000a19556e6b6e6f776e206d65737361676520636f64653a203235301000
  pb_says 00000001010000000101 00000001020000000102
  pb_says 0000000b210a016212056b65792d30 \
    00000046220a15080b120f7269616b31403132372e302e302e3118010a15080c120f7269616b31403132372e302e302e3118010a15080d120f7269616b31403132372e302e302e311801
  pb_says 000000070d0a016212016b 000000010e
  pb_says 00000007090a016212016b 000000010a
}

@test "protocol buffers: a bad body leaves the connection, length 0 ends it" {
  start_ready
  # More is asked for than comes: only the end of the stream ends this in time.
  run pb 0000000309ffff000000010100000000 200
  assert_output --regexp '^000000..000a[0-9a-f]*10000000000102$'
}

@test "what was answered for survives SIGKILL and a torn record" {
  start_ready
  (for ((i = 0; ; i++)); do
    put "k$i" "v$i" 2>/dev/null || break
    echo "$i" >>"$BATS_TEST_TMPDIR/acked"
  done) 3>&- &
  writer=$!
  wait_for 20 grep -qx 30 "$BATS_TEST_TMPDIR/acked"
  kill -KILL "$VM"
  wait "$VM" || true
  wait "$writer"
  printf '\0\0\1\0torn' >>"$RIAK/../data/bitcask/standin.log"
  start_ready
  while read -r i; do
    run get "k$i"
    assert_output "v$i"
  done <"$BATS_TEST_TMPDIR/acked"
  run cat "$RIAK/log/console.log"
  assert_output --partial 'torn record cut off, 8 bytes'
  put after torn
  kill -KILL "$VM"
  wait "$VM" || true
  start_ready
  run get after
  assert_output torn
}

@test "the same relative path in a new sandbox has the data, another path is refused" {
  start_ready
  put k kept
  riak stop
  unpack "$BATS_TEST_TMPDIR/two"
  mv "$BATS_TEST_TMPDIR/one/data" "$BATS_TEST_TMPDIR/two/data"
  start_ready
  run get k
  assert_output kept
  riak stop
  set_conf "platform_data_dir = $BATS_TEST_TMPDIR/two/data"
  run riak foreground
  assert_failure 1
  assert_output --partial 'was written under the configured path ../data, refusing to open it'
}

@test "chkconfig and cuttlefish: the last setting wins, an unknown one is an error" {
  set_conf 'ring_size = 16 # smaller' 'multi_backend.a.leveled.cache_size = 1' 'storage_backend = leveled'
  run riak chkconfig
  assert_success
  assert_line --index 0 'config is OK'
  assert_line --index 1 --regexp "^-config /.*/app\.[0-9.]+\.config -args_file /.*/vm\.[0-9.]+\.args -vm_args /.*\.args$"
  run cat "$RIAK"/generated.conf/app.*.config
  assert_output --partial '{ring_creation_size,16}'
  assert_output --partial '{platform_data_dir,"../data"}'
  assert_output --partial '{leveled,[{data_root,"../data/leveled"}]}'
  set_conf 'no.such.key = 1'
  run riak chkconfig
  assert_failure 1
  refute_output --partial no.such.key
  cd "$RIAK"
  run bin/cuttlefish -e ./etc -d ./generated.conf -s ./share/schema -c ./etc/riak.conf
  assert_failure 1
  assert_output --partial 'Conf file attempted to set unknown variable: no.such.key'
}

@test "a bad value or a broken advanced.config keeps the node from starting" {
  set_conf 'ring_size = many'
  run riak foreground
  assert_failure 1
  assert_output --partial '"many" cannot be converted to a(n) integer'
  set_conf 'ring_size = 16'
  echo '[{riak_core,' >"$RIAK/etc/advanced.config"
  run riak foreground
  assert_failure 1
  assert_output --regexp 'Error parsing .*advanced.config'
}

@test "the cluster manager takes no address that no interface is given" {
  export ERL_ZFLAGS="-start_epmd false -riak_core cluster_mgr {\\\"127.0.0.2\\\",$MANAGER}"
  run riak foreground
  assert_failure 1
  assert_output --partial "cannot listen on 127.0.0.2:$MANAGER for cluster_mgr: can't assign requested address"
}

@test "a port that is taken is named" {
  start_ready
  HTTP=$(free_port)
  unpack "$BATS_TEST_TMPDIR/two"
  set_conf 'nodename = riak2@127.0.0.1'
  run riak foreground
  assert_failure 1
  assert_output --partial "cannot listen on 127.0.0.1:$PB for pb: address already in use"
}

@test "an -epmd_module needs CODE_LOADING_MODE=interactive" {
  mkdir "$BATS_TEST_TMPDIR/module"
  cat >"$BATS_TEST_TMPDIR/module/own_epmd.erl" <<'ERL'
-module(own_epmd).
-export([start_link/0, register_node/2, register_node/3, port_please/2, port_please/3, names/1]).
start_link() -> erl_epmd:start_link().
register_node(N, P) -> erl_epmd:register_node(N, P).
register_node(N, P, F) -> erl_epmd:register_node(N, P, F).
port_please(N, H) -> erl_epmd:port_please(N, H).
port_please(N, H, T) -> erl_epmd:port_please(N, H, T).
names(H) -> erl_epmd:names(H).
ERL
  erlc -o "$BATS_TEST_TMPDIR/module" "$BATS_TEST_TMPDIR/module/own_epmd.erl"
  export ERL_ZFLAGS="$ERL_ZFLAGS -epmd_module own_epmd -pa $BATS_TEST_TMPDIR/module" ERL_CRASH_DUMP_SECONDS=0
  run riak foreground
  assert_failure 1
  CODE_LOADING_MODE=interactive start_ready
  NODETOOL_NODE_PREFIX=fixed run riak ping
  assert_success
  assert_output pong
}

@test "with -start_epmd false no command leaves an epmd behind" {
  stop_tracked
  run riak ping
  assert_failure 1
  run epmd -names
  assert_failure
}

@test "admin commands, in Riak's words" {
  start_ready
  run riak admin member-status
  assert_success
  assert_output - <<'TEXT'
================================= Membership ==================================
Status     Ring    Pending    Node
-------------------------------------------------------------------------------
valid     100.0%      --      riak1@127.0.0.1
-------------------------------------------------------------------------------
Valid:1 / Leaving:0 / Exiting:0 / Joining:0 / Down:0
ok
TEXT
  run riak admin ringready
  assert_output $'TRUE All nodes agree on the ring [\'riak1@127.0.0.1\']\nok'
  run riak admin transfers
  assert_output $'No transfers active\n\nActive Transfers:\n\n\nok'
  run riak admin cluster status
  assert_output - <<'TEXT'
---- Cluster Status ----
Ring ready: true

+---------------------+------+-------+-----+-------+
|        node         |status| avail |ring |pending|
+---------------------+------+-------+-----+-------+
| (C) riak1@127.0.0.1 |valid |  up   |100.0|  --   |
+---------------------+------+-------+-----+-------+

Key: (C) = Claimant; availability marked with '!' is unexpected
ok
TEXT
  run riak admin test
  assert_output "Successfully completed 1 read/write cycle to 'riak1@127.0.0.1'"
  run riak admin x
  assert_failure 1
  assert_line --index 0 --partial 'Usage: riak-admin {'
  run riak admin cluster x
  assert_success
}

@test "knobs: a node that fails to boot, never gets ready, or quits" {
  STANDIN_FAIL=boot run riak foreground
  assert_failure 1
  assert_output 'riak: STANDIN_FAIL=boot'
  STANDIN_FAIL=quit start
  wait "$VM"
  STANDIN_FAIL=hang start
  wait_for 20 curl -sf "$(url /ping)"
  run timeout 2 "$RIAK/bin/riak" admin wait-for-service riak_kv "$NODE"
  assert_failure 124
  refute_output --partial 'is up'
}

#!/usr/bin/env bats
# Several stand-ins as one cluster: what a keeper of real nodes would see, and that no acknowledged write is lost.

load helper

setup_file() {
  export PACKAGE=$BATS_FILE_TMPDIR/riak.tar.gz
  "$BATS_TEST_DIRNAME/standin-riak/package.sh" "$PACKAGE"
}

setup() {
  export ERL_EPMD_ADDRESS=127.0.0.1 ERL_EPMD_PORT ERL_CRASH_DUMP_SECONDS=0
  export STANDIN_READY_MS=50 STANDIN_PING_MS=0 STANDIN_WAIT_S=0.1 STANDIN_LEAVE_MS=300 STANDIN_HANDOFF_MS=20
  ERL_EPMD_PORT=$(free_port)
  declare -gA HTTP PB VM HOST=([1]=127.0.0.1 [2]=127.0.0.1 [3]=127.0.0.1 [4]=127.0.0.1)
  mapper "$ERL_EPMD_PORT"
}

teardown() {
  stop_tracked
}

mapper() {
  ERL_EPMD_PORT=$1 epmd 3>&- &
  track $!
  wait_for 10 listens "$1"
}

name() {
  echo "riak$1@${HOST[$1]}"
}

# unpack N: a fresh sandbox of node N, its data beside riak/.
unpack() {
  local top=$BATS_TEST_TMPDIR/$1 host=${HOST[$1]}
  mkdir -p "$top"
  tar -xzf "$PACKAGE" -C "$top"
  HTTP[$1]=$(free_port) PB[$1]=$(free_port)
  printf '%s\n' "nodename = $(name "$1")" "listener.http.internal = $host:${HTTP[$1]}" \
    "listener.protobuf.internal = $host:${PB[$1]}" "handoff.ip = $host" "handoff.port = $(free_port)" \
    "platform_data_dir = ../data" "erlang.distribution.interface = $host" "ring_size = 16" >>"$top/riak/etc/riak.conf"
  echo "-start_epmd false -riak_core cluster_mgr {\\\"127.0.0.1\\\",$(free_port)}" >"$top/flags"
}

riak() {
  local n=$1
  shift
  ERL_ZFLAGS="$(cat "$BATS_TEST_TMPDIR/$n/flags") ${FLAGS-}" ERL_EPMD_PORT=${MAPPER[$n]-$ERL_EPMD_PORT} \
    timeout 30 "$BATS_TEST_TMPDIR/$n/riak/bin/riak" "$@"
}

# admin N WORD…: what it prints, in `output`.
admin() {
  local n=$1
  shift
  run riak "$n" admin "$@"
}

launch() {
  local n
  for n in "$@"; do
    ERL_ZFLAGS="$(cat "$BATS_TEST_TMPDIR/$n/flags") ${FLAGS-}" ERL_EPMD_PORT=${MAPPER[$n]-$ERL_EPMD_PORT} \
      "$BATS_TEST_TMPDIR/$n/riak/bin/riak" foreground >>"$BATS_TEST_TMPDIR/$n/out" 2>&1 3>&- &
    VM[$n]=$!
    track $!
  done
  for n in "$@"; do
    wait_for 20 put "$n" ready yes
  done
}

put() {
  curl -sf -m 10 -X PUT -H 'Content-Type: text/plain' --data-binary "$3" \
    "http://${HOST[$1]}:${HTTP[$1]}${TYPE-}/buckets/b/keys/$2"
}

get() {
  curl -sf -m 10 "http://${HOST[$1]}:${HTTP[$1]}${TYPE-}/buckets/b/keys/$2"
}

# fill N PREFIX COUNT, all_there N PREFIX COUNT
fill() {
  local i
  for ((i = 0; i < $3; i++)); do
    put "$1" "$2$i" "value of $2$i" || return
  done
}

all_there() {
  local i
  for ((i = 0; i < $3; i++)); do
    [ "$(get "$1" "$2$i")" = "value of $2$i" ] || {
      echo "node $1 lacks $2$i" >&2
      return 1
    }
  done
}

kill9() {
  kill -KILL "${VM[$1]}"
  wait "${VM[$1]}" 2>/dev/null || true
}

says() {
  local n=$1 text=$2
  shift 2
  riak "$n" admin "$@" | grep -qF -- "$text"
}

# Nothing moves any more, and all are there, as an operator would ask.
quiet() {
  local ring
  ring=$(riak "$1" admin ring-status)
  [[ $ring = *'No pending changes.'*'All nodes are up and reachable'* ]] && says "$1" 'No transfers active' transfers
}

# plan N: until all members have seen what was staged.
plan() {
  wait_for 10 planned "$1"
  run cat "$BATS_TEST_TMPDIR/plan"
}

planned() {
  riak "$1" admin cluster plan >"$BATS_TEST_TMPDIR/plan"
  grep -q 'After cluster transition' "$BATS_TEST_TMPDIR/plan"
}

commit() {
  admin "$1" cluster commit
  assert_output $'Cluster changes committed\nok'
}

# cluster N…: the first, with the others joined to it, at rest.
cluster() {
  local first=$1 n
  for n in "$@"; do
    unpack "$n"
  done
  launch "$@"
  shift
  for n in "$@"; do
    admin "$n" cluster join "$(name "$first")"
    assert_output "Success: staged join request for '$(name "$n")' to '$(name "$first")'"$'\nok'
  done
  plan "$first"
  commit "$first"
  wait_for 20 quiet "$first"
}

@test "join: staged, planned, committed, handed off; bucket types: in Riak's words" {
  unpack 1
  unpack 2
  launch 1 2
  fill 1 before 20
  admin 2 cluster join riak2@127.0.0.1
  assert_success
  assert_output $'Failed: This node cannot join itself in a cluster\nerror'
  admin 2 cluster join nobody@127.0.0.1
  assert_output $'Node nobody@127.0.0.1 is not reachable!\nerror'
  admin 2 cluster join riak1@127.0.0.1
  assert_output $'Success: staged join request for \'riak2@127.0.0.1\' to \'riak1@127.0.0.1\'\nok'
  admin 1 cluster commit
  assert_output $'You must verify the plan with \'riak-admin cluster plan\' before committing\nok'
  admin 2 cluster join riak1@127.0.0.1
  assert_output $'Failed: This node is already a member of a cluster\nerror'
  admin 1 member-status
  assert_line --index 3 'joining     0.0%      --      riak2@127.0.0.1'
  assert_line --index 4 'valid     100.0%      --      riak1@127.0.0.1'
  plan 1
  assert_output - <<'TEXT'
=============================== Staged Changes ================================
Action         Details(s)
-------------------------------------------------------------------------------
join           'riak2@127.0.0.1'
-------------------------------------------------------------------------------


NOTE: Applying these changes will result in 1 cluster transition

###############################################################################
                         After cluster transition 1/1
###############################################################################

================================= Membership ==================================
Status     Ring    Pending    Node
-------------------------------------------------------------------------------
valid     100.0%     50.0%    riak1@127.0.0.1
valid       0.0%     50.0%    riak2@127.0.0.1
-------------------------------------------------------------------------------
Valid:2 / Leaving:0 / Exiting:0 / Joining:0 / Down:0

WARNING: Not all replicas will be on distinct nodes

Transfers resulting from cluster changes: 8
  8 transfers from 'riak1@127.0.0.1' to 'riak2@127.0.0.1'

ok
TEXT
  commit 2
  wait_for 20 quiet 2
  admin 2 cluster status
  assert_output - <<'TEXT'
---- Cluster Status ----
Ring ready: true

+---------------------+------+-------+-----+-------+
|        node         |status| avail |ring |pending|
+---------------------+------+-------+-----+-------+
| (C) riak1@127.0.0.1 |valid |  up   | 50.0|  --   |
|     riak2@127.0.0.1 |valid |  up   | 50.0|  --   |
+---------------------+------+-------+-----+-------+

Key: (C) = Claimant; availability marked with '!' is unexpected
ok
TEXT
  all_there 2 before 20
  bucket_types
  moving_reads
}

# One copy of each: what node 2 has moves to node 1, and at no moment is it with neither.
moving_reads() {
  local i urls=()
  riak 1 admin bucket-type create one '{"props":{"n_val":1}}'
  riak 1 admin bucket-type activate one
  TYPE=/types/one fill 2 m 30
  for ((i = 0; i < 30; i++)); do
    urls+=("http://127.0.0.1:${HTTP[1]}/types/one/buckets/b/keys/m$i")
  done
  wait_for 10 quiet 1
  admin 2 cluster leave
  plan 1
  (while :; do
    curl -sf -m 10 --fail-early "${urls[@]}" >/dev/null && echo all || echo missed
  done) >"$BATS_TEST_TMPDIR/passes" 3>&- &
  track $!
  commit 1
  ended 2
  run sort -u "$BATS_TEST_TMPDIR/passes"
  assert_output all
}

bucket_types() {
  admin 1 bucket-type create plain '{"props":{"n_val":2}}'
  assert_output - <<'TEXT'
plain created

WARNING: After activating plain, nodes in this cluster
can no longer be downgraded to a version of Riak prior to 2.0
ok
TEXT
  admin 2 bucket-type list
  assert_output $'default (active)\nplain (not active)\nok'
  run curl -s "http://127.0.0.1:${HTTP[2]}/types/plain/buckets/b/keys/k"
  assert_output 'Unknown bucket type: plain'
  admin 2 bucket-type activate plain
  assert_line --index 0 'plain has been activated'
  TYPE=/types/plain put 1 k typed
  TYPE=/types/plain run get 2 k
  assert_output typed
  run get 2 k
  assert_failure
  exec 9<>"/dev/tcp/127.0.0.1/${PB[1]}"
  printf '\0\0\0\x0e\x09\x0a\x01b\x12\x01k\x6a\x05plain' >&9
  run timeout 10 head -c 14 <&9
  exec 9>&-
  assert_output --partial typed
  admin 1 bucket-type status plain
  assert_line --index 0 'plain is active'
  assert_line 'n_val: 2'
  assert_line "claimant: 'riak1@127.0.0.1'"
  admin 1 bucket-type create bad '{"props":{"n_val":"x"}}'
  assert_output $'Error creating bucket type bad:\nn_val must be an integer\nerror'
  admin 1 bucket-type create bad2 'not json'
  assert_output $'Cannot create bucket type bad2: invalid json\nerror'
  admin 1 bucket-type activate nosuch
  assert_output $'nosuch is not an existing bucket type\n{error,undefined}'
}

# Three addresses and a port mapper for each node: they find one another through an epmd module alone.
addresses() {
  mkdir "$BATS_TEST_TMPDIR/table"
  cat >"$BATS_TEST_TMPDIR/table_epmd.erl" <<'ERL'
-module(table_epmd).
-export([start_link/0, register_node/2, register_node/3, port_please/2, port_please/3, address_please/3, names/1]).
start_link() -> erl_epmd:start_link().
register_node(N, P) -> register_node(N, P, inet).
register_node(N, P, F) -> ok = prim_file:write_file(path(N), integer_to_binary(P)), erl_epmd:register_node(N, P, F).
port_please(N, H) -> port_please(N, H, infinity).
port_please(N, _, _) ->
    case prim_file:read_file(path(N)) of {ok, B} -> {port, binary_to_integer(B), 6}; _ -> noport end.
address_please(_, H, F) -> inet:getaddr(H, F).
names(H) -> erl_epmd:names(H).
path(N) -> filename:join(os:getenv("TABLE"), lists:flatten(io_lib:format("~s", [N]))).
ERL
  erlc -o "$BATS_TEST_TMPDIR" "$BATS_TEST_TMPDIR/table_epmd.erl"
  export TABLE=$BATS_TEST_TMPDIR/table CODE_LOADING_MODE=interactive
  FLAGS="-epmd_module table_epmd -pa $BATS_TEST_TMPDIR"
  HOST=([1]=127.0.0.1 [2]=127.0.0.2 [3]=127.0.0.3)
  declare -gA MAPPER
  local n
  for n in 1 2 3; do
    MAPPER[$n]=$(free_port)
    mapper "${MAPPER[$n]}"
  done
}

@test "a member that crashed shows valid, misses nothing, and no single crash loses a write" {
  addresses
  cluster 1 2 3
  fill 3 first 15
  kill9 2
  fill 1 second 15
  all_there 3 first 15
  admin 1 member-status
  assert_line --regexp '^valid .* riak2@127.0.0.2$'
  admin 1 cluster status --format=json
  assert_output --partial '{"node":"riak2@127.0.0.2","status":"valid","avail":"down!"'
  admin 1 ringready
  assert_success
  assert_output $'FALSE [\'riak2@127.0.0.2\'] down.  All nodes need to be up to check.\nerror'
  admin 1 transfers
  assert_output - <<'TEXT'
Nodes ['riak2@127.0.0.2'] are currently down.
No transfers active

Active Transfers:


Node 'riak2@127.0.0.2' could not be contacted
ok
TEXT
  admin 1 ring-status
  assert_output --partial "The following nodes are unreachable: ['riak2@127.0.0.2']"
  launch 2
  all_there 2 second 15
  curl -sf -X DELETE "http://127.0.0.2:${HTTP[2]}/buckets/b/keys/first0"
  wait_for 20 quiet 1
  # The two that had it all are gone: what was written while 2 was away is on 2 by now.
  kill9 1
  kill9 3
  all_there 2 second 15
  run get 2 first0
  assert_failure
}

# A node that is expected to end by itself, with 0, before long.
launch_and_end() {
  ERL_ZFLAGS=$(cat "$BATS_TEST_TMPDIR/$1/flags") "$BATS_TEST_TMPDIR/$1/riak/bin/riak" foreground \
    >>"$BATS_TEST_TMPDIR/$1/out" 2>&1 3>&- &
  VM[$1]=$!
  track $!
  ended "$1"
}

ended() {
  wait_for 30 gone "${VM[$1]}"
  wait "${VM[$1]}"
}

@test "force-remove, replace, force-replace, leave: data move first, whoever is out ends with 0 and is alone again" {
  cluster 1 2 3
  fill 1 k 20

  kill9 3
  admin 1 cluster force-remove riak1@127.0.0.1
  assert_line --index 0 "Failed: 'riak1@127.0.0.1' is the claimant (see: riak-admin ring_status)."
  admin 1 cluster force-remove riak3@127.0.0.1
  assert_output $'Success: staged remove request for \'riak3@127.0.0.1\'\nok'
  plan 1
  assert_output --partial "WARNING: All of 'riak3@127.0.0.1' replicas will be lost"
  assert_output --partial 'Partitions reassigned from cluster changes: 5'
  commit 1
  all_there 2 k 20
  launch_and_end 3
  launch 3
  admin 3 member-status
  assert_output --partial 'Valid:1 / Leaving:0'

  admin 1 cluster replace riak2@127.0.0.1 riak3@127.0.0.1
  assert_line --index 0 "Failed: 'riak3@127.0.0.1' is not a valid replacement candidate."
  assert_line --index 1 'Only newly joining nodes can be used for replacement.'
  riak 3 admin cluster join riak2@127.0.0.1
  admin 1 cluster replace riak2@127.0.0.1 riak3@127.0.0.1
  assert_output $'Success: staged replacement of \'riak2@127.0.0.1\' with \'riak3@127.0.0.1\'\nok'
  plan 1
  assert_line "replace        'riak2@127.0.0.1' with 'riak3@127.0.0.1'"
  commit 1
  ended 2
  wait_for 20 quiet 1
  kill9 1
  all_there 3 k 20
  launch 1 2
  run get 2 k0
  assert_failure

  kill9 3
  riak 2 admin cluster join riak1@127.0.0.1
  admin 1 cluster plan
  assert_line --index 0 'Cannot plan until cluster state has converged.'
  admin 1 down riak2@127.0.0.1
  assert_output $'Failed: riak2@127.0.0.1 is up\nerror'
  admin 1 down riak3@127.0.0.1
  assert_output $'Success: "riak3@127.0.0.1" marked as down\nok'
  admin 1 cluster force-replace riak3@127.0.0.1 riak2@127.0.0.1
  assert_output $'Success: staged forced replacement of \'riak3@127.0.0.1\' with \'riak2@127.0.0.1\'\nok'
  plan 1
  commit 1
  wait_for 20 quiet 1

  admin 1 cluster leave riak9@127.0.0.1
  assert_output $'Failed: \'riak9@127.0.0.1\' is not a member of the cluster.\nerror'
  # The claimant itself.
  admin 1 cluster leave
  assert_output $'Success: staged leave request for \'riak1@127.0.0.1\'\nok'
  plan 2
  assert_output --partial 'NOTE: Applying these changes will result in 2 cluster transitions'
  commit 2
  ended 1
  admin 2 member-status
  assert_output --partial 'Valid:1 / Leaving:0'
  all_there 2 k 20
}

@test "the claimant is killed in the middle of handoff: it goes on, and nothing is lost" {
  unpack 1
  unpack 2
  unpack 3
  STANDIN_HANDOFF_MS=1000 launch 1 2 3
  fill 1 k 20
  riak 2 admin cluster join riak1@127.0.0.1
  riak 3 admin cluster join riak1@127.0.0.1
  plan 1
  commit 1
  wait_for 10 says 1 'Waiting on: [riak_kv_vnode,riak_pipe_vnode]' ring-status
  (for ((i = 0; i < 400; i++)); do
    put 2 "during$i" "value of during$i" 2>/dev/null && echo "$i" >>"$BATS_TEST_TMPDIR/acked"
  done) 3>&- &
  writer=$!
  track $writer
  wait_for 20 grep -qx 5 "$BATS_TEST_TMPDIR/acked"
  kill9 1
  admin 2 cluster plan
  assert_failure 1
  assert_output --partial "RPC to 'riak2@127.0.0.1' failed: {'EXIT',"
  admin 2 ring-status
  assert_output --partial $'Status:     down\nRing Ready: unknown'
  launch 1
  wait "$writer"
  wait_for 20 quiet 1
  all_there 2 k 20
  while read -r i; do
    run get 3 "during$i"
    assert_output "value of during$i"
  done <"$BATS_TEST_TMPDIR/acked"
}

# rm-executor among others: what rm-cluster orders, and what people ask. Two
# nodes, each under an agent of its own.

# shellcheck disable=SC2034 # much of it is for executor.bash
bats_require_minimum_version 1.5.0
load helper
load executor

# What executor.bash keeps of a node.
NODE_VARIABLES=(AGENT_PORT AGENT_FD SAID VOLUME RUN SANDBOX TASK EXECUTOR HTTP
  PB HANDOFF DISTERL CEPMD MANAGER REX DATA BATS_TEST_TMPDIR)

setup_file() {
  executor_setup_file
}

teardown_file() {
  executor_teardown_file
}

setup() {
  export STANDIN_PING_MS=0 STANDIN_READY_MS=100 STANDIN_WAIT_S=0.1
  export STANDIN_LEAVE_MS=500 STANDIN_HANDOFF_MS=20
  declare -gA kept
  FRAMEWORK=c$BATS_TEST_NUMBER
  HOME_DIR=$BATS_TEST_TMPDIR
  NODE=
  set_cluster '{}'
  new_node 1
}

teardown() {
  local n
  for n in 1 2 3; do
    [ -n "${kept[$n.RUN]-}" ] || [ "$NODE" = "$n" ] || continue
    use "$n"
    [ -z "${EXECUTOR-}" ] || kill -KILL "$EXECUTOR" 2>/dev/null || true
    exec {AGENT_FD}>&-
    stop_tracked
  done
  BATS_TEST_TMPDIR=$HOME_DIR
}

# use N: what follows is about that node.
use() {
  local name
  if [ -n "$NODE" ]; then
    for name in "${NODE_VARIABLES[@]}"; do
      kept[$NODE.$name]=${!name-}
    done
  fi
  NODE=$1
  for name in "${NODE_VARIABLES[@]}"; do
    printf -v "$name" %s "${kept[$1.$name]-}"
  done
}

new_node() {
  use "$1"
  BATS_TEST_TMPDIR=$HOME_DIR/n$1
  VOLUME=$BATS_TEST_TMPDIR/volume RUN=0 EXECUTOR=
  DATA=".NodeKey = \"riak-kv-$1\" |
    .FullyQualifiedNodeName = \"riak-kv-$1@127.0.0.1\""
  mkdir -p "$VOLUME"
  AGENT_PORT=$(free_port)
  start_agent
  exec {AGENT_FD}>&8 8>&-
  new_ports
}

agent() {
  echo "$*" >&"$AGENT_FD"
}

two_nodes() {
  run_node
  new_node 2
  run_node
}

member() {
  zk get "$(root)/members/riak-kv-$1" | jq -es "length == 1 and (.[0] | $2)"
}

# order N ID VERB [ARGUMENTS]
order() {
  zk put "$(root)/orders/riak-kv-$1" "$(jq -cn --arg id "$2" --arg verb "$3" \
    --argjson arguments "${4:-{\}}" \
    '{id: $id, verb: $verb, arguments: $arguments, at: 1}')"
}

# obeys N ID VERB [ARGUMENTS]: and it is done.
obeys() {
  order "$@"
  wait_for 120 member "$1" ".order.id == \"$2\" and .order.success != null"
  member "$1" ".order.success and .order.reason == null and .order.at > 1" ||
    fail "$(zk get "$(root)/members/riak-kv-$1")"
}

# refuses N ID VERB ARGUMENTS REASON
refuses() {
  order "${@:1:4}"
  wait_for 120 member "$1" ".order.id == \"$2\" and .order.success != null"
  member "$1" ".order.success == false and .order.reason == \"$5\" and
    (.order.text | length) > 0" || fail "$(zk get "$(root)/members/riak-kv-$1")"
}

join_both() {
  obeys 2 j1 join '{"node":"riak-kv-1@127.0.0.1"}'
  obeys 1 c1 commit '{"joins":["riak-kv-2@127.0.0.1"]}'
}

both_in() {
  member "$1" '.members == ["riak-kv-1@127.0.0.1","riak-kv-2@127.0.0.1"] and
    .transfers == 0 and .leaving == false'
}

token() {
  printf %s "$TASK" | openssl dgst -sha256 -hmac k -r | cut -d' ' -f1
}

# ask PATH [CURL OPTION…]: the body, and the status behind it.
ask() {
  curl -s --max-time 90 -w '\n%{http_code}\n' \
    -H "Authorization: Bearer ${ASK_TOKEN-$(token)}" "${@:2}" \
    "http://127.0.0.1:$REX$1"
}

# asks STATUS PATH FILTER [CURL OPTION…]
asks() {
  local answer
  answer=$(ask "$2" "${@:4}")
  [ "${answer##*$'\n'}" = "$1" ] || fail "$2: $answer"
  jq -e "$3" <<<"${answer%$'\n'*}" >/dev/null || fail "$2: $answer"
}

@test "nodes join with one commit, and one leaves and is gone" {
  two_nodes
  wait_for 120 member 1 '.transfers == 0 and .members == ["riak-kv-1@127.0.0.1"]'
  obeys 2 j1 join '{"node":"riak-kv-1@127.0.0.1"}'
  member 2 '.order.verb == "join" and (.order.text | startswith("Success: staged"))'
  # Staged is not joined.
  wait_for 120 member 2 '.members == ["riak-kv-2@127.0.0.1"] or
    .members == ["riak-kv-1@127.0.0.1"]'
  obeys 1 c1 commit '{"joins":["riak-kv-2@127.0.0.1"]}'
  wait_for 120 both_in 1
  wait_for 120 both_in 2
  wait_for 120 member 1 '.partitions == 32'
  # Once nothing is to move each says which are its own.
  wait_for 120 member 1 '.transfers == 0 and (.owns | length == 32)'
  wait_for 120 member 2 '.transfers == 0 and (.owns | length == 32)'
  use 1
  put_key k v
  use 2
  [ "$(get_key k)" = v ]

  obeys 2 l1 leave
  obeys 1 c2 commit '{"leaves":["riak-kv-2@127.0.0.1"]}'
  wait_for 120 state FINISHED '.update.status.message == "left the cluster"'
  wait_for 120 gone "$EXECUTOR"
  wait_for 120 member 1 '.members == ["riak-kv-1@127.0.0.1"] and
    .transfers == 0 and .partitions == 64 and .owns == [range(64)]'
  use 1
  [ "$(get_key k)" = v ]
}

@test "an order that is done already is a success" {
  two_nodes
  join_both
  obeys 2 j2 join '{"node":"riak-kv-1@127.0.0.1"}'
  obeys 2 j3 join '{"node":"riak-kv-1@127.0.0.1"}'
  obeys 1 c2 commit '{"joins":["riak-kv-2@127.0.0.1"]}'
  obeys 1 c3 commit
  obeys 2 l1 leave
  obeys 2 l2 leave
  obeys 2 x1 clear
  refuses 2 j4 join '{"node":"riak-kv-9@127.0.0.1"}' not-reachable
  refuses 1 c4 commit '{"leaves":["riak-kv-2@127.0.0.1"]}' plan-differs
}

@test "a new executor meets the last order again" {
  two_nodes
  join_both
  wait_for 120 member 2 '.members | length == 2'
  agent kill "$TASK"
  wait_for 120 state KILLED
  run_node
  wait_for 120 member 2 '.ready and .order.id == "j1" and .order.success'
  # The same id again is not run again.
  local at
  at=$(zk get "$(root)/members/riak-kv-2" | jq .order.at)
  order 2 j1 join '{"node":"riak-kv-9@127.0.0.1"}'
  obeys 1 p1 plan
  member 2 ".order.at == $at"
}

@test "a commit is of what it names, and nothing else" {
  two_nodes
  refuses 1 c1 commit '{"joins":["riak-kv-2@127.0.0.1"]}' plan-differs
  obeys 2 j1 join '{"node":"riak-kv-1@127.0.0.1"}'
  refuses 1 c2 commit '{"joins":["riak-kv-3@127.0.0.1"]}' plan-differs
  member 1 '.order.text == "staged: join riak-kv-2@127.0.0.1"'
  refuses 1 c3 commit '{}' plan-differs
  refuses 1 c4 commit \
    '{"joins":["riak-kv-2@127.0.0.1"],"leaves":["riak-kv-1@127.0.0.1"]}' \
    plan-differs
  obeys 1 p1 plan
  member 1 '.order.answer.changes == [{"action":"join","id":"riak-kv-2@127.0.0.1"}]'
  obeys 1 c5 commit '{"joins":["riak-kv-2@127.0.0.1"]}'
}

@test "orders that are none are told" {
  run_node
  refuses 1 b1 dance '{}' bad-order
  refuses 1 b2 join '{}' bad-order
  refuses 1 b3 join '{"node":"a b; c"}' bad-order
  refuses 1 b4 commit '{"joins":"x"}' bad-order
  refuses 1 b5 commit '{"replaces":[["a@h"]]}' bad-order
  zk put "$(root)/orders/riak-kv-1" 'no JSON'
  wait_for 120 member 1 '.order.id == null and .order.reason == "bad-order"'
  refuses 1 b6 join '{"node":"riak-kv-9@127.0.0.1"}' not-reachable
  refuses 1 b7 leave '{}' only-member
  refuses 1 b8 force-remove '{"node":"riak-kv-1@127.0.0.1"}' claimant
  refuses 1 b9 down '{"node":"riak-kv-1@127.0.0.1"}' up
  # An end by itself is still not what somebody asked for.
  kill -TERM "$(vm)"
  wait_for 120 state FINISHED '.update.status.message | startswith("Riak ended by itself")'
}

@test "a dead node is replaced" {
  two_nodes
  join_both
  wait_for 120 both_in 1
  # Every copy is where it belongs: it may die.
  kill -KILL "$EXECUTOR"
  wait_for 120 gone "$EXECUTOR"
  new_node 3
  run_node
  wait_for 120 obeys 1 d1 down '{"node":"riak-kv-2@127.0.0.1"}'
  obeys 3 j3 join '{"node":"riak-kv-1@127.0.0.1"}'
  local pair='{"old":"riak-kv-2@127.0.0.1","new":"riak-kv-3@127.0.0.1"}'
  obeys 1 r1 force-replace "$pair"
  obeys 1 r2 force-replace "$pair"
  local replaces='{"replaces":[["riak-kv-2@127.0.0.1","riak-kv-3@127.0.0.1"]]}'
  obeys 1 c2 commit "$replaces"
  wait_for 120 member 1 '.transfers == 0 and
    .members == ["riak-kv-1@127.0.0.1","riak-kv-3@127.0.0.1"]'
  obeys 1 r3 force-replace "$pair"
  obeys 1 c3 commit "$replaces"

  kill -KILL "$EXECUTOR"
  wait_for 120 gone "$EXECUTOR"
  obeys 1 d2 down '{"node":"riak-kv-3@127.0.0.1"}'
  obeys 1 f1 force-remove '{"node":"riak-kv-3@127.0.0.1"}'
  refuses 1 c4 commit '{"leaves":["riak-kv-3@127.0.0.1"]}' plan-differs
  obeys 1 c5 commit '{"removes":["riak-kv-3@127.0.0.1"]}'
  wait_for 120 member 1 '.members == ["riak-kv-1@127.0.0.1"] and .partitions == 64'
  obeys 1 f2 force-remove '{"node":"riak-kv-3@127.0.0.1"}'
}

@test "an order waits until Riak is ready" {
  order 1 j1 plan
  new_sandbox
  start_executor STANDIN_READY_MS=2000
  launch
  wait_for 120 asks 503 /status '.success == false and .error == "Riak is not ready: starting"'
  wait_for 120 state RUNNING
  wait_for 120 member 1 '.order.id == "j1" and .order.success'
}

@test "questions are answered to who has the token" {
  run_node
  asks 200 /status '.status.nodes[0] == {"id":"riak-kv-1@127.0.0.1",
    "status":"valid","ring_percentage":100,"pending_percentage":null} and
    .status.valid == 1'
  asks 200 /ringready '.ringready.ready and .ringready.nodes == ["riak-kv-1@127.0.0.1"]'
  asks 200 /transfers '.transfers.waiting_to_handoff == [] and .transfers.active == []'
  asks 200 /aae '.aae | has("exchanges") and has("entropy_trees")'
  asks 200 /types '.bucket_types[0].id == "default"'
  asks 404 /nothing '.success == false'
  asks 404 /status '.success == false' -X POST
  local token path
  for path in /status /types/maps /config /overrides /log /nothing; do
    for token in "" other "$(token)x" "$(token | tr a-f A-F)"; do
      ASK_TOKEN=$token asks 401 "$path" '.success == false and
        (.error | length) > 0'
    done
  done
  run -0 curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$REX/status"
  assert_output 401
  kill -STOP "$(vm)"
  wait_for 120 member 1 '.ready == false'
  asks 503 /status '.error | startswith("Riak is not ready: ")'
  asks 200 /log '.files | length > 2'
  kill -CONT "$(vm)"
  wait_for 120 member 1 .ready
  asks 200 /status .status
}

@test "bucket types are made, updated and shown" {
  run_node
  asks 200 /types/t '.t == {"success":true,"actions":{"create":"t created",
    "activate":"t has been activated"}}' -d '{"props":{"n_val":2}}'
  asks 200 /types/t '.t.status == "active" and .t.props.n_val == 2'
  asks 200 /types '.bucket_types | map(.id) | index("t")'
  asks 200 /types/t '.t.actions == {"update":"t updated"}' \
    -d '{"props":{"allow_mult":false}}'
  asks 404 /types/none '.success == false'
  asks 400 /types/t '.success == false' -d '{"n_val":2}'
  asks 400 /types/t '.success == false' -d 'no'
  asks 400 /types/t%3B '.success == false' -d '{"props":{}}'
  asks 400 '/types/t;x' '.success == false'
  asks 400 /types/t2 '.success == false' -d '{"props":{"n_val":"x"}}'
}

@test "answers are kept for two seconds, and asked for once" {
  run_node
  wait_for 120 member 1 '.transfers == 0'
  mv "$SANDBOX/riak/bin/riak" "$SANDBOX/riak/bin/riak.true"
  cat >"$SANDBOX/riak/bin/riak" <<EOF
#!/bin/bash
echo "\$*" >>"$SANDBOX/ran"
exec -a riak "$SANDBOX/riak/bin/riak.true" "\$@"
EOF
  chmod +x "$SANDBOX/riak/bin/riak"
  local i
  local -a pids=()
  for i in 1 2 3 4 5; do
    ask /status >"$BATS_TEST_TMPDIR/answer.$i" 3>&- &
    pids+=($!)
  done
  wait "${pids[@]}"
  for i in 1 2 3 4 5; do tail -n 1 "$BATS_TEST_TMPDIR/answer.$i" | grep 200; done
  asks 200 /status .status
  [ "$(grep -c member-status "$SANDBOX/ran")" -eq 1 ]
  asked_twice() {
    asks 200 /status .status
    [ "$(grep -c member-status "$SANDBOX/ran")" -eq 2 ]
  }
  wait_for 120 asked_twice
}

@test "configuration and logs are shown, without secrets" {
  run_node
  run -0 ask /config
  assert_line "nodename = riak-kv-1@127.0.0.1"
  assert_line "distributed_cookie = (hidden)"
  refute_output --partial crumb
  run -0 ask /overrides
  assert_line --regexp '^[0-9]+: listener\.http\.internal = 127\.0\.0\.1:8098 -> 127\.0\.0\.1:[0-9]+$'
  refute_output --partial crumb
  asks 200 /log '.files | map(.name) | index("console.log") and index("stderr")'
  run -0 ask '/log/stderr?tail=1'
  [ "${#lines[@]}" -eq 2 ]
  seq 1000 >"$SANDBOX/riak/log/numbers.log"
  run -0 ask '/log/numbers.log?tail=3'
  assert_output $'998\n999\n1000\n\n200'
  [ "$(ask /log/numbers.log | wc -l)" -eq 102 ]
  ln -s "$SANDBOX/riak/etc/riak.conf" "$SANDBOX/riak/log/link.log"
  mkfifo "$SANDBOX/riak/log/pipe.log"
  local name
  for name in link.log pipe.log none.log ..%2Fetc%2Friak.conf .. .hidden; do
    asks 404 "/log/$name" '.success == false' --path-as-is
  done
  asks 400 '/log/stderr?tail=0' '.success == false'
  asks 400 '/log/stderr?tail=x' '.success == false'
}

@test "it is small after all of this" {
  not_sanitized "a sanitizer's memory is not ours"
  run_node
  local i
  wait_for 120 member 1 '.transfers == 0'
  for i in status ringready transfers aae types config log log/console.log; do
    ask "/$i" >/dev/null
  done
  small() {
    local dirty
    dirty=$(awk '/^Private_Dirty/ {print $2}' "/proc/$EXECUTOR/smaps_rollup")
    echo "executor $dirty KiB"
    [ "$dirty" -le 4096 ]
  }
  wait_for 120 small
}

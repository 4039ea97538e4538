#!/usr/bin/env bats
# rm-riak: on scripts that say what no node says at will, and on a node.
# shellcheck shell=bash disable=SC2154,SC2030,SC2031 # run and @test set and scope

load helper

setup_file() {
  export PACKAGE=$BATS_FILE_TMPDIR/riak.tar.gz
  "$BATS_TEST_DIRNAME/standin-riak/package.sh" "$PACKAGE"
}

setup() {
  ROOT=$BATS_TEST_TMPDIR/root
  export RIAK_MESOS_RIAK_ROOT=$ROOT
  unset ERL_ZFLAGS CODE_LOADING_MODE NODETOOL_NODE_PREFIX
}

teardown() {
  stop_tracked
}

# script LINE…: a bin/riak made of these lines.
script() {
  mkdir -p "$ROOT/bin"
  printf '%s\n' '#!/bin/bash' "$@" >"$ROOT/bin/riak"
  chmod +x "$ROOT/bin/riak"
}

@test "the last line is judged, not the exit status" {
  script 'echo "Cluster changes committed"; echo ok; exit 1'
  run --separate-stderr rm-riak cluster commit
  assert_success
  assert_output '{"success":true,"message":"Cluster changes committed"}'
  script 'echo "Failed: This node is already a member of a cluster"; echo error'
  run --separate-stderr rm-riak cluster join a@h
  assert_failure 1
  [ "$(jq -r .reason <<<"$output")" = already-member ]
  [[ $stderr == *"Failed: This node is already a member of a cluster" ]]
}

@test "unknown words are shown and are 111, with nothing on stdout" {
  script 'echo "Cluster changes postponed"; echo ok'
  run --separate-stderr rm-riak cluster commit
  assert_failure 111
  assert_output ""
  [[ $stderr == *"unknown words"*"Cluster changes postponed"* ]]
  script 'echo boo >&2; exit 4'
  run --separate-stderr rm-riak member-status
  assert_failure 111
  [[ $stderr == *"exit 4: boo"* ]]
}

@test "a bad line in the middle is unknown words that name it" {
  script 'cat <<X' \
    '================================= Membership ==================================' \
    'Status     Ring    Pending    Node' \
    '-------------------------------------------------------------------------------' \
    'valid     100.0%      --      a@h' \
    'dreaming' \
    '-------------------------------------------------------------------------------' \
    'Valid:1 / Leaving:0 / Exiting:0 / Joining:0 / Down:0' ok X
  run --separate-stderr rm-riak member-status
  assert_failure 111
  assert_output ""
  [[ $stderr == *dreaming* ]]
}

@test "no riak there is 111 and named" {
  mkdir -p "$ROOT"
  run rm-riak ping
  assert_failure 111
  assert_output --partial "$ROOT/bin/riak"
  run rm-riak ping --root "$BATS_TEST_TMPDIR/nowhere"
  assert_failure 111
  assert_output --partial "nowhere"
}

@test "what takes too long is 3, and all of it is killed" {
  script "sleep 300 & echo \$! >$BATS_TEST_TMPDIR/child; echo half; wait"
  run --separate-stderr rm-riak ping --timeout 0.5
  assert_failure 3
  assert_output ""
  [[ $stderr == *"no answer in 0.5 s"* ]]
  wait_for 5 gone "$(cat "$BATS_TEST_TMPDIR/child")"
}

@test "SIGTERM takes the command along" {
  script "sleep 300 & echo \$! >$BATS_TEST_TMPDIR/child; wait"
  local status=0
  rm-riak ping >/dev/null 2>&1 3>&- &
  track $!
  wait_for 5 test -s "$BATS_TEST_TMPDIR/child"
  kill -TERM $!
  wait $! || status=$?
  [ "$status" -eq 111 ]
  wait_for 5 gone "$(cat "$BATS_TEST_TMPDIR/child")"
}

@test "who leaves a daemon that holds the output is not waited for" {
  script "setsid sleep 300 & echo \$! >$BATS_TEST_TMPDIR/child; echo pong"
  run --separate-stderr rm-riak ping --timeout 5
  assert_success
  track "$(cat "$BATS_TEST_TMPDIR/child")"
  assert_output '{"alive":true}'
}

@test "what never stops talking is ended" {
  script 'yes'
  run --separate-stderr rm-riak ping --timeout 60
  assert_failure 111
  [[ $stderr == *"never stops talking"* ]]
}

@test "commands of one root never overlap" {
  script "mkdir $BATS_TEST_TMPDIR/busy || { echo overlap; exit; }" \
    'sleep 0.2' "rmdir $BATS_TEST_TMPDIR/busy" 'echo pong'
  for i in 1 2 3 4; do
    rm-riak ping >"$BATS_TEST_TMPDIR/$i" 2>&1 3>&- &
  done
  wait
  run cat "$BATS_TEST_TMPDIR"/[1-4]
  assert_output "$(printf '{"alive":true}\n%.0s' 1 2 3 4)"
}

@test "a lock that is held is waited for, as long as the timeout" {
  script 'echo pong'
  flock "$ROOT/.rm-riak.lock" sleep 300 3>&- &
  track $!
  wait_for 5 bash -c "! flock -n $ROOT/.rm-riak.lock true"
  run rm-riak ping --timeout 0.3
  assert_failure 3
  assert_output --partial "another command of this root"
}

@test "the environment is the node's" {
  # shellcheck disable=SC2016 # the script's variables
  script 'echo "[e$ERL_EPMD_PORT,\"$ERL_ZFLAGS\",$CODE_LOADING_MODE,$NODETOOL_NODE_PREFIX]"'
  printf -- '-start_epmd false\n' >"$BATS_TEST_TMPDIR/flags"
  run rm-riak services --epmd-port 4370 --zflags-file "$BATS_TEST_TMPDIR/flags"
  assert_output '{"services":["e4370","-start_epmd false","interactive","rm"]}'
  ERL_ZFLAGS=x CODE_LOADING_MODE=embedded NODETOOL_NODE_PREFIX=mine ERL_EPMD_PORT=1 run rm-riak services
  assert_output '{"services":["e1","x","embedded","mine"]}'
  run rm-riak services --zflags-file "$BATS_TEST_TMPDIR/none"
  assert_failure 100
  assert_output --partial "$BATS_TEST_TMPDIR/none"
  printf 'a\nb\n' >"$BATS_TEST_TMPDIR/flags"
  run rm-riak services --zflags-file "$BATS_TEST_TMPDIR/flags"
  assert_failure 100
  run rm-riak services --epmd-port 70000
  assert_failure 100
  assert_output --partial 70000
}

@test "bad words are 100, named, and never reach riak" {
  script "touch $BATS_TEST_TMPDIR/ran"
  local args
  for args in "ping --no-such" "ping more" "no-such" "cluster no-such" "cluster join" "cluster join a@h;id" \
    "cluster join a@h b@h" "bucket-type create x'y" "bucket-type update t {" "ping --timeout x" \
    "wait-for-service a[b" "partitions --node -x@h"; do
    # shellcheck disable=SC2086 # words
    run rm-riak $args
    assert_failure 100
    [ "${#lines[@]}" -eq 1 ]
  done
  run rm-riak ping --no-such
  assert_output --partial --no-such
  run rm-riak cluster join 'a@h;id'
  assert_output --partial 'a@h;id'
  [ ! -e "$BATS_TEST_TMPDIR/ran" ]
}

@test "a full disk is told; a closed stdout stops it beforehand" {
  script "touch $BATS_TEST_TMPDIR/ran; echo pong"
  run bash -c 'rm-riak ping >/dev/full'
  assert_failure 111
  assert_output --partial "No space left on device"
  rm "$BATS_TEST_TMPDIR/ran"
  run bash -c 'rm-riak ping >&-'
  assert_failure 111
  assert_output --partial "stdout"
  [ ! -e "$BATS_TEST_TMPDIR/ran" ]
}

# ---- a node

# conf KEY=VALUE…: a package at $ROOT, set up for this machine.
node() {
  export ERL_EPMD_ADDRESS=127.0.0.1 ERL_EPMD_PORT STANDIN_READY_MS=${STANDIN_READY_MS:-100} STANDIN_PING_MS=0 STANDIN_WAIT_S=0.1
  ERL_EPMD_PORT=$(free_port)
  HTTP=$(free_port)
  epmd 3>&- &
  track $!
  wait_for 10 epmd -names
  mkdir -p "$BATS_TEST_TMPDIR/n"
  tar -xzf "$PACKAGE" -C "$BATS_TEST_TMPDIR/n"
  ROOT=$BATS_TEST_TMPDIR/n/riak
  MANAGER=$(free_port)
  export RIAK_MESOS_RIAK_ROOT=$ROOT ERL_ZFLAGS="-start_epmd false -riak_core cluster_mgr {\\\"127.0.0.1\\\",$MANAGER}"
  printf '%s\n' "nodename = one@127.0.0.1" "listener.http.internal = 127.0.0.1:$HTTP" \
    "listener.protobuf.internal = 127.0.0.1:$(free_port)" "handoff.ip = 127.0.0.1" "handoff.port = $(free_port)" \
    "platform_data_dir = ../data" "erlang.distribution.interface = 127.0.0.1" >>"$ROOT/etc/riak.conf"
  "$ROOT/bin/riak" foreground >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
  VM=$!
  track "$VM"
}

@test "a node that is not there is a negative answer" {
  node
  kill -KILL "$VM"
  wait_for 5 gone "$VM"
  run --separate-stderr rm-riak ping
  assert_failure 1
  [ "$(jq -r .reason <<<"$output")" = not-responding ]
  run --separate-stderr rm-riak member-status
  assert_failure 1
  [ "$(jq -r .reason <<<"$output")" = not-responding ]
  run --separate-stderr rm-riak stats
  assert_failure 1
  [ "$(jq -r .reason <<<"$output")" = not-responding ]
}

@test "a service that never comes is 3" {
  STANDIN_FAIL=hang node
  wait_for 20 rm-riak ping
  run --separate-stderr rm-riak wait-for-service riak_kv --timeout 2
  assert_failure 3
}

@test "all questions of one node" {
  node
  wait_for 20 rm-riak ping
  run --separate-stderr rm-riak wait-for-service riak_kv --node one@127.0.0.1
  assert_output '{"service":"riak_kv","up":true}'
  [ "$(rm-riak pid | jq .pid)" -gt 1 ]
  rm-riak services | jq -e '.services | index("riak_kv")'
  run --separate-stderr rm-riak member-status
  assert_output '{"nodes":[{"id":"one@127.0.0.1","status":"valid","ring_percentage":100,"pending_percentage":null}],"valid":1,"leaving":0,"exiting":0,"joining":0,"down":0}'
  run --separate-stderr rm-riak ringready
  assert_output '{"ready":true,"nodes":["one@127.0.0.1"],"down":[],"disagree":[]}'
  run --separate-stderr rm-riak ring-status
  assert_output '{"claimant":"one@127.0.0.1","claimant_up":true,"ring_ready":true,"pending":[],"unreachable":[]}'
  run --separate-stderr rm-riak transfers
  assert_output '{"waiting_to_handoff":[],"active":[],"not_running":[],"down":[],"unreachable":[]}'
  rm-riak cluster-status | jq -e '.ring_ready and .nodes[0].up and .nodes[0].claimant'
  [ "$(rm-riak partitions | jq '.primary | length')" -eq "$(rm-riak stats | jq .ring_num_partitions)" ]
  run --separate-stderr rm-riak cluster plan
  assert_output '{"changes":[],"warnings":[],"transitions":[]}'
  rm-riak bucket-type list | jq -e '.[0] == {"id":"default","props":{"active":true}}'
  rm-riak stats --http "127.0.0.1:$HTTP" | jq -e '.nodename == "one@127.0.0.1"'
}

@test "changes are staged, planned and refused" {
  node
  wait_for 20 rm-riak ping
  rm-riak wait-for-service riak_kv
  run --separate-stderr rm-riak cluster join nobody@127.0.0.1
  assert_failure 1
  [ "$(jq -r .reason <<<"$output")" = not-reachable ]
  run --separate-stderr rm-riak cluster join one@127.0.0.1
  assert_failure 1
  [ "$(jq -r .reason <<<"$output")" = itself ]
  run --separate-stderr rm-riak cluster commit
  assert_failure 1
  [ "$(jq -r .reason <<<"$output")" = not-planned ]
  run --separate-stderr rm-riak cluster leave nobody@127.0.0.1
  assert_failure 1
  [ "$(jq -r .reason <<<"$output")" = not-member ]
}

@test "the examples of the page work" {
  node
  wait_for 20 rm-riak ping
  rm-riak wait-for-service riak_kv
  cd "$ROOT/.."
  sed -n '/^\.Sh EXAMPLES/,/^\.Ed/p' "$TOP/man/rm-riak.1" | grep -v '^[.A-Z]\|^The' >example
  run bash example
  assert_output one@127.0.0.1
}

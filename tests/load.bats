# Many nodes without a process for each; tests/bench/load measures with them.

load helper

@test "dry agents: the load is started, loses a rack, is found again" {
  run env BENCH_IDLE=1 BENCH_SETTLE=0 BENCH_PATIENCE=60 "$TOP/tests/bench/load" \
    100:4
  assert_success
  for figure in start quiet rack restart; do
    assert_line --regexp "^bench load-100-$figure-writes [0-9]+ writes"
  done
  assert_line --regexp "^bench load-100-rack-nodes 1 nodes"
}

@test "dry agents: the records are those of executors" {
  export STACK=$BATS_TEST_TMPDIR
  load stack
  start_zookeeper
  MASTER=127.0.0.1:$(free_port)
  export MASTER
  rm-local --dry --port "${MASTER#*:}" --work-dir "$STACK/mesos" \
    --resources 'cpus:4;mem:8192;disk:20000;ports:[31000-31099]' \
    >"$STACK/local.out" 2>"$STACK/local.log" 3>&- &
  track $!
  wait_for 20 curl -sf "http://$MASTER/health"
  start_schedd
  make_cluster kv
  add_node kv 1
  add_node kv 2
  wait_for 30 holds members/riak-kv-2 '.members | length == 2'
  run state get members/riak-kv-2
  assert_output --partial '"ready":true'
  assert_equal "$(state get members/riak-kv-2 | jq -r .task_id)" \
    "$(task_of riak-kv-2)"
  run "$RM_TOOLS/zk" get \
    "/riak/frameworks/riak/coordinator/coordinatedNodes/$(task_of riak-kv-1)"
  assert_output --partial '"NodeName":"riak-kv-1@127.0.0.'
  # A node that is stopped takes its records with it.
  add_node kv 2 stop
  wait_for 30 status_is riak-kv-2 TASK_KILLED
  run state get members/riak-kv-2
  assert_failure 1
}

teardown() {
  STACK=$BATS_TEST_TMPDIR
  stop_tracked
}

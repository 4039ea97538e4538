# SIGKILL to each program in turn while nodes run. The harness starts
# rm-schedd, rm-local and ZooKeeper again, as systemd would. All is well again
# within 30 seconds; there are never two machines of one node; no key is lost.
# SHORT=1: one round; else three.

load ../helper
load ../stack

nodes=(riak-kv-1 riak-kv-2 riak-kv-3)

setup() {
  STACK=$BATS_TEST_TMPDIR
  start_zookeeper
  start_local
  make_cluster kv
  for n in 1 2 3; do add_node kv "$n"; done
  start_schedd
  for n in "${nodes[@]}"; do wait_for 60 running "$n"; done
  watch_doubles "${nodes[@]}" 3>&- &
  track $!
}

teardown() {
  stop_tracked
  stop_executors
}

well() {
  local n stage
  for n in "${nodes[@]}"; do
    [ "$(vms_of "$n" | wc -l)" -eq 1 ] && running "$n" &&
      [ "$(get_key "$(http "$n")" "key-$n")" = "value of $n" ] || return 1
  done
  for stage in 'rm-mesos events' 'rm-state watch' rm-status rm-cluster \
    rm-offer rm-launch 'rm-state apply' 'rm-mesos calls'; do
    [ -n "$(stage_pid "$stage")" ] || return 1
  done
}

kill_it() { # kill_it WHAT PID
  [ -n "$2" ] || fail "no pid of $1"
  echo "# SIGKILL to $1" >&3
  kill -KILL "$2"
}

round() {
  local stage port tasks
  for stage in 'rm-mesos events' 'rm-state watch' rm-status rm-cluster \
    rm-offer rm-launch 'rm-state apply' 'rm-mesos calls'; do
    tasks=$(for n in "${nodes[@]}"; do task_of "$n"; done)
    kill_it "$stage" "$(stage_pid "$stage")"
    wait_for 30 well
    # Nothing was launched again for it.
    [ "$(for n in "${nodes[@]}"; do task_of "$n"; done)" = "$tasks" ]
  done

  kill_it rm-schedd "$SCHEDD_PID"
  start_schedd
  wait_for 30 well

  kill_it rm-cepmd "$(sandbox_pid riak-kv-1 rm-cepmd)"
  wait_for 30 well

  kill_it rm-executor "$(sandbox_pid riak-kv-2 rm-executor)"
  wait_for 10 status_is riak-kv-2 TASK_FAILED
  wait_for 30 well

  kill_it "the machine of riak-kv-3" "$(vm_of riak-kv-3)"
  wait_for 10 status_is riak-kv-3 TASK_FAILED
  wait_for 30 well

  kill_it rm-local "$LOCAL_PID"
  port=${MASTER#*:}
  start_local "$port"
  wait_for 30 well

  kill_it ZooKeeper "$ZK_PID"
  start_zookeeper "${ZK#*:}"
  wait_for 30 well
}

@test "each program is killed in turn, and all is well again" {
  local n rounds=3
  [ -z "${SHORT-}" ] || rounds=1
  for n in "${nodes[@]}"; do
    put_key "$(http "$n")" "key-$n" "value of $n"
  done
  wait_for 10 well
  for ((i = 1; i <= rounds; i++)); do round; done
  [ ! -e "$STACK/doubles" ] || {
    sort "$STACK/doubles" | uniq -c
    fail "two machines of one node"
  }
}

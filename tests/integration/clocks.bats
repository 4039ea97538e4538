# Clocks that jump by hours, under a whole system: each of our programs sees
# them (tests/preload/clock.c), Mesos and Riak do not. And machines that sleep,
# with all that runs on them.

load ../helper
load ../stack

# shift_clocks WALL MONOTONIC: by how many seconds they are off from now on.
shift_clocks() {
  printf '%-31s\n' "$1 $2" 1<>"$STACK/clock"
}

setup_file() {
  export STACK=$BATS_FILE_TMPDIR
  shift_clocks 0 0
  archive
  start_zookeeper
  start_local
  export CLOCK_SHIFT=$STACK/clock LD_PRELOAD=$RM_BUILD/preload/clock.so
  start_schedd
  start_api
  make_cluster kv
  add_node kv 1
  add_node kv 2
  wait_for 60 running riak-kv-1
  wait_for 60 running riak-kv-2
  start_director kv
  export ZK_PID LOCAL_PID SCHEDD_PID API_PID DIRECTOR_PID
  unset LD_PRELOAD
  wait_for 60 well
}

teardown_file() {
  export STACK=$BATS_FILE_TMPDIR
  stop_tracked
  stop_executors
}

setup() {
  export STACK=$BATS_FILE_TMPDIR
}

teardown() {
  if [ -z "${BATS_TEST_COMPLETED-}" ]; then
    tail -n 40 "$STACK"/*.log
  fi
}

# Executors are under the clocks, too.
archive() {
  mkdir "$STACK/clocked"
  tar -xzf "$RM_BUILD/rm-executor.tar.gz" -C "$STACK/clocked"
  sed -i "1a export CLOCK_SHIFT=$STACK/clock LD_PRELOAD=$RM_BUILD/preload/clock.so" \
    "$STACK/clocked/rm-executor/bin/rm-executor"
  EXECUTOR_ARCHIVE=$STACK/clocked.tar.gz
  tar -czf "$EXECUTOR_ARCHIVE" -C "$STACK/clocked" rm-executor
}

well() {
  local n
  for n in riak-kv-1 riak-kv-2; do
    running "$n" && holds "members/$n" .ready || return 1
  done
  [ "$(state ls coordinator/coordinatedNodes | wc -l)" -eq 2 ] &&
    [ "$(state ls cepmd/kv | wc -l)" -eq 2 ] &&
    curl -sf "http://127.0.0.1:$DIRECTOR_ADMIN/status" |
    jq -e '.http.nodes_up == 2 and .protobuf.nodes_up == 2' &&
    curl -sf "$API/healthcheck"
}

both_tasks() {
  echo "$(task_of riak-kv-1) $(task_of riak-kv-2)"
}

launches() {
  grep -c 'rm-offer: info: launch node=' "$STACK/schedd.log"
}

starts() {
  grep -c 'the pipeline runs' "$STACK/schedd.log"
}

started_again() { # started_again COUNT
  [ "$(starts)" -gt "$1" ]
}

# Under the clocks as they are now nothing ends; a node that does comes back
# soon, also when the scheduler's stages begin anew, by those clocks, just then.
lives() {
  local tasks task count pid
  tasks=$(both_tasks) count=$(launches)
  # As long as ticks, checks and a few heartbeats take.
  sleep "$([ -n "${SHORT-}" ] && echo 2 || echo 30)"
  wait_for 60 well
  assert_equal "$(both_tasks)" "$tasks"
  [ "$(launches)" -eq "$count" ]
  task=$(task_of riak-kv-1) count=$(starts) pid=$(scheduler_of)
  kill -KILL "$(vm_of riak-kv-1)"
  wait_for 20 status_is riak-kv-1 TASK_FAILED
  kill -KILL "$(pgrep -P "$pid" -f rm-cluster)"
  wait_for 60 started_again "$count"
  wait_for 60 runs_anew riak-kv-1 "$task"
  task=$(task_of riak-kv-2)
  riak-mesos node restart riak-kv-2
  wait_for 60 runs_anew riak-kv-2 "$task"
  wait_for 60 well
}

scheduler_of() {
  state get scheduler | jq -r '.leader | split(":")[1]'
}

@test "the wall clock goes six hours ahead: nothing" {
  shift_clocks 21600 0
  lives
}

@test "the wall clock goes six hours back: nothing" {
  shift_clocks -21600 0
  lives
}

@test "the monotonic clock leaps an hour: connections are made anew, no more" {
  shift_clocks 3600 3600
  lives
}

# tree PID…: with all below them.
tree() {
  local pid
  for pid in "$@"; do
    echo "$pid"
    # shellcheck disable=SC2046 # words
    tree $(pgrep -P "$pid")
  done
}

# sleep_all SECONDS STANDS PID…: they, and all nodes with their executors, stand
# still for longer than sessions in ZooKeeper last; with STANDS their monotonic
# clock, too. Commands of Riak's end by themselves just then.
sleep_all() {
  local pids wall monotonic
  # shellcheck disable=SC2046
  mapfile -t pids < <(tree "${@:3}" $(pgrep -f "$STACK/mesos/.*executors") | sort -u)
  kill -STOP "${pids[@]}" || true
  sleep "$1"
  read -r wall monotonic <"$STACK/clock"
  [ -z "$2" ] || shift_clocks "$wall" $((monotonic - $1))
  kill -CONT "${pids[@]}" || true
}

# What it was before is so again, by itself: no task has ended or begun.
same_again() {
  wait_for 90 well
  wait_for 60 holds scheduler .running
  assert_equal "$(both_tasks)" "$1"
  [ "$(launches)" -eq "$2" ]
  # A node may be joining just now.
  wait_for 30 put_key "127.0.0.1:$DIRECTOR_HTTP" slept well
  [ "$(get_key "127.0.0.1:$DIRECTOR_HTTP" slept)" = well ]
}

@test "ours sleep, the monotonic clock with them, others do not: new sessions, no more" {
  local tasks launched
  tasks=$(both_tasks) launched=$(launches)
  sleep_all 25 stands "$SCHEDD_PID" "$API_PID" "$DIRECTOR_PID"
  same_again "$tasks" "$launched"
  lives
}

@test "all sleep, ZooKeeper and Mesos too, and it is later then: the same" {
  local tasks launched
  tasks=$(both_tasks) launched=$(launches)
  sleep_all 25 "" "$ZK_PID" "$LOCAL_PID" "$SCHEDD_PID" "$API_PID" "$DIRECTOR_PID"
  same_again "$tasks" "$launched"
  lives
}

# The whole: ZooKeeper, rm-local with three agents, a scheduler, and nodes that
# stay.

load helper
load stack

setup() {
  STACK=$BATS_TEST_TMPDIR
  start_zookeeper
  start_local
}

teardown() {
  stop_tracked
  stop_executors
}

# A key is written; the node's machine is killed; the node comes back with the
# key, on its own volume, in a new sandbox.
kill_and_see_it_back() {
  local node=$1 task before volume
  put_key "$(http "$node")" k1 "value of $node"
  task=$(task_of "$node")
  before=$(sandbox_of "$node")
  volume=$(realpath "$before/data")
  kill -KILL "$(vm_of "$node")"
  wait_for 40 runs_anew "$node" "$task"
  run get_key "$(http "$node")" k1
  assert_output "value of $node"
  [ "$(sandbox_of "$node")" != "$before" ]
  [ "$(realpath "$(sandbox_of "$node")/data")" = "$volume" ]
}

# counted PROGRAM: it holds for what the scheduler has counted.
counted() {
  state get scheduler | jq -e ".counters | $1"
}

@test "typed by hand: a node starts, is killed, and comes back on its data" {
  settings | state put settings
  make_cluster kv
  add_node kv 1
  type_pipeline
  wait_for 40 running riak-kv-1
  kill_and_see_it_back riak-kv-1
  stop_pipeline
  # The scheduler is gone, the node is not.
  run get_key "$(http riak-kv-1)" k1
  assert_output "value of riak-kv-1"
}

@test "rm-schedd: the same; it stops in order and the node runs on" {
  make_cluster kv
  add_node kv 1
  start_schedd
  wait_for 40 running riak-kv-1
  kill_and_see_it_back riak-kv-1
  wait_for 30 counted '.task_updates_total.TASK_FAILED == 1 and
    .task_updates_total.TASK_RUNNING == 2 and .pipeline_starts_total[""] == 1 and
    .offers_received_total[""] >= 3 and .offers_accepted_total[""] >= 2 and
    .master_calls_total["ACCEPT,done"] >= 2 and .master_events_total.SUBSCRIBED == 1 and
    .master_calls_total["ACKNOWLEDGE,done"] == .update_acknowledge_seconds.count and
    .master_call_duration_seconds.count > 0 and .pipeline_delay_seconds.count > 0 and
    .record_writes_total.asked > 0 and .stage_dropped_lines_total == null'
  kill -TERM "$SCHEDD_PID"
  wait_for 15 gone "$SCHEDD_PID"
  wait "$SCHEDD_PID"
  run get_key "$(http riak-kv-1)" k1
  assert_output "value of riak-kv-1"
}

# An agent returns with its volumes under another id, and so does the node, in
# a new sandbox; never are there two machines on the volume.
return_under_another_id() { # SECONDS until it is unreachable, or nothing
  local task vm agent id watch
  task=$(task_of riak-kv-1) vm=$(vm_of riak-kv-1)
  agent=$(state get tasks/riak-kv-1 | jq -r .address)
  id=$(state get tasks/riak-kv-1 | jq -r .agent_id)
  watch_doubles riak-kv-1 3>&- &
  watch=$!
  track "$watch"
  rm-local --master "$MASTER" fault stop "${agent##*.}" ${1:+"timeout=$1"}
  rm-local --master "$MASTER" fault start "${agent##*.}" new-id=true
  wait_for 90 runs_anew riak-kv-1 "$task"
  kill "$watch"
  wait_for 10 gone "$vm"
  run get_key "$(http riak-kv-1)" k1
  assert_output "value of riak-kv-1"
  [ "$(state get tasks/riak-kv-1 | jq -r .agent_id)" != "$id" ]
  [ "$(state get tasks/riak-kv-1 | jq -r .address)" = "$agent" ]
  [ ! -e "$STACK/doubles" ]
}

@test "an agent returns under another id: its node runs there again, on its volume" {
  make_cluster kv
  add_node kv 1
  start_schedd
  wait_for 40 running riak-kv-1
  put_key "$(http riak-kv-1)" k1 "value of riak-kv-1"
  return_under_another_id
  return_under_another_id 0
}

# The nodes that any agent has something reserved for.
reserved_for() {
  local agent
  for agent in 127.0.0.{1,2,3}; do
    curl -s "http://$agent:$(cat "$STACK/agent-port")/state"
  done | jq -sc '[.[].reserved_resources_full[][].reservations[].labels.labels[]
    | select(.key == "node").value] | unique'
}

# why_not NODE TEXT: its cluster's verdict says so.
why_not() {
  state get verdicts/kv | jq -r --arg n "$1" '.[$n]' | grep -q "$2"
}

@test "an agent returns with nothing: its node waits, and can be removed" {
  local vm agent
  make_cluster kv
  add_node kv 1
  start_schedd
  wait_for 40 running riak-kv-1
  vm=$(vm_of riak-kv-1)
  agent=$(state get tasks/riak-kv-1 | jq -r .address)
  rm-local --master "$MASTER" fault stop "${agent##*.}"
  rm-local --master "$MASTER" fault start "${agent##*.}" bare=true
  wait_for 40 status_is riak-kv-1 TASK_UNKNOWN
  wait_for 40 why_not riak-kv-1 "its volume: not offered by $agent yet"
  wait_for 60 gone "$vm"
  add_node kv 1 remove
  wait_for 60 bash -c "! rm-state get nodes/riak-kv-1 --zk $ZK 2>/dev/null"
}

@test "three nodes land on three agents, a fourth doubles up, one is removed" {
  local hosts fourth
  make_cluster kv
  for n in 1 2 3; do add_node kv "$n"; done
  SPREAD_WAIT=4 start_schedd
  for n in 1 2 3; do wait_for 60 running "riak-kv-$n"; done
  hosts=$(for n in 1 2 3; do state get "tasks/riak-kv-$n" | jq -r .address; done | sort)
  assert_equal "$hosts" $'127.0.0.1\n127.0.0.2\n127.0.0.3'
  add_node kv 4
  wait_for 20 why_not riak-kv-4 "waiting for another"
  wait_for 60 running riak-kv-4
  # Volumes and reservations of a removed node are free again.
  fourth=$(realpath "$(sandbox_of riak-kv-4)/data")
  [ -d "$fourth" ]
  add_node kv 4 remove
  wait_for 60 bash -c "! rm-state get nodes/riak-kv-4 --zk $ZK 2>/dev/null"
  [ ! -e "$fourth" ]
  [ -z "$(vms_of riak-kv-4)" ]
  run reserved_for
  assert_output '["riak-kv-1","riak-kv-2","riak-kv-3"]'
  for kind in reservations tasks status orders nodes; do
    run state ls "$kind"
    refute_output --partial riak-kv-4
  done
}

@test "a package that is none: the task fails, the node says why, nothing is left" {
  echo rubbish >"$STACK/bad.tar.gz"
  RIAK=$STACK/bad.tar.gz
  make_cluster kv
  add_node kv 1
  start_schedd
  wait_for 30 status_is riak-kv-1 TASK_FAILED
  run bash -c "rm-state get status/riak-kv-1 --zk $ZK | jq -r .message"
  refute_output null
  assert_output --partial "bad.tar.gz"
  [ -z "$(vms_of riak-kv-1)" ]
}

@test "a record that can't be read freezes its node until it is mended" {
  make_cluster kv
  add_node kv 1
  add_node kv 2
  start_schedd
  wait_for 60 running riak-kv-1
  wait_for 60 running riak-kv-2
  local task
  task=$(task_of riak-kv-2)
  # Behind everybody's back, as a slip of a hand would.
  "$RM_TOOLS/zkput" "$ZK" /riak/frameworks/riak/nodes/riak-kv-1 '{"cluster":'
  wait_for 10 grep -q "frozen: record nodes/riak-kv-1" "$STACK/schedd.log"
  kill -KILL "$(vm_of riak-kv-2)"
  wait_for 40 runs_anew riak-kv-2 "$task"
  running riak-kv-1
  "$RM_TOOLS/zkput" "$ZK" /riak/frameworks/riak/nodes/riak-kv-1 \
    '{"cluster":"kv","goal":"run"}'
  wait_for 10 grep -q "mended: the records of riak-kv-1" "$STACK/schedd.log"
}

# no_records: as if ZooKeeper had been lost.
no_records() {
  state restore --replace <<<'{"schema":1,"framework":"riak","records":{}}'
  [ -z "$(state ls nodes)$(state ls tasks)$(state ls clusters)" ]
}

@test "records are dumped, lost and restored; the node that runs never noticed" {
  local task vm
  make_cluster kv
  add_node kv 1
  start_schedd
  wait_for 40 running riak-kv-1
  put_key "$(http riak-kv-1)" k1 "value of riak-kv-1"
  task=$(task_of riak-kv-1) vm=$(vm_of riak-kv-1)
  state dump --secrets >"$STACK/dump"
  # Not while a scheduler is up.
  run -102 state restore --replace "$STACK/dump"
  kill -TERM "$SCHEDD_PID"
  wait_for 15 gone "$SCHEDD_PID"
  no_records
  state restore "$STACK/dump"
  state dump --secrets | diff "$STACK/dump" -
  start_schedd
  wait_for 40 grep -q 'the pipeline runs' "$STACK/schedd.log"
  # It is the same framework, and the node is its: restarted, it is back.
  state get nodes/riak-kv-1 | jq '.restart += 1' | state put nodes/riak-kv-1
  wait_for 40 runs_anew riak-kv-1 "$task"
  [ "$(vm_of riak-kv-1)" != "$vm" ]
  run get_key "$(http riak-kv-1)" k1
  assert_output "value of riak-kv-1"
  run bash -c "grep -c 'launch node=' '$STACK/schedd.log'"
  assert_output 2
}

@test "an empty ZooKeeper costs no data: the volume is kept, and adopted" {
  local id volume
  make_cluster kv
  add_node kv 1
  start_schedd
  wait_for 40 running riak-kv-1
  put_key "$(http riak-kv-1)" k1 "value of riak-kv-1"
  id=$(state get framework | jq -r .id)
  volume=$(state get reservations/riak-kv-1 | jq -r .persistence_id)
  kill -TERM "$SCHEDD_PID"
  wait_for 15 gone "$SCHEDD_PID"
  no_records
  # Never taken for a new framework.
  start_schedd
  wait_for 20 gone "$SCHEDD_PID"
  run -102 wait "$SCHEDD_PID"
  grep -q "$id" "$STACK/schedd.log"
  kill -KILL "$(vm_of riak-kv-1)"
  start_schedd --framework-id "$id"
  start_api
  wait_for 40 state get "orphans/$volume"
  riak-mesos framework orphans "$volume" --adopt --riak-version "$RIAK_VERSION"
  wait_for 60 running riak-kv-1
  run get_key "$(http riak-kv-1)" k1
  assert_output "value of riak-kv-1"
  run state get "orphans/$volume"
  assert_failure
}

@test "records older than the cluster: what is newer is adopted, or left alone" {
  local volume vm
  make_cluster kv
  add_node kv 1
  add_node kv 2
  start_schedd
  wait_for 60 running riak-kv-1
  wait_for 60 running riak-kv-2
  put_key "$(http riak-kv-1)" k1 "value of riak-kv-1"
  volume=$(state get reservations/riak-kv-1 | jq -r .persistence_id)
  vm=$(vm_of riak-kv-2)
  kill -TERM "$SCHEDD_PID"
  wait_for 15 gone "$SCHEDD_PID"
  # As it was when the first was wanted and had no place, the second unknown.
  state dump --secrets | jq '.records |= (with_entries(select(.key |
      test("^(reservations|tasks|status|orders)/") or . == "nodes/riak-kv-2" |
      not)) | .["clusters/kv"].next = 2)' >"$STACK/older"
  no_records
  state restore "$STACK/older"
  start_schedd
  wait_for 40 running riak-kv-1
  wait_for 40 grep -q 'task riak-kv-2\.[0-9]* runs, and no record explains it' "$STACK/schedd.log"
  kill -KILL "$(vm_of riak-kv-1)"
  wait_for 60 holds reservations/riak-kv-1 ".persistence_id == \"$volume\""
  wait_for 60 running riak-kv-1
  run get_key "$(http riak-kv-1)" k1
  assert_output "value of riak-kv-1"
  [ "$(vm_of riak-kv-2)" = "$vm" ]
}

removed_again() { # its scheduler ends, and says why
  wait_for 40 gone "$SCHEDD_PID"
  run -100 wait "$SCHEDD_PID"
  grep -q "Framework has been removed" "$STACK/schedd.log"
}

@test "a framework that Mesos has removed: nothing is begun anew unless told" {
  local id volume
  make_cluster kv
  add_node kv 1
  start_schedd
  wait_for 60 running riak-kv-1
  put_key "$(http riak-kv-1)" k1 "value of riak-kv-1"
  wait_for 10 holds reservations/riak-kv-1 '.state == "held"'
  id=$(state get framework | jq -r .id)
  volume=$(state get reservations/riak-kv-1 | jq -r .persistence_id)
  curl -sf -d "frameworkId=$id" "http://$MASTER/master/teardown"
  removed_again
  start_schedd
  removed_again
  # Neither has it become another, nor is a record or a volume gone.
  curl -sf "http://$MASTER/master/state" | jq -e '.frameworks == []'
  holds framework ".id == \"$id\""
  holds reservations/riak-kv-1 ".persistence_id == \"$volume\" and .state == \"held\""
  # Its volumes are told by the framework's name: another takes them up.
  state rm framework
  start_schedd --new
  wait_for 60 holds framework ".id != \"$id\""
  wait_for 60 running riak-kv-1
  run get_key "$(http riak-kv-1)" k1
  assert_output "value of riak-kv-1"
  holds reservations/riak-kv-1 ".persistence_id == \"$volume\""
}

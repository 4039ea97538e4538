# The pure stages at work: small streams in, what they decide out. Agents have
# 4 cpus, 8 GiB, 20 GB of disk and their own thousand ports; a node needs 1.1
# cpus, 544 MiB and 1 GB.

load helper

setup() {
  in=$BATS_TEST_TMPDIR/in
  records >"$in"
}

# records [SETTINGS]: the records of a framework with a cluster kv of no node.
# What a test adds before its first event or tick is of the snapshot too.
records() {
  jq -cn --argjson more "${1-{\}}" '
    {record: "settings", value: ({schema: 1, framework: "riak", role: "riak",
      principal: "riak", user: "root", node: {cpus: 1, mem: 512, disk: 1000},
      executor: {cpus: 0.1, mem: 32}, spread_wait: 20, zookeeper: "z:2181",
      resources: {executor: "file:///e.tgz", "riak-3": "file:///r.tgz"}}
      + $more), version: 0},
    {record: "clusters/kv", value: {riak_version: "riak-3", generation: 1,
      next: 9}, version: 0},
    {record: "framework", value: {id: "F", name: "riak"}, version: 0}'
}

# The stream: the snapshot, the subscription, and what follows.
stream() {
  awk '{known = known && /^{"record"/ || NR == 1}
    known {print; next}
    !done++ {
      print "{\"record\":\"\",\"snapshot\":true}"
      print "{\"event\":\"SUBSCRIBED\",\"at\":1000,\"mesos\":" \
        "{\"subscribed\":{\"framework_id\":{\"value\":\"F\"}}}}"
    }
    {print}' "$in"
}

add() { cat >>"$in"; }

node() { # node N [GOAL [RESTART]]
  jq -cn --arg k "nodes/riak-kv-$1" --arg g "${2-run}" --argjson r "${3-0}" \
    '{record: $k, value: {cluster: "kv", goal: $g, restart: $r}, version: 3}'
}

tick() { # tick T [T…]
  printf '{"tick":%s}\n' "$@"
}

# offer T ID AGENT [MORE]: all that the agent's host has, plus MORE resources.
offer() {
  jq -cn --argjson t "$1" --arg id "$2" --arg a "$3" --argjson more "${4-[]}" '
    ($a | ltrimstr("S") | tonumber) as $n |
    {name: "ports", type: "RANGES", ranges: {range: [{begin: (30000 + 1000*$n),
      end: (30999 + 1000*$n)}]}} as $ports |
    def s($n; $v): {name: $n, type: "SCALAR", scalar: {value: $v}};
    {event: "OFFERS", at: $t, mesos: {type: "OFFERS", offers: {offers: [
      {id: {value: $id}, agent_id: {value: $a}, hostname: "127.0.0.\($n)",
       resources: ([[s("cpus"; 4), s("mem"; 8192), s("disk"; 20000), $ports][]
         | . + {allocation_info: {role: "riak"}}] + $more)}]}}}'
}

# held N PID [FRAMEWORK]: the reserved resources of node N, as they are offered.
held() {
  jq -cn --arg k "riak-kv-$1" --arg p "$2" --arg f "${3-riak}" '
    def s($n; $v): {name: $n, type: "SCALAR", scalar: {value: $v}};
    [s("cpus"; 1.1), s("mem"; 544), s("disk"; 1000) + {disk: {persistence:
       {id: $p, principal: "riak"}, volume: {mode: "RW",
       container_path: "data"}}},
     {name: "ports", type: "RANGES", ranges: {range: [{begin: 29000,
       end: 29009}]}} | . + {allocation_info: {role: "riak"}, reservations:
       [{type: "DYNAMIC", role: "riak", principal: "riak", labels: {labels:
         [{key: "framework", value: $f}, {key: "framework_id", value: "F"},
          {key: "node", value: $k}]}}]}]'
}

# reserved N STATE AGENT PID TASK: its reservation's record.
reserved() {
  jq -cn --arg n "$1" --arg s "$2" --arg a "$3" --arg p "$4" --arg t "$5" \
    --argjson r "$(held "$1" "$4")" '
    {record: "reservations/riak-kv-\($n)", value: {state: $s, agent_id: $a,
      hostname: "127.0.0.\($a | ltrimstr("S"))", resources: $r,
      persistence_id: $p, task_id: $t, since: 900, ports: {http: 29000}},
      version: 0}'
}

task() { # task N TASK AGENT [RESTART]
  jq -cn --arg n "$1" --arg t "$2" --arg a "$3" --argjson r "${4-0}" \
    '{record: "tasks/riak-kv-\($n)", value: {task_id: $t, agent_id: $a,
      launched: 900, restart: $r}, version: 0}'
}

# update T TASK STATE AGENT [MORE]: an update from the executor.
update() {
  jq -cn --argjson t "$1" --arg id "$2" --arg s "TASK_$3" --arg a "$4" \
    --argjson more "${5-{\"uuid\":\"dXVpZA==\",\"source\":\"SOURCE_EXECUTOR\"\}}" '
    {event: "UPDATE", at: $t, mesos: {update: {status: ({task_id: {value: $id},
      state: $s, agent_id: {value: $a}} + $more)}}}'
}

gone() { printf '{"record":"%s","value":null}\n' "$1"; }

# decide [LINES-OF…]: runs the stages; keeps what they added in $out.
decide() {
  out=$BATS_TEST_TMPDIR/out
  stream | rm-status 2>"$BATS_TEST_TMPDIR/log" |
    rm-cluster 2>>"$BATS_TEST_TMPDIR/log" |
    rm-offer 2>>"$BATS_TEST_TMPDIR/log" |
    rm-launch 2>>"$BATS_TEST_TMPDIR/log" >"$out"
}

# after T FILTER: what the stages said behind the tick T (before the next).
after() {
  awk -v t="{\"tick\":$1}" '/^\{"tick":/ {on = $0 == t; next}
    on && /^\{"(write|call)"/' "$out" | jq -c "${2-.}"
}

calls() { jq -r 'select(.call) | .call' "$out" | sort | uniq -c | awk '{print $2, $1}'; }

@test "nodes of one moment spread; the fourth doubles up after spread_wait" {
  {
    node 1; node 2; node 3; node 4
    offer 1000 A S1; offer 1000 B S2; offer 1000 C S3
    tick 1001
    for t in {1002..1030}; do
      offer "$t" "A$t" S1; offer "$t" "B$t" S2; offer "$t" "C$t" S3
      tick "$t"
    done
  } | add
  decide
  run after 1001 'select(.call == "ACCEPT") | .mesos.accept.offer_ids[].value'
  assert_output $'"A"\n"B"\n"C"'
  run after 1005 'select(.call == "DECLINE") | .mesos.decline.filters'
  assert_output '{"refuse_seconds":5}'
  run jq -r 'if .tick then "t\(.tick)" else
    (select(.call == "ACCEPT") | .mesos.accept.operations[] |
     select(.launch) | .launch.task_infos[].name) end' "$out"
  assert_line --index 0 t1001
  assert_line --index 1 riak-kv-1
  assert_line --index 3 riak-kv-3
  assert_output --partial $'t1021\nriak-kv-4\nt1022'
}

@test "one ACCEPT reserves, creates and launches; the intent is written first" {
  { node 1; offer 1000 A S1; tick 1001; } | add
  decide
  run after 1001 '.write // .call'
  assert_output $'"reservations/riak-kv-1"\n"SUPPRESS"\n"tasks/riak-kv-1"\n"ACCEPT"'
  run after 1001 'select(.call == "ACCEPT") | .mesos.accept.operations[] |
    [.type, .id.value]'
  assert_output '["RESERVE","reserve-riak-kv-1.1001000"]
["CREATE","create-riak-kv-1.1001000"]
["LAUNCH",null]'
  # Task and executor use exactly what was reserved.
  run after 1001 'select(.call == "ACCEPT") | [.mesos.accept.operations[2]
    .launch.task_infos[0] | .resources[], .executor.resources[] |
    select(.name == "cpus") | .scalar.value] | add'
  assert_output 1.1
  run after 1001 'select(.call == "ACCEPT") | .mesos.accept.operations[0]
    .reserve.resources | map(select(.name == "ports")) | .[].ranges.range'
  assert_output '[{"begin":31000,"end":31009}]'
  run after 1001 'select(.call == "ACCEPT") | .mesos.accept.operations[2]
    .launch.task_infos[0].data | [.HTTPPort, .ExecutorPort, .Cookie,
    .FullyQualifiedNodeName]'
  assert_output '[31000,31006,{"secret":"kv","field":"cookie"},"riak-kv-1@127.0.0.1"]'
}

@test "settings can turn operation ids off" {
  records '{"operation_ids": false}' >"$in"
  { node 1; offer 1000 A S1; tick 1001; } | add
  decide
  run after 1001 'select(.call == "ACCEPT") | .mesos.accept.operations[] | .id'
  assert_output $'null\nnull\nnull'
}

@test "the interface that nodes listen on is in the task's data" {
  records '{"network_interface": "eth1"}' >"$in"
  { node 1; offer 1000 A S1; tick 1001; } | add
  decide
  run after 1001 'select(.call == "ACCEPT") | .. | .data? // empty | .NetworkInterfaceName'
  assert_output '"eth1"'
}

@test "a plan is remembered until its task's record comes" {
  {
    node 1; offer 1000 A S1; tick 1001
    offer 1001.5 B S2; tick 1002; tick 1003
    task 1 riak-kv-1.1001000 S1; offer 1003.5 C S2; tick 1004
  } | add
  decide
  run calls
  assert_line "ACCEPT 1"
}

@test "a node runs again on its volume, on its ports, when all of it is offered" {
  {
    node 1
    reserved 1 held S2 riak.riak-kv-1.5 riak-kv-1.5
    task 1 riak-kv-1.5 S2
    update 1000 riak-kv-1.5 FAILED S2
    tick 1002
    # Its volume is back before its ports and cpus are.
    offer 1002.1 A S2 "$(held 1 riak.riak-kv-1.5 | jq -c 'map(select(.name == "disk"))')"
    offer 1002.1 B S1
    tick 1003
    offer 1003.1 C S2 "$(held 1 riak.riak-kv-1.5)"
    tick 1004
  } | add
  decide
  run after 1003 'select(.call == "ACCEPT")'
  assert_output ""
  run after 1003 'select(.write == "verdicts/kv") | .value'
  assert_output '{"riak-kv-1":"its cpus: not offered by 127.0.0.2 yet"}'
  run after 1004 'select(.call == "ACCEPT") | .mesos.accept.operations[] |
    [.type, (.launch.task_infos[0] | .task_id.value, .data.HTTPPort)]'
  assert_output '["LAUNCH","riak-kv-1.1004000",29000]'
}

@test "after its agent came back under a new id the node is found by its volume" {
  {
    node 1
    reserved 1 held S2 riak.riak-kv-1.5 riak-kv-1.5
    task 1 riak-kv-1.5 S2
    update 1000 riak-kv-1.5 LOST S2 '{"source":"SOURCE_MASTER"}'
    tick 1002
    offer 1002.5 A S7 "$(held 1 riak.riak-kv-1.5)"
    tick 1003
  } | add
  decide
  run after 1003 'select(.write == "reservations/riak-kv-1") | .value.agent_id'
  assert_line --index 0 '"S7"'
  run after 1003 'select(.call == "ACCEPT") | .mesos.accept.operations[].type'
  assert_output '"LAUNCH"'
}

@test "an unreachable node waits; it is not placed elsewhere" {
  {
    node 1
    reserved 1 held S2 riak.riak-kv-1.5 riak-kv-1.5
    task 1 riak-kv-1.5 S2
    update 1000 riak-kv-1.5 UNREACHABLE S2 '{"source":"SOURCE_MASTER"}'
    for t in {1001..1100}; do offer "$t" "A$t" S1; tick "$t"; done
  } | add
  decide
  run calls
  refute_line --partial ACCEPT
}

@test "failures in a row back off, doubled; a stable run ends the row" {
  {
    node 1
    reserved 1 held S2 riak.riak-kv-1.5 riak-kv-1.5
    task 1 riak-kv-1.5 S2
    update 1000 riak-kv-1.5 RUNNING S2
    update 1001 riak-kv-1.5 FAILED S2
    update 1001.5 riak-kv-1.6 FAILED S2
    update 1002 riak-kv-1.7 FAILED S2
    # Said again by the agent: not counted again.
    update 1002 riak-kv-1.7 FAILED S2
    for t in {1003..1007}; do
      offer "$t" "A$t" S2 "$(held 1 riak.riak-kv-1.5)"; tick "$t"
    done
  } | add
  decide
  run jq -c 'select(.write == "status/riak-kv-1") | .value.failures' "$out"
  assert_output $'0\n1\n2\n3'
  run jq -r 'if .tick then .tick else select(.call == "ACCEPT") | .call end' "$out"
  assert_output $'1003\n1004\n1005\n1006\nACCEPT\n1007'
  {
    update 1010 riak-kv-1.1006000 RUNNING S2
    update 1100 riak-kv-1.1006000 FAILED S2
  } | add
  decide
  run bash -c "jq -c 'select(.write == \"status/riak-kv-1\") | .value.failures' '$out' | tail -n 1"
  assert_output 1
}

# A scheduler before it had a clock that was hours ahead.
@test "records of a later clock hold nothing up" {
  local ahead='.value += {since: 25000, at: 25000, launched: 25000, released: 25000}'
  {
    # One that failed: it runs again.
    node 1; reserved 1 held S1 riak.riak-kv-1.5 riak-kv-1.5
    task 1 riak-kv-1.5 S1
    jq -cn '{record: "status/riak-kv-1", version: 0, value: {failures: 3,
      task_id: "riak-kv-1.5", state: "TASK_FAILED", agent_id: "S1"}}'
    # One whose release was asked for: it is proven.
    node 2 remove; reserved 2 releasing S2 riak.riak-kv-2.5 riak-kv-2.5
    # An orphan that is gone: it is forgotten.
    jq -cn '{record: "orphans/riak.x.5", version: 0, value: {agent_id: "S2",
      hostname: "127.0.0.2"}}'
  } | jq -c "if .record | test(\"node\") then . else $ahead end" | add
  {
    tick 1001
    offer 1002 A S1 "$(held 1 riak.riak-kv-1.5)"; offer 1002 B S2; tick 1003
    offer 1010 C S2; tick 1011
  } | add
  decide
  run jq -r 'select(.call == "ACCEPT") | .mesos.accept.operations[].launch |
    values | .task_infos[].task_id.value' "$out"
  assert_output "riak-kv-1.1003000"
  run jq -c 'select(.write and .value == null) | .write' "$out"
  assert_line '"reservations/riak-kv-2"'
  assert_line '"orphans/riak.x.5"'
}

@test "a restart that was asked for waits for no old failures" {
  local fails='reserved 1 held S2 riak.riak-kv-1.5 riak-kv-1.5
    task 1 riak-kv-1.5 S2
    for i in 5 6 7 8 9; do update 1000 "riak-kv-1.$i" FAILED S2; done'
  {
    node 1; eval "$fails"; task 1 riak-kv-1.9 S2
    offer 1001 A S2 "$(held 1 riak.riak-kv-1.5)"; tick 1002
    node 1 run 1
    offer 1003 B S2 "$(held 1 riak.riak-kv-1.5)"; tick 1004
  } | add
  decide
  run jq -r 'if .tick then .tick else select(.call == "ACCEPT") | .call end' "$out"
  assert_output $'1002\n1004\nACCEPT'
  # One that is ended as it was told to begins a new row.
  records >"$in"
  {
    node 1; eval "$fails"
    update 1000 riak-kv-1.10 RUNNING S2
    update 1001 riak-kv-1.10 KILLED S2
    offer 1001 A S2 "$(held 1 riak.riak-kv-1.5)"; tick 1002
  } | add
  decide
  run jq -r 'if .tick then .tick else select(.call == "ACCEPT") | .call end' "$out"
  assert_output $'1002\nACCEPT'
  run bash -c "jq -c 'select(.write == \"status/riak-kv-1\") | .value.failures' '$out' | tail -n 1"
  assert_output 0
}

@test "an end for a reason of its agent's is no failure of the node" {
  {
    node 1; task 1 riak-kv-1.5 S2
    update 1000 riak-kv-1.5 FAILED S2 '{"source":"SOURCE_AGENT","reason":"REASON_AGENT_RESTARTED","uuid":"dXVpZA=="}'
    update 1000 riak-kv-1.6 FAILED S2 '{"source":"SOURCE_AGENT","reason":"REASON_CONTAINER_LIMITATION_MEMORY","uuid":"dXVpZA=="}'
  } | add
  decide
  run jq -c 'select(.write == "status/riak-kv-1") | .value.failures' "$out"
  assert_output $'0\n1'
}

@test "exit 0 that nobody asked for freezes a node, a restart frees it" {
  {
    node 1
    reserved 1 held S2 riak.riak-kv-1.5 riak-kv-1.5
    task 1 riak-kv-1.5 S2
    update 1000 riak-kv-1.5 FINISHED S2
    offer 1001 A S2 "$(held 1 riak.riak-kv-1.5)"; tick 1002
    node 1 run 1
    offer 1003 B S2 "$(held 1 riak.riak-kv-1.5)"; tick 1004
  } | add
  decide
  run after 1002 'select(.call == "ACCEPT"), (select(.write == "verdicts/kv") | .value)'
  assert_output '{"riak-kv-1":"Riak ended by itself with exit 0"}'
  run after 1004 'select(.call == "ACCEPT") | .call'
  assert_output '"ACCEPT"'
}

@test "a terminal state that the master made up waits for its confirmation" {
  {
    node 1
    reserved 1 held S2 riak.riak-kv-1.5 riak-kv-1.5
    task 1 riak-kv-1.5 S2
    update 1000 riak-kv-1.5 DROPPED S2 '{"source":"SOURCE_MASTER","reason":"REASON_INVALID_OFFERS"}'
    offer 1002 A S2 "$(held 1 riak.riak-kv-1.5)"; tick 1003
    update 1004 riak-kv-1.5 GONE S2 '{"source":"SOURCE_MASTER","reason":"REASON_RECONCILIATION"}'
    offer 1005 B S2 "$(held 1 riak.riak-kv-1.5)"; tick 1006
  } | add
  decide
  run jq -c 'select(.call == "RECONCILE") | .mesos.reconcile.tasks | map(.task_id.value)' "$out"
  assert_line '["riak-kv-1.5"]'
  run after 1003 'select(.call == "ACCEPT")'
  assert_output ""
  run after 1006 'select(.call == "ACCEPT") | .call'
  assert_output '"ACCEPT"'
}

@test "that it runs after all is believed" {
  {
    node 1
    task 1 riak-kv-1.5 S2
    update 1000 riak-kv-1.5 DROPPED S2 '{"source":"SOURCE_MASTER"}'
    update 1001 riak-kv-1.5 RUNNING S2 '{"source":"SOURCE_MASTER","reason":"REASON_RECONCILIATION"}'
  } | add
  decide
  run jq -c 'select(.write == "status/riak-kv-1") | .value | [.state, .unconfirmed]' "$out"
  assert_output $'["TASK_DROPPED",true]\n["TASK_RUNNING",false]'
}

@test "an older task that runs is killed, and changes nothing" {
  {
    node 1; task 1 riak-kv-1.9 S2
    update 1000 riak-kv-1.9 RUNNING S2
    update 1001 riak-kv-1.5 RUNNING S1
    update 1002 riak-kv-1.5 FAILED S1
  } | add
  decide
  run jq -c 'select(.call == "KILL") | .mesos.kill.task_id.value' "$out"
  assert_output '"riak-kv-1.5"'
  run jq -c 'select(.write == "status/riak-kv-1") | .value.task_id' "$out"
  assert_output '"riak-kv-1.9"'
  run calls
  assert_line "ACKNOWLEDGE 3"
}

@test "an older task is not killed while it may be the only one" {
  {
    node 1; task 1 riak-kv-1.9 S2
    # Launched, and nothing was heard of it yet; then it never started.
    update 1000 riak-kv-1.5 RUNNING S1
    update 1001 riak-kv-1.9 DROPPED S2 '{"source":"SOURCE_MASTER","reason":"REASON_RECONCILIATION"}'
    update 1002 riak-kv-1.5 RUNNING S1
  } | add
  decide
  run calls
  refute_line --partial KILL
  grep -q "task riak-kv-1.5 runs, and whether the newer riak-kv-1.9 does is not known" "$BATS_TEST_TMPDIR/log"
}

@test "a task on its node's reservation is adopted by records older than it" {
  {
    node 1 run 2
    reserved 1 held S2 riak.riak-kv-1.5 riak-kv-1.5
    task 1 riak-kv-1.5 S2
    update 1000 riak-kv-1.8 RUNNING S2
    offer 1001 A S1; tick 1002
    # A restart that is asked for from now on ends it.
    node 1 run 3; task 1 riak-kv-1.8 S2 2; tick 1003
    # On another agent than the reservation's: nothing is said of where it is.
    node 2; reserved 2 held S3 riak.riak-kv-2.5 riak-kv-2.5
    update 1004 riak-kv-2.8 RUNNING S4
    tick 1005
  } | add
  decide
  run jq -c 'select(.write | tostring | startswith("tasks/")) | [.write,
    .value.task_id, .value.agent_id, .value.hostname, .value.persistence_id,
    .value.ports.http, .value.restart]' "$out"
  assert_output '["tasks/riak-kv-1","riak-kv-1.8","S2","127.0.0.2","riak.riak-kv-1.5",29000,2]'
  run after 1003 'select(.call == "KILL") | .mesos.kill.task_id.value'
  assert_output '"riak-kv-1.8"'
  run calls
  refute_line --partial ACCEPT
}

@test "a node whose records are older than its volume waits for that volume" {
  {
    node 1
    update 1000 riak-kv-1.8 RUNNING S2
    offer 1001 A S1; tick 1002
    update 1003 riak-kv-1.8 FAILED S2
    # No new volume in its place, nor one that it had before, or elsewhere.
    offer 1005 B S1 "$(held 1 riak.riak-kv-1.4)"; tick 1006
    offer 1007 C S2 "$({ held 1 riak.riak-kv-1.3; held 1 riak.riak-kv-1.5; } | jq -cs add)"; tick 1008
  } | add
  decide
  run after 1006 'select(.call == "ACCEPT"), (select(.write == "verdicts/kv") | .value)'
  assert_output '{"riak-kv-1":"no record tells of the volume that it ran on, and it is not offered"}'
  run after 1008 'select(.call == "ACCEPT") | [.mesos.accept.operations[].type]'
  assert_output '["LAUNCH"]'
  run jq -c 'select(.write == "reservations/riak-kv-1") | .value | [.persistence_id, .agent_id]' "$out"
  assert_output '["riak.riak-kv-1.5","S2"]'
  run jq -r 'select(.write | tostring | startswith("orphans")) | .write' "$out"
  assert_output "orphans/riak.riak-kv-1.4
orphans/riak.riak-kv-1.3"
}

@test "a newer task than any record is noted, never killed or replaced" {
  {
    node 1; reserved 1 held S2 p riak-kv-1.5; task 1 riak-kv-1.5 S2
    update 1000 riak-kv-1.8 RUNNING S2
    offer 1001 A S1; offer 1001 B S2; tick 1002
  } | add
  decide
  run calls
  refute_line --partial KILL
  refute_line --partial ACCEPT
}

@test "a task that no record explains is left alone and reported" {
  { update 1000 riak-zz-1.8 RUNNING S2; tick 1001; } | add
  decide
  run calls
  refute_line --partial KILL
  assert_line "ACKNOWLEDGE 1"
  grep -q 'riak-zz-1.8 runs, and no record explains it' "$BATS_TEST_TMPDIR/log"
}

@test "an asked reservation whose task never went out is void at once" {
  {
    node 1; reserved 1 asked S2 riak.riak-kv-1.900 riak-kv-1.900
    offer 1000 A S1; tick 1001
  } | add
  decide
  run after 1001 'select(.write == "reservations/riak-kv-1") | .value.persistence_id'
  assert_output $'null\n"riak.riak-kv-1.1001000"'
}

@test "an asked one is void only when reconciled and offered without" {
  {
    node 1; reserved 1 asked S2 riak.riak-kv-1.900 riak-kv-1.900
    task 1 riak-kv-1.900 S2
    offer 1000 A S2; offer 1000 B S1; tick 1001
    update 1001.5 riak-kv-1.900 UNKNOWN S2 '{"source":"SOURCE_MASTER","reason":"REASON_RECONCILIATION"}'
    offer 1002 C S1; tick 1003
    offer 1004 D S2; tick 1005
  } | add
  decide
  run after 1001 'select(.write == "reservations/riak-kv-1")'
  assert_output ""
  run after 1003 'select(.write == "reservations/riak-kv-1")'
  assert_output ""
  run after 1005 'select(.write == "reservations/riak-kv-1") | .value.persistence_id'
  assert_output $'null\n"riak.riak-kv-1.1005000"'
}

@test "an asked one of an agent that is back under another id is void as well" {
  {
    node 1; reserved 1 asked S2 riak.riak-kv-1.900 riak-kv-1.900
    task 1 riak-kv-1.900 S2
    update 1001 riak-kv-1.900 UNKNOWN S2 '{"source":"SOURCE_MASTER","reason":"REASON_RECONCILIATION"}'
    offer 1002 A S7 | jq -c '.mesos.offers.offers[0].hostname = "127.0.0.2"'
    tick 1003
  } | add
  decide
  run after 1003 'select(.write == "reservations/riak-kv-1") | .value.persistence_id'
  assert_output $'null\n"riak.riak-kv-1.1003000"'
}

@test "a removed one goes when another agent is in the place of its own" {
  {
    node 1 remove; reserved 1 held S2 riak.riak-kv-1.5 riak-kv-1.5
    task 1 riak-kv-1.5 S2
    update 1001 riak-kv-1.5 LOST S2
    offer 1002 A S7 | jq -c '.mesos.offers.offers[0].hostname = "127.0.0.2"'
    tick 1003
    # Mesos does not know the agent: neither can anybody mark it gone.
    update 1004 riak-kv-1.5 UNKNOWN S2 '{"source":"SOURCE_MASTER","reason":"REASON_RECONCILIATION"}'
    offer 1005 B S1; tick 1006
    offer 1007 C S7 | jq -c '.mesos.offers.offers[0].hostname = "127.0.0.2"'
    tick 1008
    gone reservations/riak-kv-1
    gone tasks/riak-kv-1
    for t in {1009..1030}; do tick "$t"; done
  } | add
  decide
  run jq -c 'if .tick then .tick else select(.write and .value == null) |
    .write end' "$out"
  assert_output --partial $'1006\n1008\n"reservations/riak-kv-1"'
  jq -se 'any(.[]; .write == "nodes/riak-kv-1" and .value == null)' "$out"
}

@test "what was declined while it waited to run is asked for again to release it" {
  {
    node 1; reserved 1 held S2 riak.riak-kv-1.5 riak-kv-1.5
    task 1 riak-kv-1.5 S2
    update 1001 riak-kv-1.5 UNKNOWN S2 '{"source":"SOURCE_MASTER","reason":"REASON_RECONCILIATION"}'
    offer 1002 A S7 | jq -c '.mesos.offers.offers[0].hostname = "127.0.0.2"'
    for t in {1003..1020}; do tick "$t"; done
    node 1 remove
    for t in {1021..1030}; do tick "$t"; done
  } | add
  decide
  run after 1003 'select(.call == "DECLINE") | .mesos.decline.filters.refuse_seconds'
  assert_output 3600
  run jq -c 'if .tick then .tick else select(.call == "REVIVE") | .call end' "$out"
  assert_output --partial $'1021\n"REVIVE"\n1022'
}

@test "an asked one that shows, or whose task runs, is held" {
  {
    node 1 stop; reserved 1 asked S2 riak.riak-kv-1.900 riak-kv-1.900
    task 1 riak-kv-1.900 S2
    node 2; reserved 2 asked S1 riak.riak-kv-2.900 riak-kv-2.900
    task 2 riak-kv-2.900 S1
    update 1000 riak-kv-2.900 RUNNING S1
    offer 1000 A S2 "$(held 1 riak.riak-kv-1.900)"; tick 1001
  } | add
  decide
  run after 1001 'select(.write | tostring | startswith("reservations")) | [.write, .value.state]'
  assert_output $'["reservations/riak-kv-1","held"]\n["reservations/riak-kv-2","held"]'
}

@test "a removed node is killed, released, proven gone, and forgotten in order" {
  {
    node 1 remove
    reserved 1 held S2 riak.riak-kv-1.5 riak-kv-1.5
    task 1 riak-kv-1.5 S2
    update 1000 riak-kv-1.5 RUNNING S2
    tick 1001
    update 1002 riak-kv-1.5 KILLED S2
    tick 1003
    offer 1003.5 A S2 "$(held 1 riak.riak-kv-1.5)"; tick 1004
    # On its way when the release was asked for: proves nothing.
    offer 1004.5 B S2; tick 1005
    tick 1010
    offer 1010.5 C S2; tick 1011
    gone reservations/riak-kv-1; tick 1012
    gone tasks/riak-kv-1; tick 1013
    for t in {1014..1018}; do tick "$t"; done
  } | add
  decide
  run after 1001 'select(.call == "KILL") | .mesos.kill.task_id.value'
  assert_output '"riak-kv-1.5"'
  run after 1003 'select(.write) | [.write, .value.state]'
  assert_output '["reservations/riak-kv-1","releasing"]'
  run after 1004 'select(.call == "ACCEPT") | .mesos.accept.operations[] | [.type, .id.value]'
  assert_output '["DESTROY","destroy-riak-kv-1.1004000"]
["UNRESERVE","unreserve-riak-kv-1.1004000"]'
  run after 1004 'select(.call == "ACCEPT") | .mesos.accept.operations[1].unreserve.resources[] | [.name, .disk]'
  assert_line '["disk",null]'
  run after 1005 'select(.write)'
  assert_output ""
  run after 1010 '.call'
  assert_output '"REVIVE"'
  run after 1011 'select(.write) | [.write, .value]'
  assert_output '["reservations/riak-kv-1",null]'
  run after 1012 'select(.write) | [.write, .value]'
  assert_output '["tasks/riak-kv-1",null]'
  run after 1013 'select(.write) | [.write, .value]'
  assert_output '["status/riak-kv-1",null]'
  run jq -c 'select(.write == "nodes/riak-kv-1")' "$out"
  assert_output '{"write":"nodes/riak-kv-1","value":null,"version":3}'
}

@test "a removed node whose records are on their way is not forgotten" {
  {
    node 1
    for t in {1001..1020}; do tick "$t"; done
    node 1 remove
    update 1020.5 riak-kv-1.1020500 RUNNING S2
    tick 1021; tick 1022
    update 1022.5 riak-kv-1.1020500 KILLED S2
    for t in {1023..1032}; do tick "$t"; done
    reserved 1 held S2 riak.riak-kv-1.1020500 riak-kv-1.1020500
    task 1 riak-kv-1.1020500 S2
    for t in {1033..1050}; do tick "$t"; done
  } | add
  stream | rm-status 2>/dev/null | rm-cluster 2>/dev/null >"$BATS_TEST_TMPDIR/out"
  run jq -c 'select(.write and .value == null)' "$BATS_TEST_TMPDIR/out"
  assert_output ""
}

@test "a volume whose agent is gone for good is released; how it ended is kept" {
  local gone_for_good='{"source":"SOURCE_MASTER","reason":"REASON_RECONCILIATION"}'
  {
    node 1 remove
    reserved 1 held S7 riak.riak-kv-1.5 riak-kv-1.5
    task 1 riak-kv-1.5 S2
    update 1000 riak-kv-1.5 KILLED S2
    tick 1001
    # Asked after where the volume is now; an answer that knows no more than we.
    echo '{"event":"FAILURE","at":1002,"mesos":{"failure":{"agent_id":{"value":"S7"}}}}'
    update 1003 riak-kv-1.5 GONE S7 "$gone_for_good"
    tick 1004
    for t in {1005..1908}; do tick "$t"; done
    update 1909 riak-kv-1.5 GONE_BY_OPERATOR S7 "$gone_for_good"
    tick 1910
  } | add
  decide
  run bash -c "jq -c 'select(.call == \"RECONCILE\") | .mesos.reconcile.tasks | map(.agent_id.value)' '$out'"
  assert_output '["S2"]
[]
["S7"]
["S7"]
[]
["S7"]'
  run jq -c 'select(.write == "status/riak-kv-1") | .value.state' "$out"
  assert_output '"TASK_KILLED"
"TASK_GONE_BY_OPERATOR"'
  run after 1910 'select(.write == "reservations/riak-kv-1") | .value'
  assert_output null
}

@test "how a task ended, by its agent, the master alone does not change" {
  {
    node 1 leave
    reserved 1 held S2 riak.riak-kv-1.5 riak-kv-1.5
    task 1 riak-kv-1.5 S2
    update 1000 riak-kv-1.5 KILLED S2
    update 1001 riak-kv-1.5 KILLED S2 '{"source":"SOURCE_MASTER"}'
    update 1002 riak-kv-1.5 KILLED S2 '{"source":"SOURCE_MASTER","reason":"REASON_RECONCILIATION"}'
    offer 1003 A S2 "$(held 1 riak.riak-kv-1.5)"; tick 1004
    offer 1010 B S2; tick 1011
  } | add
  decide
  run jq -c 'select(.write == "status/riak-kv-1") | .value | [.state, .source, .unconfirmed]' "$out"
  assert_output '["TASK_KILLED","SOURCE_EXECUTOR",false]'
  run after 1011 'select(.write == "reservations/riak-kv-1") | .value'
  assert_output null
}

@test "a node that has left is not run again for what the master does not know" {
  {
    node 1 leave
    reserved 1 held S2 riak.riak-kv-1.5 riak-kv-1.5
    task 1 riak-kv-1.5 S2
    update 1000 riak-kv-1.5 FINISHED S2
    update 1001 riak-kv-1.5 GONE S2 '{"source":"SOURCE_MASTER","reason":"REASON_RECONCILIATION"}'
    offer 1002 A S2 "$(held 1 riak.riak-kv-1.5)"; tick 1003
  } | add
  decide
  run after 1003 'select(.call == "ACCEPT") | [.mesos.accept.operations[].type]'
  assert_output '["DESTROY","UNRESERVE"]'
}

@test "what no record explains is reported and kept" {
  {
    offer 1000 A S2 "$(held 1 riak.riak-kv-1.5)"; tick 1001
    offer 1002 B S2 "$(held 1 riak.riak-kv-1.5)"; tick 1003
  } | add
  decide
  run after 1001 'select(.write) | [.write, .value.node, .value.hostname]'
  assert_output '["orphans/riak.riak-kv-1.5","riak-kv-1","127.0.0.2"]'
  run after 1003 'select(.write)'
  assert_output ""
  run calls
  refute_line --partial ACCEPT
}

# two_volumes PID OTHER: what node 1 has twice on one agent, as it is offered:
# only the volumes can be told apart.
two_volumes() {
  jq -cn --argjson a "$(held 1 "$1")" --argjson b "$(held 1 "$2")" '
    $a | .[0].scalar.value *= 2 | .[1].scalar.value *= 2 |
    .[3].ranges.range[0].end += 10 | . + [$b[2]]'
}

@test "with a node goes its own volume, and no other that has its name" {
  {
    node 1 remove
    reserved 1 held S2 riak.riak-kv-1.7 riak-kv-1.7
    task 1 riak-kv-1.7 S2
    update 1000 riak-kv-1.7 KILLED S2
    offer 1003.5 A S2 "$(two_volumes riak.riak-kv-1.5 riak.riak-kv-1.7)"
    tick 1004
    offer 1015.5 C S2 "$(held 1 riak.riak-kv-1.5)"; tick 1016
    gone reservations/riak-kv-1; tick 1017
    gone tasks/riak-kv-1; tick 1018
  } | add
  decide
  run after 1004 'select(.call == "ACCEPT") | .mesos.accept.operations[] |
    (.destroy.volumes // .unreserve.resources)[] | [.name, .scalar.value //
      .ranges.range[0], .disk.persistence.id]'
  assert_output '["disk",1000,"riak.riak-kv-1.7"]
["cpus",1.1,null]
["mem",544,null]
["ports",{"begin":29000,"end":29009},null]
["disk",1000,null]'
  run after 1016 'select(.write == "reservations/riak-kv-1") | .value'
  assert_output null
  run jq -c 'select(.call == "ACCEPT")' "$out"
  assert_equal "${#lines[@]}" 1
  run jq -c 'select(.write | tostring | startswith("orphans")) | .write' "$out"
  assert_output '"orphans/riak.riak-kv-1.5"'
}

@test "another framework's reservations in our role are never touched" {
  {
    node 1 remove; reserved 1 held S2 riak.riak-kv-1.5 riak-kv-1.5
    offer 1000 A S2 "$(held 1 riak.riak-kv-1.5 other)"; tick 1001
    tick 1010
  } | add
  decide
  run calls
  refute_line --partial ACCEPT
  run jq -c 'select(.write | tostring | startswith("orphans"))' "$out"
  assert_output ""
}

@test "a record that can't be read freezes its node, and no other" {
  {
    node 1; node 2
    echo '{"record":"tasks/riak-kv-1","error":"cut short","version":1}'
    offer 1000 A S1; offer 1000 B S2; tick 1001
    gone tasks/riak-kv-1
    offer 1002 C S3; tick 1003
  } | add
  decide
  run after 1001 'select(.call == "ACCEPT") | .mesos.accept.operations[2].launch.task_infos[].name'
  assert_output '"riak-kv-2"'
  run after 1001 'select(.write == "verdicts/kv") | .value'
  assert_output '{"riak-kv-1":"record tasks/riak-kv-1 can'"'"'t be read: cut short"}'
  run after 1003 'select(.call == "ACCEPT") | .mesos.accept.operations[2].launch.task_infos[].name'
  assert_output '"riak-kv-1"'
  grep -q "frozen: record tasks/riak-kv-1 can't be read: cut short" "$BATS_TEST_TMPDIR/log"
}

@test "settings that can't be read freeze everything; offers go back soon" {
  {
    node 1
    echo '{"record":"settings","error":"cut short","version":1}'
    offer 1000 A S1; tick 1001
  } | add
  decide
  run after 1001
  assert_output '{"call":"DECLINE","mesos":{"type":"DECLINE","decline":{"offer_ids":[{"value":"A"}],"filters":{"refuse_seconds":5}}}}'
}

@test "SUPPRESS when nothing is wanted, REVIVE when something is, each once" {
  {
    offer 1000 A S1; tick 1001; tick 1002
    node 1; tick 1003; tick 1004
    offer 1004.5 B S1; tick 1005
    task 1 riak-kv-1.1005000 S1; tick 1006
    update 1007 riak-kv-1.1005000 RUNNING S1; tick 1008
  } | add
  decide
  run jq -r 'if .tick then .tick else select(.call == "SUPPRESS" or .call == "REVIVE") | .call end' "$out"
  assert_output $'1001\nSUPPRESS\n1002\n1003\nREVIVE\n1004\n1005\nSUPPRESS\n1006\n1008'
  run after 1001 'select(.call == "DECLINE") | .mesos.decline.filters'
  assert_output '{"refuse_seconds":3600}'
}

# crowd T N: as many offers in one event, each too small for a node.
crowd() {
  jq -cn --argjson t "$1" --argjson n "$2" '{event: "OFFERS", at: $t, mesos:
    {type: "OFFERS", offers: {offers: [range($n) | (. % 200 + 1) as $a |
      {id: {value: "\($t)-\(.)"}, agent_id: {value: "S\($a)"},
       hostname: "127.0.0.\($a)", resources: [{name: "cpus", type: "SCALAR",
       scalar: {value: 0.1}, allocation_info: {role: "riak"}}]}]}}}'
}

@test "REVIVE, which brings back every offer, waits the longer the more came" {
  {
    tick 1001; node 1; tick 1002
    crowd 1002.5 5000
    tick 1003; node 2; tick 1004 1005 1006 1007 1008
    crowd 1008.5 5000
    tick 1009; node 3; tick 1010
    gone nodes/riak-kv-1; gone nodes/riak-kv-2; gone nodes/riak-kv-3
    tick 1011 1012
    node 4; tick 1013
  } | add
  decide
  run jq -r 'if .tick then .tick else select(.call == "SUPPRESS" or .call == "REVIVE") | .call end' "$out"
  assert_output $'1001\nSUPPRESS\n1002\nREVIVE\n1003\n1004\n1005\n1006\n1007\nREVIVE\n1008\n1009\n1010\n1011\nSUPPRESS\n1012\n1013\nREVIVE'
}

@test "a rescinded offer is not used; the agent's others go back" {
  {
    node 1; offer 1000 A S1; offer 1000 B S1
    echo '{"event":"RESCIND","at":1000.5,"mesos":{"rescind":{"offer_id":{"value":"A"}}}}'
    tick 1001
  } | add
  decide
  run jq -c 'select(.call == "DECLINE") | .mesos.decline.offer_ids' "$out"
  assert_output '[{"value":"B"}]'
  run calls
  refute_line --partial ACCEPT
}

@test "a new subscription voids the offers and asks after every task" {
  {
    node 1; task 1 riak-kv-1.5 S2
    update 1000 riak-kv-1.5 RUNNING S2
    offer 1000 A S1
    echo '{"event":"SUBSCRIBED","at":1001,"mesos":{"subscribed":{"framework_id":{"value":"F"}}}}'
    tick 1002
  } | add
  decide
  run jq -c 'select(.call == "DECLINE")' "$out"
  assert_output ""
  run bash -c "jq -c 'select(.call == \"RECONCILE\") | .mesos.reconcile.tasks | map(.task_id.value)' '$out' | tail -n 2"
  assert_output $'["riak-kv-1.5"]\n[]'
}

@test "reconciliation repeats, 4 s doubled to 30, until each has answered" {
  { node 1; task 1 riak-kv-1.5 S2; } | add
  for t in {1001..1120}; do tick "$t"; done | add
  {
    update 1121 riak-kv-1.5 RUNNING S2 '{"source":"SOURCE_MASTER","reason":"REASON_RECONCILIATION"}'
    for t in {1122..1200}; do tick "$t"; done
  } | add
  decide
  run jq -r 'if .tick then .tick else select(.call == "RECONCILE" and
    (.mesos.reconcile.tasks | length > 0)) | "ask" end' "$out"
  local asked
  asked=$(awk '/ask/ {print t; next} {t = $1}' <<<"$output" | tr '\n' ' ')
  assert_equal "$asked" " 1004 1012 1028 1058 1088 1118 "
}

@test "a silent launch is asked after" {
  {
    node 1; offer 1000 A S1; tick 1001
    task 1 riak-kv-1.1001000 S1 | sed 's/"launched":900/"launched":1001/'
    for t in {1002..1070}; do tick "$t"; done
  } | add
  decide
  run jq -r 'if .tick then .tick else select(.call == "RECONCILE" and
    (.mesos.reconcile.tasks | length > 0)) | "ask" end' "$out"
  assert_output --partial $'1062\nask\n1063'
}

@test "a raised restart counter ends the task, once a grace" {
  {
    task 1 riak-kv-1.5 S2 0; node 1 run 1
    update 1000 riak-kv-1.5 RUNNING S2
    for t in {1001..1140}; do tick "$t"; done
  } | add
  decide
  run jq -r 'if .tick then .tick else select(.call == "KILL") | .call end' "$out"
  assert_equal "$(grep -c KILL <<<"$output")" 2
  assert_output --partial $'1001\nKILL\n1002'
  assert_output --partial $'1131\nKILL\n1132'
}

@test "a version without a URL, or a cluster without a record, is a verdict" {
  {
    node 1 | sed 's/"cluster":"kv"/"cluster":"nowhere"/'
    echo '{"record":"clusters/kv","value":{"riak_version":"riak-9"},"version":1}'
    node 2
    offer 1000 A S1; tick 1001
  } | add
  decide
  run after 1001 'select(.write == "verdicts/kv") | .value'
  assert_output '{"riak-kv-2":"no URL for riak version riak-9"}'
  run calls
  refute_line --partial ACCEPT
}

@test "constraints are kept; one that can't be read is a verdict" {
  records '{"constraints": [["hostname", "LIKE", "127.0.0.[23]"], ["hostname", "UNIQUE"]], "spread_wait": 0}' >"$in"
  {
    node 1; node 2; node 3
    for t in {1001..1005}; do
      offer "$t" "A$t" S1; offer "$t" "B$t" S2; offer "$t" "C$t" S3; tick "$t"
    done
    echo '{"record":"clusters/kv","value":{"riak_version":"riak-3","constraints":[["rack","NEAR"]]},"version":1}'
    tick 1006
  } | add
  decide
  run after 1001 'select(.write) | select(.write | startswith("reservations")) | .value.hostname'
  assert_output $'"127.0.0.2"\n"127.0.0.3"'
  run calls
  assert_line "ACCEPT 2"
  run after 1001 'select(.write == "verdicts/kv") | .value'
  assert_output '{"riak-kv-3":"constraint: hostname UNIQUE"}'
  run after 1006 'select(.write == "verdicts/kv") | .value'
  assert_output '{"riak-kv-3":"constraint 3: unknown operator NEAR"}'
}

@test "ports of a node that comes back are not given to another" {
  records '{"spread_wait": 0}' >"$in"
  {
    node 1; node 2
    # Its agent is back under another id, and offers them as nobody's.
    reserved 2 held S8 V riak-kv-2.5 |
      jq -c '.value.resources[3].ranges.range = [{begin: 31003, end: 31012}] |
        .value.hostname = "127.0.0.1"'
    offer 1000 A S1; tick 1001
  } | add
  decide
  run after 1001 'select(.write == "reservations/riak-kv-1") |
    .value.resources[] | select(.name == "ports").ranges.range'
  assert_output '[{"begin":31000,"end":31002},{"begin":31013,"end":31019}]'
}

@test "disks: the root, else the smallest PATH that is enough, else a whole MOUNT" {
  local path big mount
  disk() { # disk MIB [TYPE]
    jq -cn --argjson v "$1" --arg t "${2-}" '[{name: "disk", type: "SCALAR",
      scalar: {value: $v}, allocation_info: {role: "riak"}} + (if $t == "" then
      {} else {disk: {source: ({type: $t} + {($t | ascii_downcase): {root:
        "/d/\($v)"}})}} end)]'
  }
  path=$(disk 1500 PATH) big=$(disk 9000 PATH) mount=$(disk 3000 MOUNT)
  place() { # place ROOT MORE…: the disk's source and the volume's size
    local more
    more=$(printf '%s\n' "${@:2}" | jq -cs add)
    records >"$in"
    { node 1
      offer 1000 A S1 "$more" | sed "s/\"value\":20000}/\"value\":$1}/"
      tick 1001; } | add
    stream | rm-offer 2>/dev/null | rm-launch >"$BATS_TEST_TMPDIR/out"
    jq -c 'select(.call == "ACCEPT").mesos.accept.operations |
      [(.[0].reserve.resources[] | select(.name == "disk") | .disk.source.type,
        .scalar.value), (.[1].create.volumes[0] | .disk.source.type,
        .scalar.value, .disk.persistence.id != null)]' "$BATS_TEST_TMPDIR/out"
  }
  run place 1000 "$mount" "$big" "$path"
  assert_output '[null,1000,null,1000,true]'
  run place 999 "$mount" "$big" "$path"
  assert_output '["PATH",1000,"PATH",1000,true]'
  run jq -c 'select(.call == "ACCEPT").mesos.accept.operations[1].create.volumes[0].disk.source.path.root' "$BATS_TEST_TMPDIR/out"
  assert_output '"/d/1500"'
  run place 999 "$mount" "$(disk 5000 MOUNT)" "$(disk 900 PATH)"
  assert_output '["MOUNT",3000,"MOUNT",3000,true]'
  run place 900 "$(disk 800 MOUNT)" "$(disk 700 PATH)"
  assert_output ''
}

# static AGENT MORE…: an offer of what is statically reserved for our role:
# 2.5 cpus, the rest of it for one node only; T and ID from the environment.
static() {
  offer "$T" "$ID" "$1" "${2-[]}" | jq -c '
    .mesos.offers.offers[0].resources |= map(if .reservations then . else
      (if .name == "cpus" then .scalar.value = 2.5 else . end) |
      .reservations = [{type: "STATIC", role: "riak"}] end)'
}

@test "static reservations: used as they are, run again on, destroyed only" {
  { node 1; node 2; T=1000 ID=A static S1; tick 1001; } | add
  records '{"spread_wait": 0}' >"$in.new"
  cat "$in" >>"$in.new"; mv "$in.new" "$in"
  decide
  run jq -c 'select(.call == "ACCEPT").mesos.accept.operations | map(.type)' "$out"
  assert_output --partial '["CREATE","LAUNCH"'
  run jq -c 'select(.call == "ACCEPT").mesos.accept.operations[1].launch.task_infos[0] |
    .resources[] | [.name, .reservations[0].type]' "$out"
  assert_line '["cpus","STATIC"]'
  assert_line '["ports","STATIC"]'
  refute_output --partial DYNAMIC
  # Its task ended: it runs again on its volume, with its ports, before node 3
  # gets what is left.
  local pid res task
  res=$(jq -c 'select(.write == "reservations/riak-kv-1").value' "$out" | head -n 1)
  pid=$(jq -r .persistence_id <<<"$res")
  task=$(jq -r .task_id <<<"$res")
  ended() { # ended GOAL: node 1's task is over, all of S1 is offered
    records '{"spread_wait": 0}' >"$in"
    {
      node 3; node 1 "$1"
      jq -c '{record: "reservations/riak-kv-1", value: (.state = "held"), version: 0}' <<<"$res"
      task 1 "$task" S1
      jq -cn --arg t "$task" '{record: "status/riak-kv-1", value: {task_id: $t,
        agent_id: "S1", state: "TASK_FAILED", since: 900}, version: 1}'
      tick 1999
      T=2000 ID=B static S1 "$(jq -c --arg p "$pid" '[.resources[] | select(.name == "disk")]' <<<"$res")"
      tick 2001
    } | add
    decide
  }
  ended run
  run jq -c 'select(.call == "ACCEPT").mesos.accept.operations | map(.type)' "$out"
  assert_output '["LAUNCH","CREATE","LAUNCH"]'
  run jq -c 'select(.write == "tasks/riak-kv-1" or .write == "tasks/riak-kv-3") |
    .value.ports.http' "$out"
  assert_output $'31000\n31010'
  ended remove
  run jq -c 'select(.call == "ACCEPT").mesos.accept.operations | map(.type)' "$out"
  assert_output --partial '["DESTROY"'
  refute_output --partial UNRESERVE
}

@test "--where and the settings' where: a jq program over an offer" {
  { node 1; offer 1000 A S1; offer 1000 B S2; tick 1001; } | add
  out=$BATS_TEST_TMPDIR/out
  stream | rm-offer --where '.hostname | endswith(".2")' >"$out"
  run after 1001 'select(.write | strings | startswith("reservations")) | .value.hostname'
  assert_output '"127.0.0.2"'
  # Neither an error nor no output holds; the verdict says which step.
  for program in 'error("x")' empty null '.nothing'; do
    stream | rm-offer --where "$program" >"$out"
    run after 1001 'select(.write == "verdicts/kv") | .value'
    assert_output '{"riak-kv-1":"where: it holds for no agent that fits"}'
  done
  # From the settings; one that can't be used is a verdict. An agent's offers
  # are one: S1 has 8 cpus in two, S2 has 4 in one.
  records '{"where": "[.resources[] | select(.name == \"cpus\").scalar.value] | add > 4"}' >"$in"
  { node 1; offer 1000 A S1; offer 1000 B S2; offer 1000 C S1; tick 1001; } | add
  stream | rm-offer >"$out"
  run after 1001 'select(.write | strings | startswith("reservations")) | .value.hostname'
  assert_output '"127.0.0.1"'
  records '{"where": "now > 1"}' >"$in"
  { node 1; offer 1000 A S1; tick 1001; } | add
  stream | rm-offer >"$out"
  run after 1001 'select(.write == "verdicts/kv") | .value'
  assert_output '{"riak-kv-1":"where: now is not allowed"}'
}

@test "--explain: per node and offer the first step that failed, by how much" {
  records '{"constraints": [["hostname", "UNLIKE", ".*4"]], "where": ".hostname != \"127.0.0.5\""}' >"$in"
  {
    node 1; node 2
    reserved 2 held S6 V riak-kv-2.5
    offer 1000 A S1 | sed 's/"value":4}/"value":0.5}/'
    offer 1000 B S2 | sed 's/"value":8192}/"value":500}/'
    offer 1000 C S3 | sed 's/"end":33999/"end":33003/'
    offer 1000 D S4; offer 1000 E S5; offer 1000 F S6
    offer 1000 G S7 | sed 's/"value":20000}/"value":999.5}/'
    offer 1000 H S8 | jq -c '.mesos.offers.offers[0].unavailability = {start: {nanoseconds: 1}}'
    offer 1000 J S9
    tick 1001
  } | add
  stream >"$BATS_TEST_TMPDIR/stream"
  run --separate-stderr rm-offer --explain <"$BATS_TEST_TMPDIR/stream"
  assert_success
  run jq -r 'select(.explain == "riak-kv-1" and .agent) | [.at, .agent, .offers[0], .step,
    .wants, .offered, .lacks, .constraint] | map(. // "-") | join(" ")' <<<"$output"
  assert_output - <<'OUT'
1001 S1 A cpus 1.1 0.5 0.6 -
1001 S2 B mem 544 500 44 -
1001 S3 C ports 10 4 6 -
1001 S4 D constraint - - - hostname UNLIKE .*4
1001 S5 E where - - - -
1001 S6 F spread - - - -
1001 S7 G disk 1000 999.5 0.5 -
1001 S8 H maintenance - - - -
1001 S9 J fits - - - -
OUT
  run --separate-stderr rm-offer --explain <"$BATS_TEST_TMPDIR/stream"
  assert_line '{"explain":"riak-kv-2","at":1001,"why":"its volume: not offered by 127.0.0.6 yet"}'
  # What it decides is the same: the second round knows of the first.
  { offer 1001 I S6; tick 1002; } | add
  stream >"$BATS_TEST_TMPDIR/stream"
  run --separate-stderr rm-offer --explain <"$BATS_TEST_TMPDIR/stream"
  refute_line --partial '"explain":"riak-kv-1","at":1002'
}

@test "a where program that reaches beyond the offer, or takes too long: 100" {
  local program
  # shellcheck disable=SC2016 # they are jq's
  for program in now localtime 'env.HOME' '$ENV.HOME' '$ ENV' input '[inputs]' \
    debug stderr halt 'import "x" as $x; .' 'include "x"; .' halt_error \
    '"a \("b" | "\(now)")"' $'(1) # a note\n| now'; do
    run --separate-stderr rm-offer --where "$program" </dev/null
    assert_failure 100
    [[ $stderr == *"--where: "*" is not allowed" ]]
    [ "${#stderr_lines[@]}" -eq 1 ]
  done
  for program in '.now' '"now \(1) \"now" # now' '.env | .input'; do
    run rm-offer --where "$program" </dev/null
    assert_success
  done
  # A word that lies deeper than is looked is refused with the rest.
  run --separate-stderr rm-offer --where "$(printf '"\\(%.0s' {1..70})now$(printf ')"%.0s' {1..70})" </dev/null
  assert_failure 100
  [[ $stderr == *"--where: interpolations nested too deep is not allowed" ]]
  # Nothing of the user's home comes into it.
  echo 'def ours: true;' >"$BATS_TEST_TMPDIR/.jq"
  HOME=$BATS_TEST_TMPDIR run --separate-stderr rm-offer --where ours </dev/null
  assert_failure 100
  [[ $stderr == *"--where: ours/0 is not defined"* ]]
  { node 1; offer 1000 A S1; tick 1001; } | add
  stream >"$BATS_TEST_TMPDIR/stream"
  run --separate-stderr rm-offer --where 'last(repeat(1))' <"$BATS_TEST_TMPDIR/stream"
  assert_failure 100
  assert_equal "$stderr" "rm-offer: error: where: takes too long for an offer"
  refute_output --partial '"tick":1001'
}

# member N TASK RING [ORDER]: what a ready node's executor says. RING is a list
# of numbers, ORDER a result.
member() {
  jq -cn --arg n "$1" --arg t "$2" --argjson r "$3" --argjson o "${4:-null}" \
    '{record: "members/riak-kv-\($n)", value: {task_id: $t, ready: true,
      members: ($r | map("riak-kv-\(.)@127.0.0.\(.)")), order: $o},
      version: 1}'
}

# up N: a node that runs as task riak-kv-N.5 on its own agent.
up() {
  node "$1" "${2-run}"
  task "$1" "riak-kv-$1.5" "S$1" |
    jq -c --arg h "127.0.0.$1" '.value.hostname = $h'
  jq -cn --arg n "$1" '{record: "status/riak-kv-\($n)", value: {task_id:
    "riak-kv-\($n).5", agent_id: "S\($n)", state: "TASK_RUNNING", since: 900},
    version: 1}'
}

done_() { # done_ ID: an order's result
  printf '{"id":"%s","success":true}' "$1"
}

orders() {
  jq -c 'if .tick then empty else select(.write | tostring |
    startswith("orders/")) | [.write[7:], .value.verb, .value.arguments,
    .value.id] end' "$out"
}

@test "new nodes join the seed in one plan; those that start are waited for" {
  {
    up 1; up 2; up 3; up 4
    tick 1001
    member 1 riak-kv-1.5 '[1]'; member 3 riak-kv-3.5 '[3]'; tick 1002
    member 2 riak-kv-2.5 '[2]'; member 4 riak-kv-4.5 '[4]'; tick 1003; tick 1004
    member 2 riak-kv-2.5 '[2]' "$(done_ join.1003000)"
    member 3 riak-kv-3.5 '[3]' "$(done_ join.1003000)"; tick 1005
    member 4 riak-kv-4.5 '[4]' "$(done_ join.1003000)"; tick 1006; tick 1007
    member 1 riak-kv-1.5 '[1,2,3,4]' "$(done_ commit.1006000)"; tick 1008
    tick 1050
  } | add
  decide
  run orders
  assert_output '["riak-kv-2","join",{"node":"riak-kv-1@127.0.0.1"},"join.1003000"]
["riak-kv-3","join",{"node":"riak-kv-1@127.0.0.1"},"join.1003000"]
["riak-kv-4","join",{"node":"riak-kv-1@127.0.0.1"},"join.1003000"]
["riak-kv-1","commit",{"joins":["riak-kv-2@127.0.0.2","riak-kv-3@127.0.0.3","riak-kv-4@127.0.0.4"]},"commit.1006000"]'
}

@test "a staged member of a ring of three is committed like the first ones" {
  {
    up 1; up 2; up 3; up 4
    for n in 1 2 3; do member "$n" "riak-kv-$n.5" '[1,2,3]'; done
    member 4 riak-kv-4.5 '[4]'; tick 1001
    # What the joiner then sees: the ring that it is to join, without itself.
    member 4 riak-kv-4.5 '[1,2,3]' "$(done_ join.1001000)"; tick 1002; tick 1003
    for n in 2 3 4; do member "$n" "riak-kv-$n.5" '[1,2,3,4]'; done
    member 1 riak-kv-1.5 '[1,2,3,4]' "$(done_ commit.1002000)"; tick 1004
    tick 1050
  } | add
  decide
  run orders
  assert_output '["riak-kv-4","join",{"node":"riak-kv-1@127.0.0.1"},"join.1001000"]
["riak-kv-1","commit",{"joins":["riak-kv-4@127.0.0.4"]},"commit.1002000"]'
}

@test "a node that never gets up holds the others for a minute, no longer" {
  {
    up 1; up 2; up 3
    member 1 riak-kv-1.5 '[1]'; member 2 riak-kv-2.5 '[2]'
    for t in {1001..1070}; do tick "$t"; done
  } | add
  decide
  run orders
  assert_output '["riak-kv-2","join",{"node":"riak-kv-1@127.0.0.1"},"join.1061000"]'
}

@test "a refused order is given again after ten seconds" {
  {
    up 1; up 2
    member 1 riak-kv-1.5 '[1]'; member 2 riak-kv-2.5 '[2]'; tick 1001
    member 2 riak-kv-2.5 '[2]' '{"id":"join.1001000","success":false}'
    for t in {1002..1012}; do tick "$t"; done
  } | add
  decide
  run bash -c "jq -c 'select(.write == \"orders/riak-kv-2\") | .value.id' '$out'"
  assert_output $'"join.1001000"\n"join.1011000"'
}

@test "a node whose join is refused holds up neither joins nor leaves" {
  local refused='{"id":"join.1001000","success":false}'
  {
    up 1; up 2; up 3; up 4 leave
    member 1 riak-kv-1.5 '[1,4]'; member 4 riak-kv-4.5 '[1,4]'
    member 2 riak-kv-2.5 '[2]'; member 3 riak-kv-3.5 '[3]'; tick 1001
    member 2 riak-kv-2.5 '[2]' "$refused"; tick 1002
    member 3 riak-kv-3.5 '[3]' "$(done_ join.1001000)"; tick 1003
    for n in 1 3 4; do member "$n" "riak-kv-$n.5" '[1,3,4]'; done
    member 1 riak-kv-1.5 '[1,3,4]' "$(done_ commit.1003000)"; tick 1004
    tick 1005
    member 4 riak-kv-4.5 '[1,3,4]' "$(done_ leave.1004000)"; tick 1006
    member 1 riak-kv-1.5 '[1,3,4]' "$(done_ commit.1006000)"; tick 1012
  } | add
  decide
  run orders
  assert_output '["riak-kv-2","join",{"node":"riak-kv-1@127.0.0.1"},"join.1001000"]
["riak-kv-3","join",{"node":"riak-kv-1@127.0.0.1"},"join.1001000"]
["riak-kv-1","commit",{"joins":["riak-kv-3@127.0.0.3"]},"commit.1003000"]
["riak-kv-4","leave",{},"leave.1004000"]
["riak-kv-1","commit",{"leaves":["riak-kv-4@127.0.0.4"]},"commit.1006000"]
["riak-kv-2","join",{"node":"riak-kv-1@127.0.0.1"},"join.1012000"]'
}

@test "a node leaves with its handoff; its volume is kept until it has left" {
  {
    up 1; up 2; up 3 leave
    for n in 1 2 3; do member "$n" "riak-kv-$n.5" '[1,2,3]'; done
    reserved 3 held S3 riak.riak-kv-3.5 riak-kv-3.5
    tick 1001
    member 3 riak-kv-3.5 '[1,2,3]' "$(done_ leave.1001000)"; tick 1002
    member 1 riak-kv-1.5 '[1,2,3]' "$(done_ commit.1002000)"
    for t in {1003..1100}; do tick "$t"; done
    gone members/riak-kv-3
    # It dies in the middle: it has to go on leaving.
    update 1101 riak-kv-3.5 FAILED S3
    offer 1102.5 A S3 "$(held 3 riak.riak-kv-3.5)"; tick 1103
    update 1104 riak-kv-3.1103000 FINISHED S3
    # The others list it still: what it had is kept.
    offer 1104.5 B S3 "$(held 3 riak.riak-kv-3.5)"; tick 1105
    member 1 riak-kv-1.5 '[1,2]'; member 2 riak-kv-2.5 '[1,2]'
    offer 1105.5 C S3 "$(held 3 riak.riak-kv-3.5)"; tick 1106
  } | add
  # The reservation is of the snapshot.
  { grep '"record":"reservations' "$in"; grep -v '"record":"reservations' "$in"; } >"$in.2"
  mv "$in.2" "$in"
  decide
  run orders
  assert_output '["riak-kv-3","leave",{},"leave.1001000"]
["riak-kv-1","commit",{"leaves":["riak-kv-3@127.0.0.3"]},"commit.1002000"]'
  run after 1103 'select(.call == "ACCEPT") | .mesos.accept.operations[].type'
  assert_output '"LAUNCH"'
  run after 1105 'select(.call == "ACCEPT")'
  assert_output ""
  run after 1106 'select(.call == "ACCEPT") | .mesos.accept.operations[].type'
  assert_output $'"DESTROY"\n"UNRESERVE"'
  run calls
  refute_line --partial KILL
}

@test "a node that is alone leaves by being ended" {
  { up 1 leave; member 1 riak-kv-1.5 '[1]'; tick 1001; } | add
  decide
  run jq -c 'select(.call == "KILL") | .mesos.kill.task_id.value' "$out"
  assert_output '"riak-kv-1.5"'
}


@test "a node that may just have joined is not ended as one that is alone" {
  {
    up 1; up 2 leave; up 3
    member 1 riak-kv-1.5 '[1,3]'; member 2 riak-kv-2.5 '[2]'
    member 3 riak-kv-3.5 '[1,3]'
    echo '{"record":"orders/riak-kv-2","value":{"id":"join.1","verb":"join","arguments":{"node":"riak-kv-1@127.0.0.1"},"at":1000},"version":1}'
    tick 1001; tick 1002
    member 2 riak-kv-2.5 '[2]' '{"id":"join.1","success":false}'; tick 1003
  } | add
  decide
  run after 1001 'select(.call == "KILL")'
  assert_output ""
  run after 1002 'select(.call == "KILL")'
  assert_output ""
  run after 1003 'select(.call == "KILL") | .mesos.kill.task_id.value'
  assert_output '"riak-kv-2.5"'
}

@test "data of a node that is being let into a ring are not destroyed" {
  {
    up 1; up 2
    echo '{"record":"orders/riak-kv-1","value":{"id":"commit.1","verb":"commit","arguments":{"joins":["riak-kv-3@127.0.0.3"]},"at":999},"version":1}'
    node 3 remove
    reserved 3 held S3 riak.riak-kv-3.5 riak-kv-3.5
    task 3 riak-kv-3.5 S3 | jq -c '.value.hostname = "127.0.0.3"'
    update 1000 riak-kv-3.5 KILLED S3
    for n in 1 2; do member "$n" "riak-kv-$n.5" '[1,2]'; done
    offer 1001 A S3 "$(held 3 riak.riak-kv-3.5)"; tick 1002
    member 1 riak-kv-1.5 '[1,2]' '{"id":"commit.1","success":false}'
    offer 1010 B S3 "$(held 3 riak.riak-kv-3.5)"; tick 1011
  } | add
  decide
  run jq -c 'select(.call == "ACCEPT") | [.mesos.accept.offer_ids[0].value,
    .mesos.accept.operations[].type]' "$out"
  assert_output '["B","DESTROY","UNRESERVE"]'
}

@test "a node that is to leave and has lost its volume is taken out of its ring" {
  {
    up 1; up 2
    node 3 leave
    reserved 3 releasing S3 riak.riak-kv-3.5 riak-kv-3.5 | jq -c '.value.released = 990'
    task 3 riak-kv-3.5 S3 | jq -c '.value.hostname = "127.0.0.3"'
    update 1000 riak-kv-3.5 KILLED S3
    for n in 1 2; do member "$n" "riak-kv-$n.5" '[1,2,3]'; done
    tick 1010; tick 1021
  } | add
  decide
  run orders
  assert_output '["riak-kv-1","down",{"node":"riak-kv-3@127.0.0.3"},"down.1021000"]'
}

@test "a destroyed cluster goes after its last node" {
  {
    echo '{"record":"clusters/kv","value":{"riak_version":"riak-3","destroy":true},"version":4}'
    node 1 remove; tick 1001; gone nodes/riak-kv-1; tick 1002; tick 1003
  } | add
  decide
  run jq -c 'if .tick then .tick else select(.write) | [.write, .value, .version] end' "$out"
  assert_output '1001
1002
["secrets/kv",null,null]
["verdicts/kv",null,null]
["clusters/kv",null,4]
1003'
}

@test "a node that ended in the middle of its leave goes on leaving" {
  {
    up 1; up 2; up 3 leave
    for n in 1 2; do member "$n" "riak-kv-$n.5" '[1,2,3]'; done
    tick 1001
    # Somebody stopped its Riak: it ended as one that has left does.
    update 1002 riak-kv-3.5 FINISHED S3
    for t in 1003 1060 1121; do
      offer "$t" "A$t" S3 "$(held 3 riak.riak-kv-3.5)"; tick "$t"
    done
    offer 1122.5 B S3 "$(held 3 riak.riak-kv-3.5)"; tick 1123
  } | add
  { reserved 3 held S3 riak.riak-kv-3.5 riak-kv-3.5; cat "$in"; } >"$in.2"
  mv "$in.2" "$in"
  decide
  run jq -c 'select(.call == "ACCEPT") | [.mesos.accept.offer_ids[0].value,
    .mesos.accept.operations[].type]' "$out"
  assert_output '["B","LAUNCH"]'
}

@test "a node that has just come up is not taken for one that is alone" {
  { up 1 leave; member 1 riak-kv-1.5 '[]'; tick 1001; } | add
  decide
  run calls
  refute_line --partial KILL
}

# removed N: its goal is to be removed, its task has ended, it had a volume.
removed() {
  node "$1" remove
  task "$1" "riak-kv-$1.5" "S$1"
  jq -cn --arg n "$1" '{record: "status/riak-kv-\($n)", value: {task_id:
    "riak-kv-\($n).5", state: "TASK_KILLED", since: 900}, version: 1}'
}

@test "a node removed by force is taken out of its ring, then its data go" {
  {
    reserved 3 held S3 riak.riak-kv-3.5 riak-kv-3.5
    up 1; up 2; removed 3
    for n in 1 2; do member "$n" "riak-kv-$n.5" '[1,2,3]'; done
    tick 1001
    member 1 riak-kv-1.5 '[1,2,3]' "$(done_ down.1001000)"; tick 1002
    member 1 riak-kv-1.5 '[1,2,3]' "$(done_ force-remove.1002000)"; tick 1003
    offer 1003.5 A S3 "$(held 3 riak.riak-kv-3.5)"; tick 1004
    member 1 riak-kv-1.5 '[1,2]' "$(done_ commit.1003000)"; tick 1005
    offer 1005.5 B S3 "$(held 3 riak.riak-kv-3.5)"; tick 1006
    member 2 riak-kv-2.5 '[1,2]'; tick 1007
    offer 1007.5 C S3 "$(held 3 riak.riak-kv-3.5)"; tick 1008
  } | add
  decide
  run orders
  assert_output '["riak-kv-1","down",{"node":"riak-kv-3@127.0.0.3"},"down.1001000"]
["riak-kv-1","force-remove",{"node":"riak-kv-3@127.0.0.3"},"force-remove.1002000"]
["riak-kv-1","commit",{"joins":[],"removes":["riak-kv-3@127.0.0.3"]},"commit.1003000"]'
  run jq -c 'select(.call == "ACCEPT") | [.mesos.accept.offer_ids[0].value,
    .mesos.accept.operations[].type]' "$out"
  assert_output '["C","DESTROY","UNRESERVE"]'
}

@test "members without a record are marked down, too, before a commit" {
  {
    up 4
    node 3 remove; task 3 riak-kv-3.5 S3
    update 1000 riak-kv-3.5 KILLED S3
    member 4 riak-kv-4.5 '[1,2,3,4]'
    tick 1001
    for n in 1001 1002 1003; do
      member 4 riak-kv-4.5 '[1,2,3,4]' "$(done_ "down.${n}000")"
      tick "$((n + 1))"
    done
  } | add
  decide
  run orders
  assert_output '["riak-kv-4","down",{"node":"riak-kv-1@127.0.0.1"},"down.1001000"]
["riak-kv-4","down",{"node":"riak-kv-2@127.0.0.2"},"down.1002000"]
["riak-kv-4","down",{"node":"riak-kv-3@127.0.0.3"},"down.1003000"]
["riak-kv-4","force-remove",{"node":"riak-kv-3@127.0.0.3"},"force-remove.1004000"]'
}

@test "what was refused, or has not come, is said again from its beginning" {
  {
    up 1; up 2; removed 3
    for n in 1 2; do member "$n" "riak-kv-$n.5" '[1,2,3]'; done
    tick 1001
    member 1 riak-kv-1.5 '[1,2,3]' '{"id":"down.1001000","success":false}'
    # It may be down already, or up again: that is seen when it is removed.
    tick 1002; tick 1011
    member 1 riak-kv-1.5 '[1,2,3]' '{"id":"force-remove.1011000","success":false}'
    tick 1012; tick 1021
    member 1 riak-kv-1.5 '[1,2,3]' "$(done_ down.1021000)"; tick 1022
    member 1 riak-kv-1.5 '[1,2,3]' "$(done_ force-remove.1022000)"; tick 1023
    member 1 riak-kv-1.5 '[1,2,3]' "$(done_ commit.1023000)"
    tick 1024; tick 1052; tick 1053
  } | add
  decide
  run bash -c "jq -r 'select(.write == \"orders/riak-kv-1\") | .value.id' '$out' | xargs"
  assert_output "down.1001000 force-remove.1011000 down.1021000 force-remove.1022000 commit.1023000 down.1053000"
}

@test "a replacement joins for the one that it replaces, and no other way" {
  {
    up 1; up 2; removed 3
    up 4 | jq -c 'if .record | startswith("nodes") then
      .value.replaces = "riak-kv-3" else . end'
    for n in 1 2; do member "$n" "riak-kv-$n.5" '[1,2,3]'; done
    tick 1001
    member 4 riak-kv-4.5 '[4]'; tick 1002
    member 4 riak-kv-4.5 '[1,2,3]' "$(done_ join.1002000)"; tick 1003
    member 1 riak-kv-1.5 '[1,2,3]' "$(done_ down.1003000)"; tick 1004
    member 1 riak-kv-1.5 '[1,2,3]' "$(done_ force-replace.1004000)"; tick 1005
    for n in 2 4; do member "$n" "riak-kv-$n.5" '[1,2,4]'; done
    member 1 riak-kv-1.5 '[1,2,4]' "$(done_ commit.1005000)"; tick 1006
    tick 1100
  } | add
  decide
  run orders
  assert_output '["riak-kv-4","join",{"node":"riak-kv-1@127.0.0.1"},"join.1002000"]
["riak-kv-1","down",{"node":"riak-kv-3@127.0.0.3"},"down.1003000"]
["riak-kv-1","force-replace",{"old":"riak-kv-3@127.0.0.3","new":"riak-kv-4@127.0.0.4"},"force-replace.1004000"]
["riak-kv-1","commit",{"joins":[],"replaces":[["riak-kv-3@127.0.0.3","riak-kv-4@127.0.0.4"]]},"commit.1005000"]'
}

@test "a ring whose claimant is dead lets nobody in: it is marked down first" {
  {
    up 1; up 2; removed 3
    up 4 | jq -c 'if .record | startswith("nodes") then
      .value.replaces = "riak-kv-3" else . end'
    for n in 1 2; do member "$n" "riak-kv-$n.5" '[1,2,3]'; done
    member 4 riak-kv-4.5 '[4]'; tick 1002
    member 4 riak-kv-4.5 '[4]' '{"id":"join.1002000","success":false}'
    tick 1003; tick 1004
    member 1 riak-kv-1.5 '[1,2,3]' "$(done_ down.1003000)"
    tick 1005; tick 1012
    member 4 riak-kv-4.5 '[1,2,3]' "$(done_ join.1012000)"; tick 1013
  } | add
  decide
  run orders
  assert_output '["riak-kv-4","join",{"node":"riak-kv-1@127.0.0.1"},"join.1002000"]
["riak-kv-1","down",{"node":"riak-kv-3@127.0.0.3"},"down.1003000"]
["riak-kv-4","join",{"node":"riak-kv-1@127.0.0.1"},"join.1012000"]
["riak-kv-1","force-replace",{"old":"riak-kv-3@127.0.0.3","new":"riak-kv-4@127.0.0.4"},"force-replace.1013000"]'
}

@test "GONE_BY_OPERATOR replaces the node; GONE and UNREACHABLE do not" {
  {
    up 1; up 2; up 3
    for n in 1 2 3; do member "$n" "riak-kv-$n.5" '[1,2,3]'; done
    update 1000 riak-kv-1.5 GONE S1 '{"source":"SOURCE_MASTER","reason":"REASON_RECONCILIATION"}'
    update 1000 riak-kv-2.5 UNREACHABLE S2 '{"source":"SOURCE_MASTER"}'
    update 1000 riak-kv-3.5 GONE_BY_OPERATOR S3 '{"source":"SOURCE_MASTER"}'
    tick 1001; tick 1002
    echo '{"record":"clusters/kv","value":{"riak_version":"riak-3","generation":1,"next":10},"version":1}'
    echo '{"record":"nodes/riak-kv-9","value":{"cluster":"kv","goal":"run","restart":0,"replaces":"riak-kv-3"},"version":0}'
    for t in {1003..1012}; do tick "$t"; done
  } | add
  decide
  run jq -c 'select(.write | tostring | test("^(nodes|clusters)/")) |
    [.write, .value.goal, .value.replaces, .value.next, .version]' "$out"
  assert_output '["clusters/kv",null,null,10,0]
["nodes/riak-kv-9","run","riak-kv-3",null,null]
["nodes/riak-kv-3","remove",null,null,3]'
}

@test "a join staged in a ring of which nobody is left: the node is replaced" {
  {
    up 2; up 3
    node 1 remove
    reserved 1 held S1 riak.riak-kv-1.5 riak-kv-1.5
    task 1 riak-kv-1.5 S1
    update 1000 riak-kv-1.5 KILLED S1
    echo '{"record":"orders/riak-kv-3","value":{"id":"join.1","verb":"join","arguments":{"node":"riak-kv-1@127.0.0.1"},"at":1},"version":1}'
    member 2 riak-kv-2.5 '[2]'
    member 3 riak-kv-3.5 '[1]' "$(done_ join.1)"
    for t in {1001..1070}; do tick "$t"; done
    echo '{"record":"nodes/riak-kv-9","value":{"cluster":"kv","goal":"run","restart":0,"replaces":"riak-kv-3"},"version":0}'
    echo '{"record":"clusters/kv","value":{"riak_version":"riak-3","generation":1,"next":10},"version":1}'
    for t in {1071..1075}; do tick "$t"; done
    node 3 remove
    tick 1076
  } | add
  decide
  run jq -c 'if .tick then .tick else select(.write | tostring |
    test("^nodes/")) | [.write, .value.goal, .value.replaces, .version] end' "$out"
  assert_output --partial '1061
["nodes/riak-kv-9","run","riak-kv-3",null]
1062'
  assert_output --partial '1071
["nodes/riak-kv-3","remove",null,3]
1072'
  run after 1076 'select(.call == "KILL") | .mesos.kill.task_id.value'
  assert_output '"riak-kv-3.5"'
}

@test "a staged join waits while a member of its ring may come back" {
  {
    up 2; up 3
    node 1; task 1 riak-kv-1.5 S1
    update 1000 riak-kv-1.5 FAILED S1
    echo '{"record":"orders/riak-kv-3","value":{"id":"join.1","verb":"join","arguments":{"node":"riak-kv-1@127.0.0.1"},"at":1},"version":1}'
    member 2 riak-kv-2.5 '[2]'
    member 3 riak-kv-3.5 '[1]' "$(done_ join.1)"
    for t in {1001..1200}; do tick "$t"; done
  } | add
  decide
  run jq -c 'select(.write | tostring | test("^nodes/"))' "$out"
  assert_output ""
}

# ---- rollouts ----

# raise N [VERB]: the cluster's restart counter, and a command.
raise() {
  jq -cn --argjson n "$1" --arg v "${2-}" '{record: "clusters/kv", value:
    ({riak_version: "riak-3", restart: $n} +
     if $v == "" then {} else {command: {id: $v, verb: ($v | split("-")[0])}} end),
    version: 1}'
}

three_up() {
  for n in 1 2 3; do
    up "$n"
    member "$n" "riak-kv-$n.5" '[1,2,3]'
  done
}

# calm N TASK [ORDER-ID]: it is ready, and nothing is to move.
calm() {
  member "$1" "$2" '[1,2,3]' "${3:+$(done_ "$3")}" |
    jq -c '.value.transfers = 0'
}

# anew N MS: it runs again, and has met the counter.
anew() {
  task "$1" "riak-kv-$1.$2" "S$1" |
    jq -c --arg h "127.0.0.$1" '.value |= (.hostname = $h | .cluster_restart = 1)'
  update "$(($2 / 1000)).2" "riak-kv-$1.$2" RUNNING "S$1"
}

# steps: each plan that was written: its state, and where its steps are.
steps() {
  jq -c 'select(.write == "rollouts/kv" and .value) | .value |
    [.state, ([.steps[] | .state] | join(" ")), .waits]' "$out"
}

kills() {
  jq -r 'select(.call == "KILL") | .mesos.kill.task_id.value' "$out"
}

@test "a rollout: one node after the other, each behind its gates" {
  {
    three_up
    tick 1001; raise 1; tick 1002
    # Riak 3 is asked first, and says no, then that something is to move.
    member 3 riak-kv-3.5 '[1,2,3]' '{"id":"ringready.1002000","success":false}'
    tick 1003; tick 1012
    member 3 riak-kv-3.5 '[1,2,3]' "$(done_ ringready.1012000)"; tick 1013
    calm 3 riak-kv-3.5 ringready.1012000; tick 1014; tick 1015
    gone members/riak-kv-1; update 1015.5 riak-kv-1.5 KILLED S1; tick 1016
    anew 1 1016000; tick 1017
    member 1 riak-kv-1.1016000 '[1,2,3]'; tick 1018
    tick 1019; calm 1 riak-kv-1.1016000 ringready.1019000; tick 1020; tick 1021
  } | add
  decide
  run steps
  assert_line --index 0 '["running","pending pending pending","riak-kv-3 is asked whether all nodes agree on the ring"]'
  assert_line --index 1 '["running","pending pending pending","riak-kv-3 does not see all nodes agree on the ring"]'
  assert_line --index 3 '["running","pending pending pending","riak-kv-3 sees partitions that are to move"]'
  assert_line --index 4 '["running","ending pending pending",null]'
  assert_output --partial '["running","settling pending pending",'
  assert_output --partial '["running","done pending pending","riak-kv-3 is asked'
  run kills
  assert_output riak-kv-1.5
  # The plan says so before the task is ended.
  run after 1014 '.write // .call'
  assert_output $'"rollouts/kv"\n"KILL"'
}

# rolled STATES: a plan as it was found after a restart of ours.
rolled() {
  jq -cn --arg s "$1" --arg state "${2-running}" '{record: "rollouts/kv", value:
    {restart: 1, parallel: 1, state: $state, command: null, steps: ($s |
     split(" ") | to_entries | map({node: "riak-kv-\(.key + 1)",
     state: .value}))}, version: 0}'
}

@test "a rollout goes on where it was; a node added meanwhile holds it" {
  {
    rolled "done ending pending"
    three_up; raise 1
    anew 1 950000 | head -n 1
    jq -cn '{record: "status/riak-kv-1", value: {task_id: "riak-kv-1.950000",
      state: "TASK_RUNNING", since: 950}, version: 1}'
    calm 1 riak-kv-1.950000
    tick 1001
    up 4 | jq -c '.value.cluster_restart = 1'
    gone members/riak-kv-2
    update 1001.5 riak-kv-2.5 KILLED S2; anew 2 1002000; tick 1003
    calm 2 riak-kv-2.1002000; tick 1004; tick 1005
    calm 2 riak-kv-2.1002000 ringready.1005000
    for t in {1006..1020}; do tick "$t"; done
  } | add
  decide
  run kills
  assert_output riak-kv-2.5
  run bash -c "jq -c 'select(.write == \"rollouts/kv\").value | [[.steps[].state], .waits]' '$out' | tail -n 1"
  assert_output '[["done","done","pending"],"riak-kv-4 is not up"]'
}

@test "pause, resume, abort, retry: each once" {
  {
    rolled "pending pending pending"
    three_up; raise 1 pause-1; tick 1001; tick 1002
    raise 1 resume-2; tick 1003
    calm 3 riak-kv-3.5 ringready.1003000
    raise 1 abort-3; tick 1004; tick 1005
    raise 1 retry-4; tick 1006
    raise 2 retry-4; tick 1007
  } | add
  decide
  run bash -c "jq -r 'select(.write == \"rollouts/kv\").value | \"\(.restart) \(.state) \(.command)\"' '$out' | uniq"
  assert_output $'1 paused pause-1\n1 running resume-2\n1 aborted abort-3\n1 running retry-4\n2 running retry-4'
  run kills
  assert_output ""
}

@test "parallel: so many end together, the others stay" {
  {
    three_up
    raise 1 | jq -c '.value.parallel = 2'
    for n in 1 2 3; do calm "$n" "riak-kv-$n.5"; done; tick 1001
    calm 3 riak-kv-3.5 ringready.1001000; tick 1002; tick 1003
  } | add
  decide
  run kills
  assert_output $'riak-kv-1.5\nriak-kv-2.5'
}

@test "a rollout of a single node asks nobody; one of a removed node skips it" {
  {
    up 1; member 1 riak-kv-1.5 '[1]'; raise 1; tick 1001
    gone members/riak-kv-1; node 1 remove; tick 1002
  } | add
  decide
  run kills
  assert_output $'riak-kv-1.5'
  run steps
  assert_output '["running","ending",null]
["done","skipped",null]'
}

@test "no rollout step while the ring is to change" {
  {
    three_up; up 4; member 4 riak-kv-4.5 '[4]'
    raise 1; tick 1001
  } | add
  decide
  run steps
  assert_output '["running","pending pending pending pending","kv is to change its members"]'
}

# inverse T ID AGENT
inverse() {
  jq -cn --argjson t "$1" --arg id "$2" --arg a "$3" '{event: "INVERSE_OFFERS",
    at: $t, mesos: {type: "INVERSE_OFFERS", inverse_offers: {inverse_offers:
    [{id: {value: $id}, agent_id: {value: $a}, unavailability: {start:
    {nanoseconds: 1}}}]}}}'
}

inverse_answers() {
  jq -c 'select(.call | tostring | test("INVERSE")) | [.call, (.mesos |
    .accept_inverse_offers // .decline_inverse_offers | .inverse_offer_ids[].value)]' "$out"
}

@test "maintenance: an agent whose nodes can be missed is let go, others not" {
  {
    three_up
    for n in 1 2 3; do calm "$n" "riak-kv-$n.5"; done
    tick 1001
    inverse 1002 A S1; inverse 1002 B S9
    member 2 riak-kv-2.5 '[1,2,3]' | jq -c '.value.transfers = 4'
    inverse 1003 C S1
    gone members/riak-kv-2
    inverse 1004 D S1; inverse 1004 E S2
    up 4 | jq -c 'if .value.agent_id then .value.agent_id = "S1" else . end'
    calm 2 riak-kv-2.5; calm 4 riak-kv-4.5
    inverse 1005 F S1
  } | add
  decide
  run inverse_answers
  assert_output '["ACCEPT_INVERSE_OFFERS","A"]
["ACCEPT_INVERSE_OFFERS","B"]
["DECLINE_INVERSE_OFFERS","C"]
["DECLINE_INVERSE_OFFERS","D"]
["ACCEPT_INVERSE_OFFERS","E"]
["DECLINE_INVERSE_OFFERS","F"]'
}

@test "maintenance of several agents at a time: one of ours, all of others" {
  {
    three_up
    for n in 1 2 3; do calm "$n" "riak-kv-$n.5"; done
    { inverse 1002 A S1; inverse 1002 B S2; inverse 1002 C S8; } |
      jq -cs '.[0].mesos.inverse_offers.inverse_offers = [.[].mesos.inverse_offers.inverse_offers[0]] | .[0]'
  } | add
  decide
  run inverse_answers
  assert_output '["ACCEPT_INVERSE_OFFERS","A","C"]
["DECLINE_INVERSE_OFFERS","B"]'
}

@test "what is staged and wanted is committed; what is not, is not" {
  {
    up 1; up 2; up 3 leave; up 4
    for n in 1 2 3; do member "$n" "riak-kv-$n.5" '[1,2,3]'; done
    member 4 riak-kv-4.5 '[4]'; tick 1001
    member 4 riak-kv-4.5 '[1,2,3]' "$(done_ join.1001000)"; tick 1002
    staged='["join riak-kv-4@127.0.0.4","leave riak-kv-3@127.0.0.3"]'
    member 1 riak-kv-1.5 '[1,2,3]' '{"id":"commit.1002000","success":false,"answer":'"$staged"'}'
    tick 1003
    member 1 riak-kv-1.5 '[1,2,3]' '{"id":"commit.1003000","success":false,"answer":["leave riak-kv-2@127.0.0.2"]}'
    tick 1004
  } | add
  decide
  run orders
  assert_line --index 1 '["riak-kv-1","commit",{"joins":["riak-kv-4@127.0.0.4"]},"commit.1002000"]'
  assert_line --index 2 '["riak-kv-1","commit",{"joins":["riak-kv-4@127.0.0.4"],"leaves":["riak-kv-3@127.0.0.3"]},"commit.1003000"]'
  refute_output --partial '"leaves":["riak-kv-2'
}

@test "new nodes join the last one that is to leave, and only then it goes" {
  {
    up 1 leave; up 2
    member 1 riak-kv-1.5 '[1]'; tick 1001
    member 2 riak-kv-2.5 '[2]'; tick 1002
    member 2 riak-kv-2.5 '[1]' "$(done_ join.1002000)"; tick 1003
    member 2 riak-kv-2.5 '[1,2]'
    member 1 riak-kv-1.5 '[1,2]' "$(done_ commit.1003000)"; tick 1004
  } | add
  decide
  run calls
  refute_line --partial KILL
  run orders
  assert_line --index 0 '["riak-kv-2","join",{"node":"riak-kv-1@127.0.0.1"},"join.1002000"]'
  assert_line --index 1 '["riak-kv-1","commit",{"joins":["riak-kv-2@127.0.0.2"]},"commit.1003000"]'
  assert_line --index 2 '["riak-kv-1","leave",{},"leave.1004000"]'
}

@test "no node begins a ring while one that others are to join is not up" {
  {
    up 1; up 2; up 3
    echo '{"record":"orders/riak-kv-2","value":{"id":"join.1","verb":"join","arguments":{"node":"riak-kv-1@127.0.0.1"},"at":1},"version":1}'
    # Staged: it sees the ring that it is to join. The first one has died.
    member 2 riak-kv-2.5 '[1]' "$(done_ join.1)"
    member 3 riak-kv-3.5 '[3]'
    for t in {1001..1080}; do tick "$t"; done
    member 1 riak-kv-1.5 '[1]'; tick 1081
  } | add
  decide
  run orders
  assert_output '["riak-kv-3","join",{"node":"riak-kv-1@127.0.0.1"},"join.1081000"]'
}

@test "no node begins a ring while one that was a member is not up" {
  {
    up 1; up 2; up 3
    echo '{"record":"orders/riak-kv-1","value":{"id":"commit.1","verb":"commit","arguments":{},"at":1},"version":1}'
    member 2 riak-kv-2.5 '[2]'; member 3 riak-kv-3.5 '[3]'
    for t in {1001..1070}; do tick "$t"; done
  } | add
  decide
  run orders
  assert_output ""
}

@test "an echo of what was written over changes nothing" {
  {
    node 1; offer 1000 A S1; tick 1001
    update 1001.2 riak-kv-1.1001000 RUNNING S1
    echo '{"record":"status/riak-kv-1","value":{"task_id":"riak-kv-1.900000","state":"TASK_GONE","since":1000},"version":0}'
    gone tasks/riak-kv-1; gone reservations/riak-kv-1
    offer 1002 B S2; tick 1003
  } | add
  decide
  run calls
  assert_line "ACCEPT 1"
}

@test "released under an id that its agent has no more: its host tells" {
  {
    node 1 remove
    reserved 1 held S1 riak.riak-kv-1.5 riak-kv-1.5
    task 1 riak-kv-1.5 S1
    update 1000 riak-kv-1.5 KILLED S1
    offer 1001 A S1 "$(held 1 riak.riak-kv-1.5)"; tick 1002
    offer 1010 B S7 | jq -c '.mesos.offers.offers[0].hostname = "127.0.0.1"'
    tick 1011
  } | add
  decide
  run after 1011 'select(.write == "reservations/riak-kv-1") | .value'
  assert_output null
}

orphan() { # orphan PID NODE
  jq -cn --arg p "$1" --arg n "$2" '{record: "orphans/\($p)", value: {node: $n,
    agent_id: "S1", hostname: "127.0.0.1"}, version: 0}'
}

@test "a volume that is adopted runs its node again, on its data" {
  {
    orphan riak.riak-kv-1.5 riak-kv-1
    tick 1001
    node 1 | jq -c '.value.adopt = "riak.riak-kv-1.5"'
    offer 1001.5 B S2; tick 1002
    offer 1002.5 A S1 "$(held 1 riak.riak-kv-1.5)"; tick 1003
  } | add
  decide
  # No new volume in its place.
  run after 1002 'select(.write == "verdicts/kv") | .value'
  assert_output '{"riak-kv-1":"the volume that it is to adopt is not offered"}'
  run after 1003 '.write // .call | select(. != "SUPPRESS")'
  assert_output '"reservations/riak-kv-1"
"orphans/riak.riak-kv-1.5"
"tasks/riak-kv-1"
"ACCEPT"
"verdicts/kv"'
  run after 1003 'select(.call == "ACCEPT") | [.mesos.accept.operations[].type]'
  assert_output '["LAUNCH"]'
  run after 1003 'select(.write == "reservations/riak-kv-1") | .value | [.state,
    .agent_id, .persistence_id, .ports.http, .container_path]'
  assert_output '["held","S1","riak.riak-kv-1.5",29000,"data"]'
}

@test "a volume that is adopted takes no other with it" {
  {
    orphan riak.riak-kv-1.5 riak-kv-1
    orphan riak.riak-kv-1.7 riak-kv-1
    node 1 | jq -c '.value.adopt = "riak.riak-kv-1.7"'
    offer 1002.5 A S1 "$(two_volumes riak.riak-kv-1.5 riak.riak-kv-1.7)"
    tick 1003
  } | add
  decide
  run after 1003 'select(.write == "reservations/riak-kv-1") |
    [.value.resources[].disk.persistence.id | strings]'
  assert_output '["riak.riak-kv-1.7"]'
}

@test "an orphan that its agent offers without is none any more" {
  {
    orphan riak.riak-kv-1.5 riak-kv-1
    orphan riak.riak-kv-1.7 riak-kv-1
    offer 1001.5 A S2; tick 1002
    offer 1002.5 B S1 "$(held 1 riak.riak-kv-1.5)"; tick 1003
    gone orphans/riak.riak-kv-1.7
    # An agent that was removed comes back with another id.
    offer 1004.5 C S7 | jq -c '.mesos.offers.offers[0].hostname = "127.0.0.1"'
    tick 1005
  } | add
  decide
  run jq -c 'if .tick then .tick else
    select(.write | tostring | startswith("orphans")) | [.write, .value] end' "$out"
  assert_output '1002
1003
["orphans/riak.riak-kv-1.7",null]
1005
["orphans/riak.riak-kv-1.5",null]'
}

@test "a volume that is freed is destroyed, and leaves no record" {
  {
    orphan riak.riak-kv-1.5 riak-kv-1
    node 1 remove | jq -c '.value.adopt = "riak.riak-kv-1.5"'
    for t in {1001..1015}; do tick "$t"; done
    offer 1015.5 A S1 "$(held 1 riak.riak-kv-1.5)"; tick 1016
    gone orphans/riak.riak-kv-1.5
    offer 1030 B S1; for t in {1031..1042}; do tick "$t"; done
  } | add
  decide
  run jq -c 'if .tick then .tick else select(.call == "ACCEPT") |
    [.mesos.accept.operations[].type] end' "$out"
  assert_output --partial $'1016\n["DESTROY","UNRESERVE"]\n1031'
  run jq -c 'select(.write and .value == null) | .write' "$out"
  assert_output '"orphans/riak.riak-kv-1.5"
"reservations/riak-kv-1"
"nodes/riak-kv-1"'
}

@test "a freed volume on a static reservation: destroyed, told by its id alone" {
  local disk
  disk=$(jq -cn '[{name: "disk", type: "SCALAR", scalar: {value: 1000},
    allocation_info: {role: "riak"}, reservations: [{type: "STATIC", role:
    "riak"}], disk: {persistence: {id: "riak.riak-kv-1.5"}, volume: {mode: "RW",
    container_path: "data"}}}]')
  {
    tick 1001
    T=1001.5 ID=A static S1 "$disk"; tick 1002
    node 1 remove | jq -c '.value.adopt = "riak.riak-kv-1.5"'
    T=1002.5 ID=B static S1 "$disk"; tick 1003
    gone orphans/riak.riak-kv-1.5
    T=1020 ID=C static S1; for t in {1021..1029}; do tick "$t"; done
  } | add
  decide
  run after 1002 'select(.write) | [.write, .value.node]'
  assert_output '["orphans/riak.riak-kv-1.5","riak-kv-1"]'
  run jq -c 'select(.call == "ACCEPT") | [.mesos.accept.operations[] |
    [.type, .destroy.volumes[0].disk.persistence.id]]' "$out"
  assert_output '[["DESTROY","riak.riak-kv-1.5"]]'
  run jq -c 'select(.write and .value == null) | .write' "$out"
  assert_output '"orphans/riak.riak-kv-1.5"
"reservations/riak-kv-1"
"nodes/riak-kv-1"'
}

# What each state means: whether the node runs again when its volume is
# offered, whether it counts as a failure, whether the master is asked at once,
# and what else is written.
@test "every task state has its meaning" {
  local state again failures asked more got
  while read -r state again failures asked more; do
    records >"$in"
    {
      node 1
      reserved 1 held S1 riak.riak-kv-1.5 riak-kv-1.5
      task 1 riak-kv-1.5 S1
      tick 999
      update 1000 riak-kv-1.5 "$state" S1 '{"source":"SOURCE_MASTER","reason":"REASON_RECONCILIATION"}'
      offer 1002.5 A S1 "$(held 1 riak.riak-kv-1.5)"; tick 1003
    } | add
    decide
    got=$(jq -rsc '
      ([.[] | select(.call == "ACCEPT")] | length) as $again |
      ([.[] | select(.write == "status/riak-kv-1") | .value.failures] | last) as $f |
      ([.[] | .event // .call] | (index("UPDATE") as $u | .[$u:]) |
        map(select(. == "RECONCILE")) | length) as $asked |
      ([.[] | select(.write == "nodes/riak-kv-9")] | length) as $replaced |
      ([.[] | select(.write == "status/riak-kv-1") | .value.frozen // empty] | length) as $frozen |
      "\($again) \($f) \($asked) " + (if $replaced > 0 then "replaced"
        elif $frozen > 0 then "frozen" else "-" end)' "$out")
    assert_equal "$state $got" "$state $again $failures $asked $more"
  done <<'TABLE'
STAGING 0 0 0 -
STARTING 0 0 0 -
RUNNING 0 0 0 -
KILLING 0 0 0 -
FINISHED 0 0 0 frozen
FAILED 1 1 0 -
KILLED 1 0 0 -
ERROR 1 1 0 -
DROPPED 1 1 0 -
GONE 1 0 0 -
GONE_BY_OPERATOR 0 0 0 replaced
LOST 1 0 1 -
UNREACHABLE 1 0 0 -
UNKNOWN 1 0 0 -
TABLE
}

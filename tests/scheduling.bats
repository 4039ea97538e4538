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

# member N TASK RING [ORDER]: what a ready node's executor says. RING is a list
# of numbers, ORDER a result.
member() {
  jq -cn --arg n "$1" --arg t "$2" --argjson r "$3" --argjson o "${4-null}" \
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
    "riak-kv-\($n).5", state: "TASK_RUNNING", since: 900}, version: 1}'
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
    offer 1104.5 B S3 "$(held 3 riak.riak-kv-3.5)"; tick 1105
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
  run after 1105 'select(.call == "ACCEPT") | .mesos.accept.operations[].type'
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

@test "a cluster's restart ends one node at a time, while all others are ready" {
  {
    for n in 1 2; do
      up "$n" | jq -c 'if .record | startswith("tasks") then
        .value.cluster_restart = 0 else . end'
      member "$n" "riak-kv-$n.5" '[1,2]'
    done
    tick 1001
    echo '{"record":"clusters/kv","value":{"riak_version":"riak-3","restart":1},"version":1}'
    tick 1002
    gone members/riak-kv-1
    tick 1003
  } | add
  decide
  run jq -c 'if .tick then .tick else select(.call == "KILL") | .mesos.kill.task_id.value end' "$out"
  assert_output $'1001\n1002\n"riak-kv-1.5"\n1003'
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

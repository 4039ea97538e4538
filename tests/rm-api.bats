# rm-api: the original's paths and shapes, over records in a real ZooKeeper.
# shellcheck shell=bash
# run sets status, output and stderr: shellcheck disable=SC2154

load helper
load api

@test "an empty framework: versions, clusters, and what is not there" {
  settings
  start_api
  run get riak/versions
  assert_equal "$(jq -cS . <<<"$output")" \
    '{"riak_versions":{"riak-kv-2-2":"http://h/r22.tgz","riak-kv-3-2":"file:///r.tgz"}}'
  run get clusters
  assert_output '{"clusters":[]}'
  run get clusters/kv
  assert_output '{"success":false,"error":"no such cluster: kv"}'
  run get clusters/kv/nodes
  assert_output '{"success":false,"error":"no such cluster: kv"}'
  run curl -s -o /dev/null -w '%{http_code}' "$API/api/v1/nothing"
  assert_output 404
  run curl -s -o /dev/null -w '%{http_code}' -X POST "$API/api/v1/clusters"
  assert_output 405
}

@test "a cluster is created once, with its secret, and shown in its shape" {
  settings
  start_api
  run create kv
  assert_output '{"success":true}'
  run create kv
  assert_output '{"success":false,"error":"exists"}'
  run get clusters/kv
  assert_equal "$(jq -cS . <<<"$output")" \
    '{"kv":{"advanced_config":null,"generation":1,"name":"kv","nodes":[],"riak_config":null,"riak_version":"riak-kv-2-2"}}'
  run bash -c "rm-state get secrets/kv | jq -r '.cookie, .key' | awk '{print length}' | sort -u"
  assert_output 64
  # A secret that was there before is kept.
  before=$(rm-state get secrets/kv)
  run ask DELETE clusters/kv
  assert_output '{"success":true}'
  run rm-state ls
  refute_output --partial kv
  rm-state put secrets/kv <<<"$before"
  create kv
  [ "$(rm-state get secrets/kv)" = "$before" ]
}

@test "packages that can't be are refused, where they can be looked into" {
  mkdir -p deep/riak/bin data/ring
  touch deep/riak/bin/riak data/ring/x
  tar -czf good.tgz deep
  tar -czf writes.tgz deep ./data
  tar -czPf around.tgz deep deep/../data
  tar -czPf absolute.tgz deep "$PWD/data"
  tar -czf empty.tgz data
  head -c 50 good.tgz >half.tgz
  jq -n --arg here "file://$PWD" '{schema: 1, framework: "'"$F"'", role: "riak",
    resources: ([{"riak-away": "file:///nowhere/r.tgz", "riak-http": "http://h/r"},
      (["good", "writes", "around", "absolute", "empty", "half"] | map({key: "riak-\(.)",
        value: "\($here)/\(.).tgz"}) | from_entries)] | add)}' |
    rm-state put settings
  start_api
  refused() {
    run ask POST clusters/kv/create "{\"riak_version\":\"riak-$1\"}"
    assert_output --partial "riak_version: riak-$1: $PWD/$1.tgz: $2"
  }
  refused writes "data/ would lie in the volume, data"
  refused around "deep/../data/ would lie outside of the package"
  refused absolute "$PWD/data/ would lie outside of the package"
  refused empty "data/ would lie in the volume, data"
  refused half "no archive that can be unpacked"
  mv data elsewhere && tar -czf empty.tgz elsewhere
  refused empty "no package of Riak: no riak/bin/riak in it"
  local name
  for name in good away http; do
    run ask POST "clusters/$name/create" "{\"riak_version\":\"riak-$name\"}"
    assert_output '{"success":true}'
  done
}

@test "documents that can't be are refused, with the place" {
  settings
  start_api
  refused() {
    run ask "$1" "$2" "$3"
    assert_equal "$(jq -r .success <<<"$output")" false
    run jq -r .error <<<"$output"
    assert_output --partial "$4"
  }
  refused POST clusters/kv/create '{"riak_version":"riak-9"}' \
    "riak_version: no such version: riak-9 (there is riak-kv-2-2, riak-kv-3-2)"
  refused POST clusters/kv/create '{"riak_version":"executor"}' "no such version"
  refused POST clusters/kv/create '{}' "riak_version: missing"
  refused POST clusters/kv/create '' "a JSON document is missing"
  refused POST clusters/kv/create '{"riak_version":' "not JSON"
  refused POST clusters/kv/create '[]' "not a JSON object"
  refused POST clusters/kv/create '{"riak_version":"riak-kv-2-2","colour":1}' \
    "colour: no such field"
  refused POST clusters/kv/create \
    '{"riak_version":"riak-kv-2-2","constraints":[["hostname","NEAR"]]}' \
    "constraint"
  refused POST clusters/-kv/create '{"riak_version":"riak-kv-2-2"}' \
    "not a name: -kv"
  refused POST clusters/a%2Fb/create '{"riak_version":"riak-kv-2-2"}' \
    "not a name: a/b"
  refused POST "clusters/$(printf 'x%.0s' {1..115})/create" \
    '{"riak_version":"riak-kv-2-2"}' "not a name: xxx"
  refused PUT clusters/kv '{"name":"other","riak_version":"riak-kv-2-2"}' \
    "name: another cluster's"
  refused PUT clusters '{"clusters":3}' "clusters: not an array"
  refused POST clusters/kv/nodes '' "no such cluster: kv"
  run bash -c "head -c 1100000 /dev/zero | curl -s -o /dev/null -w '%{http_code}' \
    -X PUT --data-binary @- $API/api/v1/clusters/kv/config"
  assert_output 413
  run rm-state ls clusters
  assert_output ""
  curl -sf "$API/api/v1/clusters"
}

@test "configuration: set as text, shown as text, taken away; checked" {
  settings
  start_api
  create kv
  run curl -s -w '%{http_code}' -o out "$API/api/v1/clusters/kv/config"
  assert_output 404
  run ask PUT clusters/kv/config $'ring_size = 16\nlogger.level = debug\n'
  assert_output '{"success":true}'
  run get clusters/kv/config
  assert_output $'ring_size = 16\nlogger.level = debug'
  [ "$(get clusters/kv | jq .kv.generation)" = 2 ]
  run ask PUT clusters/kv/config $'ring_size = 16\nleveled.data_root = /srv/x\n'
  assert_output --partial '"success":false'
  assert_output --partial "line 2: leveled.data_root = /srv/x: data must lie below"
  run ask PUT clusters/kv/config $'nodename = {{nodname}}\n'
  assert_output --partial "unknown variable"
  run ask PUT clusters/kv/config $'a = b\n# \377\n'
  assert_output --partial "line 2: not UTF-8"
  run ask PUT clusters/kv/config ''
  assert_output --partial "empty"
  run ask PUT clusters/kv/advancedConfig '[{riak_kv, [{a, 1}]}].'
  assert_output '{"success":true}'
  run get clusters/kv/advancedConfig
  assert_output '[{riak_kv, [{a, 1}]}].'
  run ask PUT clusters/kv/advancedConfig '[{riak_kv, '
  assert_output --partial 'advanced_config: line 1'
  run ask DELETE clusters/kv/config
  assert_output '{"success":true}'
  run get clusters/kv
  assert_equal "$(jq -c '.kv | [.riak_config, .generation]' <<<"$output")" '[null,4]'
}

@test "PUT: one cluster, many clusters, each with its result" {
  settings
  start_api
  run ask PUT clusters/a '{"riak_version":"riak-kv-2-2"}'
  assert_output '{"success":true}'
  get clusters >doc.json
  jq '.clusters += [{name: "b", riak_version: "riak-kv-3-2", riak_config: "ring_size = 8\n",
    advanced_config: null, generation: 7, nodes: []}, {name: "c"},
    {name: "d", riak_version: "no"}]' doc.json >many.json
  run ask PUT clusters @many.json
  assert_equal "$(jq -c '[.[] | [.name, .success]]' <<<"$output")" \
    '[["a",true],["b",true],["c",false],["d",false]]'
  assert_equal "$(jq -r '.[2].error' <<<"$output")" "riak_version: missing"
  run get clusters/b/config
  assert_output "ring_size = 8"
  run ask PUT clusters/a '{"riak_version":"riak-kv-3-2"}'
  [ "$(get clusters/a | jq -r .a.riak_version)" = riak-kv-3-2 ]
}

@test "nodes: numbered, shown, told to leave, to go, to restart" {
  settings
  start_api
  create kv
  for _ in 1 2 3; do ask POST clusters/kv/nodes; done
  run get clusters/kv/nodes
  assert_output "{\"nodes\":[\"$F-kv-1\",\"$F-kv-2\",\"$F-kv-3\"]}"
  run get "clusters/kv/nodes/$F-kv-1"
  assert_equal "$(jq -c ".[\"$F-kv-1\"] | [.status, .container_path, .location.node_name]" \
    <<<"$output")" '["requested",null,null]'
  run_node kv 1 1
  wait_for 10 status_of kv "$F-kv-1" started
  run get "clusters/kv/nodes/$F-kv-1"
  assert_equal "$(jq -cS ".[\"$F-kv-1\"]" <<<"$output")" "$(jq -cnS --arg k "$F-kv-1" \
    '{key: $k, status: "started", container_path: "data", persistence_id: "p-1",
      location: {node_name: ($k + "@h1"), hostname: "h1", http_port: 1, pb_port: 2,
        disterl_port: 4, agent_id_value: "a1"}}')"
  run get clusters/kv
  assert_equal "$(jq -cS '.kv.nodes[0]' <<<"$output")" "$(jq -cnS --arg k "$F-kv-1" \
    '{key: $k, status: "started", container_path: "data", persistence_id: "p-1"}')"
  run ask DELETE "clusters/kv/nodes/$F-kv-1"
  assert_output '{"success":true}'
  status_of kv "$F-kv-1" leaving
  ask DELETE "clusters/kv/nodes/$F-kv-2?force=true"
  ask DELETE "clusters/kv/nodes/$F-kv-2"
  [ "$(rm-state get "nodes/$F-kv-2" | jq -r .goal)" = remove ]
  for _ in 1 2; do ask POST "clusters/kv/nodes/$F-kv-3/restart"; done
  [ "$(rm-state get "nodes/$F-kv-3" | jq .restart)" = 2 ]
  run ask POST clusters/kv/restart
  assert_output '{"success":true}'
  [ "$(rm-state get clusters/kv | jq -c '[.restart, .generation, .next]')" = '[1,1,4]' ]
  run ask DELETE "clusters/kv/nodes/$F-kv-9"
  assert_output "{\"success\":false,\"error\":\"no such node: $F-kv-9 of cluster kv\"}"
}

@test "explain: why a node has no place, one line a node" {
  settings
  start_api
  create kv
  ask POST clusters/kv/nodes
  run get clusters/kv/explain
  assert_output '{"unplaced":{}}'
  zk verdicts/kv "{\"$F-kv-1\":\"cpus: wants 1.1, at most 0.5 offered\"}"
  told() { get clusters/kv/explain | grep -q wants; }
  wait_for 10 told
  run get clusters/kv/explain
  assert_output "{\"unplaced\":{\"$F-kv-1\":\"cpus: wants 1.1, at most 0.5 offered\"}}"
  run get clusters/none/explain
  assert_output '{"success":false,"error":"no such cluster: none"}'
}

@test "a node that serves although Mesos can't see it: its status says so" {
  settings
  start_api
  create kv
  ask POST clusters/kv/nodes
  run_node kv 1 4000
  why() { get clusters/kv/status | jq -r '.nodes[0] | "\(.serving) \(.why)"'; }
  why_is() { [ "$(why)" = "$1" ]; }
  wait_for 10 why_is "true null"
  jq -n --arg t "$F-kv-1.5" '{task_id: $t, agent_id: "a1", since: 2,
    state: "TASK_UNREACHABLE", message: "Agent is unreachable"}' |
    rm-state put "status/$F-kv-1"
  wait_for 10 why_is "true TASK_UNREACHABLE: it may run: its agent does not answer: Agent is unreachable"
}

@test "a change of templates marks the nodes that run with older ones" {
  settings
  start_api
  create kv
  ask POST clusters/kv/nodes
  run_node kv 1 4000
  zk "members/$F-kv-1" "$(jq -n '{health: "ok", config_digest: "'"$(
    rm-state get clusters/kv | jq -cj '[.riak_version, .riak_config, .advanced_config]' |
      sha256sum | cut -d' ' -f1)"'"}')"
  marked() { [ "$(get clusters/kv/status | jq -c '.nodes[0] | [.serving, .restart_needed]')" = "$1" ]; }
  wait_for 10 marked '[true,false]'
  curl -sf -X PUT --data-binary 'ring_size = 16' "$API/api/v1/clusters/kv/config"
  wait_for 10 marked '[true,true]'
}

@test "the page: whole without a script, and nothing in it is markup" {
  settings
  start_api
  run curl -s "$API/"
  assert_output --partial "There is no cluster yet"
  assert_output --partial "<h1>$F</h1>"
  assert_output --partial 'role="alert">no scheduler leads'
  create kv
  ask POST clusters/kv/nodes
  ask POST clusters/kv/nodes
  run_node kv 1 4000
  zk "members/$F-kv-1" '{"partitions": 48, "health": "ok"}'
  zk verdicts/kv "{\"$F-kv-2\":\"<b>cpus</b> & \\\"mem\\\"\"}"
  zk rollouts/kv '{"state": "running", "waits": "for <i>riak-kv-1</i>",
    "steps": [{"node": "a", "state": "done"}, {"node": "b", "state": "pending"}]}'
  # Each directory of records comes in its own time.
  shown() { curl -s "$API/" >page.html && grep -q "$1" page.html; }
  local part
  for part in 48 cpus rollout 'started, serves' '1 of 2 nodes'; do
    wait_for 10 shown "$part"
  done
  run cat page.html
  assert_output --partial "1 of 2 nodes serve; riak-kv-2-2"
  assert_output --partial '<td class="good">started, serves</td>'
  assert_output --partial '<td class="bad">requested</td>'
  assert_output --partial '>&lt;b&gt;cpus&lt;/b&gt; &amp; &quot;mem&quot;</td>'
  assert_output --partial 'rollout running: 1 of 2 nodes; waits: for &lt;i&gt;riak-kv-1&lt;/i&gt;'
  assert_output --partial "<title>$F-kv-1: 48 partitions</title>"
  assert_output --partial '<li class="dim">b: pending</li>'
  assert_output --partial "how much is whose; which is not known now"
  # Its own script puts it in place anew; nothing comes from elsewhere.
  refute_output --regexp '(src|href)='
  run curl -sI -X GET "$API/"
  assert_output --partial "default-src 'none'"
}

@test "the page: who owns what of the ring, and who did before it moved" {
  settings
  start_api
  create kv
  ask POST clusters/kv/scale '{"nodes":2}'
  run_node kv 1 4000
  run_node kv 2 4000
  zk "members/$F-kv-1" '{"partitions": 5, "owns": [0, 2, 4, 6, 7], "transfers": 0}'
  zk "members/$F-kv-2" '{"partitions": 3, "owns": [1, 3, 5, 9e9, -1, "x"], "transfers": 0}'
  ring() { curl -s "$API/" | grep -F '</li>' | sed 's/<[^>]*>//g' | paste -sd'|'; }
  ring_is() { [ "$(ring)" = "$1" ]; }
  wait_for 10 ring_is "$F-kv-1, 5: 0, 2, 4, 6, 7|$F-kv-2, 3: 1, 3, 5"
  # The second is about to get one, and knows no more which are its own.
  zk "members/$F-kv-2" '{"partitions": 4, "owns": null, "transfers": 1}'
  wait_for 10 ring_is "$F-kv-1, 5: 0, 2, 4, 6, 7|$F-kv-2, 3 when it last knew: 1, 3, 5"
  run curl -s "$API/"
  assert_output --partial "1 partition waits for its handoff"
  assert_output --partial 'class="o1 h0 before"'
  # What the first says now beats what the second said before.
  zk "members/$F-kv-1" '{"partitions": 5, "owns": [0, 2, 4, 6, 5], "transfers": 1}'
  wait_for 10 ring_is "$F-kv-1, 5: 0, 2, 4, 5, 6|$F-kv-2, 2 when it last knew: 1, 3"
  run curl -s "$API/"
  assert_output --partial "grey: nobody says that it is theirs"
  zk "members/$F-kv-2" '{"partitions": 3, "owns": [1, 3, 7], "transfers": 0}'
  wait_for 10 ring_is "$F-kv-1, 5: 0, 2, 4, 5, 6|$F-kv-2, 3: 1, 3, 7"
}

@test "the OpenAPI document names what there is, and that is there" {
  settings
  start_api
  create kv
  get openapi.json >doc.json
  # Each operation says what it does, and names the parameters of its path.
  run jq -r '.paths | to_entries[] | .key as $p | .value[] |
    select(.summary == null or ([.parameters[] | select(.in == "path") | "{\(.name)}"] |
      sort != ([$p | scan("{[^}]*}")] | sort))) | $p' doc.json
  assert_output ""
  local path code count=0
  for path in $(jq -r '.paths | to_entries[] | select(.value.get) | .key' doc.json); do
    case $path in */riak/* | /static/* | */events) continue ;; esac
    path=${path//\{cluster\}/kv} path=${path//\{node\}/$F-kv-1}
    path=${path//\{question\}/status} path=${path//\{*\}/x}
    run curl -s "${API}$path"
    refute_output --partial "no such path"
    count=$((count + 1))
  done
  [ "$count" -gt 15 ]
  # The other way: the page's paths are in it.
  for path in clusters 'clusters/{cluster}/status' 'clusters/{cluster}/scale' \
    'clusters/{cluster}/nodes/{node}' framework/orphans; do
    jq -e --arg p "/api/v1/$path" '.paths | has($p)' doc.json
  done
}

@test "figures for Prometheus" {
  settings
  start_api
  create kv
  ask POST clusters/kv/nodes
  ask POST clusters/kv/nodes
  run_node kv 1 4000
  # Each directory of records comes in its own time.
  counted() { curl -s "$API/metrics" | grep -qxF "$1"; }
  wait_for 10 counted 'riak_mesos_cluster_serving{cluster="kv"} 1'
  wait_for 10 counted 'riak_mesos_nodes{status="started"} 1'
  wait_for 10 counted 'riak_mesos_nodes{status="requested"} 1'
  run curl -s "$API/metrics"
  assert_line 'riak_mesos_scheduler_leads 0'
  assert_line 'riak_mesos_zookeeper_connected 1'
  assert_line 'riak_mesos_nodes{status="started"} 1'
  assert_line 'riak_mesos_nodes{status="requested"} 1'
  assert_line 'riak_mesos_cluster_nodes{cluster="kv"} 2'
  assert_line 'riak_mesos_cluster_rollout{cluster="kv"} 0'
  # Each line is a comment or a sample.
  refute_line --regexp '^[^#r]'
  [ "$(grep -c '^# TYPE' <<<"$output")" = "$(grep -c '^# HELP' <<<"$output")" ]
}

@test "figures of the scheduler: what its record says, zeros where it says none" {
  settings
  start_api
  run curl -s "$API/metrics"
  refute_output --partial offers_received
  zk scheduler '{"leader": "h:1", "running": true, "at": 17.5, "counters": {
    "offers_received_total": {"": 7}, "master_calls_total": {"ACCEPT,done": 3, "KILL,lost": 1},
    "pipeline_delay_seconds": {"0.001": 2, "0.5": 1, "+Inf": 1, "sum": 20.25, "count": 4},
    "task_updates_total": 3, "new": {"x": 1}}}'
  reported() { curl -s "$API/metrics" | grep -qx 'riak_mesos_scheduler_leads 1'; }
  wait_for 10 reported
  run curl -s "$API/metrics"
  assert_line 'riak_mesos_scheduler_report_timestamp_seconds 17.500'
  assert_line 'riak_mesos_offers_received_total 7'
  assert_line 'riak_mesos_offers_declined_total 0'
  assert_line 'riak_mesos_master_calls_total{type="ACCEPT",outcome="done"} 3'
  assert_line 'riak_mesos_master_calls_total{type="KILL",outcome="lost"} 1'
  assert_line 'riak_mesos_master_calls_total{type="DECLINE",outcome="refused"} 0'
  assert_line 'riak_mesos_task_updates_total{state="TASK_FAILED"} 0'
  assert_line 'riak_mesos_pipeline_delay_seconds_bucket{le="0.1"} 2'
  assert_line 'riak_mesos_pipeline_delay_seconds_bucket{le="0.5"} 3'
  assert_line 'riak_mesos_pipeline_delay_seconds_bucket{le="+Inf"} 4'
  assert_line 'riak_mesos_pipeline_delay_seconds_sum 20.250000'
  assert_line 'riak_mesos_pipeline_delay_seconds_count 4'
  # Each is a counter by its name, or none; none is told of twice; the page has all.
  run bash -c "grep '^# TYPE .*_total ' <<<\"\$1\" | grep -v ' counter\$'" _ "$output"
  assert_output ""
  curl -s "$API/metrics" >figures
  [ -z "$(grep -v '^#' figures | sed 's/ [^ ]*$//' | sort | uniq -d)" ]
  local name
  for name in $(awk '/^# TYPE/ {sub("riak_mesos_", "", $3); print $3}' figures); do
    grep -q "\b$name\b" "$TOP/man/rm-api.8" || fail "$name is not in rm-api(8)"
  done
  # What the examples ask Prometheus for is there, as a sample or, without
  # clusters and nodes, by its type.
  local asked
  asked=$(jq -er '.panels[].targets[].expr' "$TOP/examples/monitoring/dashboard.json")
  asked+=$(grep expr: "$TOP/examples/monitoring/rules.yml")
  for name in $(grep -oE 'riak_mesos_[a-z_]+' <<<"$asked" | sort -u); do
    grep -qE "^(# TYPE )?$name[ {]" figures || fail "$name is asked for, but not told"
  done
}

@test "numbers are not used again, not even by twenty at once" {
  settings
  start_api
  create kv
  local pids=()
  for _ in $(seq 20); do
    ask POST clusters/kv/nodes >>answers 2>&1 &
    pids+=("$!")
  done
  wait "${pids[@]}"
  [ "$(grep -c '{"success":true}' answers)" = 20 ]
  [ "$(rm-state ls nodes | wc -l)" = 20 ]
  [ "$(rm-state get clusters/kv | jq .next)" = 21 ]
  rm-state rm "nodes/$F-kv-20"
  ask POST clusters/kv/nodes
  rm-state get "nodes/$F-kv-21"
}

@test "a cluster that is destroyed: its nodes go, then it; nothing new meanwhile" {
  settings
  start_api
  create kv
  for _ in $(seq 12); do ask POST clusters/kv/nodes; done
  run ask DELETE clusters/kv
  assert_output '{"success":true}'
  [ "$(rm-state get clusters/kv | jq .destroy)" = true ]
  [ "$(for n in $(seq 12); do rm-state get "nodes/$F-kv-$n"; done | jq -r .goal | sort -u)" = remove ]
  [ "$(get clusters/kv/status | jq .destroy)" = true ]
  run ask POST clusters/kv/nodes
  assert_output --partial "is being destroyed"
  run ask PUT clusters/kv '{"riak_version":"riak-kv-3-2"}'
  assert_output --partial "is being destroyed"
  for n in $(seq 12); do rm-state rm "nodes/$F-kv-$n"; done
  destroyed() { ask DELETE clusters/kv && [ "$(get clusters)" = '{"clusters":[]}' ]; }
  wait_for 10 destroyed
  run rm-state ls secrets
  assert_output ""
}

@test "a record that can't be read is shown as it is and left alone" {
  settings
  start_api
  create kv
  ask POST clusters/kv/nodes
  zk "nodes/$F-kv-1" '{"cluster":'
  zk clusters/kv '[]'
  unreadable() { ask POST clusters/kv/nodes | grep -q "can't be read"; }
  wait_for 10 unreadable
  run ask DELETE clusters/kv
  assert_output --partial "can't be read"
  curl -sf "$API/api/v1/clusters"
  run "$RM_TOOLS/zk" get --zk "$ZK" "$ROOT/clusters/kv"
  assert_output '[]'
}

@test "healthcheck tells which: no scheduler, a scheduler, no ZooKeeper" {
  start_zookeeper
  export RIAK_MESOS_ZK=$ZK
  settings
  start_api --zk-timeout 3
  run curl -s -w '%{http_code}' "$API/healthcheck"
  assert_line '503'
  assert_output --partial "no scheduler leads"
  zk scheduler '{"leader":"h:1","running":true}'
  wait_for 10 curl -sf "$API/healthcheck"
  run curl -s "$API/healthcheck"
  assert_equal "$(jq -c '[.success, .zookeeper, .scheduler]' <<<"$output")" \
    '[true,"connected","h:1"]'
  zk scheduler '{"leader":"h:1","running":false}'
  down() { curl -s "$API/healthcheck" | grep -q "pipeline is down"; }
  wait_for 10 down
  create kv
  kill -KILL "$ZK_PID"
  away() { curl -s "$API/healthcheck" | grep -q "no connection to ZooKeeper"; }
  wait_for 20 away
  # What is known is still told; nothing is changed.
  run get clusters/kv/nodes
  assert_output '{"nodes":[]}'
  run ask POST clusters/kv/nodes
  assert_output --partial "nothing was changed"
  start_zookeeper "${ZK##*:}"
  back() { ask POST clusters/kv/nodes | grep -q true; }
  wait_for 30 back
}

@test "a node's questions go to its executor, with the token of its task" {
  local port key
  port=$(free_port)
  settings
  start_api
  create kv
  ask POST clusters/kv/nodes
  run get "clusters/kv/nodes/$F-kv-1/status"
  assert_output "{\"success\":false,\"error\":\"$F-kv-1 is requested: nobody to ask\"}"
  echo_server "$port"
  run_node kv 1 "$port"
  wait_for 10 status_of kv "$F-kv-1" started
  key=$(rm-state get secrets/kv | jq -r .key)
  run get "clusters/kv/nodes/$F-kv-1/aae"
  assert_equal "$(jq -r .aae.path <<<"$output")" /aae
  assert_equal "$(jq -r .aae.headers.Authorization <<<"$output")" \
    "Bearer $(printf %s "$F-kv-1.5" | openssl dgst -sha256 -hmac "$key" | awk '{print $NF}')"
  run get "clusters/kv/nodes/$F-kv-1/status"
  assert_output '{"status":{"nodes":[],"valid":0}}'
  run get "clusters/kv/nodes/$F-kv-1/transfers"
  assert_output '{"transfers":{"active":[]}}'
  run get "clusters/kv/nodes/$F-kv-1/types"
  assert_output '{"bucket_types":[{"id":"default","props":{}}]}'
  run get "clusters/kv/nodes/$F-kv-1/ringready"
  assert_output "{\"success\":false,\"error\":\"$F-kv-1: not ready yet\"}"
  run ask POST "clusters/kv/nodes/$F-kv-1/types/maps" '{"props":{"n_val":2}}'
  assert_equal "$(jq -c '[.method, .path, .body]' <<<"$output")" \
    '["POST","/types/maps","{\"props\":{\"n_val\":2}}"]'
  run get "clusters/kv/nodes/$F-kv-1/types/..%2Fx"
  assert_output --partial "not a name of a bucket type"
  run curl -s -o /dev/null -w '%{http_code}' "$API/api/v1/clusters/kv/nodes/$F-kv-1/secrets"
  assert_output 404
  # The key and the token are nowhere to be seen.
  run grep -c "$key" api.log
  assert_output 0
}

@test "a node whose executor does not answer" {
  settings
  start_api
  create kv
  ask POST clusters/kv/nodes
  run_node kv 1 "$(free_port)"
  wait_for 10 status_of kv "$F-kv-1" started
  run get "clusters/kv/nodes/$F-kv-1/status"
  assert_output --partial "\"success\":false,\"error\":\"$F-kv-1: GET http://127.0.0.1:"
}

@test "/riak passes requests on to Riak, whole, in both directions" {
  local port
  port=$(free_port)
  echo_server "$port"
  settings
  start_api
  create kv
  ask POST clusters/kv/nodes
  run curl -s -w '%{http_code}' "$API/riak/clusters/kv/ping"
  assert_output --partial "no node of cluster kv serves"
  run_node kv 1 "$port"
  wait_for 10 status_of kv "$F-kv-1" started
  run curl -s -i -X PUT -H 'X-Riak-Meta-Colour: red' -H 'Content-Type: text/x' \
    --data-binary 'some bytes' "$API/riak/nodes/$F-kv-1/buckets/b%2Fc/keys/k?w=2&x=%20"
  assert_line --partial "X-Riak-Vclock: abc"
  run tail -n 1 <<<"$output"
  assert_equal "$(jq -c '[.method, .path, .body, .headers["X-Riak-Meta-Colour"],
    .headers["Content-Type"]]' <<<"$output")" \
    '["PUT","/buckets/b%2Fc/keys/k?w=2&x=%20","some bytes","red","text/x"]'
  run curl -s "$API/riak/nodes/$F-kv-1@h1"
  assert_equal "$(jq -r .path <<<"$output")" /
  wait_for 5 curl -sf "$API/riak/clusters/kv/ping"
  run curl -sI "$API/riak/clusters/kv/x"
  assert_line --partial "Content-Length: "
  [ "$(curl -s "$API/riak/clusters/kv/stream" | wc -c)" = 10000000 ]
  # A client that goes away in the middle.
  curl -s --limit-rate 1000 -m 1 "$API/riak/clusters/kv/stream" >/dev/null || true
  curl -sf "$API/riak/clusters/kv/ping"
  run curl -s -o /dev/null -w '%{http_code}' "$API/riak/nodes/nobody/ping"
  assert_output 404
}

@test "/static: files of one directory, with dates and tags, and no others" {
  local etag modified
  mkdir -p files/sub
  head -c 3000000 /dev/urandom >files/riak.tgz
  echo sub >files/sub/f
  echo secret >outside
  ln -s ../outside files/link
  echo hidden >files/.hidden
  mkfifo files/fifo
  settings
  start_api --static files
  curl -s -D head -o got "$API/static/riak.tgz"
  cmp got files/riak.tgz
  etag=$(sed -n 's/^ETag: \(.*\)\r$/\1/ip' head)
  modified=$(sed -n 's/^Last-Modified: \(.*\)\r$/\1/ip' head)
  [ "$modified" = "$(LC_ALL=C date -u -r files/riak.tgz '+%a, %d %b %Y %H:%M:%S GMT')" ]
  code() { curl -s -o /dev/null -w '%{http_code}' --path-as-is "$@"; }
  [ "$(code -H "If-None-Match: $etag" "$API/static/riak.tgz")" = 304 ]
  [ "$(code -H "If-None-Match: \"x\"" "$API/static/riak.tgz")" = 200 ]
  [ "$(code -H "If-Modified-Since: $modified" "$API/static/riak.tgz")" = 304 ]
  [ "$(code "$API/static/sub/f")" = 200 ]
  for path in ../outside sub/../../outside %2e%2e/outside link .hidden sub fifo \
    /etc/passwd sub//f "" ..%2foutside none; do
    [ "$(code "$API/static/$path")" = 404 ] || fail "/static/$path"
  done
  run curl -sI "$API/static/riak.tgz"
  assert_line --partial "Content-Length: 3000000"
}

@test "changes: by the token alone, in constant time; reading is open" {
  settings
  (umask 077 && echo 0123456789abcdef0123 >token)
  start_api --token-file token
  code() { curl -s -o answer -w '%{http_code}' "$@"; }
  [ "$(code "$API/api/v1/clusters")" = 200 ]
  [ "$(code -X POST -d '{"riak_version":"riak-kv-2-2"}' "$API/api/v1/clusters/kv/create")" = 401 ]
  [ "$(code "$API/riak/clusters/kv/ping")" = 401 ]
  [ "$(code "$API/api/v1/clusters/kv/nodes/$F-kv-1/log")" = 401 ]
  [ "$(code "$API/api/v1/clusters/kv/nodes/$F-kv-1/%6cog")" = 401 ]
  [ "$(code "$API/api/v1/clusters/kv/nodes/$F-kv-1/log/x")" = 401 ]
  [ "$(code "$API/api/v1/clusters/kv/nodes/$F-kv-1/config")" = 401 ]
  for bad in "" "Bearer" "Bearer 0123456789abcdef012" "Bearer 0123456789abcdef01234" \
    "Basic 0123456789abcdef0123"; do
    [ "$(code -H "Authorization: $bad" -X POST -d '{}' "$API/api/v1/clusters/kv/nodes")" = 401 ]
  done
  grep -q "a token is needed" answer
  [ "$(code -H 'Authorization: Bearer 0123456789abcdef0123' -X POST \
    -d '{"riak_version":"riak-kv-2-2"}' "$API/api/v1/clusters/kv/create")" = 200 ]
  grep -q '{"success":true}' answer
  chmod 644 token
  run -100 rm-api --token-file token
  assert_output --partial "others may read it"
  (umask 077 && echo short >short)
  run -100 rm-api --token-file short
  assert_output --partial "shorter than 16"
  run -100 rm-api --token-file nowhere
  assert_output --partial "nowhere: No such file"
}

@test "without a token: this machine only, unless --open, and no browsers" {
  settings
  start_api
  run curl -s -o answer -w '%{http_code}' -H 'Origin: http://evil' -X POST \
    "$API/api/v1/clusters/kv/restart"
  assert_output 403
  grep -q "not for pages of a browser" answer
  kill "$API_PID"
  wait_for 10 gone "$API_PID"
  grep -q "access=loopback" api.log
  start_api --open
  grep -q "warn: --open" api.log
  run -100 rm-api --open --token-file x
  assert_output --partial "exclude each other"
}

@test "usage: unknown options, ports, directories; a port that is taken" {
  run -100 rm-api --nonsense
  assert_output --partial "unknown option --nonsense"
  run -100 rm-api operand
  assert_output --partial "unexpected operand operand"
  run -100 rm-api --port 70000
  assert_output --partial "more than 65535"
  run -100 rm-api --static /nowhere
  assert_output --partial "not a directory: /nowhere"
  run -100 env RIAK_MESOS_NAME=a/b rm-api --port 0
  assert_output --partial "not a name: a/b"
  settings
  start_api
  run -111 rm-api --port "${API##*:}"
  assert_output --partial "Address already in use"
  run -100 env -u RIAK_MESOS_ZK rm-api
  assert_output --partial "--zk is required"
}

@test "it stops on SIGTERM, and needs neither stdin nor stdout" {
  settings
  rm-api --port 0 --port-file port <&- >&- 2>api.log 3>&- &
  API_PID=$!
  track "$API_PID"
  wait_for 10 test -s port
  wait_for 10 curl -sf "http://127.0.0.1:$(cat port)/api/v1/clusters"
  kill -TERM "$API_PID"
  wait_for 10 gone "$API_PID"
  wait "$API_PID"
}

# code_of METHOD PATH [BODY]: the status.
code_of() {
  curl -s -m 10 -o /dev/null -w "%{http_code}" -X "$1" "$API/api/v1/$2" \
    ${3+--data-binary "$3"}
}

@test "restart, rollout, scale, replace: what is wanted is in the records" {
  settings
  start_api
  create kv
  run code_of GET clusters/kv/rollout
  assert_output 404
  run ask POST clusters/kv/restart '{"parallel":2,"riak_version":"riak-kv-3-2"}'
  assert_output '{"success":true}'
  run ask POST clusters/kv/restart '{"parallel":0}'
  assert_output --partial "parallel: not a whole number"
  run ask POST clusters/kv/restart '{"riak_version":"none"}'
  assert_output --partial "no such version: none"
  run ask POST clusters/kv/restart
  assert_output '{"success":true}'
  run bash -c "rm-state get clusters/kv --zk $ZK --framework $F | jq -c '[.restart, .parallel, .riak_version, .generation]'"
  assert_output '[2,1,"riak-kv-3-2",2]'

  run bash -c "curl -sf '$API/api/v1/clusters/kv/rollout' | jq -c '[.state, .restart, .riak_version]'"
  assert_output '["requested",2,"riak-kv-3-2"]'
  run code_of POST clusters/kv/rollout/dance
  assert_output 404
  ask POST clusters/kv/rollout/pause
  ask POST clusters/kv/rollout/resume
  run bash -c "rm-state get clusters/kv --zk $ZK --framework $F | jq -c .command"
  assert_output '{"id":2,"verb":"resume"}'

  ask POST clusters/kv/scale '{"nodes":4}'
  run get clusters/kv/nodes
  assert_output "{\"nodes\":[\"$F-kv-1\",\"$F-kv-2\",\"$F-kv-3\",\"$F-kv-4\"]}"
  ask POST clusters/kv/scale '{"nodes":2}'
  run bash -c "for n in 1 2 3 4; do rm-state get nodes/$F-kv-\$n --zk $ZK --framework $F | jq -r .goal; done | xargs"
  assert_output "run run leave leave"
  run code_of POST clusters/kv/scale '{"nodes":0}'
  assert_output 400

  run ask POST "clusters/kv/nodes/$F-kv-1/replace"
  assert_output '{"success":true}'
  run bash -c "for n in 1 5; do rm-state get nodes/$F-kv-\$n --zk $ZK --framework $F | jq -c '[.goal, .replaces]'; done"
  assert_output '["remove",null]
["run","'"$F"'-kv-1"]'
  run code_of POST "clusters/kv/nodes/$F-kv-1/replace"
  assert_output 409
}

# certificate NAME [CA]: NAME.crt and NAME.key, for 127.0.0.1.
certificate() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
    -subj "/CN=$1" -addext subjectAltName=IP:127.0.0.1 \
    ${2+-CA "$2.crt" -CAkey "$2.key"} -keyout "$1.key" -out "$1.crt" 2>/dev/null
}

@test "TLS: the API, files, streams and the command line; no plain text" {
  certificate one
  certificate two
  mkdir files
  head -c 3000000 /dev/urandom >files/big
  touch files/none
  settings
  cp one.crt api.crt
  cp one.key api.key
  TLS_CA=one.crt start_api --tls-cert api.crt --tls-key api.key --static files
  secure() { curl -sS -m 20 --cacert "$@"; }
  grep -q "tls=yes" api.log
  [ "$(secure one.crt -X POST -d '{"riak_version":"riak-kv-2-2"}' \
    "$API/api/v1/clusters/kv/create")" = '{"success":true}' ]
  # A file comes whole, and is not taken for whole when it is not.
  secure one.crt -D head -o got "$API/static/big"
  cmp got files/big
  grep -qi '^content-length: 3000000' head
  run secure one.crt -o none -w '%{http_code} %{size_download}' "$API/static/none"
  assert_output "200 0"
  run secure one.crt -I "$API/static/big"
  assert_line --partial "Content-Length: 3000000"
  # A client that goes away in the middle.
  secure one.crt --limit-rate 1000 -m 1 -o part "$API/static/big" || true
  secure one.crt -N -m 2 "$API/api/v1/events?heartbeat=1" >events || true
  grep -q '"event":"heartbeat"' events
  run riak-mesos cluster list --api "$API" --ca-file one.crt
  assert_output --partial kv
  run -111 riak-mesos cluster list --api "$API" --ca-file two.crt
  assert_output --partial certificate
  run riak-mesos cluster list --api "$API" --insecure-ssl
  assert_output --partial kv
  run curl -s -m 10 "http://${API#*://}/api/v1/clusters"
  assert_failure
  # Another certificate, without a restart; a bad one changes nothing.
  cp two.crt api.crt
  kill -HUP "$API_PID"
  wait_for 10 grep -q "going on with the old one" api.log
  secure one.crt "$API/api/v1/clusters"
  cp two.key api.key
  kill -HUP "$API_PID"
  wait_for 10 grep -q "certificates are read again" api.log
  secure two.crt "$API/api/v1/clusters"
}

@test "TLS: clients with a certificate of ours alone; keys that others may read" {
  certificate ca
  certificate api ca
  certificate client ca
  certificate stranger
  settings
  TLS_CA=ca.crt TLS_CERT=client start_api --tls-cert api.crt --tls-key api.key \
    --tls-client-ca ca.crt
  run riak-mesos config riak-versions --api "$API" --ca-file ca.crt \
    --cert-file client.crt --key-file client.key
  assert_output --partial riak-kv-3-2
  run -111 riak-mesos config riak-versions --api "$API" --ca-file ca.crt
  run -111 riak-mesos config riak-versions --api "$API" --ca-file ca.crt \
    --cert-file stranger.crt --key-file stranger.key
  chmod 644 api.key client.key
  run -100 rm-api --port 0 --tls-cert api.crt --tls-key api.key
  assert_output --partial "api.key: others may read it"
  run -100 riak-mesos config riak-versions --cert-file client.crt --key-file client.key
  assert_output --partial "client.key: others may read it"
  run -100 rm-api --port 0 --tls-key api.key
  assert_output --partial "want a --tls-cert"
  run -100 rm-api --port 0 --tls-cert none.crt --tls-key stranger.key
  assert_output --partial "none.crt: "
}

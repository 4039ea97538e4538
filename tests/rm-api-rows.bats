# rm-api: each row of its table of paths, those of the original first, asked in
# order of one framework with a node whose executor and Riak are an echo.
# shellcheck shell=bash
# run sets status, output and stderr: shellcheck disable=SC2154

load helper
load api

# METHOD PATH STATUS TYPE BODY PROGRAM: what is asked, by which content type,
# and what holds for the answer, a text when it is no JSON. {name=VALUE} in a
# path is a parameter; N is the node.
rows() {
  cat <<'IN'
GET /api/v1/riak/versions 200 - - .riak_versions == {"riak-kv-2-2": "http://h/r22.tgz", "riak-kv-3-2": "file:///r.tgz"}
GET /api/v1/clusters 200 - - . == {clusters: []}
POST /api/v1/clusters/{cluster=kv}/create 200 application/json {"riak_version":"riak-kv-2-2"} . == {success: true}
POST /api/v1/clusters/{cluster=kv}/create 200 text/plain {"riak_version":"riak-kv-2-2"} . == {success: false, error: "exists"}
GET /api/v1/clusters 200 - - .clusters == [{name: "kv", riak_version: "riak-kv-2-2", riak_config: null, advanced_config: null, generation: 1, nodes: []}]
PUT /api/v1/clusters 200 application/octet-stream {"clusters":[{"name":"kv","riak_version":"riak-kv-3-2"},{"name":"c"}]} [.[] | [.name, .success]] == [["kv", true], ["c", false]]
GET /api/v1/clusters/{cluster=kv} 200 - - .kv | .name == "kv" and .riak_version == "riak-kv-3-2" and .generation == 2
GET /api/v1/clusters/{cluster=c} 200 - - . == {success: false, error: "no such cluster: c"}
PUT /api/v1/clusters/{cluster=kv} 200 x/y {"riak_version":"riak-kv-2-2"} . == {success: true}
GET /api/v1/clusters/{cluster=kv}/rollout 404 - - .success == false
POST /api/v1/clusters/{cluster=kv}/restart 200 - - . == {success: true}
GET /api/v1/clusters/{cluster=kv}/config 404 - - .success == false
PUT /api/v1/clusters/{cluster=kv}/config 200 text/plain ring_size=16 . == {success: true}
GET /api/v1/clusters/{cluster=kv}/config 200 - - . == "ring_size=16"
DELETE /api/v1/clusters/{cluster=kv}/config 200 text/plain - . == {success: true}
GET /api/v1/clusters/{cluster=kv}/config 404 - - .success == false
GET /api/v1/clusters/{cluster=kv}/advancedConfig 404 - - .success == false
PUT /api/v1/clusters/{cluster=kv}/advancedConfig 200 text/plain [{riak_kv,[]}]. . == {success: true}
GET /api/v1/clusters/{cluster=kv}/advancedConfig 200 - - . == "[{riak_kv,[]}]."
DELETE /api/v1/clusters/{cluster=kv}/advancedConfig 200 - - . == {success: true}
GET /api/v1/clusters/{cluster=kv}/advancedConfig 404 - - .success == false
GET /api/v1/clusters/{cluster=kv}/nodes 200 - - . == {nodes: []}
POST /api/v1/clusters/{cluster=kv}/nodes 200 text/plain - . == {success: true}
GET /api/v1/clusters/{cluster=kv}/nodes 200 - - . == {nodes: [$n]}
NODE
GET /api/v1/clusters/{cluster=kv}/nodes/{node=N} 200 - - .[$n] | .key == $n and .status == "started" and .container_path == "data" and .persistence_id == "p-1" and (.location | keys == ["agent_id_value", "disterl_port", "hostname", "http_port", "node_name", "pb_port"])
POST /api/v1/clusters/{cluster=kv}/nodes/{node=N}/restart 200 text/plain - . == {success: true}
GET /api/v1/clusters/{cluster=kv}/nodes/{node=N}/{question=aae} 200 - - .aae.path == "/aae"
GET /api/v1/clusters/{cluster=kv}/nodes/{node=N}/{question=status} 200 - - . == {status: {nodes: [], valid: 0}}
GET /api/v1/clusters/{cluster=kv}/nodes/{node=N}/{question=ringready} 200 - - . == {success: false, error: "\($n): not ready yet"}
GET /api/v1/clusters/{cluster=kv}/nodes/{node=N}/{question=transfers} 200 - - . == {transfers: {active: []}}
GET /api/v1/clusters/{cluster=kv}/nodes/{node=N}/{question=types} 200 - - . == {bucket_types: [{id: "default", props: {}}]}
GET /api/v1/clusters/{cluster=kv}/nodes/{node=N}/types/{type=maps} 200 - - [.method, .path] == ["GET", "/types/maps"]
POST /api/v1/clusters/{cluster=kv}/nodes/{node=N}/types/{type=maps} 200 text/plain {"props":{}} [.method, .path, .body] == ["POST", "/types/maps", "{\"props\":{}}"]
GET /healthcheck 200 - - .success == true
GET /static/{rest=file} 200 - - . == "an artifact\n"
GET /riak/nodes/{node=N} 200 - - .path == "/"
PUT /riak/nodes/{node=N}/{rest=buckets/b/keys/k} 200 text/x v [.method, .path, .body] == ["PUT", "/buckets/b/keys/k", "v"]
POST /riak/clusters/{cluster=kv} 200 text/x v [.method, .path] == ["POST", "/"]
DELETE /riak/clusters/{cluster=kv}/{rest=buckets/b/keys/k} 200 - - [.method, .path] == ["DELETE", "/buckets/b/keys/k"]
GET / 200 - - test("<!doctype html>") and test("1 of 1 nodes serve")
GET /metrics 200 - - test("riak_mesos_cluster_serving.cluster=\"kv\". 1")
GET /api/v1/openapi.json 200 - - .openapi == "3.0.3"
HEAD /api/v1/events 200 - - test("application/x-ndjson")
HEAD /api/v1/clusters/{cluster=kv}/events 200 - - test("application/x-ndjson")
GET /api/v1/framework 200 - - .name == $f and .nodes == {started: 1} and .error == null
GET /api/v1/status 200 - - .framework.name == $f and .clusters[0].nodes[0].key == $n
GET /api/v1/framework/orphans 200 - - . == {orphans: {}}
POST /api/v1/framework/orphans/{orphan=x}/adopt 404 - - .success == false
POST /api/v1/framework/orphans/{orphan=x}/free 404 - - .success == false
GET /api/v1/clusters/{cluster=kv}/status 200 - - .serving == 1 and .nodes[0].key == $n
GET /api/v1/clusters/{cluster=kv}/explain 200 - - . == {unplaced: {}}
GET /api/v1/clusters/{cluster=kv}/rollout 200 - - .restart == 1 and .state == "requested"
POST /api/v1/clusters/{cluster=kv}/rollout/{command=pause} 200 - - . == {success: true}
POST /api/v1/clusters/{cluster=kv}/rollout/{command=dance} 404 - - .success == false
POST /api/v1/clusters/{cluster=kv}/scale 200 - {"nodes":3} . == {success: true}
POST /api/v1/clusters/{cluster=kv}/scale 400 - {"nodes":"x"} .success == false
POST /api/v1/clusters/{cluster=kv}/nodes/{node=N}/replace 409 - - .error | test("serves")
GET /api/v1/clusters/{cluster=kv}/nodes/{node=N}/log/{log=console.log} 200 - - test("^/log/console.log")
DELETE /api/v1/clusters/{cluster=kv}/nodes/{node=N} 200 text/plain - . == {success: true}
DELETE /api/v1/clusters/{cluster=kv}/nodes/{node=N}?force=true 200 - - . == {success: true}
DELETE /api/v1/clusters/{cluster=kv} 200 text/plain - . == {success: true}
GET /api/v1/clusters/{cluster=kv}/status 200 - - .destroy == true
IN
}

# template PATH: as the OpenAPI document has it; filled PATH: as it is asked.
template() {
  sed -E 's/\{([a-z]+)=[^}]*\}/{\1}/g; s/\?.*//' <<<"$1"
}
filled() {
  sed -E 's/\{[a-z]+=([^}]*)\}/\1/g' <<<"${1/=N\}/=$F-kv-1\}}"
}

# row METHOD PATH STATUS TYPE BODY PROGRAM
row() {
  local options=(-s -m 20 -o body -w '%{http_code} %{content_type}' -H "Content-Type: ${4/#-/}") code
  if [ "$1" = HEAD ]; then options+=(-I); else options+=(-X "$1"); fi
  [ "$5" = - ] || options+=(--data-binary "$5")
  : >body
  code=$(curl "${options[@]}" "$API$(filled "$2")")
  echo "$1 $(template "$2") $code" >>types
  [ "${code%% *}" = "$3" ] || fail "$1 $2: $code: $(cat body)"
  jq -Rse --arg n "$F-kv-1" --arg f "$F" ". as \$text | (try fromjson catch \$text) | $6" body >/dev/null ||
    fail "$1 $2: $(cat body)"
}

# The node of the rows that follow runs and serves.
node_runs() {
  local port
  port=$(free_port)
  echo_server "$port"
  run_node kv 1 "$port"
  serves() { [ "$(get clusters/kv/status | jq .serving)" = 1 ]; }
  wait_for 10 serves
}

@test "each row of the table of paths, and each path a row" {
  mkdir files
  echo "an artifact" >files/file
  settings
  start_api --static files
  zk scheduler '{"leader":"h:1","running":true}'
  wait_for 10 curl -sf "$API/healthcheck"
  local method path code type body program
  while read -r method path code type body program; do
    if [ "$method" = NODE ]; then
      node_runs
    else
      row "$method" "$path" "$code" "$type" "$body" "$program"
      echo "$method $(template "$path")" >>asked
    fi
  done < <(rows)
  # What is answered is of the type that the document says.
  curl -s "$API/api/v1/openapi.json" >doc.json
  run jq -Rr --slurpfile doc doc.json 'split(" ") as [$m, $p, $code, $type] |
    $doc[0].paths[$p][$m | ascii_downcase | sub("head"; "get")] as $is |
    select($code == "200") | select($is.responses["200"].content |
      has("*/*") or has(($type // "") | sub(";.*"; "")) | not) | "\($m) \($p) \($type)"' types
  assert_output ""
  # A route that takes any method has those of OpenAPI; one of them will do.
  jq <doc.json -r '.paths | to_entries[] | .key as $p | .value | keys[] | "\(ascii_upcase) \($p)"' |
    sed -E 's|^GET (.*/events)$|HEAD \1|; s|^[A-Z]+ (/riak/)|ANY \1|' | sort -u >there
  sed -E 's|^[A-Z]+ (/riak/)|ANY \1|' asked | sort -u >covered
  diff there covered
}

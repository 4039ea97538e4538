# riak-mesos: what people type, against a real rm-api; and the whole, from an
# empty machine to a key in a cluster and back, by this command line alone.
# shellcheck shell=bash
# run sets status, output and stderr; a test is a subshell of its own; STACK is
# stack.bash's.
# shellcheck disable=SC2154,SC2030,SC2031,SC2034

load helper
load stack
load cli

@test "clusters: made, listed, shown, destroyed" {
  framework
  run riak-mesos config riak-versions
  assert_output $'VERSION   PACKAGE\nriak-3-2  file:///r.tgz'
  run riak-mesos cluster create kv riak-3-2
  assert_success
  assert_output --partial "cluster kv is made"
  run -1 riak-mesos cluster create kv riak-3-2
  assert_output --partial "cluster kv exists already"
  run -1 riak-mesos cluster create other riak-9
  assert_output --partial "riak_version: no such version: riak-9 (there is riak-3-2)"
  run -100 riak-mesos cluster create a/b riak-3-2
  assert_output --partial "not a name of a cluster: a/b"
  run riak-mesos cluster add-node kv --nodes 2
  assert_output --partial "2 nodes added to cluster kv"
  run riak-mesos cluster list
  assert_line --index 0 "CLUSTER  VERSION   GENERATION  NODES  STARTED"
  assert_line --index 1 "kv       riak-3-2  1           2      0"
  run riak-mesos cluster info kv
  assert_line --partial "version:     riak-3-2"
  assert_line --regexp "^$F-kv-2 +requested +no +- +-$"
  run riak-mesos --json cluster info kv
  assert_equal "$(jq -r '.kv.nodes[1].status' <<<"$output")" requested
  run riak-mesos cluster restart kv --json
  assert_output '{"success":true}'
  [ "$(rm-state get clusters/kv | jq .restart)" = 1 ]
  run riak-mesos cluster destroy kv
  assert_output "cluster kv and its data are going"
  run riak-mesos cluster info kv
  assert_line --partial "destroy:     yes"
  rm-state rm "nodes/$F-kv-1" "nodes/$F-kv-2"
  destroyed() { run riak-mesos cluster destroy kv; run -1 riak-mesos cluster info kv; }
  wait_for 10 destroyed
  for words in "info kv" "destroy kv" "restart kv" "add-node kv" "endpoints kv" \
    "config kv" "wait-for-service kv"; do
    # shellcheck disable=SC2086
    run -1 riak-mesos cluster $words
    assert_output --partial "no such cluster: kv"
  done
}

@test "the document of list -o is what set takes" {
  framework
  riak-mesos cluster create a riak-3-2
  riak-mesos cluster create b riak-3-2
  riak-mesos cluster list -o all.json
  [ "$(jq -r '[.clusters[].name] | join(" ")' all.json)" = "a b" ]
  jq '.clusters[0].riak_config = "ring_size = 8\n"' all.json >new.json
  run riak-mesos cluster set new.json
  assert_output $'a: done\nb: done'
  run riak-mesos cluster config a
  assert_output "ring_size = 8"
  run -1 riak-mesos cluster set - <<<'{"clusters":[{"name":"c","riak_version":"x"}]}'
  assert_output --partial "c: riak_version: no such version: x"
  run -100 riak-mesos cluster set nowhere.json
  assert_output --partial "nowhere.json: No such file"
}

@test "why nodes have no place, and a jq program over any answer" {
  framework
  riak-mesos cluster create kv riak-3-2
  run riak-mesos cluster explain kv
  assert_output "every node has its place"
  riak-mesos cluster add-node kv --nodes 2
  znode verdicts/kv "{\"$F-kv-2\":\"mem: wants 544, at most 200 offered\"}"
  explained() { riak-mesos cluster explain kv | grep -q wants; }
  wait_for 10 explained
  run riak-mesos cluster explain kv
  assert_line --index 0 --regexp "^NODE +WHY$"
  assert_line --index 1 "$F-kv-2  mem: wants 544, at most 200 offered"
  run -1 riak-mesos cluster explain none
  run riak-mesos cluster list --jq '.clusters[] | .name, (.nodes | length)'
  assert_output $'kv\n2'
  run riak-mesos cluster info kv --jq '.kv.nodes[].status'
  assert_output $'requested\nrequested'
  run -100 riak-mesos cluster list --jq '.clusters['
  assert_output --partial "error: --jq: "
  [ "${#lines[@]}" -eq 1 ]
  run -100 riak-mesos cluster list --jq '.clusters | .name'
  assert_output --partial "--jq: Cannot index array with"
}

@test "apply: shown first, done then, nothing the second time" {
  framework
  riak-mesos cluster create old riak-3-2
  cat >new.json <<'JSON'
{"clusters": [
  {"name": "kv", "riak_version": "riak-3-2", "size": 3,
   "riak_config": "ring_size = 16\ntransfer_limit = 4\n"},
  {"name": "old", "size": 1, "constraints": [["hostname", "UNIQUE"]]}]}
JSON
  run -1 riak-mesos apply -f new.json --dry-run
  assert_line "+ kv: a new cluster, riak-3-2, of 3 nodes"
  assert_line '~ old: constraints: none -> [["hostname","UNIQUE"]]'
  assert_line "~ old: size: 0 -> 1"
  assert_line --partial "2 clusters would change; nothing was done"
  run riak-mesos cluster list
  refute_output --partial kv
  local index
  index=$(riak-mesos apply -f new.json --dry-run 2>/dev/null | sed -n 's/^index //p')
  [ "${#index}" = 8 ]
  # Somebody else changes one of them.
  riak-mesos cluster add-node old
  run -102 riak-mesos apply -f new.json --check-index "$index"
  assert_output --partial "have changed since index $index"
  run riak-mesos apply -f new.json
  assert_success
  settled() { riak-mesos apply -f new.json --dry-run | grep -q '^nothing differs$'; }
  wait_for 10 settled
  [ "$(rm-state ls nodes | grep -c kv-)" = 3 ]
  run riak-mesos apply -f new.json
  assert_output "nothing differs"
  run riak-mesos cluster config kv
  assert_output $'ring_size = 16\ntransfer_limit = 4'
  # Lines of a configuration are shown one by one; one cluster stands alone.
  echo '{"name": "kv", "riak_config": "ring_size = 16\ntransfer_limit = 8\n"}' |
    (run -1 --separate-stderr riak-mesos apply -f - --dry-run
      assert_line --index 0 "~ kv: riak_config:"
      assert_line --index 1 "    - transfer_limit = 4"
      assert_line --index 2 "    + transfer_limit = 8"
      refute_output --partial ring_size)
  run -100 riak-mesos apply -f - <<<'{"name":"kv","sise":3}'
  assert_output --partial "kv: sise: no such field"
  run -100 riak-mesos apply -f - <<<'{"name":"kv","size":2.5}'
  assert_output --partial "kv: size: not a whole number"
  run -100 riak-mesos apply -f - <<<'{"clusters":[{"name":"kv"},{}]}'
  assert_output --partial "clusters[1]: name: missing"
  run -100 riak-mesos apply -f nowhere.json
  assert_output --partial "nowhere.json: No such file"
  run -100 riak-mesos apply
  assert_output --partial "option --file is required"
  # Refused by the API: said with the cluster, nothing half done to it.
  run -1 riak-mesos apply -f - <<<'{"name":"kv","size":5,"riak_version":"riak-9"}'
  assert_output --partial "cluster kv: riak_version: no such version: riak-9"
  [ "$(rm-state ls nodes | grep -c kv-)" = 3 ]
}

@test "configuration by file, and taken away" {
  framework
  riak-mesos cluster create kv riak-3-2
  run -1 riak-mesos cluster config kv
  assert_output --partial "cluster kv has no riak_config"
  printf 'ring_size = 16\n' >riak.conf
  run riak-mesos cluster config kv --file riak.conf
  assert_success
  run riak-mesos cluster config kv
  assert_output "ring_size = 16"
  printf 'a = b\nbitcask.data_root = /tmp/x\n' >bad.conf
  run -1 riak-mesos cluster config kv --file bad.conf
  assert_output --partial "line 2: bitcask.data_root = /tmp/x"
  run riak-mesos cluster config-advanced kv --file - <<<'[].'
  assert_success
  run riak-mesos cluster config kv --delete
  assert_success
  run -1 riak-mesos cluster config kv
  run riak-mesos cluster config-advanced kv
  assert_output "[]."
  run -100 riak-mesos cluster config kv --file riak.conf --delete
  assert_output --partial "exclude each other"
}

@test "waiting tells each change, in lines, and times out with the reason" {
  framework
  riak-mesos cluster create kv riak-3-2
  run -3 riak-mesos cluster wait-for-service kv --timeout 0.1
  assert_line --index 0 "kv: 0 of 1 nodes serve; there are only 0: try add-node"
  riak-mesos cluster add-node kv --nodes 2
  rm-state put verdicts/kv <<<"{\"$F-kv-2\":\"no agent has the cpus\"}"
  riak-mesos cluster wait-for-service kv --nodes 2 --timeout 30 >out 2>err 3>&- &
  local pid=$!
  wait_for 10 grep -q "$F-kv-1 requested" out
  wait_for 10 grep -q "$F-kv-2 requested: no agent has the cpus" out
  serves "$F-kv-1"
  wait_for 10 grep -q "kv: 1 of 2 nodes serve" out
  serves "$F-kv-2"
  wait "$pid"
  [ "$(tail -n 1 out)" = "kv: 2 of 2 nodes serve" ]
  [ "$(sort out | uniq -d | wc -l)" = 0 ]
  run ! grep -q $'\r' out
  run riak-mesos cluster endpoints kv
  assert_line --index 1 --regexp "^$F-kv-1 +127.0.0.9:8098 +127.0.0.9:8087$"
  run riak-mesos cluster endpoints kv --json
  assert_equal "$(jq -r ".\"$F-kv-2\".pb" <<<"$output")" 127.0.0.9:8087
  run riak-mesos node wait-for-service "$F-kv-1"
  assert_output "$F-kv-1: started, serves"
  run -1 riak-mesos node wait-for-service "$F-kv-7"
  assert_output --partial "no such node: $F-kv-7"
  # Live on a terminal: one line that is written over.
  script -qec "riak-mesos cluster wait-for-service kv --nodes 3 --timeout 1" \
    /dev/null >screen || true
  grep -q $'\r' screen
  grep -q "2 of 3 nodes serve" screen
}

@test "nodes: info, restart, remove; names that are none" {
  framework
  riak-mesos cluster create kv riak-3-2
  riak-mesos cluster add-node kv --nodes 2
  serves "$F-kv-1"
  wait_for 10 bash -c "riak-mesos node info $F-kv-1 | grep -q started"
  run riak-mesos node info "$F-kv-1"
  assert_line --regexp "^name: +$F-kv-1@h$"
  assert_line --regexp "^http port: +8098$"
  run riak-mesos node restart "$F-kv-1"
  assert_success
  [ "$(rm-state get "nodes/$F-kv-1" | jq .restart)" = 1 ]
  run riak-mesos node remove "$F-kv-1"
  assert_output "node $F-kv-1 leaves its cluster, then goes"
  [ "$(rm-state get "nodes/$F-kv-1" | jq -r .goal)" = leave ]
  riak-mesos node remove "$F-kv-2" --force
  [ "$(rm-state get "nodes/$F-kv-2" | jq -r .goal)" = remove ]
  run -1 riak-mesos node info "$F-kv-9"
  assert_output --partial "no such node: $F-kv-9 of cluster kv"
  run -100 riak-mesos node info other-kv-1
  assert_output --partial "not a node of framework $F: other-kv-1"
}

@test "restart, upgrade, rollout, scale, replace" {
  framework
  riak-mesos cluster create kv riak-3-2
  riak-mesos cluster scale kv 3
  run -1 riak-mesos cluster rollout kv
  assert_output --partial "has had no rollout"
  run riak-mesos cluster restart kv --parallel 2
  assert_output --partial "cluster kv will restart"
  [ "$(rm-state get clusters/kv | jq -c "[.restart, .parallel]")" = "[1,2]" ]
  run -1 riak-mesos cluster upgrade kv riak-none
  assert_output --partial "no such version: riak-none"
  # Nobody has begun it: the plan of before is not what is asked about.
  run riak-mesos cluster rollout kv --jq .state
  assert_output requested
  rm-state put rollouts/kv - <<<'{"restart":1,"state":"running","waits":"x is not up","riak_version":"riak-3-2","steps":[{"node":"a-kv-1","state":"ending"}]}'
  wait_for 10 bash -c "riak-mesos cluster rollout kv | grep -q 'a-kv-1 *ending'"
  run riak-mesos cluster rollout kv
  assert_line --regexp "^waits: +x is not up$"
  riak-mesos cluster rollout kv pause
  [ "$(rm-state get clusters/kv | jq -r .command.verb)" = pause ]
  run riak-mesos plan show kv
  assert_output --partial "x is not up"
  riak-mesos plan resume kv
  [ "$(rm-state get clusters/kv | jq -r .command.verb)" = resume ]
  run -1 riak-mesos plan dance kv
  run -1 riak-mesos cluster rollout kv dance
  run -100 riak-mesos cluster scale kv none
  riak-mesos node replace "$F-kv-2"
  [ "$(rm-state get "nodes/$F-kv-4" | jq -r .replaces)" = "$F-kv-2" ]
  run -1 riak-mesos node replace "$F-kv-2"
  assert_output --partial "is being replaced already"
}

@test "orphans: listed, adopted, freed; only by name" {
  framework
  run riak-mesos framework orphans
  assert_output --regexp "^VOLUME +NODE +HOST"
  for n in 1 2; do
    rm-state put "orphans/v$n" - <<<"{\"node\":\"$F-kv-$n\",\"hostname\":\"h\"}"
  done
  wait_for 10 bash -c "riak-mesos framework orphans | grep -q v2"
  run -100 riak-mesos framework orphans --adopt
  run -100 riak-mesos framework orphans v1
  run -100 riak-mesos framework orphans v1 --adopt
  assert_output --partial "cluster kv has no record: riak_version: missing"
  riak-mesos framework orphans v1 --adopt --riak-version riak-3-2
  [ "$(rm-state get "nodes/$F-kv-1" | jq -c "[.goal, .adopt]")" = '["run","v1"]' ]
  [ "$(rm-state get clusters/kv | jq -c "[.riak_version, .next]")" = '["riak-3-2",3]' ]
  riak-mesos framework orphans v2 --free
  [ "$(rm-state get "nodes/$F-kv-2" | jq -c "[.goal, .adopt]")" = '["remove","v2"]' ]
  run -1 riak-mesos framework orphans v1 --free
  assert_output --partial "is there, with another volume"
  run -1 riak-mesos framework orphans v3 --free
}

@test "what Riak says: as tables, as JSON; and when nobody can be asked" {
  local port
  port=$(free_port)
  framework
  riak-mesos cluster create kv riak-3-2
  riak-mesos cluster add-node kv
  run -1 riak-mesos node status "$F-kv-1"
  assert_output --partial "$F-kv-1 is requested: nobody to ask"
  "$RM_TOOLS/echo_server" "$port" 3>&- &
  track "$!"
  serves "$F-kv-1" "$port"
  task=$(rm-state get "tasks/$F-kv-1")
  jq '.address = "127.0.0.1"' <<<"$task" | rm-state put "tasks/$F-kv-1"
  wait_for 10 riak-mesos node status "$F-kv-1"
  run riak-mesos node status "$F-kv-1"
  assert_output "MEMBER  STATUS  RING %  PENDING %"
  run riak-mesos node status "$F-kv-1" --json
  assert_output '{"status":{"nodes":[],"valid":0}}'
  run -1 riak-mesos node ringready "$F-kv-1"
  assert_output --partial "$F-kv-1: not ready yet"
  run riak-mesos node transfers "$F-kv-1" --wait-for-service --timeout 5
  assert_output $'0 transfers active, 0 nodes wait to hand off\nno transfers'
  run riak-mesos node bucket-type list "$F-kv-1"
  assert_line --index 1 "default  {}"
  run -1 riak-mesos node bucket-type create "$F-kv-1" maps '{"n_val":3}'
  run riak-mesos node aae-status "$F-kv-1" --json
  assert_equal "$(jq -r .aae.path <<<"$output")" /aae
  run riak-mesos node log list "$F-kv-1"
  assert_output console.log
  run riak-mesos node log tail "$F-kv-1" console.log -n 7
  assert_output "/log/console.log?tail=7"
  run riak-mesos node log tail "$F-kv-1"
  assert_output "/log/console.log?tail=100"
  run riak-mesos node config "$F-kv-1"
  assert_output "nodename = n@h"
  run riak-mesos node config "$F-kv-1" --json
  assert_output '{"config":"nodename = n@h\n"}'
  run riak-mesos node config "$F-kv-1" --diff
  assert_output "3: nodename = riak@127.0.0.1 -> n@h"
  run -100 riak-mesos node log tail "$F-kv-1" ../x
  assert_output --partial "not a name of a log: ../x"
  run -100 riak-mesos node bucket-type create "$F-kv-1" maps 'n_val=3'
  assert_output --partial "not a JSON object of properties: n_val=3"
}

@test "the framework: its state, and waiting for it" {
  framework
  run -1 riak-mesos framework status
  assert_line --regexp "^framework: +$F$"
  assert_line --partial "no scheduler leads"
  run -3 riak-mesos framework wait-for-service --timeout 0.1
  assert_line --partial "no scheduler leads"
  riak-mesos framework wait-for-service --timeout 20 3>&- &
  local pid=$!
  znode scheduler '{"leader":"h:1","running":true}'
  wait "$pid"
  run riak-mesos framework status
  assert_success
  assert_line --regexp "^scheduler: +h:1$"
  run riak-mesos framework endpoints
  assert_line --partial "$RIAK_MESOS_API/api/v1"
}

@test "the API: not there, not one, wants a token" {
  export RIAK_MESOS_API
  RIAK_MESOS_API=http://127.0.0.1:$(free_port)
  run -111 riak-mesos cluster list
  assert_output --partial "Failed to connect"
  assert_output --partial "is rm-api running there?"
  run -100 riak-mesos --api ftp://x cluster list
  assert_output --partial "--api: ftp://x/api/v1/clusters: not an HTTP URL"
  framework
  (umask 077 && echo 0123456789abcdef >token)
  start_api --token-file token
  riak-mesos cluster list
  run -100 riak-mesos cluster create kv riak-3-2
  assert_output --partial "a token is needed"
  run riak-mesos cluster create kv riak-3-2 --token-file token
  assert_success
  run -100 riak-mesos --token-file nowhere cluster list
  assert_output --partial "nowhere: No such file"
}

@test "options: anywhere, from the file, from a home; and what is none" {
  framework
  local api=$RIAK_MESOS_API
  unset RIAK_MESOS_API
  mkdir home
  jq -n --arg u "$api/" '{riak: {"framework-url": $u}}' >home/config.json
  riak-mesos --home home cluster list
  riak-mesos cluster --config home/config.json list
  riak-mesos cluster list --api "$api"
  run riak-mesos --home home config local --json
  assert_equal "$(jq -r '.riak["framework-url"]' <<<"$output")" "$api/"
  run riak-mesos --config-schema
  assert_equal "$(jq -r '.properties.riak.type' <<<"$output")" object
  run riak-mesos --info
  assert_output --partial "command line"
  run -100 riak-mesos
  assert_output --partial "a command is missing"
  run -100 riak-mesos nonsense
  assert_output --partial "unknown command nonsense"
  run -100 riak-mesos cluster
  assert_output --partial "a word is missing behind cluster"
  run -100 riak-mesos cluster nonsense
  assert_output --partial "unknown command cluster nonsense"
  run -100 riak-mesos cluster list --nonsense
  assert_output --partial "unknown option --nonsense"
  run -100 riak-mesos cluster create kv
  assert_output --partial "operands are missing: CLUSTER VERSION"
  run -100 riak-mesos cluster list operand
  assert_output --partial "unexpected operand operand"
  run riak-mesos cluster --help
  assert_line --partial "riak-mesos cluster add-node"
  refute_line --partial "riak-mesos node"
}

@test "output to a full disk, and to nobody" {
  framework
  run -111 bash -c "riak-mesos cluster list >/dev/full"
  assert_output --partial "No space left on device"
  run -111 bash -c "riak-mesos cluster list >&-"
  assert_output --partial "standard output"
}

@test "the whole: a cluster by the command line only, from create to destroy" {
  export RIAK_MESOS_NAME=riak
  F=riak
  local http
  start_zookeeper
  export RIAK_MESOS_ZK=$ZK
  start_local
  start_schedd
  start_api
  riak-mesos framework wait-for-service --timeout 30
  riak-mesos cluster create kv "$RIAK_VERSION"
  riak-mesos cluster add-node kv --nodes 2
  riak-mesos cluster wait-for-service kv --nodes 2 --timeout 90
  run riak-mesos cluster endpoints kv --json
  http=$(jq -r '."riak-kv-1".http' <<<"$output")
  put_key "$http" k1 v1
  run curl -sf "$RIAK_MESOS_API/riak/clusters/kv/ping"
  assert_success
  run curl -sf "$RIAK_MESOS_API/riak/nodes/riak-kv-1/buckets/test/keys/k1"
  assert_output v1
  run riak-mesos cluster list
  assert_line --index 1 --regexp "^kv +$RIAK_VERSION +1 +2 +2$"
  riak-mesos cluster destroy kv
  nothing_left() {
    [ "$(rm-state ls nodes)" = "" ] || return 1
    riak-mesos cluster destroy kv || true
    [ "$(riak-mesos cluster list --json)" = '{"clusters":[]}' ]
  }
  wait_for 90 nothing_left
  [ -z "$(vms_of riak-kv-1)$(vms_of riak-kv-2)" ]
  run rm-state ls
  refute_output --partial kv
}

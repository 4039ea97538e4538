# riak-mesos, row by row: what was wrong is said in one line, with what to do
# next; and with --json what is printed is JSON.
# shellcheck shell=bash
# run sets status, output and stderr; F is the framework's name.
# shellcheck disable=SC2154

load helper
load stack
load cli

cluster_of_two() {
  framework
  riak-mesos cluster create kv riak-3-2 >/dev/null
  riak-mesos cluster add-node kv --nodes 2 >/dev/null
  echo '{"clusters":[{"name":"kv","riak_version":5}]}' >bad-field.json
  echo '{"clusters":5}' >bad-list.json
  echo nonsense >bad.json
  (umask 077 && echo short >short-token)
  : >empty
}

# refuses CODE | WORDS OF THE COMMAND | WHAT IS SAID: a row; FW is replaced by
# the framework's name. Nothing is printed, and one line is said.
refuses() {
  local code words say
  IFS='|' read -r code words say <<<"$1"
  words=${words//FW/$F} say=${say//FW/$F}
  say=$(sed 's/^ *//; s/ *$//' <<<"$say")
  # shellcheck disable=SC2086 # '' stands for an empty word
  eval "set -- $words"
  run --separate-stderr riak-mesos "$@"
  [ "$status" -eq "$code" ] || fail "riak-mesos $*: exits $status, not $code"
  [ -z "$output" ] || fail "riak-mesos $*: prints $output"
  [ "$(wc -l <<<"$stderr")" -eq 1 ] || fail "riak-mesos $*: says $stderr"
  [[ $stderr == *"error: "*"$say"* ]] ||
    fail "riak-mesos $*: says $stderr, not $say"
}

@test "what is typed wrong: named, with what was meant" {
  local row
  framework
  while read -r row; do
    refuses "$row"
  done <<'ROWS'
100 | | a command is missing; try 'riak-mesos --help'
100 | '' | unknown command ''; try
100 | custer list | unknown command custer (is 'cluster' meant?); try 'riak-mesos --help'
100 | cluster lsit | unknown command cluster lsit (is 'cluster list' meant?); try 'riak-mesos cluster --help'
100 | create kv riak-3-2 | unknown command create (is 'cluster create' meant?)
100 | nonsense | unknown command nonsense; try
100 | cluster | a word is missing behind cluster: one of list, set, create,
100 | node bucket-type | a word is missing behind node bucket-type: one of list, create, update; try 'riak-mesos node bucket-type --help'
100 | cluster list --jsn | unknown option --jsn (is --json meant?); try 'riak-mesos cluster list --help'
100 | cluster list -z | unknown option -z;
100 | --json=yes status | option --json takes no value
100 | --api | option --api wants a value
100 | -vv status | letters can't be joined: -vv
100 | cluster list x | unexpected operand x; try 'riak-mesos cluster list --help'
100 | cluster create kv | operands are missing: CLUSTER VERSION; try 'riak-mesos cluster create --help'
100 | cluster create '' riak-3-2 | not a name of a cluster:
100 | cluster create 'k v' riak-3-2 | not a name of a cluster: k v
100 | cluster add-node kv --nodes many | --nodes: not a whole number: many
100 | cluster add-node kv --nodes 0 | --nodes: 0 is not between 1 and 1000
100 | cluster add-node kv --nodes 2.5 | --nodes: not a whole number: 2.5
100 | cluster wait-for-service kv --timeout x | --timeout: not a number: x
100 | cluster restart kv --parallel 0 | --parallel: 0 is not between 1 and 1000
100 | cluster scale kv none | none: not a number of nodes from 1 to 1000
100 | cluster config kv --file nowhere | nowhere: No such file or directory
100 | apply | option --file is required; try 'riak-mesos apply --help'
100 | node info kv-1 | not a node of framework FW: kv-1 (a node is named FW-CLUSTER-NUMBER; see --framework)
100 | framework orphans --adopt | name the volumes; 'riak-mesos framework orphans' lists them
100 | framework orphans v1 --adopt --free | --adopt and --free exclude each other
100 | status --log-level loud | --log-level is error, warn, info or debug, not loud
100 | --home nowhere status | --home: nowhere: No such file or directory
100 | --config nowhere status | nowhere: No such file or directory
100 | --token-file nowhere status | nowhere: No such file or directory
100 | --jq '.x[' status | --jq:
ROWS
}

@test "what is refused: in the API's words, and what to do next" {
  local row
  cluster_of_two
  while read -r row; do
    refuses "$row"
  done <<'ROWS'
1 | cluster create kv riak-3-2 | cluster kv exists already
1 | cluster create other riak-9 | riak_version: no such version: riak-9 (there is riak-3-2)
1 | cluster upgrade kv riak-9 | riak_version: no such version: riak-9 (there is riak-3-2)
1 | cluster info none | no such cluster: none; 'riak-mesos cluster list' lists them
1 | status none | no such cluster: none; 'riak-mesos cluster list' lists them
1 | cluster rollout kv | cluster kv has had no rollout; 'riak-mesos cluster restart' begins one
1 | plan dance kv | no such command: dance (pause, resume, abort, retry)
1 | cluster config kv | cluster kv has no riak_config; it runs with its package's own
1 | cluster config-advanced kv | cluster kv has no advanced_config; it runs
100 | cluster config kv --file empty | empty: empty; --delete takes the template away
100 | cluster set bad.json | bad.json: not JSON
100 | cluster set empty | empty: not JSON
1 | cluster set bad-list.json | clusters: not an array
100 | apply -f bad.json | bad.json: not JSON
1 | node info FW-kv-9 | no such node: FW-kv-9 of cluster kv; 'riak-mesos status' lists them
1 | node remove FW-kv-9 | no such node: FW-kv-9 of cluster kv; 'riak-mesos status' lists them
1 | node status FW-kv-1 | FW-kv-1 is requested: nobody to ask; 'riak-mesos status' says what it waits for
100 | node bucket-type create FW-kv-1 t '{"props":5}' | props: not a JSON object of properties
1 | framework orphans x --free | no such orphan: x; 'riak-mesos framework orphans' lists them
100 | --token-file short-token status | short-token:
100 | --token-file bad.json status | bad.json: others may read it
100 | --config bad.json status | bad.json: not JSON
100 | config marathon | resources.scheduler: missing from the configuration file
100 | --resources '[]' config marathon | resources: not an object
111 | --api 127.0.0.1:1 status | is rm-api running there? (see --api)
111 | --marathon 127.0.0.1:1 framework uninstall | is Marathon running there? (see --marathon)
ROWS
}

@test "an empty word, and one that is nearly right, in every program" {
  local p
  for p in "$TOP"/cmd/*.c; do
    p=$(basename "$p" .c)
    run -100 timeout 20 "$p" '' </dev/null
    run -100 timeout 20 "$p" --hepl </dev/null
    assert_output --partial "unknown option --hepl (is --help meant?)"
  done
}

@test "apply --json: what differs as a document, and what was done" {
  cluster_of_two
  cat >new.json <<'JSON'
{"clusters": [{"name": "kv", "size": 3, "riak_config": "ring_size = 16\n"},
  {"name": "b", "riak_version": "riak-3-2", "size": 1}]}
JSON
  run -1 --separate-stderr riak-mesos apply -f new.json --dry-run --json
  [ "$(jq -c '[.applied, (.changes[] | .cluster, .created, .from, .to)]' <<<"$output")" = \
    '[false,"kv",false,{"riak_config":null,"size":2},{"riak_config":"ring_size = 16\n","size":3},"b",true,{"riak_version":null,"size":0},{"riak_version":"riak-3-2","size":1}]' ]
  # A program over what is no success is a program over it all the same.
  run -1 --separate-stderr riak-mesos apply -f new.json --dry-run --jq .index
  index=$output
  [ "${#index}" = 8 ]
  run -1 --separate-stderr riak-mesos framework status --jq .name
  assert_output "$F"
  run riak-mesos apply -f new.json --json --check-index "$index"
  [ "$(jq -c '[.applied, (.changes | length)]' <<<"$output")" = "[true,2]" ]
  # What was done before something was refused is told.
  echo '{"clusters":[{"name":"kv","size":4},{"name":"b","riak_version":"x"}]}' >half.json
  run -1 --separate-stderr riak-mesos apply -f half.json --json
  [ "$(jq -c '[.applied, [.changes[].cluster]]' <<<"$output")" = '[false,["kv"]]' ]
  [[ $stderr == *"cluster b: riak_version: no such version: x"* ]]
}

# ---- the original's table, a row each ----

# does CODE | WORDS | WHAT IS PRINTED (a regular expression).
does() {
  local code words says
  IFS='|' read -r code words says <<<"$1"
  words=${words//FW/$F} says=${says//FW/$F}
  says=$(sed 's/^ *//; s/ *$//' <<<"$says")
  # shellcheck disable=SC2086
  eval "set -- $words"
  echo "$*" >>ran
  run riak-mesos "$@"
  [ "$status" -eq "$code" ] ||
    fail "riak-mesos $*: exits $status, not $code: $output"
  [[ $output =~ $says ]] || fail "riak-mesos $*: prints $output, not $says"
}

# commands_of riak-mesos [WORDS]: the names of its commands, a line each.
commands_of() {
  local word more
  for word in $("$@" --completion-words | grep -v -e '^-' -e $'\toperand$' |
    cut -f1); do
    more=$(commands_of "$@" "$word")
    echo "${more:-${*:2}${2+ }$word}"
  done
}

# A stand-in for Marathon, a node that an executor answers for, packages.
whole_framework() {
  local port task
  "$TOP/tests/standin-marathon/marathon.pl" marathon 2>marathon.log 3>&- &
  track "$!"
  port=$(free_port)
  "$RM_TOOLS/echo_server" "$port" 3>&- &
  track "$!"
  cluster_of_two
  serves "$F-kv-1" "$port"
  task=$(rm-state get "tasks/$F-kv-1")
  jq '.address = "127.0.0.1"' <<<"$task" | rm-state put "tasks/$F-kv-1"
  znode scheduler '{"leader":"h:1","running":true}'
  wait_for 10 test -s marathon
  export RIAK_MESOS_MARATHON RIAK_MESOS_RIAK RIAK_MESOS_RESOURCE_URLS
  RIAK_MESOS_MARATHON=127.0.0.1:$(cat marathon)
  RIAK_MESOS_RIAK='{"zk":"zk:2181","master":"zk://zk:2181/mesos"}'
  RIAK_MESOS_RESOURCE_URLS='{"scheduler":"http://files/riak-mesos.tar.gz"}'
  wait_for 10 riak-mesos node status "$F-kv-1"
  wait_for 10 riak-mesos framework status
}

@test "each row of the original's command line, and of ours" {
  local row command
  whole_framework
  printf 'ring_size = 16\n' >riak.conf
  echo '[].' >advanced.config
  echo '{"clusters":[{"name":"kv","size":4}]}' >clusters.json
  rm-state put rollouts/kv <<<'{"restart":9,"state":"running","riak_version":"riak-3-2","steps":[]}'
  rm-state put orphans/v9 <<<"{\"node\":\"$F-kv-9\",\"hostname\":\"h\"}"
  wait_for 10 bash -c "riak-mesos framework orphans | grep -q v9"
  while read -r row; do
    [ -z "$row" ] || does "$row"
  done <<'ROWS'
0 | framework install | ^framework FW is given to Marathon$
0 | framework uninstall | ^framework FW is taken from Marathon; its nodes go on$
0 | framework install --attach --timeout 30 | scheduler h:1 leads
0 | framework status | scheduler: +h:1
0 | framework endpoints | api: +http://127.0.0.1:[0-9]+/api/v1
0 | framework wait-for-service --timeout 30 | scheduler h:1 leads
1 | framework clean-metadata | FW has 2 nodes
1 | framework teardown --master 127.0.0.1:1 | FW has 2 nodes
0 | framework orphans | v9 +FW-kv-9 +h
0 | cluster list | kv +riak-3-2
0 | cluster list -o all.json | ^$
0 | cluster set all.json | ^kv: done$
0 | cluster create other riak-3-2 | cluster other is made
0 | cluster destroy other | other and its data are going
0 | cluster info kv | version: +riak-3-2
0 | cluster endpoints kv | FW-kv-1 +127.0.0.1:8098 +127.0.0.1:8087
0 | cluster config kv --file riak.conf | cluster kv has it
0 | cluster config kv | ^ring_size = 16$
0 | cluster config kv --delete | no template of its own now
0 | cluster config-advanced kv --file advanced.config | cluster kv has it
0 | cluster config-advanced kv | ^\[\]\.$
0 | cluster config-advanced kv --delete | no template of its own now
0 | cluster add-node kv --nodes 1 | 1 node added to cluster kv
0 | cluster restart kv | cluster kv will restart
0 | cluster wait-for-service kv --nodes 1 --timeout 30 | kv: 1 of 1 nodes serve
0 | cluster upgrade kv riak-3-2 | cluster kv goes to riak-3-2
0 | cluster rollout kv | state: +running
0 | cluster scale kv 3 | cluster kv is to have 3 nodes
0 | cluster explain kv | every node has its place
0 | plan show kv | state: +running
1 | apply -f clusters.json --dry-run | ~ kv: size: 3 -> 4
0 | status | FW +h:1
0 | node info FW-kv-1 | host: +h
0 | node status FW-kv-1 | MEMBER +STATUS
0 | node aae-status FW-kv-1 | /aae
1 | node ringready FW-kv-1 | not ready yet
0 | node transfers FW-kv-1 --wait-for-service --timeout 30 | no transfers
0 | node wait-for-service FW-kv-1 --timeout 30 | FW-kv-1: started, serves
0 | node bucket-type list FW-kv-1 | default +\{\}
1 | node bucket-type create FW-kv-1 t '{"n_val":3}' | bucket type t
1 | node bucket-type update FW-kv-1 t '{"n_val":3}' | bucket type t
0 | node log list FW-kv-1 | ^console.log$
0 | node log tail FW-kv-1 console.log -n 3 | tail=3
0 | node config FW-kv-1 | nodename
0 | node restart FW-kv-1 | FW-kv-1 will restart
0 | node replace FW-kv-2 | a new node takes the place of FW-kv-2
0 | node remove FW-kv-3 | FW-kv-3 leaves its cluster, then goes
0 | node remove FW-kv-1 --force | FW-kv-1 and its data are going
0 | director install kv | Director of kv is given to Marathon
0 | director endpoints kv | protobuf: +agent-1:31001
0 | director config kv | "DIRECTOR_CLUSTER":"kv"
0 | director wait-for-service kv --timeout 30 | 1 of 1 healthy
0 | director uninstall kv | Director of kv is taken from Marathon
0 | config local | api: +http://
0 | config marathon | "id":"/FW"
0 | config riak-versions | riak-3-2 +file:///r.tgz
ROWS
  # None is left out.
  while read -r command; do
    grep -qE "^$command( |$)" ran || fail "no row: $command"
  done < <(RIAK_MESOS_API=127.0.0.1:1 commands_of riak-mesos)
}

@test "--json: what is printed is JSON, and what is not said aloud" {
  local words
  whole_framework
  echo '{"clusters":[]}' >none.json
  while read -r words; do
    # shellcheck disable=SC2086
    run --separate-stderr riak-mesos ${words//FW/$F} --json
    [ "$status" -eq 0 ] || [ "$status" -eq 1 ] || fail "$words: $status $stderr"
    [ -n "$output" ] || [ "$status" -eq 1 ] || fail "$words prints nothing"
    jq -es 'length <= 1' <<<"$output" >jq.out || fail "$words prints $output"
  done <<'ROWS'
status
framework status
framework endpoints
framework wait-for-service
framework orphans
cluster list
cluster info kv
cluster endpoints kv
cluster explain kv
cluster wait-for-service kv
cluster scale kv 2
cluster restart kv
cluster set none.json
apply -f none.json
node info FW-kv-1
node status FW-kv-1
node aae-status FW-kv-1
node ringready FW-kv-1
node transfers FW-kv-1
node wait-for-service FW-kv-1
node bucket-type list FW-kv-1
node log list FW-kv-1
node log tail FW-kv-1
node config FW-kv-1
config local
config marathon
config riak-versions
director install kv
director config kv
director endpoints kv
director wait-for-service kv
director uninstall kv
--info
--config-schema
ROWS
}

@test "each key of the original's configuration file reaches its app" {
  export RIAK_MESOS_CONFIG=config.json
  unset RIAK_MESOS_NAME RIAK_MESOS_ZK
  # One value of its own for each, so that none can stand for another.
  cat >config.json <<'JSON'
{"riak": {"framework-name": "f1", "framework-url": "http://u:1",
  "hostname": "h1", "marathon": "m:8080", "master": "zk://z:1/mesos",
  "zk": "z:1", "user": "u1", "role": "r1", "auth-principal": "p1",
  "auth-provider": "basic", "auth-secret-file": "/s1", "instances": 2,
  "failover-timeout": 11, "healthcheck-grace-period-seconds": 12,
  "healthcheck-interval-seconds": 13, "healthcheck-timeout-seconds": 14,
  "healthcheck-max-consecutive-failures": 15,
  "constraints": [["rack", "UNIQUE"]],
  "scheduler": {"cpus": 0.25, "mem": 256, "constraints": [["hostname", "UNIQUE"]]},
  "executor": {"cpus": 0.5, "mem": 512},
  "node": {"cpus": 3, "mem": 3072, "disk": 30720, "network_interface_name": "eth1"},
  "director": {"use-public": true, "cpus": 0.75, "mem": 768}},
 "resources": {"scheduler": "http://s", "executor": "http://e",
  "patches": "http://p", "explorer": "http://x", "director": "http://d",
  "riak-3-2": "http://r"}}
JSON
  riak-mesos config marathon >app.json
  jq -e '.id == "/f1" and .instances == 2 and .cpus == 0.25 and .mem == 256 and
    .constraints == [["hostname", "UNIQUE"]] and .fetch[0].uri == "http://s" and
    .healthChecks[0].gracePeriodSeconds == 12 and
    .healthChecks[0].intervalSeconds == 13 and
    .healthChecks[0].timeoutSeconds == 14 and
    .healthChecks[0].maxConsecutiveFailures == 15' app.json
  diff <(jq -S 'del(.env.RIAK_MESOS_RESOURCE_URLS) | .env' app.json) - <<'JSON'
{
  "RIAK_MESOS_CONSTRAINTS": "[[\"rack\",\"UNIQUE\"]]",
  "RIAK_MESOS_DIRECTOR_CPUS": "0.75",
  "RIAK_MESOS_DIRECTOR_MEM": "768",
  "RIAK_MESOS_DIRECTOR_PUBLIC": "true",
  "RIAK_MESOS_EXECUTOR_CPUS": "0.5",
  "RIAK_MESOS_EXECUTOR_MEM": "512",
  "RIAK_MESOS_FAILOVER_TIMEOUT": "11",
  "RIAK_MESOS_HOSTNAME": "h1",
  "RIAK_MESOS_MASTER": "zk://z:1/mesos",
  "RIAK_MESOS_NAME": "f1",
  "RIAK_MESOS_NODE_CPUS": "3",
  "RIAK_MESOS_NODE_DISK": "30720",
  "RIAK_MESOS_NODE_IFACE": "eth1",
  "RIAK_MESOS_NODE_MEM": "3072",
  "RIAK_MESOS_PRINCIPAL": "p1",
  "RIAK_MESOS_PROVIDER": "basic",
  "RIAK_MESOS_ROLE": "r1",
  "RIAK_MESOS_SECRET_FILE": "/s1",
  "RIAK_MESOS_USER": "u1",
  "RIAK_MESOS_WEBUI_URL": "http://u:1",
  "RIAK_MESOS_ZK": "z:1"
}
JSON
  jq -e '.env.RIAK_MESOS_RESOURCE_URLS | fromjson |
    .["riak-3-2"] == "http://r" and .patches == "http://p"' app.json
  # The scheduler takes each of them: none is unknown to the programs' --help.
  local name
  for name in $(jq -r '.env | keys[]' app.json); do
    # Mesos knows one way to authenticate; the Director has its own app.
    case $name in *_DIRECTOR_* | *_PROVIDER) continue ;; esac
    { rm-schedd --help && rm-api --help; } | grep -q "(\$$name)" ||
      fail "nobody reads $name"
  done
  riak-mesos director config kv >director.json
  jq -e '.cpus == 0.75 and .mem == 768 and .fetch[0].uri == "http://d" and
    .acceptedResourceRoles == ["slave_public"] and
    .env.DIRECTOR_FRAMEWORK == "f1" and .env.DIRECTOR_ZK == "z:1"' director.json
  # Environment over file, option over environment.
  [ "$(RIAK_MESOS_NAME=f2 riak-mesos config marathon --jq .id)" = /f2 ]
  [ "$(RIAK_MESOS_NAME=f2 riak-mesos config marathon --framework f3 --jq .id)" = /f3 ]
  # Without a file named, it is looked for in the home folder.
  mkdir -p .config/riak-mesos
  mv config.json .config/riak-mesos/
  [ "$(env -u RIAK_MESOS_CONFIG -u RIAK_MESOS_NAME riak-mesos config marathon --jq .id)" = /f1 ]
}

@test "clean-metadata and teardown: guarded, then done" {
  local id leader
  AGENTS=1 start_local
  export RIAK_MESOS_MASTER=$MASTER
  run -1 riak-mesos framework clean-metadata
  assert_output --partial "framework $F has no records"
  cluster_of_two
  rm-mesos events --master "$MASTER" --user root >events 2>events.log 3>&- &
  local events=$!
  track "$events"
  wait_for 20 grep -q '"SUBSCRIBED"' events
  id=$(grep '"SUBSCRIBED"' events | jq -r .mesos.subscribed.framework_id.value)
  jq -n --arg i "$id" --arg f "$F" '{id: $i, name: $f}' | rm-state put framework
  run -1 riak-mesos framework teardown
  assert_output --partial "framework $F has 2 nodes: all tasks would be killed; destroy its clusters first, or use --force"
  # A scheduler leads: nothing is done, whatever is forced.
  mkfifo lines
  rm-state apply <lines >/dev/null 2>apply.log 3>&- &
  leader=$!
  exec 8>lines
  track "$leader"
  refused() {
    run riak-mesos framework teardown
    [ "$status" -eq 102 ]
  }
  wait_for 20 refused
  run -102 riak-mesos framework teardown --force
  assert_output --partial "teardown: a scheduler is up"
  run -102 riak-mesos framework clean-metadata --force
  exec 8>&-
  wait "$leader"
  run -111 riak-mesos framework teardown --force --master 127.0.0.1:1 --timeout 1
  assert_output --partial "Failed to connect"
  run riak-mesos framework teardown --force
  assert_success
  assert_output --partial "framework $F, $id, is torn down"
  curl -sf "http://$MASTER/state" >state.json
  jq -e --arg i "$id" '(.frameworks | length == 0) and
    .completed_frameworks[0].id == $i' state.json
  run -1 riak-mesos framework teardown --force
  assert_output --partial "framework $F has no id"
  run -1 riak-mesos framework clean-metadata
  assert_output --partial "framework $F has 2 nodes: no record would explain their volumes any more"
  run riak-mesos framework clean-metadata --force
  assert_success
  assert_output "the records of framework $F are gone from ZooKeeper"
  run -1 riak-mesos framework clean-metadata
  assert_output --partial "has no records"
}

# ---- pages ----

# shellcheck source-path=SCRIPTDIR source=examples.bash
. "$TOP/tests/examples.bash"

@test "riak-mesos.json(5): every key, and examples that are what they say" {
  local key
  unset RIAK_MESOS_NAME RIAK_MESOS_ZK
  # Paths of the schema's leaves: riak.node.cpus.
  riak-mesos --config-schema | jq -r '.properties.riak.properties | to_entries[] |
    .key as $k | if .value.properties then .value.properties | keys[] |
    "\($k).\(.)" else $k end' >keys
  [ "$(wc -l <keys)" -gt 25 ]
  while read -r key; do
    grep -qE "^\.It Li riak\.$key( |$)" "$TOP/man/riak-mesos.json.5" ||
      fail "the page lacks riak.$key"
  done <keys
  example riak-mesos.json.5 1 >config.json
  # All keys are in the example, and none that the schema does not have.
  diff <(jq -r '.riak | to_entries[] | .key as $k |
    if .value | type == "object" then .value | keys[] | "\($k).\(.)"
    else $k end' config.json | sort) <(sort keys)
  run riak-mesos --config config.json config marathon --jq .id
  assert_output /riak
  run riak-mesos --config config.json director config kv --jq .id
  assert_output /riak-kv-director
  # The variable that stands beside a key is the one it is given by.
  riak-mesos --config config.json config marathon --jq '.env | keys[]' >names
  while read -r key; do
    grep -q "Ev $key" "$TOP/man/riak-mesos.json.5" || fail "the page lacks $key"
  done <names
}

@test "the documents of clusters in riak-mesos.json(5) are taken" {
  framework
  example riak-mesos.json.5 2 >clusters.json
  run -1 riak-mesos apply -f clusters.json --dry-run
  assert_line "+ kv: a new cluster, riak-3-2, of 5 nodes"
  assert_line "+ sessions: a new cluster, riak-3-2, of 3 nodes"
  riak-mesos apply -f clusters.json
}

@test "the examples of riak-mesos(1) run as they stand" {
  framework
  znode scheduler '{"leader":"h:1","running":true}'
  example riak-mesos.1 1 >first
  [ "$(wc -l <first)" -eq 5 ]
  # The nodes come up while the third line waits for them.
  (
    for n in 1 2 3; do
      wait_for 20 rm-state get "nodes/$F-kv-$n"
      serves "$F-kv-$n"
    done
  ) 3>&- &
  track "$!"
  bash -e first >said
  wait "$!"
  grep -q "^$F-kv-3 .*:8087$" said
  example riak-mesos.1 2 >second
  run bash -e second
  assert_output $'kv 3\n'"$F-kv-1"$'\n'"$F-kv-2"$'\n'"$F-kv-3"
  example riak-mesos.1 3 >third
  run bash -e third
  assert_success
  assert_line "~ kv: riak_config: none -> ring_size = 64"
  assert_line --regexp "^state: +requested$"
}

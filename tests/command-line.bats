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

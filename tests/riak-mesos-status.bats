# riak-mesos status: tables, lines, documents; what is live on a terminal, and
# what a terminal alone gets.
# shellcheck shell=bash
# run sets status, output and stderr.
# shellcheck disable=SC2154

load helper
load stack
load cli

# on_terminal FILE COMMAND: what a terminal of 24 lines of 60 gets.
on_terminal() {
  TERM=xterm script -qefc "stty rows 24 cols 60; $2" /dev/null \
    </dev/null >"$1" 2>/dev/null
}

two_nodes() {
  framework
  znode scheduler '{"leader":"h:1","running":true}'
  riak-mesos cluster create kv riak-3-2
  riak-mesos cluster add-node kv --nodes 2
  rm-state put verdicts/kv <<<"{\"$F-kv-2\":\"no agent has the cpus\"}"
  serves "$F-kv-1"
  known() { riak-mesos status | grep -q "no agent"; }
  wait_for 10 known
  up() { riak-mesos status | grep -q "^$F-kv-1 .*yes"; }
  wait_for 10 up
}

@test "status: the framework, clusters and nodes as tables, or one cluster" {
  two_nodes
  riak-mesos cluster create other riak-3-2
  run riak-mesos status
  assert_line --index 0 --regexp "^FRAMEWORK +SCHEDULER +ZOOKEEPER +STATE$"
  assert_line --index 1 --regexp "^$F +h:1 +connected +leads$"
  assert_line --regexp "^CLUSTER +VERSION +NODES +SERVE +ROLLOUT$"
  assert_line --regexp "^kv +riak-3-2 +2 +1 +-$"
  assert_line --regexp "^other +riak-3-2 +0 +0 +-$"
  assert_line --regexp "^NODE +STATUS +SERVES +HOST +HTTP +PB +PARTITIONS +WHY$"
  assert_line --regexp "^$F-kv-1 +started +yes +h +8098 +8087 +- +-$"
  assert_line --regexp "^$F-kv-2 +requested +no +- +- +- +- +no agent has the cpus$"
  run riak-mesos status other
  assert_line --regexp "^other "
  refute_line --partial kv
  run -1 riak-mesos status none
  assert_output --partial "no such cluster: none"
  run -100 riak-mesos status a/b
  run riak-mesos status --json
  assert_success
  [ "$(jq -c '[.framework.scheduler, [.clusters[] | [.name, .serving]]]' <<<"$output")" = \
    '["h:1",[["kv",1],["other",0]]]' ]
  run riak-mesos status kv --jq '.clusters[].nodes[].status'
  assert_output $'started\nrequested'
  rm-state put rollouts/kv <<<'{"restart":1,"state":"running","waits":"x is not up","riak_version":"riak-3-2","steps":[]}'
  rolls() { riak-mesos status | grep -q '^kv .* running: x is not up$'; }
  wait_for 10 rolls
  # A restart that nobody has begun is not the one of before.
  riak-mesos cluster restart kv
  riak-mesos cluster restart kv
  run riak-mesos status kv
  assert_line --regexp "^kv .* requested: the scheduler has not begun it yet$"
  znode "members/$F-kv-1" '{"partitions":22}'
  owns() { riak-mesos status | grep -q "^$F-kv-1 .* 8087 *22 "; }
  wait_for 10 owns
}

@test "status --watch: a line per change, a document per change" {
  two_nodes
  riak-mesos status -w --jq empty >nothing 2>err.nothing 3>&- &
  track "$!"
  riak-mesos status --watch >out 2>err 3>&- &
  track "$!"
  riak-mesos status -w --json >docs 2>err.docs 3>&- &
  track "$!"
  riak-mesos status -w --jq '.clusters[].serving' >served 2>err.served 3>&- &
  track "$!"
  wait_for 10 grep -qE "^20[0-9-]+T[0-9:]+Z node $F-kv-1: started, serves, h, http 8098, pb 8087$" out
  wait_for 10 test -s docs
  wait_for 10 test -s served
  serves "$F-kv-2"
  wait_for 10 grep -q "node $F-kv-2: started, serves" out
  wait_for 10 grep -q "cluster kv: riak-3-2, 2 of 2 nodes serve" out
  wait_for 10 grep -qx 2 served
  [ "$(cat served)" = $'1\n2' ]
  # Each changed once, but for its time; nothing is said twice.
  [ "$(cut -d' ' -f2- out | sort | uniq -d)" = "" ]
  all_serve() { [ "$(jq -c '[.clusters[].serving]' docs | tail -n 1)" = "[2]" ]; }
  wait_for 10 all_serve
  [ ! -s nothing ] && [ ! -s err.nothing ]
  run ! grep -q $'\033' out docs served
  rm-state rm "tasks/$F-kv-2" "status/$F-kv-2" "nodes/$F-kv-2"
  wait_for 10 grep -q "node $F-kv-2: gone" out
  # The API goes: told once; it comes back: nothing is lost.
  kill "$(cat api.pid)"
  wait_for 10 grep -q "is rm-api running there" err
  wait_for 10 grep -q "is rm-api running there" err.docs
  [ "$(grep -c "is rm-api running" err)" = 1 ]
  # A signal ends it well; nobody who reads ends it too.
  local pids
  mapfile -t pids < <(tail -n 3 pids)
  kill -INT "${pids[0]}"
  wait "${pids[0]}"
  start_api
  riak-mesos status --watch 3>&- > >(head -n 1 >first) &
  wait "$!"
  grep -q cluster first
}

@test "a terminal gets colours and a table in place; NO_COLOR, a pipe do not" {
  two_nodes
  on_terminal plain "riak-mesos status"
  grep -q $'\033\\[32mstarted\033\\[0m' plain
  NO_COLOR=1 on_terminal none "riak-mesos status"
  run ! grep -q $'\033' none
  NO_COLOR='' on_terminal empty "riak-mesos status"
  grep -q $'\033' empty
  run bash -c "TERM=dumb script -qefc 'riak-mesos status' /dev/null </dev/null"
  refute_output --partial $'\033'
  on_terminal live "echo \$\$ >watch.pid; exec riak-mesos status --watch" 3>&- &
  track "$!"
  # Up to where it began, what is folded counted; no row is too long.
  wait_for 20 grep -q $'\033\\[13A' live
  kill -INT "$(cat watch.pid)"
  wait "$!"
  grep -q $'\033\\[K' live
  run ! awk '{ gsub(/\033\[[0-9;]*[A-Za-z]/, ""); sub(/\r/, "")
    if (length > 60) exit 0 } END { exit 1 }' live
  grep -q "agent has the cpus" live
  # Waiting: a bar in place, then what is missing.
  on_terminal bar "riak-mesos cluster wait-for-service kv --nodes 2 --timeout 1" || true
  grep -q "kv: 1 of 2 nodes serve.*\[##########----------\]" bar
  grep -q "  $F-kv-2 requested: no agent has the cpus" bar
  on_terminal done "NO_COLOR=1 riak-mesos cluster wait-for-service kv --nodes 1"
  grep -q "kv: 1 of 1 nodes serve  \[####################\]" "done"
}

@test "what a peer says does not steer a terminal" {
  two_nodes
  jq -n '{("'"$F"'-kv-2"): "red\u001b[31m\u0007\ntwo"}' |
    rm-state put verdicts/kv
  told() { riak-mesos status | grep -q 'red?\[31m??two'; }
  wait_for 10 told
  run -3 riak-mesos cluster wait-for-service kv --nodes 2 --timeout 0.1
  refute_output --partial $'\033'
  assert_output --partial 'red?[31m??two'
}

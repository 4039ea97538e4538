# Clusters as their users have them: by the command line, two side by side in
# one framework, through Directors, and gone without a trace.

load helper
load stack

setup() {
  STACK=$BATS_TEST_TMPDIR
  start_zookeeper
  start_local
  start_schedd
  start_api
  riak-mesos framework wait-for-service --timeout 60
}

teardown() {
  stop_tracked
  stop_executors
}

# Every member of the cluster sees a ring of so many.
ring_of() { # ring_of CLUSTER N
  local key count=0
  for key in $(state ls members | grep "riak-$1-"); do
    [ "$(state get "members/${key##*/}" | jq '.members | length')" = "$2" ] ||
      return 1
    count=$((count + 1))
  done
  [ "$count" -eq "$2" ]
}

gone_cluster() { ! state get "clusters/$1"; }

@test "two clusters side by side; one is destroyed without a trace" {
  for c in kv ts; do
    riak-mesos cluster create "$c" "$RIAK_VERSION"
    riak-mesos cluster add-node "$c" --nodes 2
  done
  for c in kv ts; do
    riak-mesos cluster wait-for-service "$c" --nodes 2 --timeout 180
    wait_for 120 ring_of "$c" 2
  done
  start_director kv
  local kv=127.0.0.1:$DIRECTOR_HTTP
  start_director ts
  local ts=127.0.0.1:$DIRECTOR_HTTP
  put_key "$kv" k "of kv"
  put_key "$ts" k "of ts"
  run get_key "$kv" k
  assert_output "of kv"
  run get_key "$ts" k
  assert_output "of ts"
  # No node of one is a member of the other.
  run bash -c "for n in 1 2; do rm-state get members/riak-kv-\$n --zk $ZK; done | grep -c riak-ts"
  assert_output 0

  riak-mesos cluster destroy ts
  wait_for 120 gone_cluster ts
  [ -z "$(vms_of riak-ts-1)$(vms_of riak-ts-2)" ]
  [ -z "$(find "$STACK"/mesos/agent-*/volumes -name '*riak-ts-*')" ]
  for kind in clusters nodes reservations tasks status orders members \
    secrets verdicts; do
    [ -z "$(state ls "$kind" | grep -E '(^|/|-)ts($|-)')" ]
  done
  # What agents hold; that tasks once ran there they remember for ever.
  run bash -c "for a in 127.0.0.{1,2,3}; do curl -s http://\$a:$(cat "$STACK/agent-port")/state; done | jq -c .reserved_resources_full | grep -c riak-ts-"
  assert_output 0
  run get_key "$kv" k
  assert_output "of kv"
}

# The README's first cluster, as it stands there, with this machine's
# addresses in place of its own.
@test "the README's first cluster" {
  sed -n '/^## A first cluster/,/^## /p' "$TOP/README.md" |
    sed -n 's/^    \(riak-mesos .*\|curl .*\)/\1/p' |
    sed "s/riak-3-2/$RIAK_VERSION/" >"$STACK/commands"
  grep -q 'riak-mesos cluster create' "$STACK/commands"
  grep -q 'curl' "$STACK/commands"
  local line
  while read -r line; do
    # The Director's ports are free ones here.
    [[ $line != curl* ]] || [ -n "${DIRECTOR_HTTP-}" ] || start_director kv
    line=${line//127.0.0.1:8098/127.0.0.1:${DIRECTOR_HTTP-8098}}
    echo "# $line" >&3
    run bash -c "$line"
    assert_success
  done <"$STACK/commands"
  assert_output --partial hello
}

rolled() { # rolled STATE
  [ "$(riak-mesos cluster rollout kv --json | jq -r .state)" = "$1" ]
}

tasks_of_kv() {
  local n
  for n in "$@"; do task_of "riak-kv-$n"; done
}

keys_are_there() {
  local n
  for n in {1..20}; do
    [ "$(get_key "127.0.0.1:$DIRECTOR_HTTP" "k$n")" = "v$n" ] || return 1
  done
}

@test "a rolling restart, a node replaced, one removed by force; no key lost" {
  riak-mesos cluster create kv "$RIAK_VERSION"
  riak-mesos cluster scale kv 3
  riak-mesos cluster wait-for-service kv --nodes 3 --timeout 180
  wait_for 120 ring_of kv 3
  start_director kv
  local n before
  for n in {1..20}; do
    put_key "127.0.0.1:$DIRECTOR_HTTP" "k$n" "v$n"
  done

  before=$(tasks_of_kv 1 2 3)
  echo 'ring_size = 64' | riak-mesos cluster config kv --file - >/dev/null
  riak-mesos cluster restart kv
  # The scheduler is killed in the middle, and goes on.
  wait_for 120 bash -c "riak-mesos cluster rollout kv --json |
    jq -e '.steps | map(.state) | index(\"done\")'"
  kill -KILL "$SCHEDD_PID"
  start_schedd
  wait_for 180 rolled done
  [ "$(riak-mesos cluster rollout kv --json |
    jq -c '[.steps[] | .state]')" = '["done","done","done"]' ]
  [ -z "$(grep -Fx "$before" <<<"$(tasks_of_kv 1 2 3)")" ]
  wait_for 60 keys_are_there

  # One that serves is not replaced for the asking.
  run -1 riak-mesos node replace riak-kv-2
  riak-mesos node replace riak-kv-2 --force
  wait_for 180 gone_node riak-kv-2
  wait_for 120 ring_of kv 3
  wait_for 60 keys_are_there
  riak-mesos node remove riak-kv-3 --force
  wait_for 180 gone_node riak-kv-3
  wait_for 120 ring_of kv 2
  wait_for 60 keys_are_there
}

gone_node() { ! state get "nodes/$1"; }

@test "the node that founded its ring is replaced" {
  riak-mesos cluster create kv "$RIAK_VERSION"
  riak-mesos cluster scale kv 2
  riak-mesos cluster wait-for-service kv --nodes 2 --timeout 180
  wait_for 120 ring_of kv 2
  # The other has joined it: it is the claimant, without which none gets in.
  local n founder
  founder=$(for n in 1 2; do state get "orders/riak-kv-$n"; done |
    jq -r 'select(.verb == "join") | .arguments.node | split("@")[0]')
  riak-mesos node replace "$founder" --force
  wait_for 180 gone_node "$founder"
  wait_for 120 ring_of kv 2
}

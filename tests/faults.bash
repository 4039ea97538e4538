# Programs whose calls fail (tests/preload/faults.c). Load helper.bash first.
# shellcheck shell=bash

: "${RM_BUILD:=$TOP/build}"
FAULTS_LIBRARY=$RM_BUILD/preload/faults.so

# nth CLASS STEP FIRST INPUT EXPECTED COMMAND…: see tests/tools/nth.c
nth() {
  "$RM_BUILD/tools/nth" "${@:1:5}" "$FAULTS_LIBRARY" "${@:6}"
}

# each_fails CLASS STEP: over a recorded session, in each of the pure stages.
# What was counted is in the file told.
each_fails() {
  local stage
  cd "$BATS_TEST_TMPDIR" || return
  "$TOP/tests/golden/replay.sh" 01-lifecycle one-node.jsonl >in
  : >told
  for stage in rm-status rm-cluster rm-offer rm-launch; do
    "$stage" --log-level=error <in >out
    nth "$1" "$2" 1 in out "$stage" --log-level=error | tee -a told
    [ "${PIPESTATUS[0]}" -eq 0 ]
    mv out in
  done
}

# What can fail of calls, and how.
CALLS=(interrupt short reset full descriptors)

# every_call EXPECTED COMMAND…: each of its calls fails in turn, in every way.
every_call() {
  local kind
  "${@:2}" <in >"$1" || return
  for kind in "${CALLS[@]}"; do nth "$kind" 1 1 in "$1" "${@:2}" || return; done
}

# A ZooKeeper with a cluster and a node; the test works in its folder.
records_there() {
  cd "$BATS_TEST_TMPDIR" && : >in && start_zookeeper || return
  export RIAK_MESOS_ZK=$ZK RIAK_MESOS_FRAMEWORK=riak
  rm-state put clusters/kv <<<'{"riak_version":"riak-3"}' &&
    rm-state put nodes/riak-kv-1 <<<'{"cluster":"kv","goal":"run"}'
}

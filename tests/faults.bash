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

# Calls that fail, one at a time: what a program makes of it. All of them, and
# servers under them, are in tests/integration/faults.bats.

load helper
load faults

@test "pure stages: no memory, at every 211th allocation: 111 and no wrong line" {
  not_sanitized "allocations are the sanitizer's own, none can be made to fail"
  each_fails memory 211
}

@test "pure stages: a signal, or one byte at a time, changes nothing" {
  each_fails interrupt 1
  assert_equal "$(grep -c ', 0 runs' told)" 0
  each_fails short 1
  assert_equal "$(grep -c ', 0 runs' told)" 0
}

@test "pure stages: input that breaks, output that is full: 111 and why" {
  each_fails reset 1
  each_fails full 1
}

@test "a tool of the port mapper: 111 wherever memory ends" {
  not_sanitized "allocations are the sanitizer's own, none can be made to fail"
  cd "$BATS_TEST_TMPDIR"
  : >nothing
  nth memory 41 1 nothing nothing rm-cepmd lookup --port 1 no_such
}

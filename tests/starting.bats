# A node's start and end, with one of its executor's calls failing. A sample;
# each call fails in tests/integration/starting.bats.

load helper
load faults
load executor
load starting

setup_file() {
  executor_setup_file
}

teardown_file() {
  executor_teardown_file
}

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  executor_setup
}

teardown() {
  executor_teardown
}

@test "an executor without processes or descriptors: the task fails, or is done" {
  each_start processes 3
  each_start descriptors 31
}

# A node's start and end, with one of its executor's calls failing, each in turn;
# of those that there are hundreds of, one in seven. SHORT=1: fewer.

load ../helper
load ../faults
load ../executor
load ../starting

setup_file() {
  executor_setup_file
}

teardown_file() {
  executor_teardown_file
}

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  executor_setup
  FEW=$([ -n "${SHORT-}" ] && echo 13 || echo 1)
  MANY=$([ -n "${SHORT-}" ] && echo 67 || echo 7)
}

teardown() {
  executor_teardown
}

@test "without processes or descriptors: the task fails, or is done" {
  each_start processes 1
  each_start descriptors "$FEW"
}

@test "on a full disk: the task fails, or is done" {
  each_start full "$FEW"
}

@test "signals, short reads and writes, connections that break: it is done" {
  each_start interrupt "$MANY"
  each_start short "$MANY"
  each_start reset "$MANY"
}

# Servers one of whose calls fails, each call in turn: see ../serving.bash.
# The sample of `make check` is in ../serving.bats; SHORT=1: one in seven.

load ../helper
load ../faults
load ../stack
load ../epmd/nodes
load ../serving

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  STEP=$([ -n "${SHORT-}" ] && echo 7 || echo 1)
}

teardown() {
  stop_tracked
}

@test "rm-cepmd: whichever call fails, it serves on, or ends with 111" {
  all_served cepmd "$STEP"
}

@test "rm-cepmd: no memory, at every allocation: 111" {
  each_served cepmd memory "$STEP"
}

@test "rm-cepmd with ZooKeeper: as without" {
  start_zookeeper
  CEPMD_MORE=(--zk "$ZK" --cluster kv --host 127.0.0.1 --zk-timeout 2)
  all_served cepmd "$STEP"
}

@test "rm-api: whichever call fails, what it acknowledged is there" {
  start_zookeeper
  all_served api "$STEP"
}

@test "rm-director: whichever call fails, it serves on, or ends with 111" {
  start_zookeeper
  all_served director "$STEP"
}

@test "the scheduler, with rm-mesos's calls failing: nodes run, each once" {
  start_zookeeper
  export FAULTS_OF=rm-mesos
  all_served scheduler "$STEP"
}

@test "the scheduler, with rm-state's calls failing: nodes run, each once" {
  start_zookeeper
  export FAULTS_OF=rm-state
  all_served scheduler "$STEP"
}

@test "the scheduler, with rm-schedd's calls failing: nodes run, each once" {
  start_zookeeper
  export FAULTS_OF=rm-schedd
  all_served scheduler "$STEP"
  each_served scheduler processes "$STEP"
}

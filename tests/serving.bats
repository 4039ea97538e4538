# Servers one of whose calls fails: that request does, or the start, then all is
# as before. A sample; each call fails in tests/integration/serving.bats.

load helper
load faults
load stack
load epmd/nodes
load serving

setup() {
  cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
  stop_tracked
}

# A client who only connects; its descriptor is fd.
silent() { # silent PORT
  exec {fd}<>"/dev/tcp/127.0.0.1/$1"
}

# A node of its own name, while they are accepted.
named() { # named PORT
  if grep -q "can't accept" log; then
    silent "$1"
  else
    register "$1" "n$((++SERIAL))" 3>&-
    [ -n "$REPLY" ] || wait_for 5 grep -q "can't accept" log
    fd=$FD
  fi
}

# held_up NAME PORT HOW COUNT: a server that has no descriptor left for so many
# clients, each made by HOW at the port in the variable PORT, says so once and
# rests; when they have gone it serves.
held_up() {
  local spent fd fds=() i
  FAULT=none
  "$1_command"
  serve "${COMMAND[@]}"
  session "$1"
  prlimit --pid "$PID" --nofile=40:40
  for ((i = 0; i < $4; i++)); do
    "$3" "${!2}"
    fds+=("$fd")
  done
  wait_for 10 grep -q "can't accept" log
  spent=$(cpu)
  sleep 2
  echo "$1: $(($(cpu) - spent)) ticks in 2 s, $(wc -l <log) lines"
  [ -n "${RM_SANITIZE-}" ] || [ $(($(cpu) - spent)) -le 10 ]
  [ "$(grep -ci accept log)" -eq 1 ]
  for fd in "${fds[@]}"; do close "$fd"; done
  wait_for 10 "$1_serves"
}

@test "rm-cepmd out of descriptors: says so once, rests, serves when there are some" {
  held_up cepmd CEPMD named 41
}

@test "rm-director out of descriptors: the same" {
  start_zookeeper
  held_up director HTTP silent 60
}

@test "rm-cepmd: whichever call fails, it serves on, or ends with 111" {
  all_served cepmd 11
}

@test "rm-cepmd: no memory, at every 11th allocation: 111" {
  not_sanitized "allocations are the sanitizer's own, none can be made to fail"
  each_served cepmd memory 11
}

@test "rm-cepmd with ZooKeeper: as without" {
  start_zookeeper
  CEPMD_MORE=(--zk "$ZK" --cluster kv --host 127.0.0.1 --zk-timeout 2)
  all_served cepmd 29
}

@test "rm-api: whichever call fails, what it acknowledged is there" {
  start_zookeeper
  all_served api 61
}

@test "rm-director: whichever call fails, it serves on, or ends with 111" {
  start_zookeeper
  all_served director 37
}

@test "the scheduler, with rm-mesos's calls failing: nodes run, each once" {
  start_zookeeper
  export FAULTS_OF=rm-mesos
  CALLS=(reset full descriptors)
  all_served scheduler 31
}

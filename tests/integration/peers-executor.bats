# rm-executor and an agent that takes its time.
# shellcheck shell=bash

bats_require_minimum_version 1.5.0
load ../helper
load ../executor
load ../peers

setup_file() {
  executor_setup_file
}

teardown_file() {
  executor_teardown_file
}

setup() {
  executor_setup
}

teardown() {
  executor_teardown
}

@test "an agent that hangs: Riak runs on, and what happened is told once it is back" {
  run_node
  put_key k v1
  local vm
  vm=$(vm)
  kill -STOP "$AGENT_PID"
  put_key k v2
  kill -KILL "$vm"
  # Calls have their deadline, and are repeated.
  wait_for 30 grep -q "an update was not taken" "$SANDBOX/stderr"
  wait_for 10 gone "$vm"
  ! gone "$EXECUTOR"
  kill -CONT "$AGENT_PID"
  wait_for 30 state FAILED
  wait_for 10 gone "$EXECUTOR"
  ! grep '"bad"' "$SAID"
  run_node
  run get_key k
  assert_output v2
}

@test "an agent that takes the subscription and says no more is asked again" {
  agent down
  wait_for 5 eval '! listens "$AGENT_PORT"'
  dawdle mute 1 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n' \
    "$AGENT_PORT"
  local mute=$!
  new_sandbox
  start_executor "MESOS_RECOVERY_TIMEOUT=10mins" 2>/dev/null || true
  wait_for 30 left mute 1
  grep -q "no answer to SUBSCRIBE" "$SANDBOX/stderr"
  kill "$mute"
  wait_for 5 gone "$mute"
  agent up
  wait_for 10 said '.type == "SUBSCRIBE"'
  launch
  wait_for 60 state RUNNING
}

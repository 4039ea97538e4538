# Calls that fail, one at a time: what a program makes of it. All of them, and
# servers under them, are in tests/integration/faults.bats.

load helper
load faults

teardown() {
  stop_tracked
}

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

@test "records: whichever call fails, all is read, or 111 and why" {
  records_there
  every_call get rm-state get nodes/riak-kv-1
}

@test "what Riak says: whichever call fails, all of it, or 111 and why" {
  cd "$BATS_TEST_TMPDIR"
  : >in
  mkdir -p root/bin
  # Its own calls do not fail.
  printf '#!/usr/bin/env -S -u LD_PRELOAD sh\necho pong\n' >root/bin/riak
  chmod 755 root/bin/riak
  export RIAK_MESOS_RIAK_ROOT=$PWD/root
  every_call ping rm-riak ping
}

# on_small_disk DIR COMMAND…: with a disk of its own there, of 256 KiB.
on_small_disk() {
  # shellcheck disable=SC2016 # the inner shell's
  exec unshare -m sh -c 'mount -t tmpfs -o size=256k none "$1" && shift &&
    exec "$@"' sh "$@"
}

@test "rm-local: what can't be stored ends it with 111; what was stored is whole" {
  local port disk=$BATS_TEST_TMPDIR/disk seen pid code=0
  port=$(free_port)
  mkdir "$disk"
  (on_small_disk "$disk" rm-local --port "$port" --agent-port 0 --agents 1 \
    --work-dir "$disk") >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/log" 3>&- &
  pid=$!
  track "$pid"
  wait_for 10 grep -q ready "$BATS_TEST_TMPDIR/out"
  seen=/proc/$pid/root$disk
  wait_for 10 test -s "$seen/state.json"
  exec 7<"$seen/state.json"
  ! cat /dev/zero >"$seen/fill"
  run rm-local fault --master "127.0.0.1:$port" maintain 1
  assert_failure 111
  wait "$pid" || code=$?
  [ "$code" -eq 111 ]
  grep -q 'state.json: No space left on device' "$BATS_TEST_TMPDIR/log"
  # The file that it would be started with again.
  [ "$(stat -L -c %h /proc/self/fd/7)" -eq 1 ]
  jq -e .agents <&7
  exec 7<&-
}

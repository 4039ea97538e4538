# rm-executor where the sandbox or the volume is on a disk that is full.
# shellcheck shell=bash
# run sets status, output and stderr: shellcheck disable=SC2154

bats_require_minimum_version 1.5.0
load helper
load executor
load disks

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

# A sandbox on the small disk, its volume where VOLUME is. HERE is what we see
# of it.
sandbox_on_disk() {
  RUN=$((RUN + 1))
  TASK=riak-kv-1.$RUN
  SANDBOX=$DISK/run-$RUN
  HERE=$SEEN/run-$RUN
  mkdir -p "$SANDBOX" "$HERE"
  tar -xzf "$PACKAGE" -C "$HERE"
  ln -s "$VOLUME" "$HERE/data"
}

start_on_disk() {
  # shellcheck disable=SC2016 # the inner shell's
  start_executor "${ON_DISK[@]}" sh -c 'cd "$1" && shift &&
    exec "$@" >stdout 2>stderr' sh "$SANDBOX"
}

# fails PATTERN: the task's end, in these words, and the executor's.
fails() {
  wait_for 60 state FAILED
  # shellcheck disable=SC2053 # a pattern
  [[ $(message FAILED) == $1 ]] || fail "failed: $(message FAILED)"
  wait_for 10 gone "$EXECUTOR"
}

put_large() { # put_large KEY: the status
  head -c 200000 /dev/zero | curl -s -o /dev/null -w '%{http_code}' -X PUT \
    -H 'Content-Type: text/plain' --data-binary @- "$(url "/buckets/b/keys/$1")"
}

@test "a sandbox without room fails the task, naming the file; the next run starts" {
  small_disk 20000
  sandbox_on_disk
  cp "$HERE/riak/etc/riak.conf" before
  start_on_disk
  fill
  launch
  fails "*$SANDBOX/riak/*: No space left on device"
  cmp before "$HERE/riak/etc/riak.conf"
  run find "$HERE" -name '*.new'
  assert_output ""
  rm -r "$HERE"
  make_room
  sandbox_on_disk
  start_on_disk
  launch
  wait_for 60 state RUNNING
}

@test "a sandbox that fills: Riak goes on, and its log comes when there is room" {
  small_disk 20000
  # Riak's log on another disk, so that all of it is there.
  mkdir "$BATS_TEST_TMPDIR/log"
  sandbox_on_disk
  rm -rf "$HERE/riak/log"
  ln -s "$BATS_TEST_TMPDIR/log" "$HERE/riak/log"
  start_on_disk
  launch
  wait_for 60 state RUNNING
  fill
  put_key k v1
  seq -f 'line %.0f' 5000 >>"$BATS_TEST_TMPDIR/log/console.log"
  sleep 2.5
  put_key k v2
  ! grep -qx 'line 5000' "$HERE/stdout"
  ! state FAILED
  make_room
  wait_for 10 grep -qx 'line 5000' "$HERE/stdout"
  assert_equal "$(grep -c '^line [0-9]*$' "$HERE/stdout")" 5000
  [ "$(get_key k)" = v2 ]
  agent kill "$TASK"
  wait_for 30 state KILLED
}

@test "a volume that fills: writes are refused, nothing that was taken is lost" {
  small_disk 8000
  VOLUME=$DISK/volume
  mkdir "$SEEN/volume"
  new_sandbox
  start_on_disk
  launch
  wait_for 60 state RUNNING
  put_key k v1
  fill
  run put_large big
  [[ $output == 5* ]]
  [ "$(get_key k)" = v1 ]
  ! state FAILED
  make_room
  run put_large big
  [[ $output == 2* ]]
  agent kill "$TASK"
  wait_for 30 state KILLED
  wait_for 10 gone "$EXECUTOR"
  new_sandbox
  start_on_disk
  launch
  wait_for 60 state RUNNING
  [ "$(get_key k)" = v1 ]
  [ "$(curl -s "$(url /buckets/b/keys/big)" | wc -c)" -eq 200000 ]
}

@test "a volume without room fails the task in Riak's words; the next run starts" {
  small_disk 8000
  VOLUME=$DISK/volume
  mkdir "$SEEN/volume"
  new_sandbox
  start_on_disk
  fill
  launch
  fails "*no space left on device*"
  make_room
  new_sandbox
  start_on_disk
  launch
  wait_for 60 state RUNNING
}

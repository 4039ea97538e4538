# A disk that is full, under each program that writes to one: it says which file,
# what was there is whole, and once there is room it goes on, or starts again.
# shellcheck shell=bash
# run sets status, output and stderr: shellcheck disable=SC2154

load helper
load disks
load api

@test "cluster list -o: the document that was there stays, and no other" {
  settings
  start_api
  export RIAK_MESOS_API=$API
  small_disk 256
  on_disk riak-mesos cluster list -o kept.json
  create kv
  chmod 640 "$SEEN/kept.json"
  cp "$SEEN/kept.json" before
  fill
  run -111 on_disk riak-mesos cluster list -o kept.json
  assert_output --partial "kept.json: No space left on device"
  cmp before "$SEEN/kept.json"
  run ls -A "$SEEN"
  assert_output $'.there\nfill\nkept.json'
  make_room
  on_disk riak-mesos cluster list -o kept.json
  jq -e '.clusters | length == 1' "$SEEN/kept.json"
  [ "$(stat -c %a "$SEEN/kept.json")" = 640 ]
  # What is no file is written to, what a link leads to is replaced.
  ln -s kept.json "$SEEN/link"
  on_disk riak-mesos cluster list -o link
  [ -L "$SEEN/link" ]
  riak-mesos cluster list -o /dev/stdout | jq -e .clusters
  run -111 riak-mesos cluster list -o /dev/full
  assert_output --partial "/dev/full: No space left on device"
}

@test "apply, and its words on a full disk: 111, and all of it is done" {
  jq -n --arg f "$F" '{schema: 1, framework: $f, role: "riak",
    resources: {"riak-x": "file:///r.tgz"}}' | rm-state put settings
  start_api
  export RIAK_MESOS_API=$API RIAK_MESOS_FRAMEWORK=$F
  jq -n '{clusters: [{name: "ka", riak_version: "riak-x"},
    {name: "kb", riak_version: "riak-x"}]}' >wanted.json
  run -111 bash -c 'riak-mesos apply -f wanted.json --dry-run >/dev/full'
  assert_output --partial "standard output: No space left on device"
  [ "$(riak-mesos cluster list --json | jq '.clusters | length')" -eq 0 ]
  run -111 bash -c 'riak-mesos apply -f wanted.json >/dev/full'
  assert_output --partial "standard output: No space left on device"
  [ "$(riak-mesos cluster list --json | jq '.clusters | length')" -eq 2 ]
  run -0 riak-mesos apply -f wanted.json --dry-run
}

@test "rm-state dump: half of one is told, and nothing that restore takes" {
  settings
  jq -n '{riak_version: "riak-kv-2-2", riak_config: ("# " * 20000)}' |
    rm-state put clusters/kv
  small_disk 16
  run -111 on_disk sh -c 'rm-state dump >dump.json'
  assert_output --partial "standard output: No space left on device"
  [ -s "$SEEN/dump.json" ]
  rm-state get clusters/kv >before
  run -100 rm-state restore --replace <"$SEEN/dump.json"
  rm-state get clusters/kv | cmp - before
}

@test "rm-director: the access log loses lines, and goes on with a whole one" {
  local admin port requests
  small_disk 1024
  port=$(free_port) admin=$(free_port)
  "${ON_DISK[@]}" rm-director --zk "$ZK" --framework "$F" --cluster kv \
    --http-port "$port" --pb-port "$(free_port)" --admin-port "$admin" \
    --access-log "$DISK/access" 2>director.log 3>&- &
  track $!
  wait_for 10 listens "$port"
  # What a page has no room for is lost in the middle of a line.
  requests() { curl -s -o /dev/null "http://127.0.0.1:$port/$1[1-50]"; }
  logged() { grep -q "GET /$1" "$SEEN/access"; }
  requests first
  wait_for 5 logged first50
  fill
  while ! grep -q 'lines are lost: ' director.log; do requests more; done
  make_room
  requests later
  wait_for 10 logged later50
  wait_for 5 grep -q 'access: [0-9]* bytes were lost' director.log
  # The line that was cut has an end, and none is joined to it.
  [ "$(jq -R 'fromjson? // "cut"' "$SEEN/access" | grep -c '^"cut"')" -le 1 ]
  ! grep -q '.{"at"' "$SEEN/access"
}

@test "a log on a full disk keeps nobody from work, a port file says so" {
  settings
  small_disk 64
  fill
  run -111 on_disk rm-api --port 0 --port-file port
  assert_output --partial "port: No space left on device"
  run ls -A "$SEEN"
  assert_output $'.there\nfill'
  # shellcheck disable=SC2016 # the inner shell's
  "${ON_DISK[@]}" sh -c 'exec rm-api --port 0 --port-file "$1" 2>"$2"' sh \
    "$PWD/port" "$DISK/log" 3>&- &
  track $!
  wait_for 10 test -s port
  API=http://127.0.0.1:$(cat port)
  wait_for 10 curl -sf "$API/api/v1/clusters"
  create kv
  rm-state get clusters/kv
  [ ! -s "$SEEN/log" ]
  make_room
  create kw
  wait_for 5 grep -q "cluster=kw" "$SEEN/log"
}

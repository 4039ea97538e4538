# What is put on other machines: the archive and systemd's units.
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2030,SC2031

load helper

setup_file() {
  local b=$BATS_FILE_TMPDIR/build
  mkdir "$b"
  ln -s "$RM_BUILD/bin" "$RM_BUILD/ebin" "$RM_BUILD/rm-executor.tar.gz" "$b/"
  (cd "$TOP" && examples/dist.sh "$b" 9.9.9) || return
  rm -r "$b/dist"
  BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR start_zookeeper
}

teardown_file() {
  BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR stop_tracked
}

setup() {
  cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
  stop_tracked
}

@test "the archive runs where it is unpacked, with its own libraries alone" {
  local here=$PWD p
  mkdir "a place"
  tar -C "a place" -xzf "$BATS_FILE_TMPDIR/build/riak-mesos-9.9.9.tar.gz"
  cd "a place/riak-mesos-9.9.9"
  for p in "$TOP"/cmd/*.c; do
    p=$(basename "$p" .c)
    run --separate-stderr env -i "PATH=$PATH" "bin/$p" --version
    assert_success
    assert_output --regexp "^$p [0-9.]+$"
    # Nothing is missing and nothing is the host's.
    run bash -c "bin/ld.so --library-path \"\$PWD/lib\" --list libexec/$p |
      grep -v -e linux-vdso -e \"=> \$PWD/lib/\" -e ld-linux"
    refute_output
  done
  ln -s "$PWD/bin/rm-state" "$here/elsewhere"
  run "$here/elsewhere" --help
  assert_success
}

@test "the archive's supervisor finds its stages beside itself" {
  tar -xzf "$BATS_FILE_TMPDIR/build/riak-mesos-9.9.9.tar.gz"
  env -i PATH=/usr/bin:/bin riak-mesos-9.9.9/bin/rm-schedd \
    --zk "$ZK" --master 127.0.0.1:1 --backoff 0.1 2>log 3>&- &
  track "$!"
  # Its pipeline runs as far as the master, who is not there.
  wait_for 20 grep -q 'rm-mesos.*127.0.0.1' log
}

@test "the executor's archive needs nothing of an agent, and keeps its names" {
  tar -xzf "$RM_BUILD/rm-executor.tar.gz"
  local p
  for p in rm-executor rm-cepmd rm-riak; do
    run --separate-stderr env -i PATH=/usr/bin:/bin "rm-executor/bin/$p" --version
    assert_success
    assert_output --regexp "^$p [0-9.]+$"
    run bash -c "rm-executor/bin/ld.so --library-path \"\$PWD/rm-executor/lib\" \
      --list rm-executor/libexec/$p |
      grep -v -e linux-vdso -e \"=> \$PWD/rm-executor/lib/\" -e ld-linux"
    refute_output
  done
  # What ps and pgrep show is the program, not the loader.
  rm-executor/bin/rm-cepmd --port 0 2>log 3>&- &
  track "$!"
  wait_for 10 grep -qx rm-cepmd "/proc/$!/comm"
  wait_for 10 grep -q libexec/rm-cepmd "/proc/$!/maps"
  # Its neighbours are found beside it: it says what it misses, not that.
  run -100 --separate-stderr rm-executor/bin/rm-executor
  [[ $stderr != *beam* ]]
}

@test "the units are hardened and well formed" {
  local u
  mkdir units
  for u in rm-schedd rm-api rm-director; do
    run systemd-analyze security --offline=yes --threshold=25 \
      "$TOP/examples/systemd/$u.service"
    assert_success
    sed -e "s|/usr/bin/|$RM_BIN/|" -e '/^Documentation=/d' \
      "$TOP/examples/systemd/$u.service" >"units/$u.service"
    run systemd-analyze verify "$PWD/units/$u.service"
    assert_success
    refute_output
  done
  # On a machine of its own: the user, and the folder that is its group's.
  mkdir -p root/etc
  systemd-sysusers --root="$PWD/root" "$TOP/examples/systemd/sysusers.conf"
  run grep -c ^riak-mesos: root/etc/passwd
  assert_output 1
  systemd-tmpfiles --root="$PWD/root" --create "$TOP/examples/systemd/tmpfiles.conf"
  [ "$(stat -c '%a %g' root/etc/riak-mesos)" = "750 $(awk -F: '$1 == "riak-mesos" {print $3}' root/etc/group)" ]
}

@test "the Director's sockets are well formed and lead to it" {
  local u
  mkdir units
  sed -e "s|/usr/bin/|$RM_BIN/|" -e '/^Documentation=/d' \
    "$TOP/examples/systemd/rm-director.service" >units/rm-director.service
  for u in http protobuf admin; do
    sed '/^Documentation=/d' "$TOP/examples/systemd/rm-director-$u.socket" \
      >"units/rm-director-$u.socket"
    grep -qx "FileDescriptorName=$u" "units/rm-director-$u.socket"
  done
  # Nothing listens wider than it must.
  run grep -h ^ListenStream= units/rm-director-*.socket
  assert_output "ListenStream=127.0.0.1:9000
ListenStream=127.0.0.1:8098
ListenStream=127.0.0.1:8087"
  run systemd-analyze verify units/rm-director-{http,protobuf,admin}.socket
  assert_success
  refute_output
}

@test "the Director is started by the first client of a socket of systemd's" {
  local http pb admin
  http=$(free_port) pb=$(free_port) admin=$(free_port)
  systemd-socket-activate --listen="127.0.0.1:$http" --listen="127.0.0.1:$pb" \
    --listen="127.0.0.1:$admin" --fdname=http:protobuf:admin \
    -E PATH -E ZK -- "$RM_BIN/rm-director" --zk "$ZK" --cluster kv \
    --http-port 1 --pb-port 1 --admin-port 1 2>log 3>&- &
  track "$!"
  wait_for 10 listens "$admin"
  run ! grep -q rm-director: log
  # It is there when its client is, on the ports that were passed on.
  run curl -sf --max-time 40 "http://127.0.0.1:$admin/status"
  assert_success
  wait_for 20 grep -q "listening http=$http protobuf=$pb admin=$admin" log
}

# told FILE: what is sent to the socket notify, a line a datagram.
told() {
  perl -MIO::Socket::UNIX -MSocket -e '
    my $s = IO::Socket::UNIX->new(Local => "notify", Type => SOCK_DGRAM) or die;
    recv($s, my $told, 4096, 0); print $told, "\n";' >"$1" 3>&- &
  track "$!"
  wait_for 10 test -S notify
}

# ready COMMAND...: its first word to NOTIFY_SOCKET is that it is ready.
ready() {
  rm -f notify
  told "$1.told"
  NOTIFY_SOCKET=$PWD/notify "$@" 2>"$1.log" 3>&- &
  track "$!"
  wait_for 20 grep -qx READY=1 "$1.told"
}

@test "each daemon tells NOTIFY_SOCKET that it is ready" {
  ready rm-api --zk "$ZK" --port 0
  ready rm-director --zk "$ZK" --cluster kv --http-port 0 --pb-port 0 --admin-port 0
  ready rm-schedd --zk "$ZK" --master 127.0.0.1:1
}

marathon() { # a stand-in, and a configuration file as the original's
  export HOME=$PWD
  unset RIAK_MESOS_CONFIG RIAK_MESOS_API RIAK_MESOS_NAME
  "$TOP/tests/standin-marathon/marathon.pl" port 2>marathon.log 3>&- &
  track "$!"
  wait_for 10 test -s port
  mkdir -p .config/riak-mesos
  jq -n --arg m "127.0.0.1:$(cat port)" '{riak: {marathon: $m, zk: "zk:2181",
    master: "zk://zk:2181/mesos", "failover-timeout": 600,
    constraints: [["hostname", "UNIQUE"]], node: {cpus: 2, mem: 4096},
    scheduler: {cpus: 1, mem: 700}, director: {"use-public": true}},
    resources: {scheduler: "http://files/riak-mesos.tar.gz",
      "riak-3-2": "http://files/riak.tar.gz"}}' >.config/riak-mesos/config.json
}

@test "framework: given to a stand-in for Marathon, and taken from it" {
  marathon
  run riak-mesos config marathon
  assert_success
  [ "$(jq -r '.env.RIAK_MESOS_CONSTRAINTS' <<<"$output")" = '[["hostname","UNIQUE"]]' ]
  [ "$(jq -r '.env.RIAK_MESOS_NODE_MEM' <<<"$output")" = 4096 ]
  [ "$(jq -r '.env.RIAK_MESOS_RESOURCE_URLS | fromjson["riak-3-2"]' <<<"$output")" = http://files/riak.tar.gz ]
  [ "$(jq -c '[.id, .cpus, .mem]' <<<"$output")" = '["/riak",1,700]' ]
  run -1 riak-mesos framework uninstall
  assert_output --partial "App '/riak' does not exist"
  # Where the API is, is asked of it.
  run -1 riak-mesos framework endpoints
  assert_output --partial "App '/riak' does not exist; 'riak-mesos framework install'"
  run riak-mesos framework install
  assert_output "framework riak is given to Marathon"
  run riak-mesos framework endpoints --jq .api
  assert_output http://agent-1:31000/api/v1
  run riak-mesos framework endpoints --jq .api --api 127.0.0.1:1/
  assert_output 127.0.0.1:1/api/v1
  run -1 riak-mesos framework install
  assert_output --partial "An app with id [/riak] already exists."
  run riak-mesos framework uninstall
  assert_output --partial "its nodes go on"
  run -100 riak-mesos --resources '{}' config marathon
  assert_output --partial "resources.scheduler: missing"
}

@test "the schema of the configuration file knows what the apps are made of" {
  marathon
  run riak-mesos --config-schema
  assert_success
  local known=$output
  # Each key of the file, and its kind, as the schema has it.
  run jq -n --argjson s "$known" --slurpfile c .config/riak-mesos/config.json '
    $s.properties.riak.properties as $p | $c[0].riak | to_entries[] |
    select(($p[.key].type | if type == "array" then . else [.] end) as $t |
      (.value | type) as $k | $t | index($k) | not) | .key'
  assert_success
  refute_output
}

@test "director: the same for each cluster" {
  marathon
  run riak-mesos director config kv
  [ "$(jq -c '[.env.DIRECTOR_CLUSTER, .acceptedResourceRoles[0]]' <<<"$output")" = '["kv","slave_public"]' ]
  run riak-mesos director install kv
  assert_success
  run riak-mesos director wait-for-service kv
  assert_success
  run riak-mesos director endpoints kv
  assert_line --index 1 "protobuf:  agent-1:31001"
  run riak-mesos director uninstall kv
  assert_success
  run -1 riak-mesos director endpoints kv
  run -100 riak-mesos director install a/b
  run -100 riak-mesos director uninstall a/b
}

@test "DC/OS: the package, filled in, is the app that we give to Marathon" {
  marathon
  local post
  post="http://127.0.0.1:$(cat port)/v2/apps"
  run "$TOP/tests/dcos/render.pl" "$TOP/examples/dcos"
  assert_success
  echo "$output" >app.json
  run curl -s -H 'Content-Type: application/json' -d @app.json "$post"
  [ "$(jq -r .id <<<"$output")" = /riak ]
  riak-mesos config marathon >ours.json
  run jq -n --slurpfile a app.json --slurpfile b ours.json '$a[0], $b[0] |
    [.cmd, .instances, .portDefinitions, .healthChecks]'
  assert_success
  [ "$(jq -cs '.[0] == .[1]' <<<"$output")" = true ]
  # rm-schedd takes each of its variables, and what is JSON in them is.
  local name
  for name in $(jq -r '.env | keys[]' app.json); do
    rm-schedd --help | grep -qF "(\$$name)" || fail "$name is none of rm-schedd's"
  done
  run jq -c '.env | (.RIAK_MESOS_CONSTRAINTS, .RIAK_MESOS_RESOURCE_URLS) | fromjson | keys' app.json
  assert_line --index 0 '[0]'
  assert_line --index 1 '["executor","riak"]'
}

@test "DC/OS: options of an operator's own, and a value that needs care" {
  marathon
  jq -n '{service: {name: "other", zookeeper: "a\"b"}, node: {mem: 8192, constraints: ""}}' >options.json
  run "$TOP/tests/dcos/render.pl" "$TOP/examples/dcos" options.json
  assert_success
  [ "$(jq -c '[.id, .env.RIAK_MESOS_NODE_MEM, .env.RIAK_MESOS_ZK, .labels.DCOS_SERVICE_NAME,
    (.env | has("RIAK_MESOS_CONSTRAINTS"))]' <<<"$output")" = '["/other","8192","a\"b","other",false]' ]
  # Every option has a type, a word to say what it is, and a default of that type.
  run jq -c 'def options: .properties[] | if .properties then options else . end;
    options | select((.type != (.default | type)) or (.description | length == 0))' "$TOP/examples/dcos/config.json"
  assert_success
  refute_output
  run jq -e '.version' "$TOP/examples/dcos/package.json"
  assert_output "\"$(rm-schedd --version | cut -d' ' -f2)\""
}

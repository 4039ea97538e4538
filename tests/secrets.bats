# Who may know what: a whole system in which everything that can have a
# password has one, asked by somebody who has none.

# shellcheck disable=SC2034 # stack.bash uses LOCAL_MORE and API_MORE
load helper
load stack

FRAMEWORK_ROOT=/riak/frameworks/riak

# secret FILE TEXT: a file for nobody else.
secret() {
  (umask 077 && printf '%s\n' "$2" >"$STACK/$1")
}

# An archive whose programs log all that they can.
loud_archive() {
  local dir=$STACK/loud
  mkdir "$dir"
  tar -xzf "$RM_BUILD/rm-executor.tar.gz" -C "$dir"
  sed -i '1a export RIAK_MESOS_LOG_LEVEL=debug' "$dir/rm-executor/bin/rm-executor"
  tar -czf "$STACK/loud.tar.gz" -C "$dir" rm-executor
  rm -r "$dir"
}

setup_file() {
  export STACK=$BATS_FILE_TMPDIR RIAK_MESOS_LOG_LEVEL=debug
  export RIAK_MESOS_ZK_AUTH_FILE=$STACK/zk-auth
  export EXECUTOR_ARCHIVE=$STACK/loud.tar.gz
  export AGENTS=1
  secret zk-auth riak:zookeepers-word
  secret credentials "riak masters-word"
  secret token tokens-word-of-24-letters
  loud_archive
  start_zookeeper
  LOCAL_MORE=(--credentials "$STACK/credentials")
  start_local
  start_schedd --credentials "$STACK/credentials" --principal riak
  API_MORE=(--token-file "$STACK/token")
  start_api
  export RIAK_MESOS_TOKEN_FILE=$STACK/token
  riak-mesos framework wait-for-service --timeout 60
  riak-mesos cluster create kv "$RIAK_VERSION"
  riak-mesos cluster add-node kv --nodes 1
  riak-mesos cluster wait-for-service kv --nodes 1 --timeout 120
}

teardown_file() {
  export STACK=$BATS_FILE_TMPDIR
  stop_tracked
  stop_executors
}

setup() {
  STACK=$BATS_FILE_TMPDIR
  cd "$BATS_TEST_TMPDIR" || exit
}

teardown() {
  STACK=$BATS_TEST_TMPDIR stop_tracked
}

# zookeeper_client: ZooKeeper's own, not ours; commands on stdin.
zookeeper_client() {
  java -Xmx64m -XX:+UseSerialGC -cp /usr/share/java/zookeeper.jar \
    org.apache.zookeeper.ZooKeeperMain -server "$ZK" 2>&1 || true
}

znodes() {
  printf 'addauth digest %s\nls -R %s\nquit\n' "$(cat "$STACK/zk-auth")" \
    "$FRAMEWORK_ROOT" | zookeeper_client | grep "^$FRAMEWORK_ROOT"
}

# refused FILE: what a client without a password was refused; it did nothing
# else.
refused() {
  grep -c -e 'Insufficient permission' -e 'Node does not exist' "$1"
}

@test "who has no password reads no secret and writes nothing" {
  local path
  znodes >paths
  # Secrets, all that is made by the scheduler, by executors, by rm-cepmd.
  for path in settings secrets/kv clusters/kv nodes/riak-kv-1 tasks/riak-kv-1 \
    status/riak-kv-1 members/riak-kv-1 cepmd/kv/riak-kv-1 election \
    coordinator/coordinatedNodes scheduler; do
    grep -qx "$FRAMEWORK_ROOT/$path" paths || fail "$path is not there"
  done

  while read -r path; do
    printf 'get %s\n' "$path"
  done <paths | zookeeper_client >read
  jq -r '.cookie, .key' <(state get secrets/kv) >words
  assert_equal "$(wc -l <words)" 2
  cat "$STACK/zk-auth" >>words
  run grep -F -f words read
  assert_failure 1
  # Only what clients of Riak need.
  grep -c -v -E "/(coordinator|members)(/|$)|/clusters$" paths >others
  assert_equal "$(refused read)" "$(cat others)"

  while read -r path; do
    printf 'set %s stolen\ncreate %s/stolen x\ndelete %s\n' "$path" "$path" \
      "$path"
    printf 'setAcl %s world:anyone:cdrwa\n' "$path"
  done <paths | zookeeper_client >written
  assert_equal "$(refused written)" $((4 * $(wc -l <paths)))
  znodes >after
  run comm -13 <(sort paths) <(sort after)
  refute_output --partial stolen
  running riak-kv-1
}

@test "a Director needs no password" {
  STACK=$BATS_TEST_TMPDIR
  unset RIAK_MESOS_ZK_AUTH_FILE
  start_director kv
  put_key "127.0.0.1:$DIRECTOR_HTTP" k value
  run get_key "127.0.0.1:$DIRECTOR_HTTP" k
  assert_output value
  run jq -r '.clusters[]?' <(curl -sf "http://127.0.0.1:$DIRECTOR_ADMIN/clusters")
  assert_output kv
}

# Pids of our programs and Riak's machine: they are told of our ZooKeeper, or
# work in our sandboxes.
ours() {
  local at
  pgrep -f -- "$ZK|$STACK/(zk|mesos)"
  for at in /proc/[0-9]*; do
    case $(readlink "$at/cwd" 2>/dev/null) in
    "$STACK/mesos"/*) echo "${at#/proc/}" ;;
    esac
  done
}

@test "no secret is in a log, an argument, an environment or a sandbox" {
  local pid count=0 names=""
  { cat "$STACK/token" "$STACK/zk-auth"
    cut -d' ' -f2 "$STACK/credentials"
    state get secrets/kv | jq -r .key; } >words
  state get secrets/kv | jq -r .cookie >cookie
  for pid in $(ours | sort -u); do
    [ -r "/proc/$pid/environ" ] || continue
    names+=" $(cat "/proc/$pid/comm" 2>/dev/null)"
    run grep -a -F -f words "/proc/$pid/environ" "/proc/$pid/cmdline"
    refute_output
    run grep -a -F -f cookie "/proc/$pid/environ"
    refute_output
    # Riak itself shows the cookie there.
    case $(cat "/proc/$pid/comm" 2>/dev/null) in
    rm-*)
      run grep -a -F -f cookie "/proc/$pid/cmdline"
      refute_output
      count=$((count + 1))
      ;;
    esac
  done
  for pid in rm-local rm-schedd rm-mesos rm-state rm-api rm-executor rm-cepmd \
    beam.smp; do
    [[ $names == *" $pid"* ]] || fail "$pid was not looked at: $names"
  done
  # The executors have logged all that they can.
  grep -rq --include=stderr debug: "$STACK/mesos"
  run grep -r -a -F -l -f words -f cookie "$STACK" --include='*.log' \
    --include='*.out' --include=stderr --include=stdout
  refute_output
  # Whatever an agent shows of a sandbox: the cookie is in riak.conf, for
  # Riak's user alone.
  run grep -r -a -F -l -f words "$STACK/mesos" --exclude-dir=meta
  refute_output
}

# open_to_all COMMAND…: refused with 100, and the file is named.
open_to_all() {
  run --separate-stderr timeout 60 "$@"
  assert_failure 100
  [[ $stderr == *"$BATS_TEST_TMPDIR/open: others may read it"* ]] ||
    fail "$*: $stderr"
}

@test "a file of secrets that others may read is refused, by all programs" {
  echo 'riak:a-word-of-more-than-16' >open
  chmod 604 open
  unset RIAK_MESOS_ZK_AUTH_FILE RIAK_MESOS_TOKEN_FILE
  local auth=(--zk "$ZK" --zk-auth-file "$PWD/open") port
  port=$(free_port)
  open_to_all rm-state ls "${auth[@]}"
  open_to_all rm-mesos events --master 127.0.0.1:1 "${auth[@]}"
  open_to_all rm-mesos calls "${auth[@]}" </dev/null
  open_to_all rm-schedd --master 127.0.0.1:1 "${auth[@]}"
  open_to_all rm-api --port 0 "${auth[@]}"
  open_to_all rm-cepmd --port 0 --framework f --cluster c \
    --host 127.0.0.1 "${auth[@]}"
  open_to_all rm-director --cluster kv --http-port 0 --pb-port 0 \
    --admin-port 0 "${auth[@]}"
  open_to_all rm-mesos events --master 127.0.0.1:1 --credentials "$PWD/open"
  open_to_all rm-mesos calls --credentials "$PWD/open" </dev/null
  open_to_all rm-schedd --zk "$ZK" --master 127.0.0.1:1 \
    --credentials "$PWD/open"
  open_to_all rm-local --port "$port" --work-dir w --credentials "$PWD/open"
  open_to_all rm-api --zk "$ZK" --port 0 --token-file "$PWD/open"
  open_to_all riak-mesos --token-file "$PWD/open" cluster list
  # A group may.
  chmod 640 open
  run rm-state get secrets/none "${auth[@]}"
  assert_failure
  refute_output --partial "others may read"
}

@test "programs without the password end where they need it: 100" {
  unset RIAK_MESOS_ZK_AUTH_FILE
  run timeout 60 rm-schedd --zk "$ZK" --master "$MASTER"
  assert_failure 100
  assert_output --partial "$FRAMEWORK_ROOT/election: not permitted"
  run timeout 60 rm-state apply --zk "$ZK" </dev/null
  assert_failure 100
  assert_output --partial "$FRAMEWORK_ROOT/election: not permitted"
  run timeout 60 rm-api --zk "$ZK" --port 0
  assert_failure 100
  assert_output --partial "$FRAMEWORK_ROOT/"
  assert_output --partial ": not permitted"
}

@test "protect closes what was open before there was a password" {
  local open=$FRAMEWORK_ROOT-old
  old() { rm-state "$@" --zk "$ZK" --framework riak-old; }
  (
    unset RIAK_MESOS_ZK_AUTH_FILE
    old put clusters/kv <<<'{}'
    old get secrets/kv >secrets
    run old protect
    assert_failure 100
    assert_output --partial "--zk-auth-file"
  )
  run old protect
  assert_success
  # /riak and /riak/frameworks, the framework, two folders, two records.
  assert_output "7 protected"
  run env -u RIAK_MESOS_ZK_AUTH_FILE rm-state get secrets/kv --zk "$ZK" \
    --framework riak-old
  assert_failure 100
  assert_output --partial "not permitted"
  run old get secrets/kv
  assert_output "$(cat secrets)"
  printf 'set %s/clusters/kv x\ndelete %s/secrets/kv\n' "$open" "$open" |
    zookeeper_client >written
  assert_equal "$(refused written)" 2
}

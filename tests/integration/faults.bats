# Failures of all kinds under a whole system: servers whose calls fail by
# chance, by seeds that are told; every allocation of the pure stages; every call
# of what reads and writes records. Each title is
# its outcome.

load ../helper
load ../stack
load ../faults

teardown() {
  : >"$BATS_TEST_TMPDIR/stop"
  STACK=$BATS_TEST_TMPDIR
  stop_tracked
  stop_executors
}

# keep NAME COMMAND…: as a service manager does: what ends is started again;
# how it ended is in ends.
keep() {
  local name=$1
  shift
  (
    trap 'kill -TERM "$pid" 2>/dev/null' TERM
    until [ -e "$STACK/stop" ]; do
      "$@" >>"$STACK/$name.out" 2>>"$STACK/$name.log" &
      pid=$!
      code=0
      wait "$pid" || code=$?
      [ -e "$STACK/stop" ] || echo "$name $code" >>"$STACK/ends"
      kill -KILL "$pid" 2>/dev/null || true
      sleep 0.2
    done
  ) 3>&- &
  track $!
}

writes() { # writes KEY VALUE
  put_key "127.0.0.1:$DIRECTOR_HTTP" "$1" "$2" &&
    [ "$(get_key "127.0.0.1:$DIRECTOR_HTTP" "$1")" = "$2" ]
}

asks() { # asks WORD…: the command line, again and again if need be
  wait_for 60 timeout 20 riak-mesos "$@"
}

# No program ended by a signal; each code is one of the table.
ends_are_sane() {
  local code
  [ ! -e "$STACK/ends" ] || while read -r _ code; do
    case $code in
    0 | 100 | 102 | 111) ;;
    *) return 1 ;;
    esac
  done <"$STACK/ends"
  ! grep -h -E 'signal [0-9]+ \((Seg|Abort|Bus|Ill|Float)|exit 101' "$STACK"/*.log
}

@test "servers whose calls fail by chance: all that was asked for is done" {
  local seeds=(1 2 3 4) seed faults options
  [ -z "${SHORT-}" ] || seeds=(1)
  for seed in "${seeds[@]}"; do
    STACK=$BATS_TEST_TMPDIR/$seed
    mkdir "$STACK"
    faults=interrupt:$seed/40,short:$seed/40,reset:$seed/400
    faults+=,descriptors:$seed/60,full:$seed/700
    echo "# $faults" >&3
    start_zookeeper
    start_local
    DIRECTOR_HTTP=$(free_port) DIRECTOR_PB=$(free_port)
    DIRECTOR_ADMIN=$(free_port) API_PORT=$(free_port)
    export RIAK_MESOS_API=http://127.0.0.1:$API_PORT
    mapfile -t options < <(schedd_options)
    under() { keep "$1" env FAULTS="$faults" LD_PRELOAD="$FAULTS_LIBRARY" "$@"; }
    under rm-schedd --master "$MASTER" "${options[@]}"
    under rm-api --zk "$ZK" --framework riak --port "$API_PORT"
    under rm-director --zk "$ZK" --framework riak --cluster kv \
      --http-port "$DIRECTOR_HTTP" --pb-port "$DIRECTOR_PB" \
      --admin-port "$DIRECTOR_ADMIN"
    make_cluster kv
    add_node kv 1
    add_node kv 2
    wait_for 180 running riak-kv-1
    wait_for 180 running riak-kv-2
    for n in 1 2 3 4 5 6 7 8; do
      wait_for 60 writes "k$n" "v$n"
    done
    asks node info riak-kv-1
    asks cluster restart kv
    holds clusters/kv '.restart >= 1'
    : >"$STACK/stop"
    stop_tracked
    stop_executors
    ends_are_sane
    echo "# seed $seed: $(sort "$STACK/ends" 2>/dev/null | uniq -c | tr '\n' ';')" >&3
  done
}

@test "pure stages: no memory, at every allocation: 111 and no wrong line" {
  each_fails memory "$([ -n "${SHORT-}" ] && echo 97 || echo 1)"
}

@test "records: whichever call fails, all is done, or 111 and why" {
  local kind
  [ -z "${SHORT-}" ] || CALLS=(full descriptors)
  records_there
  every_call dump rm-state dump
  every_call list rm-state ls nodes
  every_call watch rm-state watch
  cat >lines <<'LINES'
{"write":"status/riak-kv-1","value":{"state":"TASK_RUNNING"}}
{"call":"SUPPRESS","mesos":{"type":"SUPPRESS"}}
LINES
  sed 1d lines >passed
  for kind in "${CALLS[@]}"; do nth "$kind" 1 1 lines passed rm-state apply; done
  rm-state get status/riak-kv-1
}

# Servers one of whose calls fails (tests/preload/faults.c): what becomes of
# them. Load helper.bash, faults.bash and stack.bash first.
# shellcheck shell=bash disable=SC2034

# Of a server NAME there are three functions: NAME_command sets COMMAND, its
# words; NAME_serves is a session with it, all of whose answers have to be right;
# NAME_after whether nothing is left of it, if there is such a function.

# How a server may end at a signal from a library that is not ours.
CRASHES=

# serve COMMAND…: the server under faults, in the test's folder; PID is its.
serve() {
  env FAULTS_TOLD="$PWD/told" FAULTS="$FAULT" LD_PRELOAD="$FAULTS_LIBRARY" \
    "$@" >out 2>log 3>&- &
  PID=$!
  track "$PID"
}

# Until it is up or has ended; once a call has failed until it serves after that,
# then again: at once. What fails may be a look at a server behind it, whom it
# leaves out until it looks again.
session() { # session NAME
  local deadline=$((SECONDS + 20 * ${WAIT_SCALE:-1})) after
  while :; do
    after=
    [ ! -s told ] || after=1
    if "$1_serves" >/dev/null 2>&1; then
      [ -s told ] || return 0
      [ -z "$after" ] || break
    fi
    ! gone "$PID" || return 2
    ((SECONDS < deadline)) || return 1
    sleep 0.05
  done
  "$1_serves" >why 2>&1 || { ! gone "$PID" || return 2; return 1; }
}

# Of the server's, in hundredths of a second.
cpu() {
  local words
  read -ra words <"/proc/$PID/stat" && echo $((words[13] + words[14]))
}

descriptors() {
  find "/proc/$PID/fd" -mindepth 1 2>/dev/null | wc -l
}

no_more_descriptors() {
  [ "$(descriptors)" -le "$1" ]
}

# ended_well CODE: by itself: with 111, and it says why.
ended_well() {
  case " 111 $CRASHES " in
  *" $1 "*) ;;
  *) return 1 ;;
  esac
  [ "$1" -ne 111 ] || grep -q ': error: ' log
}

# What it holds, and what it leaves behind, when no call fails.
measure() { # measure NAME
  FAULT=none
  serve "${COMMAND[@]}"
  session "$1" && "$1_serves" || wrong "it does not serve" || return
  HELD=$(descriptors) SAID_LINES=$(wc -l <log) SPENT=$(cpu)
  CHILDREN=$(children)
  kill -TERM "$PID"
  wait "$PID" || wrong "told to stop: $?" || return
  LEFT=$(left)
}

# Files, but those of servers around it.
left() {
  find . -path ./zk -prune -o -path ./mesos -prune -o -print | sort
}

children() {
  pgrep -cP "$PID" || true
}

# wrong WORDS: what is, with what it has said.
wrong() {
  echo "$FAULT: $*"
  tail -n 20 log why
  return 1
}

# goes_on: what a server that serves has to be like afterwards.
goes_on() {
  wait_for 10 no_more_descriptors "$HELD" ||
    wrong "descriptors: $(ls -l "/proc/$PID/fd")" || return
  [ "$(children)" -le "$CHILDREN" ] || wrong "children" || return
  [ "$(wc -l <log)" -le $((SAID_LINES + ${WORDS_MORE:-20})) ] ||
    wrong "a flood" || return
  [ -n "${RM_SANITIZE-}" ] || [ "$(cpu)" -le $((SPENT + 50)) ] ||
    wrong "it spins"
}

# fails_nth NAME: in one run; ENDED counts those that ended. What fails may be
# none of the session's: it may end after that, too.
fails_nth() {
  local how=0 code=0
  : >told
  : >why
  serve "${COMMAND[@]}"
  session "$1" || how=$?
  [ "$how" -ne 1 ] || wrong "it does not serve" || return
  if [ "$how" -eq 0 ] && ! goes_on >wrong; then
    gone "$PID" || { cat wrong && return 1; }
  fi
  rm -f wrong
  if gone "$PID"; then
    wait "$PID" || code=$?
    ended_well "$code" || wrong "it ended with $code" || return
    ENDED=$((ENDED + 1))
  else
    kill -TERM "$PID"
    wait "$PID" || code=$?
    [ "$code" -eq 0 ] || ended_well "$code" || wrong "told to stop: $code" ||
      return
  fi
  [ "$(left)" = "$LEFT" ] || wrong "left: $(left)" || return
  ! declare -F "$1_after" >/dev/null || "$1_after" || wrong "after it"
}

# each_served NAME CLASS STEP: one of the first STEP calls fails, by the seed, in
# the next run the one STEP after it, until a session has no such call any more.
each_served() {
  local name=$1 class=$2 step=$3 n runs=0 ENDED=0
  n=$((1 + ${FAULTS_SEED:-1} % step))
  : >told
  : >why
  if [ "${MEASURED-}" != "$name" ]; then
    "${name}_command" && measure "$name" || return
    MEASURED=$name
  fi
  for (( ; ; n += step, runs++)); do
    FAULT=$class:$n
    fails_nth "$name" || return
    [ -s told ] || break
  done
  echo "# $name, $class: $runs calls failed, $ENDED runs ended with 111" >&3
  [ "$runs" -gt 0 ]
}

# ---- rm-cepmd

cepmd_command() {
  CEPMD=$(free_port)
  COMMAND=(rm-cepmd --port "$CEPMD" --port-file "$PWD/port" "${CEPMD_MORE[@]}")
}

published() {
  [ -z "${ZK-}" ] || wait_for 5 "$RM_BUILD/tools/zk" get \
    /riak/frameworks/riak/cepmd/kv/one
}

# A name: registered, found, gone with its connection.
cepmd_serves() {
  local answer
  FD=
  register "$CEPMD" one 4001 && [ "$REPLY" = 7600 ] &&
    answer=$(rm-cepmd lookup --port "$CEPMD" one) && [[ $answer = one*4001 ]] &&
    [ "$(rm-cepmd names --port "$CEPMD" | wc -l)" -eq 1 ] && published
  local rc=$?
  [ -z "$FD" ] || close "$FD"
  [ "$rc" -eq 0 ] && wait_for 5 misses "$CEPMD" one
}

# ---- rm-api

# Its records are in a ZooKeeper that the test has started.
api_command() {
  API_PORT=$(free_port) ACKNOWLEDGED=()
  export RIAK_MESOS_ZK=$ZK RIAK_MESOS_FRAMEWORK=riak
  jq -n '{schema: 1, framework: "riak", role: "riak",
    resources: {executor: "file:///e", "riak-3": "file:///r"}}' | rm-state put settings
  COMMAND=(rm-api --zk "$ZK" --framework riak --port "$API_PORT"
    --port-file "$PWD/port")
}

# What it says was done is there.
api_serves() {
  local at=http://127.0.0.1:$API_PORT/api/v1/clusters name=c$((++SERIAL))
  curl -sf -m 10 -d '{"riak_version":"riak-3"}' "$at/$name/create" || return
  ACKNOWLEDGED+=("$name")
  curl -sf -m 10 "$at/$name" | jq -e ".$name.name == \"$name\"" &&
    curl -sf -m 10 "http://127.0.0.1:$API_PORT/" | grep -q html
}

api_after() {
  local name
  for name in "${ACKNOWLEDGED[@]}"; do
    rm-state get "clusters/$name" && rm-state get "secrets/$name" &&
      rm-state rm "clusters/$name" || return
  done >/dev/null
  ACKNOWLEDGED=()
}

# ---- rm-director

# With two nodes behind it.
director_command() {
  local n
  HTTP=$(free_port) PB=$(free_port) ADMIN=$(free_port)
  for n in 1 2; do
    local http pb
    http=$(free_port) pb=$(free_port)
    "$RM_BUILD/tools/backend" "n$n" "127.0.0.$n" "$http" "$pb" "$PWD" \
      2>/dev/null 3>&- &
    track $!
    "$RM_BUILD/tools/zk" put \
      "/riak/frameworks/riak/coordinator/coordinatedNodes/riak-kv-$n.1" \
      "{\"FrameworkName\":\"riak\",\"ClusterName\":\"kv\",\"DisterlPort\":1,
        \"NodeName\":\"riak-kv-$n@127.0.0.$n\",\"Hostname\":\"127.0.0.$n\",
        \"HTTPPort\":$http,\"PBPort\":$pb}"
  done
  COMMAND=(rm-director --zk "$ZK" --framework riak --cluster kv
    --http-port "$HTTP" --pb-port "$PB" --admin-port "$ADMIN"
    --check-interval 0.2 --slow-start 0)
}

# A request, a body there and back, a ping over protocol buffers, its state.
director_serves() {
  local at=http://127.0.0.1:$HTTP
  curl -sf -m 10 "http://127.0.0.1:$ADMIN/status" |
    jq -e '.http.nodes_up == 2 and .protobuf.nodes_up == 2' &&
    [ "$(curl -sf -m 10 "$at/bytes/100000" | wc -c)" -eq 100000 ] &&
    [[ $(curl -sf -m 10 --data-binary 12345 "$at/x") == n?" 5 "* ]] &&
    [ "$(printf '\0\0\0\1\1' | "$RM_BUILD/tools/talk" "$PB" | od -An -tx1)" = \
      " 00 00 00 01 02" ]
}

# ---- rm-schedd and its stages: FAULTS_OF says whose calls fail

# Mesos is dry: agents that answer as executors do.
scheduler_command() {
  local options
  export STACK=$PWD WORDS_MORE=60
  MASTER=127.0.0.1:$(free_port)
  rm-local --dry --agents 1 --port "${MASTER#*:}" --agent-port 0 \
    --work-dir "$PWD/mesos" --resources \
    'cpus:4000;mem:4000000;disk:4000000;ports:[10000-59999]' \
    >/dev/null 2>&1 3>&- &
  track $!
  wait_for 20 curl -sf "http://$MASTER/health" || return
  mapfile -t options < <(SPREAD_WAIT=0 schedd_options)
  COMMAND=(rm-schedd --master "$MASTER" "${options[@]}" --backoff 0.2)
  TASK=none
  make_cluster kv
}

alone() {
  curl -s "http://$MASTER/state" |
    jq -e '[.frameworks[].tasks[].name] == ["riak-kv-1"]'
}

# A node that is to run does, anew and once; one that is to stop does.
scheduler_serves() {
  add_node kv 1 run && wait_for 8 runs_anew riak-kv-1 "$TASK" && alone &&
    TASK=$(task_of riak-kv-1) && add_node kv 1 stop &&
    wait_for 8 status_is riak-kv-1 TASK_KILLED
}

# No stage outlives its supervisor.
scheduler_after() {
  ! pgrep -f "rm-state apply .*$ZK"
}

# all_served NAME STEP: of every kind but memory.
all_served() {
  local kind
  for kind in "${CALLS[@]}"; do each_served "$1" "$kind" "$2" || return; done
}

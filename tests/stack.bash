# A whole system on this machine, for tests, the bench and the quickstart:
# ZooKeeper, rm-local with its agents, and a scheduler. Load helper.bash first,
# or set what it sets: TOP, RM_BIN, STACK (scratch folder), and the functions
# free_port, wait_for, track and start_zookeeper.
# shellcheck shell=bash

: "${RM_BUILD:=$TOP/build}"
RIAK_VERSION=riak-standin
: "${RIAK:=$RM_BUILD/riak-standin.tar.gz}"
: "${EXECUTOR_ARCHIVE:=$RM_BUILD/rm-executor.tar.gz}"

# url FILE-OR-URL: what a fetcher takes.
url() {
  case $1 in
  *://*) echo "$1" ;;
  *) echo "file://$(realpath "$1")" ;;
  esac
}

# What a test adds to each program's arguments.
# shellcheck disable=SC2034
LOCAL_MORE=() API_MORE=()

# local_ports: a hundred for the agents' tasks.
local_ports() {
  local first
  if [ ! -e "$STACK/ports" ]; then
    first=$(free_ports 100)
    echo "$first-$((first + 99))" >"$STACK/ports"
  fi
  cat "$STACK/ports"
}

# start_local [PORT]: the stand-in for Mesos; MASTER is its address. Started
# again on the same port it goes on with its state.
start_local() {
  run_local "$@"
  wait_for 20 curl -sf "http://$MASTER/health"
}

# run_local [PORT]: the same without a wait.
run_local() {
  local port=${1:-$(free_port)} agent_port resources n
  [ -e "$STACK/agent-port" ] || free_port >"$STACK/agent-port"
  agent_port=$(cat "$STACK/agent-port")
  # Each agent has an address of its own, but port mappers and cluster
  # managers are at 127.0.0.1 too: they share the ports out.
  local given=() first each=$((100 / ${AGENTS:-3}))
  first=$(local_ports)
  first=${first%-*}
  for ((n = 0; n < ${AGENTS:-3}; n++, first += each)); do
    resources="ports:[$first-$((first + each - 1))]"
    given+=(--resources "cpus:4;mem:8192;disk:20000;$resources")
  done
  rm-local --port "$port" --agent-port "$agent_port" --agents "${AGENTS:-3}" \
    "${given[@]}" "${LOCAL_MORE[@]}" --work-dir "$STACK/mesos" >>"$STACK/local.out" 2>>"$STACK/local.log" \
    3>&- &
  LOCAL_PID=$!
  export MASTER=127.0.0.1:$port
  track "$LOCAL_PID"
}

# schedd_options: what every scheduler of these tests is told.
schedd_options() {
  printf '%s\n' --zk "$ZK" --framework riak --node-mem 256 --node-disk 500 \
    --spread-wait "${SPREAD_WAIT:-5}" --kill-grace 10 --start-limit 60 \
    --resource "executor=$(url "$EXECUTOR_ARCHIVE")" \
    --resource "$RIAK_VERSION=$(url "$RIAK")"
}

start_schedd() {
  local options
  mapfile -t options < <(schedd_options)
  rm-schedd --master "$MASTER" "${options[@]}" "$@" \
    >>"$STACK/schedd.out" 2>>"$STACK/schedd.log" 3>&- &
  SCHEDD_PID=$!
  track "$SCHEDD_PID"
}

# start_api: API is its address.
start_api() {
  rm -f "$STACK/api-port"
  run_api 0
  wait_for 20 grep -q "records are known" "$STACK/api.log" || return 1
  API=http://127.0.0.1:$(cat "$STACK/api-port")
  export API RIAK_MESOS_API=$API
}

# run_api PORT: without a wait.
run_api() {
  rm-api --zk "$ZK" --framework riak --port "$1" "${API_MORE[@]}" \
    --port-file "$STACK/api-port" \
    >>"$STACK/api.out" 2>>"$STACK/api.log" 3>&- &
  API_PID=$!
  track "$API_PID"
}

# start_director CLUSTER: its ports are DIRECTOR_HTTP, DIRECTOR_PB and
# DIRECTOR_ADMIN.
start_director() {
  DIRECTOR_HTTP=$(free_port) DIRECTOR_PB=$(free_port)
  DIRECTOR_ADMIN=$(free_port)
  export DIRECTOR_HTTP DIRECTOR_PB DIRECTOR_ADMIN
  run_director "$1"
  wait_for 20 curl -sf "http://127.0.0.1:$DIRECTOR_HTTP/ping"
}

# run_director CLUSTER: on the ports that it had, without a wait.
run_director() {
  rm-director --zk "$ZK" --framework riak --cluster "$1" \
    --http-port "$DIRECTOR_HTTP" --pb-port "$DIRECTOR_PB" \
    --admin-port "$DIRECTOR_ADMIN" \
    >>"$STACK/director.out" 2>>"$STACK/director.log" 3>&- &
  DIRECTOR_PID=$!
  track "$DIRECTOR_PID"
}

# settings: the record that rm-schedd would write, for the hand-typed line.
settings() {
  jq -n --arg zk "$ZK" --arg e "$(url "$EXECUTOR_ARCHIVE")" \
    --arg v "$RIAK_VERSION" --arg r "$(url "$RIAK")" \
    --argjson w "${SPREAD_WAIT:-5}" '{schema: 1, framework: "riak",
      role: "riak", principal: "riak", user: "root", zookeeper: $zk,
      node: {cpus: 1, mem: 256, disk: 500}, executor: {cpus: 0.1, mem: 64},
      failover_timeout: 604800, spread_wait: $w, kill_grace: 10,
      start_limit: 60, resources: {executor: $e, ($v): $r}}'
}

state() {
  rm-state "$@" --zk "$ZK" --framework riak
}

make_cluster() { # make_cluster KEY
  jq -n --arg v "$RIAK_VERSION" '{riak_version: $v}' |
    state put "clusters/$1"
}

add_node() { # add_node CLUSTER N [GOAL]
  jq -n --arg c "$1" --arg g "${3:-run}" '{cluster: $c, goal: $g}' |
    state put "nodes/riak-$1-$2"
}

# holds PATH FILTER: what the record has there is neither false nor null. One
# that is not there holds nothing, though jq -e would be content.
holds() {
  local value
  value=$(state get "$1") && jq -e "$2" <<<"$value"
}

# status_is NODE STATE: its task's state, as recorded.
status_is() {
  [ "$(state get "status/$1" | jq -r .state)" = "$2" ]
}

running() {
  status_is "$1" TASK_RUNNING
}

# A newer task of the node than the one named runs.
runs_anew() { # runs_anew NODE TASK
  local task
  task=$(state get "status/$1" | jq -r '.task_id + " " + .state')
  [ "${task% *}" != "$2" ] && [ "${task#* }" = TASK_RUNNING ]
}

task_of() {
  state get "tasks/$1" | jq -r .task_id
}

# http NODE: host:port of its Riak.
http() {
  state get "tasks/$1" | jq -r '"\(.address):\(.ports.http)"'
}

put_key() { # put_key HOST:PORT KEY VALUE
  curl -sf -m 10 -X PUT -H 'Content-Type: text/plain' --data-binary "$3" \
    "http://$1/buckets/test/keys/$2"
}

get_key() { # get_key HOST:PORT KEY
  curl -sf -m 10 "http://$1/buckets/test/keys/$2"
}

# Pids of the Erlang virtual machines of a node of ours: its name is in their
# arguments, they are no script that starts one, and work in our sandboxes.
vms_of() {
  local pid
  for pid in $(pgrep -f -- "-name $1@"); do
    case $(readlink "/proc/$pid/exe" 2>/dev/null) in
    */beam.smp) ;;
    *) continue ;;
    esac
    case $(readlink "/proc/$pid/cwd") in
    "$STACK"/*) echo "$pid" ;;
    esac
  done
}

# watch_doubles NODE…: notes whenever two machines of one node are seen at a
# time; to be run beside the test. A child of one that has not become another
# program yet is none, nor what has ended meanwhile.
watch_doubles() {
  local n pid parent pids count
  while sleep 0.1; do
    for n in "$@"; do
      pids=" $(vms_of "$n" | tr '\n' ' ')" count=0
      for pid in $pids; do
        parent=$(awk '/^PPid/ {print $2}' "/proc/$pid/status" 2>/dev/null)
        case $pids in
        *" ${parent:-$pid} "*) ;;
        *) count=$((count + 1)) ;;
        esac
      done
      [ "$count" -le 1 ] || echo "$n has $count machines" >>"$STACK/doubles"
    done
  done
}

# stage_pid WORD…: of a stage of our rm-schedd, by its command line.
stage_pid() {
  pgrep -P "$SCHEDD_PID" -f "$*" | head -n 1
}

# Of a program in the sandbox of a node.
sandbox_pid() { # sandbox_pid NODE PROGRAM
  local pid
  for pid in $(pgrep -x "$2"); do
    case $(readlink "/proc/$pid/cwd") in
    "$STACK"/mesos/*executors/"$1".*) echo "$pid" ;;
    esac
  done | head -n 1
}

vm_of() {
  vms_of "$1" | head -n 1
}

# The sandbox that a node's machine works in.
sandbox_of() {
  local at
  at=$(readlink "/proc/$(vm_of "$1")/cwd") && echo "${at%/riak*}"
}

# The pipeline of design, typed into a shell; PIPELINE_PID is its first stage,
# whose end drains the rest.
type_pipeline() {
  (
    rm-mesos events --master "$MASTER" --zk "$ZK" &
    echo "$!" >"$STACK/events.pid"
    wait
  ) 2>>"$STACK/pipeline.log" 3>&- |
    rm-state watch --zk "$ZK" 2>>"$STACK/pipeline.log" |
    rm-status 2>>"$STACK/pipeline.log" |
    rm-cluster 2>>"$STACK/pipeline.log" |
    rm-offer 2>>"$STACK/pipeline.log" |
    rm-launch 2>>"$STACK/pipeline.log" |
    rm-state apply --zk "$ZK" 2>>"$STACK/pipeline.log" |
    rm-mesos calls --zk "$ZK" 2>>"$STACK/pipeline.log" 3>&- &
  CALLS_PID=$!
  wait_for 10 test -s "$STACK/events.pid"
  PIPELINE_PID=$(cat "$STACK/events.pid")
  track "$PIPELINE_PID"
}

stop_pipeline() {
  kill -TERM "$PIPELINE_PID"
  wait_for 15 gone "$CALLS_PID"
}

# Everything below a pid, with it: so that a test leaves nothing behind.
stop_tree() {
  local child
  for child in $(pgrep -P "$1"); do stop_tree "$child"; done
  kill -KILL "$1" 2>/dev/null || true
}

# Executors outlive rm-local, as they outlive a Mesos agent; a test's do not.
stop_executors() {
  local pid
  for pid in $(pgrep -f "$STACK/mesos/" || true); do stop_tree "$pid"; done
}

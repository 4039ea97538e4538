# A system left alone with a client that writes: at the end memory, open
# descriptors and znodes are what they were at the beginning. SOAK_HOURS says
# how long; without it two minutes, with SHORT=1 one.

load ../helper
load ../stack

setup() {
  STACK=$BATS_TEST_TMPDIR
  start_zookeeper
  start_local
  make_cluster kv
  add_node kv 1
  add_node kv 2
  start_schedd
  wait_for 60 running riak-kv-1
  wait_for 60 running riak-kv-2
  start_api
  start_director kv
}

teardown() {
  stop_tracked
  stop_executors
}

# Pids of what is ours: scheduler, stages, API, Director, executors, port mappers.
ours() {
  local pid
  printf '%s\n' "$SCHEDD_PID" "$API_PID" "$DIRECTOR_PID"
  pgrep -P "$SCHEDD_PID"
  for pid in $(pgrep -x 'rm-executor|rm-cepmd'); do
    case $(readlink "/proc/$pid/cwd") in
    "$STACK"/*) echo "$pid" ;;
    esac
  done
}

memory() { # KiB, private and dirty
  local pid
  for pid in $(ours); do
    awk '/^Private_Dirty:/ {print $2}' "/proc/$pid/smaps_rollup"
  done | awk '{sum += $1} END {print sum}'
}

descriptors() {
  for pid in $(ours); do ls "/proc/$pid/fd"; done | wc -l
}

znodes() {
  exec 9<>"/dev/tcp/${ZK%:*}/${ZK#*:}"
  printf mntr >&9
  awk '$1 == "zk_znode_count" {print $2}' <&9
  exec 9>&-
}

@test "memory, descriptors and znodes stay as they are" {
  local seconds i=0 end before after
  seconds=120
  [ -z "${SHORT-}" ] || seconds=60
  [ -z "${SOAK_HOURS-}" ] ||
    seconds=$(awk -v h="$SOAK_HOURS" 'BEGIN {printf "%d", h * 3600}')
  # Half a minute to settle.
  sleep 30
  before=("$(memory)" "$(descriptors)" "$(znodes)")
  end=$((SECONDS + seconds))
  while ((SECONDS < end)); do
    put_key "$(http riak-kv-1)" "k$((i % 50))" "v$i"
    put_key "127.0.0.1:$DIRECTOR_HTTP" "k$((i++ % 50))" "v$i"
    curl -sf -m 10 "$API/api/v1/clusters/kv/nodes" >/dev/null
    curl -sf -m 10 "$API/metrics" >/dev/null
    sleep 0.5
  done
  # The client's last connections go.
  sleep 5
  after=("$(memory)" "$(descriptors)" "$(znodes)")
  echo "# $i rounds: memory ${before[0]} to ${after[0]} KiB, descriptors" \
    "${before[1]} to ${after[1]}, znodes ${before[2]} to ${after[2]}" >&3
  ((after[0] <= before[0] * 115 / 100))
  ((after[1] <= before[1] + 2))
  ((after[2] == before[2]))
}

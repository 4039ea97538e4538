# Random kills and pauses over every process, ZooKeeper included, while a
# client writes through the Director. At the end no record is lost, no node is
# doubled, and every acknowledged key is there. SEED=N draws the same sequence
# again; what is not there at the moment is passed over. SHORT=1: 15 of them,
# else 200, some longer than a session with ZooKeeper lasts.

load ../helper
load ../stack

nodes=(riak-kv-1 riak-kv-2 riak-kv-3)

setup() {
  STACK=$BATS_TEST_TMPDIR
  : "${SEED:=$RANDOM}"
  echo "# SEED=$SEED" >&3
  (draw "$SEED") >"$STACK/acts"
  start_zookeeper
  start_local
  start_schedd
  start_api
  riak-mesos framework wait-for-service --timeout 60
  riak-mesos cluster create kv "$RIAK_VERSION"
  riak-mesos cluster add-node kv --nodes 3
  # Faults may come before the ring has told of it everywhere.
  wait_for 240 committed
  start_director kv
}

teardown() {
  touch "$STACK/enough"
  [ -n "${BATS_TEST_COMPLETED-}" ] || echo "SEED=$SEED"
  stop_tracked
  stop_executors
}

# draw SEED: lines of who, which node's, whether it is killed or paused, for how
# many tenths of a second, and how many pass until the next. Not from RANDOM:
# what it gives for a seed depends on the shell, and as a local variable it
# would be a plain one.
draw() {
  local state=$1 i who=(events watch status cluster offer launch apply calls
    schedd local zookeeper api director executor cepmd vm)
  below() { # below N: sets drawn
    state=$(((state * 1103515245 + 12345) & 0x7fffffff))
    drawn=$(((state >> 12) % $1))
  }
  below 2
  for ((i = 0; i < 1000; i++)); do
    local line=() sides
    for sides in ${#who[@]} 3 3 40 6 20; do
      below "$sides"
      line+=("$drawn")
    done
    echo "${who[line[0]]} ${nodes[line[1]]} $((line[2] > 0))" \
      "$((1 + line[3] + (line[4] == 0) * 90)) ${line[5]}"
  done
}

# pid_of WHO NODE: nothing when it does not run at the moment.
pid_of() {
  case $1 in
  events | calls) stage_pid "rm-mesos $1" ;;
  watch | apply) stage_pid "rm-state $1" ;;
  status | cluster | offer | launch) stage_pid "rm-$1" ;;
  schedd) echo "$SCHEDD_PID" ;;
  local) echo "$LOCAL_PID" ;;
  zookeeper) echo "$ZK_PID" ;;
  api) echo "$API_PID" ;;
  director) echo "$DIRECTOR_PID" ;;
  executor | cepmd) sandbox_pid "$2" "rm-$1" ;;
  vm) vm_of "$2" ;;
  esac
}

# What a supervisor does: start again what has ended. Not what ended with 100
# or 101: no fault outside is a reason for those.
ended() { # ended PID
  local code=0
  gone "$1" || return 1
  wait "$1" || code=$?
  [ "$code" -ne 100 ] && [ "$code" -ne 101 ] ||
    echo "$1 ended with $code" >>"$STACK/wrong"
}

supervise() {
  ! ended "$ZK_PID" || run_zookeeper "${ZK#*:}"
  ! ended "$LOCAL_PID" || run_local "${MASTER#*:}"
  ! ended "$SCHEDD_PID" || start_schedd
  ! ended "$API_PID" || run_api "${API##*:}"
  ! ended "$DIRECTOR_PID" || run_director kv
}

tenths() {
  sleep "$(($1 / 10)).$(($1 % 10))"
}

act() { # act WHO NODE KILL FOR
  local pid
  pid=$(pid_of "$1" "$2") || true
  [ -n "$pid" ] || return 1
  if [ "$3" -eq 1 ]; then
    kill -KILL "$pid" 2>/dev/null || return 1
  else
    kill -STOP "$pid" 2>/dev/null || return 1
    tenths "$4"
    kill -CONT "$pid" 2>/dev/null || true
  fi
}

# The seed has carried out the commit of all three.
committed() {
  local n
  for n in "${nodes[@]}"; do
    ! holds "members/$n" '.order.success and
      (.order.id | startswith("commit"))' || return 0
  done
  return 1
}

# All are ready, and in a ring of three: by their own word, the records' may be
# half a minute old.
together() {
  local n
  for n in "${nodes[@]}"; do
    running "$n" && holds "members/$n" .ready &&
      curl -sf -m 5 "http://$(http "$n")/stats" |
      grep -q '"ring_members":\["[^",]*","[^",]*","[^",]*"\]' || return 1
  done
}

settled() {
  supervise
  together
}

# Records that must be as they were, whatever happens meanwhile.
kept() {
  state dump | jq -S '.records | with_entries(select(.key |
    test("^(framework|clusters/|nodes/|orphans/)"))) + {volumes:
    with_entries(select(.key | startswith("reservations/"))
      | .value |= .persistence_id)}'
}

write_on() {
  local i=0
  while [ ! -e "$STACK/enough" ]; do
    if put_key "127.0.0.1:$DIRECTOR_HTTP" "c$i" "value $i"; then
      echo "$i" >>"$STACK/acknowledged"
    else
      sleep 0.1
    fi
    i=$((i + 1))
  done
}

# What was acknowledged, a file a key: all by one client, there are thousands.
read_all() {
  local i
  mkdir "$STACK/read"
  while read -r i; do
    printf 'url = "http://127.0.0.1:%s/buckets/test/keys/c%s"\n' \
      "$DIRECTOR_HTTP" "$i"
    printf 'output = "%s/read/c%s"\n' "$STACK" "$i"
  done <"$STACK/acknowledged" >"$STACK/urls"
  # One that fails leaves no file, and is named then.
  curl -sf -m 10 -K "$STACK/urls" || true
}

@test "random kills and pauses: nothing is lost, nothing is doubled" {
  local count=200 done=0 who node kill for gap i
  [ -z "${SHORT-}" ] || count=15
  kept >"$STACK/before"
  watch_doubles "${nodes[@]}" 3>&- &
  track $!
  write_on 3>&- &
  track $!
  while [ "$done" -lt "$count" ] && read -r who node kill for gap <&4; do
    # A short round has no time for more.
    [ -z "${SHORT-}" ] || [ "$for" -le 40 ] || for=$((for - 90))
    act "$who" "$node" "$kill" "$for" || continue
    echo "$who $node $kill $for" >>"$STACK/acted"
    done=$((done + 1))
    tenths "$gap"
    supervise
  done 4<"$STACK/acts"
  [ "$done" -eq "$count" ]
  # A node that failed often waits up to five minutes for its next start.
  wait_for 400 settled
  touch "$STACK/enough"
  echo "# $done acts, $(wc -l <"$STACK/acknowledged") keys acknowledged" >&3

  ! grep -E 'ended with exit 10[01]\b' "$STACK/schedd.log" || fail "a bug"
  [ ! -e "$STACK/wrong" ] || fail "$(cat "$STACK/wrong")"
  [ ! -e "$STACK/doubles" ] || fail "$(sort "$STACK/doubles" | uniq -c)"
  kept | diff "$STACK/before" -
  curl -sf "http://$MASTER/master/state" | jq -e '[.frameworks[].tasks[] |
    select(.state == "TASK_RUNNING")] | length == 3'
  [ "$(wc -l <"$STACK/acknowledged")" -gt "$count" ]
  wait_for 30 curl -sf "http://127.0.0.1:$DIRECTOR_HTTP/ping"
  read_all
  while read -r i; do
    [ "$(cat "$STACK/read/c$i")" = "value $i" ] ||
      fail "c$i was acknowledged, and is lost"
  done <"$STACK/acknowledged"
}

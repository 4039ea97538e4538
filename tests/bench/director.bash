# shellcheck shell=bash
# The Director beside HAProxy: one thread each, the same backends, the same
# load (wrk), in turn; medians of five rounds. Backends of small answers are a
# third HAProxy, which is fast enough not to be what is measured.
: "${BENCH_ROUND:=3}"

# haproxy NAME MODE PORT BACKEND_PORT…
haproxy_start() {
  local name=$1 mode=$2 port=$3 n=0 p
  shift 3
  {
    printf 'global\n nbthread 1\n maxconn 6000\ndefaults\n mode %s\n' "$mode"
    printf ' timeout connect 5s\n timeout client 600s\n timeout server 600s\n'
    # What the Director does: the client's address, connections shared.
    [ "$mode" != http ] || printf ' option forwardfor\n http-reuse always\n'
    printf 'frontend f\n bind 127.0.0.1:%s\n default_backend b\n' "$port"
    printf 'backend b\n balance leastconn\n'
    for p in "$@"; do
      n=$((n + 1))
      printf ' server n%s 127.0.0.1:%s check inter 2s\n' "$n" "$p"
    done
  } >"$STACK/$name.cfg"
  haproxy -db -f "$STACK/$name.cfg" >"$STACK/$name.log" 2>&1 &
  HAPROXY_PID=$!
  track "$HAPROXY_PID"
  wait_for 10 listens "$port"
}

# Answers of 1 KiB, on two ports.
origin_start() {
  head -c 1024 /dev/zero | tr '\0' x >"$STACK/1k"
  {
    printf 'global\n nbthread 1\n maxconn 6000\ndefaults\n mode http\n'
    printf ' timeout client 600s\n timeout connect 5s\n timeout server 600s\n'
    printf 'frontend f\n bind 127.0.0.1:%s\n bind 127.0.0.1:%s\n' "$1" "$2"
    printf ' http-request return status 200 content-type text/plain file %s\n' \
      "$STACK/1k"
  } >"$STACK/origin.cfg"
  haproxy -db -f "$STACK/origin.cfg" >"$STACK/origin.log" 2>&1 &
  track "$!"
  wait_for 10 listens "$2"
}

# register CLUSTER N HTTP_PORT
register_node() {
  "$RM_BUILD/tools/zk" put --zk "$ZK" \
    "/riak/frameworks/bench/coordinator/coordinatedNodes/$1-$2" \
    "{\"ClusterName\":\"$1\",\"NodeName\":\"$1-$2\",\"Hostname\":\"127.0.0.1\",
      \"HTTPPort\":$3,\"PBPort\":1}"
}

# director_start CLUSTER PORT
director_start() {
  rm-director --zk "$ZK" --framework bench --cluster "$1" --http-port "$2" \
    --pb-port 0 --admin-port 0 --idle-time 600 --slow-start 0 \
    >"$STACK/director-$1.log" 2>&1 &
  DIRECTOR_PID=$!
  track "$DIRECTOR_PID"
  wait_for 10 curl -sf "http://127.0.0.1:$2/ping" -o /dev/null
}

# load PORT PATH: "requests a second, p99 in microseconds, bytes a second".
load() {
  wrk -t1 -c64 -d"${BENCH_ROUND}s" --latency "http://127.0.0.1:$1$2" |
    awk 'function us(t) {
        return t ~ /us$/ ? t + 0 : t ~ /ms$/ ? t * 1e3 : t * 1e6 }
      function bytes(b) { return b ~ /GB$/ ? b * 1024 : b ~ /KB$/ ? b / 1024 : b + 0 }
      $1 == "99%" {p99 = us($2)}
      $1 == "Requests/sec:" {rps = $2}
      $1 == "Transfer/sec:" {mib = bytes($2)}
      /Socket errors|Non-2xx/ {bad = 1}
      END {print (bad ? 0 : rps), p99, mib}'
}

column() { awk -v c="$2" '{print $c}' "$1"; }

# least NAME VALUE UNIT LIMIT: at least LIMIT.
least() {
  local word=ok
  # shellcheck disable=SC2034 # run's
  awk -v v="$2" -v l="$4" 'BEGIN {exit !(v >= l)}' || word=short short=1
  echo "bench $1 $2 $3 limit $4 $word"
}

# beside NAME PEER_PORT OUR_PORT PATH COLUMN: rounds in turn; COLUMN 1 is
# requests, with p99; 3 is bytes.
beside() {
  local _ peer=$STACK/peer ours=$STACK/ours
  : >"$peer"
  : >"$ours"
  load "$2" "$4" >/dev/null
  load "$3" "$4" >/dev/null
  for _ in 1 2 3 4 5; do
    load "$2" "$4" >>"$peer"
    load "$3" "$4" >>"$ours"
  done
  least "$1" "$(awk -v a="$(column "$ours" "$5" | median 5)" \
    -v b="$(column "$peer" "$5" | median 5)" 'BEGIN {printf "%.3f", a / b}')" \
    ratio 0.97
  echo "# $1: haproxy $(column "$peer" "$5" | tr '\n' ' ') ours $(column "$ours" "$5" | tr '\n' ' ')"
  [ "$5" -eq 1 ] || return 0
  # Within the spread of the peer's own rounds is good enough.
  local limit
  limit=$(column "$peer" 2 | sort -n | awk '{a[NR] = $1}
    END {s = a[5] / a[3]; printf "%.3f", (s > 1.05 ? s : 1.05)}')
  bench "$1-p99" "$(awk -v a="$(column "$ours" 2 | median 5)" \
    -v b="$(column "$peer" 2 | median 5)" 'BEGIN {printf "%.3f", a / b}')" \
    ratio "$limit"
  echo "# $1-p99: haproxy $(column "$peer" 2 | tr '\n' ' ') ours $(column "$ours" 2 | tr '\n' ' ') us"
}

# idle_of PORT PID: MiB with 5,000 clients that wait.
idle_of() {
  "$RM_BUILD/tools/idle" "$1" 5000 60 >"$STACK/idle" 2>&1 &
  local pid=$!
  wait_for 30 grep -q held "$STACK/idle" || return 1
  dirty "$2"
  kill "$pid"
  wait "$pid" 2>/dev/null
}

director() {
  local origin=("$(free_port)" "$(free_port)") large=("$(free_port)" "$(free_port)")
  local tcp http ours big peer_big n http_pid our_pid
  tcp=$(free_port) http=$(free_port) ours=$(free_port)
  big=$(free_port) peer_big=$(free_port)
  ulimit -n "$(ulimit -Hn)"
  [ -n "${ZK-}" ] || start_zookeeper
  origin_start "${origin[@]}" || return 1
  for n in 0 1; do
    "$RM_BUILD/tools/backend" "n$n" 127.0.0.1 "${large[$n]}" "$(free_port)" \
      "$STACK" 2>"$STACK/backend$n.log" &
    track "$!"
    register_node small "$n" "${origin[$n]}"
    register_node large "$n" "${large[$n]}"
  done
  haproxy_start tcp tcp "$tcp" "${origin[@]}" || return 1
  haproxy_start http http "$http" "${origin[@]}" || return 1
  http_pid=$HAPROXY_PID
  haproxy_start big tcp "$peer_big" "${large[@]}" || return 1
  director_start small "$ours" || return 1
  our_pid=$DIRECTOR_PID
  director_start large "$big" || return 1
  beside director-tcp "$tcp" "$ours" / 1
  beside director-http "$http" "$ours" / 1
  beside director-1mib "$peer_big" "$big" /bytes/1048576 3
  bench director-5000-idle "$(idle_of "$ours" "$our_pid")" MiB \
    "$(idle_of "$http" "$http_pid")"
}

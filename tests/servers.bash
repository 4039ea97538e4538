# Servers and conditions, for the tests and the quickstart: what is started is
# tracked, and stopped whatever happens. TOP is set.
# shellcheck shell=bash

# Where pids, data and logs go: STACK, or the test's own folder.
scratch() {
  echo "${STACK:-$BATS_TEST_TMPDIR}"
}

# Pids to stop in teardown, newest first: `track PID`.
track() {
  echo "$1" >>"$(scratch)/pids"
}

# Stops everything that was tracked; waits until it is gone.
stop_tracked() {
  local pid file
  file=$(scratch)/pids
  [ -e "$file" ] || return 0
  while read -r pid; do
    kill -TERM "$pid" 2>/dev/null || true
  done < <(tac "$file")
  while read -r pid; do
    wait_for 10 gone "$pid" || kill -KILL "$pid" 2>/dev/null || true
  done <"$file"
  rm -f "$file"
}

# Ends whatever still works in a folder or below: executors outlive their agent.
stop_inside() { # stop_inside DIR
  local at
  for at in /proc/[0-9]*; do
    case $(readlink "$at/cwd" 2>/dev/null) in
    "$1"/*) kill -KILL "${at#/proc/}" 2>/dev/null || true ;;
    esac
  done
}

gone() {
  # A zombie of ours has ended too.
  ! kill -0 "$1" 2>/dev/null || grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null
}

# wait_for SECONDS COMMAND…: until the command succeeds, or fail. A machine
# that does much else at a time gives more: WAIT_SCALE.
wait_for() {
  local deadline=$((SECONDS + $1 * ${WAIT_SCALE:-1}))
  shift
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < deadline)) || {
      echo "waited in vain for: $*" >&2
      return 1
    }
    sleep 0.05
  done
}

# A port that nothing listens on, on every loopback address. Outside of the
# range that the kernel gives to clients, so that it stays free.
free_port() {
  local port tries=0
  while ((tries++ < 200)); do
    port=$((10000 + RANDOM % 20000))
    ss -Hltn "sport = :$port" | grep -q . || {
      echo "$port"
      return
    }
  done
  return 1
}

listens() {
  ss -Hltn "sport = :$1" | grep -q .
}

# start_zookeeper: sets ZK to host:port and ZK_PID. Data lie in the test's
# scratch folder; `start_zookeeper PORT` starts it again on the same data.
start_zookeeper() {
  run_zookeeper "$@"
  wait_for 30 zookeeper_ok "${ZK#*:}"
}

# run_zookeeper [PORT]: the same without a wait.
run_zookeeper() {
  local port=${1:-$(free_port)}
  "$TOP/tests/zookeeper.sh" "$(scratch)/zk" "$port" \
    >"$(scratch)/zk.log" 2>&1 3>&- &
  ZK_PID=$!
  export ZK=127.0.0.1:$port
  track "$ZK_PID"
}

zookeeper_ok() {
  local answer
  exec 9<>"/dev/tcp/127.0.0.1/$1" || return 1
  printf ruok >&9
  read -r -t 2 -n 4 answer <&9
  exec 9>&-
  [ "$answer" = imok ]
}

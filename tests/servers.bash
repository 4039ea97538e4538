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

# The last words of a test's servers and its file's, and of what they ran.
tell_logs() {
  local at=("$BATS_FILE_TMPDIR" "$BATS_TEST_TMPDIR")
  local logs=(-type f -size +0 '(' -name '*.log' -o -name 'log*' -o -name out
    -o -name '*.err' -o -name '*.node' -o -name stderr ')')
  {
    find "${at[@]}" -mindepth 2 "${logs[@]}" -exec tail -v -n 5 {} +
    find "${at[@]}" -maxdepth 1 "${logs[@]}" -exec tail -v -n 20 {} +
  } 2>/dev/null | tail -n 200
}

# Stops everything that was tracked; waits until it is gone. Of a test that
# failed the logs are shown.
stop_tracked() {
  local pid file
  [ -z "${BATS_TEST_NAME-}" ] || [ -n "${BATS_TEST_COMPLETED-}" ] || tell_logs
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
# that does much else at a time gives more: WAIT_SCALE. To look costs what is
# waited for its time, too: what takes long is looked at less often.
wait_for() {
  local deadline=$((SECONDS + $1 * ${WAIT_SCALE:-1})) looks=0
  shift
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < deadline)) || {
      echo "waited in vain for: $*" >&2
      return 1
    }
    ((++looks <= 20)) && sleep 0.05 || sleep 0.2
  done
}

# free_ports COUNT: the first of so many ports in a row that nothing listens on,
# on any address, and that no test of this machine was given lately: tests run
# beside one another, and some listen long after they have chosen. Outside of
# the range that the kernel gives to clients, so that they stay free.
free_ports() {
  local at file=/tmp/riak-mesos-test-port.$UID
  # shellcheck disable=SC2094 # read before it is written
  {
    flock 9
    read -r at <"$file" || at=$((10000 + RANDOM % 20000))
    while :; do
      ((at + $1 <= 30000)) || at=10000
      ss -Hltn "sport >= :$at and sport < :$((at + $1))" | grep -q . || break
      ((at += $1))
    done
    echo $((at + $1)) >"$file"
  } 9>>"$file"
  echo "$at"
}

free_port() {
  free_ports 1
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

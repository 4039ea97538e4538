# A ZooKeeper of three servers. Load helper.bash first.
# shellcheck shell=bash

# start_ensemble: sets ZK to all three, which are known by numbers from 1.
start_ensemble() {
  local n port all=()
  for n in 1 2 3; do
    port=$(free_port)
    echo "$port" >"$(scratch)/zk$n.port"
    all+=("127.0.0.1:$port")
    echo "127.0.0.1:$(free_port):$(free_port)" >>"$(scratch)/zk-servers"
  done
  ZK=$(IFS=, && echo "${all[*]}")
  export ZK
  for n in 1 2 3; do run_server "$n"; done
  for n in 1 2 3; do wait_for 60 role_of "$n"; done
}

# run_server N: starts it, or starts it again on its data; without a wait.
run_server() {
  local servers
  mapfile -t servers <"$(scratch)/zk-servers"
  "$TOP/tests/zookeeper.sh" "$(scratch)/zk$1" "$(server_port "$1")" "$1" \
    "${servers[@]}" >>"$(scratch)/zk$1.log" 2>&1 3>&- &
  echo "$!" >"$(scratch)/zk$1.pid"
  track "$!"
  # No word from the shell when a test kills it.
  disown "$!"
}

server_port() {
  cat "$(scratch)/zk$1.port"
}

server_pid() {
  cat "$(scratch)/zk$1.pid"
}

# role_of N: prints leader or follower; fails while it serves nobody.
role_of() {
  local answer
  exec 9<>"/dev/tcp/127.0.0.1/$(server_port "$1")" || return 1
  printf srvr >&9
  answer=$(timeout 2 cat <&9 | sed -n 's/^Mode: //p')
  exec 9>&-
  echo "$answer"
  [ -n "$answer" ]
}

# server_that LEADER-OR-FOLLOWER: the number of the first one.
server_that() {
  local n
  for n in 1 2 3; do
    [ "$(role_of "$n" 2>/dev/null)" != "$1" ] || {
      echo "$n"
      return
    }
  done
  return 1
}

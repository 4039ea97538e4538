# Five real Erlang nodes on five addresses, each with a port mapper of its own
# on a port of its own. Port mappers, ZooKeeper and nodes are killed in turn;
# each time the nodes drop all connections, and must be a full mesh again.
# shellcheck shell=bash

load ../helper
load ../epmd/nodes

hosts=(2 3 4 5 6)

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  start_zookeeper
  local n
  for n in "${hosts[@]}"; do
    shared "m$n" "$n"
    mapper[n]=$CEPMD_PID
  done
  for n in "${hosts[@]}"; do start_node "$n"; done
  wait_for 30 full_mesh
}

teardown() {
  stop_tracked
}

# start_node N: it asks for all others, five times a second, and writes how
# many it is connected with. Told to cut, it first drops them all.
start_node() {
  local all n
  all=$(for n in "${hosts[@]}"; do printf "'n%s@127.0.0.%s'," "$n" "$n"; done)
  node "127.0.0.$1" "$(port_of "m$1")" "n$1" "All = [${all%,}] -- [node()],
    Loop = fun(Loop) ->
      case filelib:is_file(\"cut.$1\") of
        true ->
          file:delete(\"sees.$1\"),
          [erlang:disconnect_node(N) || N <- nodes()],
          ok = file:delete(\"cut.$1\");
        false -> ok
      end,
      [net_adm:ping(N) || N <- All],
      ok = file:write_file(\"new.$1\", integer_to_list(length(nodes()))),
      ok = file:rename(\"new.$1\", \"sees.$1\"),
      timer:sleep(200), Loop(Loop)
    end, Loop(Loop)"
  vm[$1]=$NODE_PID
}

full_mesh() {
  local n
  for n in "${hosts[@]}"; do
    [ ! -e "cut.$n" ] && [ "$(cat "sees.$n")" = 4 ] || return 1
  done
}

# Every node drops its connections; what they wrote before does not count.
again() {
  local n
  rm -f sees.*
  for n in "${hosts[@]}"; do touch "cut.$n"; done
  wait_for 30 full_mesh
}

@test "a full mesh again after each port mapper is killed, and they all" {
  local n
  for n in "${hosts[@]}"; do
    kill -KILL "${mapper[n]}"
    wait_for 5 gone "${mapper[n]}"
    PORT=$(port_of "m$n") shared "m$n" "$n"
    mapper[n]=$CEPMD_PID
    again
  done
  for n in "${hosts[@]}"; do kill -KILL "${mapper[n]}"; done
  for n in "${hosts[@]}"; do
    wait_for 5 gone "${mapper[n]}"
    PORT=$(port_of "m$n") shared "m$n" "$n"
  done
  again
}

@test "a full mesh again while ZooKeeper is away, and when it is back" {
  kill -KILL "$ZK_PID"
  wait_for 5 gone "$ZK_PID"
  again
  start_zookeeper "${ZK#*:}"
  again
}

@test "a full mesh again after each node is killed" {
  local n
  for n in "${hosts[@]}"; do
    kill -KILL "${vm[n]}"
    wait_for 5 gone "${vm[n]}"
    start_node "$n"
    again
  done
}

# Hosts of a test's own: network namespaces, 10.77.0.N each, on one bridge in
# another. Host 1 is rm-local's, the master and all agents, whatever their
# addresses; executors of the agent of 10.77.0.N run on host N and talk to it by
# its domain socket, as if it were on that machine. Load helper.bash and stack.bash first. Needs root.
# shellcheck shell=bash

# hosts_up N…: the folder $STACK is there.
hosts_up() {
  local n prefix=rm-$BASHPID-$RANDOM
  echo "$prefix" >"$STACK/hosts"
  ip netns add "$prefix-switch" || return
  ip -n "$prefix-switch" link add br0 up type bridge || return
  for n; do
    ip netns add "$prefix-$n" || return
    ip -n "$prefix-switch" link add "v$n" up master br0 type veth \
      peer name eth0 netns "$prefix-$n" || return
    ip -n "$prefix-$n" link set lo up
    ip -n "$prefix-$n" link set eth0 up
    ip -n "$prefix-$n" addr add "10.77.0.$n/24" dev eth0
  done
}

hosts_down() {
  local name
  for name in $(ip netns list | grep -o "^$(cat "$STACK/hosts")-[^ ]*"); do
    ip netns pids "$name" | xargs -r kill -KILL
    ip netns del "$name"
  done
}

at() { # at N COMMAND…
  nsenter --net="/run/netns/$(cat "$STACK/hosts")-$1" "${@:2}"
}

# start_at N NAME COMMAND…: STARTED is its pid.
start_at() {
  nsenter --net="/run/netns/$(cat "$STACK/hosts")-$1" "${@:3}" \
    >>"$STACK/$2.out" 2>>"$STACK/$2.log" 3>&- &
  STARTED=$!
  track "$STARTED"
  disown "$STARTED"
}

# Its cable is pulled at the switch: packets go nowhere, both ways, and nobody
# is told.
cut() { # cut N
  ip -n "$(cat "$STACK/hosts")-switch" link set "v$1" nomaster
}

plug() { # plug N
  ip -n "$(cat "$STACK/hosts")-switch" link set "v$1" master br0
}

# The archive, with executors that go to the host of their agent.
travelling_archive() {
  mkdir "$STACK/travel"
  tar -xzf "$RM_BUILD/rm-executor.tar.gz" -C "$STACK/travel"
  cat >"$STACK/first" <<SH
if [ -z "\${TRAVELLED-}" ]; then
  n=\${MESOS_AGENT_ENDPOINT%:*} n=\${n##*.}
  export TRAVELLED=\$n MESOS_DOMAIN_SOCKET=$STACK/agent-\$n.sock
  exec nsenter --net=/run/netns/$(cat "$STACK/hosts")-\$n "\$0" "\$@"
fi
SH
  sed -i "1r $STACK/first" "$STACK/travel/rm-executor/bin/rm-executor"
  EXECUTOR_ARCHIVE=$STACK/travelling.tar.gz
  tar -czf "$EXECUTOR_ARCHIVE" -C "$STACK/travel" rm-executor
  export EXECUTOR_ARCHIVE
}

# local_at_1 N…: rm-local with an agent for each of these hosts.
local_at_1() {
  local n given=()
  # Only this host's own address is told to others.
  at 1 sh -c 'echo 1 >/proc/sys/net/ipv4/conf/all/arp_ignore'
  for n; do
    at 1 ip addr add "10.77.0.$n/32" dev lo
    given+=(--agent-address "10.77.0.$n")
    start_at 1 "relay-$n" systemd-socket-activate -l "$STACK/agent-$n.sock" \
      /lib/systemd/systemd-socket-proxyd "10.77.0.$n:5051"
  done
  start_at 1 local rm-local --address 10.77.0.1 --agents "$#" "${given[@]}" \
    --resources 'cpus:4;mem:8192;disk:20000;ports:[10000-10099]' \
    --work-dir "$STACK/mesos" --agent-timeout 5
  export MASTER=10.77.0.1:5050
  wait_for 20 at 1 curl -sf "http://$MASTER/health"
}

fault() { # fault VERB [AGENT] [NAME=VALUE…]
  at 1 rm-local fault --master "$MASTER" "$@"
}

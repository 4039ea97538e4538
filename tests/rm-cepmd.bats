# rm-cepmd: byte for byte beside Debian's epmd, with real Erlang nodes, and
# with a real ZooKeeper that comes and goes.
# shellcheck shell=bash disable=SC2154,SC2030,SC2031,SC2016 # run and @test set and scope

load helper
load epmd/nodes

teardown() {
  stop_tracked
}

CONFORMANCE=$TOP/tests/epmd/conformance.escript
TOOLS=$RM_BIN/../tools

# held FILE PORT NAME [NODE_PORT]: the same in a process of its own (HELD),
# so that nothing started later inherits the connection; the reply in FILE.
held() {
  local file=$BATS_TEST_TMPDIR/$1
  shift
  (
    register "$@"
    echo "$REPLY" >"$file"
    exec sleep 60
  ) 3>&- &
  HELD=$!
  track "$HELD"
}

# in_own_names COMMAND…: with ./hosts as all that names can be found in.
in_own_names() {
  exec unshare -m bash -c 'mount --bind hosts /etc/hosts &&
    mount --bind resolv.conf /etc/resolv.conf && exec "$@"' bash "$@"
}

ping_code() {
  echo "io:format(\"~p ~p~n\", ['$1', net_adm:ping('$1')]), init:stop()"
}

# An epmd that one of our nodes would have started has our environment.
no_epmd() {
  local p
  for p in /proc/[0-9]*; do
    [ "$(cat "$p/comm" 2>/dev/null)" = epmd ] || continue
    tr '\0' '\n' 2>/dev/null <"$p/environ" | grep -q "$BATS_TEST_TMPDIR" && return 1
  done
  return 0
}

start_epmd() {
  local port=$1
  shift
  epmd -port "$port" "$@" >/dev/null 2>&1 3>&- &
  track $!
  wait_for 10 listens "$port"
}

# ---- the command line

@test "help names every option and exits 0" {
  run rm-cepmd --help
  [ "$status" -eq 0 ]
  for word in --port --address --zk --framework --cluster --host --publish \
    --ready-fd --port-file names lookup; do
    [[ "$output" == *"$word"* ]]
  done
}

@test "usage errors are one line that names the word, and 100" {
  bad() {
    local word=$1
    shift
    run env -u ERL_EPMD_PORT rm-cepmd "$@"
    [ "$status" -eq 100 ] || return 1
    [ "${#lines[@]}" -eq 1 ] || return 1
    [[ "$output" == *"$word"* ]] || return 1
  }
  bad --nonsense --nonsense
  bad --port
  bad 70000 --port 70000
  bad 12x --port 12x
  bad nowhere --port 0 --address nowhere
  bad --cluster --port 0 --zk 127.0.0.1:1
  bad --host --port 0 --zk 127.0.0.1:1 --cluster kv
  bad a/b --port 0 --zk 127.0.0.1:1 --cluster a/b --host 127.0.0.2
  bad 63 --port 0 --ready-fd 63
  bad --nonsense names --nonsense
  bad NAME lookup --port 1
  bad more lookup --port 1 one more
  bad "not a port" names --port 0
  bad --packet-timeout --port 0 --packet-timeout 0
  bad --zk-timeout --port 0 --zk-timeout 0
  # Names that were to be shared, and nothing to share them through.
  bad --zk --port 0 --cluster kv
  bad "looked up" lookup --port 1 "$(printf '%0254d' 0)"
  bad "looked up" lookup --port 1 "$(printf '%070000d' 0)"
  bad "looked up" lookup --port 1 $'\xff'
}

@test "a port that is taken ends it with 111 and the port" {
  cepmd first
  run rm-cepmd --port "$(port_of first)"
  [ "$status" -eq 111 ]
  [[ "$output" == *"port $(port_of first)"* ]]
}

@test "--port 0 prints the port, --ready-fd says when" {
  mkfifo "$BATS_TEST_TMPDIR/ready"
  rm-cepmd --port 0 --ready-fd 7 7>"$BATS_TEST_TMPDIR/ready" \
    >"$BATS_TEST_TMPDIR/out" 2>/dev/null 3>&- &
  track $!
  # One newline, then the end: the descriptor is closed.
  [ "$(timeout 10 od -An -tx1 "$BATS_TEST_TMPDIR/ready" | tr -d ' ')" = 0a ]
  run rm-cepmd names --port "$(cat "$BATS_TEST_TMPDIR/out")"
  [ "$status" -eq 0 ]
}

@test "takes its sockets from systemd, and tells it when it is ready" {
  local dir=$BATS_TEST_TMPDIR
  # Two listeners on one port as descriptors 3 and 4, as systemd passes them.
  cat >"$dir/activate.pl" <<'PERL'
use strict;
use warnings;
use IO::Socket::INET;
use IO::Socket::UNIX;
use POSIX ();
my ($dir, @command) = @ARGV;
my $first = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 9) or die;
my $port = $first->sockport;
my $second = IO::Socket::INET->new(
    LocalAddr => '127.0.0.9', LocalPort => $port, Listen => 9) or die;
my $notify = IO::Socket::UNIX->new(
    Local => "$dir/notify", Type => SOCK_DGRAM) or die;
open my $file, '>', "$dir/port" or die;
print $file $port;
close $file;
my $pid = fork;
if (!$pid) {
    POSIX::dup2(fileno $first, 20);
    POSIX::dup2(fileno $second, 21);
    POSIX::dup2(20, 3);
    POSIX::dup2(21, 4);
    @ENV{qw(LISTEN_FDS LISTEN_PID NOTIFY_SOCKET)} = (2, $$, "$dir/notify");
    exec @command;
}
open $file, '>', "$dir/pid" or die;
print $file $pid;
close $file;
$notify->recv(my $text, 4096);
open $file, '>', "$dir/told" or die;
print $file $text;
close $file;
waitpid $pid, 0;
exit $? >> 8;
PERL
  perl "$dir/activate.pl" "$dir" rm-cepmd 2>/dev/null 3>&- &
  local activated=$!
  track "$activated"
  wait_for 10 test -s "$dir/told"
  track "$(cat "$dir/pid")"
  grep -qx READY=1 "$dir/told"
  register "$(cat "$dir/port")" one
  [ "$REPLY" = 7600 ]
  finds "$(cat "$dir/port")" one - 4711
  # On the other one, too.
  exec {FD}<>"/dev/tcp/127.0.0.9/$(cat "$dir/port")"
  printf '\0\1n' >&"$FD"
  timeout 10 cat <&"$FD" >"$dir/names"
  grep -aq 'name one at port 4711' "$dir/names"
  kill -TERM "$(cat "$dir/pid")"
  wait "$activated"
}

@test "a full or closed standard output is an error, not a silence" {
  run bash -c 'rm-cepmd --port 0 >/dev/full'
  [ "$status" -eq 111 ]
  [[ "$output" == *"standard output"* ]]
  cepmd it
  register "$(port_of it)" one
  run bash -c "rm-cepmd names --port $(port_of it) >/dev/full"
  [ "$status" -eq 111 ]
  run bash -c "rm-cepmd lookup --port $(port_of it) one >&-"
  [ "$status" -eq 111 ]
}

@test "names and lookup print what scripts can read" {
  cepmd it --host 127.0.0.2
  local port
  port=$(port_of it)
  run rm-cepmd names --port "$port"
  [ "$status" -eq 0 ]
  [ -z "$output" ]
  register "$port" one 4001
  register "$port" two 4002
  run rm-cepmd names --port "$port"
  [ "$output" = $'two\t127.0.0.2\t4002\none\t127.0.0.2\t4001' ]
  run rm-cepmd lookup --port "$port" one
  [ "$output" = $'one\t127.0.0.2\t4001' ]
  ERL_EPMD_PORT=$port run rm-cepmd lookup one@anywhere
  [ "$output" = $'one\t127.0.0.2\t4001' ]
  run rm-cepmd lookup --port "$port" three
  [ "$status" -eq 1 ]
  [ -z "$output" ]
  run rm-cepmd names --port "$(free_port)"
  [ "$status" -eq 111 ]
}

@test "SIGTERM ends it with 0" {
  cepmd it
  kill -TERM "$CEPMD_PID"
  wait "$CEPMD_PID"
}

@test "the examples of its page run" {
  cd "$BATS_TEST_TMPDIR"
  sed -n '/^\.Sh EXAMPLES/,/^\.Sh SEE/s/^\.Dl //p' "$TOP/man/rm-cepmd.8" |
    sed 's/\\(dq/"/g' >examples
  [ "$(wc -l <examples)" -eq 3 ]
  {
    sed -n 1p examples
    echo 'pid=$!; until [ -s port.txt ]; do sleep 0.05; done'
    sed -n '2,$p' examples
    echo 'kill $pid'
  } >run
  run bash -e run 3>&-
  [ "$status" -eq 0 ]
  [[ "$output" == *nowhere* ]]
}

# ---- byte for byte

# Plays the cases of a set against both and compares.
compare() {
  local theirs=$1 ours=$2
  shift 2
  escript "$CONFORMANCE" "$theirs" "$@" >"$BATS_TEST_TMPDIR/theirs" &
  escript "$CONFORMANCE" "$ours" "$@" >"$BATS_TEST_TMPDIR/ours"
  wait $!
  [ -s "$BATS_TEST_TMPDIR/ours" ]
  diff "$BATS_TEST_TMPDIR/theirs" "$BATS_TEST_TMPDIR/ours" | cut -c1-500
  cmp "$BATS_TEST_TMPDIR/theirs" "$BATS_TEST_TMPDIR/ours"
}

@test "answers as Debian's epmd does, over IPv4" {
  local port
  port=$(free_port)
  start_epmd "$port"
  cepmd ours
  compare "$port" "$(port_of ours)" plain
  # The last case is the end of both.
  wait_for 5 gone "$CEPMD_PID"
}

@test "answers as Debian's epmd does, over IPv6" {
  local port
  port=$(free_port)
  start_epmd "$port" -address ::1
  cepmd ours
  compare "$port" "$(port_of ours)" plain ::1
}

@test "answers as Debian's epmd does, with ZooKeeper behind it" {
  local port
  port=$(free_port)
  start_zookeeper
  start_epmd "$port"
  shared ours 2
  compare "$port" "$(port_of ours)" plain
}

@test "answers as Debian's epmd does when checks are relaxed" {
  local port
  port=$(free_port)
  start_epmd "$port" -relaxed_command_check
  cepmd ours --relaxed-command-check
  compare "$port" "$(port_of ours)" relaxed
}

@test "says NOEXIST once where epmd also says STOPPED" {
  cepmd ours --relaxed-command-check
  run escript "$CONFORMANCE" "$(port_of ours)" noexist
  [ "$output" = "stop of nobody: [4e4f4558495354 closed]" ]
}

@test "peers of other hosts may look up and list, no more" {
  local ours theirs
  ours=$(free_port)
  theirs=$(free_port)
  cat >"$BATS_TEST_TMPDIR/remote.sh" <<SH
# Where this may have a network of its own, two addresses in it; elsewhere
# the host's own address, which is not that of 127.0.0.1.
if [ "\$1" = alone ]; then
  ip link set lo up
  ip addr add 192.0.2.1/32 dev lo
  ip addr add 192.0.2.2/32 dev lo
  to=192.0.2.1 from=192.0.2.2
else
  to=127.0.0.1 from=\$1
fi
epmd -port $theirs -address \$to >/dev/null 2>&1 &
theirs=\$!
rm-cepmd --port $ours --address \$to 2>/dev/null &
ours=\$!
until ss -Hltn "sport = :$ours" | grep -q . && ss -Hltn "sport = :$theirs" | grep -q .; do
  sleep 0.05
done
escript $CONFORMANCE $theirs remote \$to \$from >$BATS_TEST_TMPDIR/theirs
escript $CONFORMANCE $ours remote \$to \$from >$BATS_TEST_TMPDIR/ours
kill \$ours \$theirs
SH
  if unshare -rn true 2>/dev/null; then
    timeout 60 unshare -rn bash "$BATS_TEST_TMPDIR/remote.sh" alone 3>&-
  else
    timeout 60 bash "$BATS_TEST_TMPDIR/remote.sh" "$(hostname -I | cut -d' ' -f1)" 3>&-
  fi
  diff "$BATS_TEST_TMPDIR/theirs" "$BATS_TEST_TMPDIR/ours"
  grep -qx 'registration: \[ closed\]' "$BATS_TEST_TMPDIR/ours"
}

# ---- connections

@test "silent connections end, registrations do not, and others are served" {
  cepmd it --packet-timeout 1
  local port i fds=() fd
  port=$(port_of it)
  register "$port" kept
  for ((i = 0; i < 200; i++)); do
    exec {fd}<>"/dev/tcp/127.0.0.1/$port"
    fds+=("$fd")
  done
  printf '\0' >&"${fds[0]}"
  finds "$port" kept - 4711
  # The peer closes: a read ends.
  for fd in "${fds[0]}" "${fds[199]}"; do
    timeout 10 cat <&"$fd"
  done
  finds "$port" kept - 4711
  for fd in "${fds[@]}"; do close "$fd"; done
}

# load NAME ARGUMENT...: epmd_load against a daemon, until the test ends.
load_on() {
  local port
  port=$(port_of "$1")
  shift
  mkfifo "$BATS_TEST_TMPDIR/$1"
  (
    ulimit -n "$(ulimit -Hn)"
    exec "$TOOLS/epmd_load" "$port" "$@" 3>&-
  ) <"$BATS_TEST_TMPDIR/$1" >"$BATS_TEST_TMPDIR/$1.out" 3>&- &
  track $!
  exec {FD}>"$BATS_TEST_TMPDIR/$1"
  wait_for 60 grep -q ready "$BATS_TEST_TMPDIR/$1.out"
}

@test "thousands of names, and the answer that lists them" {
  cepmd it --host 127.0.0.2
  # epmd ends at 1,017.
  load_on it hold 5000
  run rm-cepmd names --port "$(port_of it)"
  [ "${#lines[@]}" -eq 5000 ]
  [ "${lines[0]}" = $'name-5000\t127.0.0.2\t4711' ]
  finds "$(port_of it)" name-1 127.0.0.2 4711
}

@test "thousands of connections are held, and others served" {
  local count=$((($(ulimit -Hn) - 200) / 2))
  ((count <= 10000)) || count=10000
  cepmd it
  load_on it idle "$count"
  register "$(port_of it)" one
  finds "$(port_of it)" one - 4711
  run ss -Htn "sport = :$(port_of it)"
  ((${#lines[@]} >= count))
}

# answers PORT NODE: whether erl_call gets its name from it.
answers() {
  [ "$(ERL_EPMD_PORT=$1 erl_call -name "$2" -c test -a 'erlang node')" = "'$2'" ]
}

@test "ten thousand silent connections do not keep a node out" {
  cepmd it --host 127.0.0.2
  load_on it idle 10000
  node 127.0.0.2 "$(port_of it)" one
  wait_for 20 answers "$(port_of it)" one@127.0.0.2
  run ss -Htn state established "sport = :$(port_of it)"
  ((${#lines[@]} >= 10000))
}

@test "out of descriptors, silent connections make room" {
  (
    ulimit -n 60
    cepmd it
    echo "$CEPMD_PID" >"$BATS_TEST_TMPDIR/pid"
  )
  load_on it idle 100
  register "$(port_of it)" one
  [ "$REPLY" = 7600 ]
  finds "$(port_of it)" one - 4711
}

@test "out of descriptors, who sends a byte at a time makes room" {
  (
    ulimit -Sn 60
    cepmd it
  )
  printf '\1\0xxxxxxxx' | "$RM_TOOLS/trickle" connect "$(port_of it)" 100 200 \
    >"$BATS_TEST_TMPDIR/crawl" 3>&- &
  track $!
  wait_for 10 grep -q ready "$BATS_TEST_TMPDIR/crawl"
  register "$(port_of it)" one
  [ "$REPLY" = 7600 ]
  finds "$(port_of it)" one - 4711
}

# ---- Erlang

@test "nodes on two hosts ping each other through different ports" {
  start_zookeeper
  shared a 2
  shared b 3
  [ "$(port_of a)" != "$(port_of b)" ]
  node 127.0.0.2 "$(port_of a)" one
  wait_for 20 finds "$(port_of b)" one@127.0.0.2 127.0.0.2 \
    "$(wait_for 20 rm-cepmd lookup --port "$(port_of a)" one &&
      rm-cepmd lookup --port "$(port_of a)" one | cut -f3)"
  node 127.0.0.3 "$(port_of b)" two "$(ping_code one@127.0.0.2)"
  wait_for 20 says two "'one@127.0.0.2' pong"
  # A node of that name, but on another host, is another node.
  node 127.0.0.3 "$(port_of b)" three "$(ping_code one@127.0.0.9)"
  wait_for 20 says three "'one@127.0.0.9' pang"
  node 127.0.0.3 "$(port_of b)" four "$(ping_code nobody@127.0.0.2)"
  wait_for 20 says four "'nobody@127.0.0.2' pang"
  no_epmd
}

@test "stock tools work on the same host with ERL_EPMD_PORT" {
  cepmd it --host 127.0.0.2
  local port
  port=$(port_of it)
  node 127.0.0.2 "$port" one
  wait_for 20 rm-cepmd lookup --port "$port" one
  ERL_EPMD_PORT=$port run epmd -names
  [[ "$output" == *"name one at port"* ]]
  ERL_EPMD_PORT=$port run erl_call -name one@127.0.0.2 -c test -a 'erlang node'
  [ "$output" = "'one@127.0.0.2'" ]
  # What a release's nodetool does: a hidden node of its own asks.
  cat >"$BATS_TEST_TMPDIR/nodetool" <<'ESCRIPT'
#!/usr/bin/env escript
%%! -hidden -start_epmd false
main([Node]) ->
    {ok, _} = net_kernel:start(['maint@127.0.0.2', longnames]),
    erlang:set_cookie(node(), test),
    N = list_to_atom(Node),
    io:format("~p ~p", [net_adm:ping(N), rpc:call(N, erlang, nodes, [hidden])]).
ESCRIPT
  ERL_EPMD_PORT=$port run escript "$BATS_TEST_TMPDIR/nodetool" one@127.0.0.2
  [ "$output" = "pong ['maint@127.0.0.2']" ]
  # A node of the same host without the module.
  ERL_EPMD_PORT=$port run erl -noinput -name stock@127.0.0.2 -setcookie test \
    -start_epmd false -eval "$(ping_code one@127.0.0.2)."
  [ "$output" = "'one@127.0.0.2' pong" ]
  no_epmd
}

@test "a node registers again with a daemon that died and came back" {
  start_zookeeper
  shared a 2
  shared b 3
  local port
  port=$(port_of a)
  node 127.0.0.2 "$port" one
  wait_for 20 rm-cepmd lookup --port "$(port_of b)" one@127.0.0.2
  kill -KILL "$CEPMD_PID" # b: it holds nothing
  shared b 3
  wait_for 10 rm-cepmd lookup --port "$(port_of b)" one@127.0.0.2
  kill -KILL "$(sed -n 2p "$BATS_TEST_TMPDIR/pids")" # a
  PORT=$port shared a 2
  wait_for 20 grep -q 'published name=one' "$BATS_TEST_TMPDIR/a.log"
  wait_for 20 rm-cepmd lookup --port "$port" one
  node 127.0.0.3 "$(port_of b)" two "$(ping_code one@127.0.0.2)"
  wait_for 20 says two "'one@127.0.0.2' pong"
}

@test "the module has all that erl_epmd has" {
  run erl -noinput -pa "$EBIN" -eval '
    Api = erl_epmd:module_info(exports) -- gen_server:behaviour_info(callbacks),
    io:format("~p~n", [Api -- rm_epmd:module_info(exports)]), halt().'
  [ "$output" = "[]" ]
  # And what others of OTP 22 to 27 call.
  run erl -noinput -pa "$EBIN" -eval '
    Called = [{start_link, 0}, {register_node, 2}, {register_node, 3},
      {port_please, 2}, {port_please, 3}, {names, 0}, {names, 1},
      {address_please, 3}, {listen_port_please, 2}, {open, 0}, {open, 1},
      {open, 2}],
    io:format("~p~n", [Called -- rm_epmd:module_info(exports)]), halt().'
  [ "$output" = "[]" ]
}

@test "names of the module are those of a host" {
  start_zookeeper
  shared a 2
  shared b 3
  register "$(port_of a)" one 4001
  register "$(port_of b)" two 4002
  wait_for 10 rm-cepmd lookup --port "$(port_of b)" one
  ERL_EPMD_PORT=$(port_of b) run erl -noinput -start_epmd false -pa "$EBIN" -eval '
    io:format("~p ~p ~p ~p~n", [rm_epmd:names(), rm_epmd:names("127.0.0.2"),
      rm_epmd:port_please("one", {127,0,0,2}), rm_epmd:port_please(none, x)]), halt().'
  [ "$output" = '{ok,[{"two",4002}]} {ok,[{"one",4001}]} {port,4001,6} noport' ]
}

@test "nodes find each other over IPv6" {
  cepmd it
  local port
  port=$(port_of it)
  ERL_EPMD_PORT=$port erl -noinput -name one@::1 -setcookie test \
    -proto_dist inet6_tcp -start_epmd false -epmd_module rm_epmd -pa "$EBIN" \
    >/dev/null 2>&1 3>&- &
  track $!
  wait_for 20 rm-cepmd lookup --port "$port" one
  ERL_EPMD_PORT=$port run erl -noinput -name two@::1 -setcookie test \
    -proto_dist inet6_tcp -start_epmd false -epmd_module rm_epmd -pa "$EBIN" \
    -eval "$(ping_code one@::1)."
  [ "$output" = "'one@::1' pong" ]
}

@test "nodes of one host find each other through daemons of their own" {
  start_zookeeper
  cepmd a --zk "$ZK" --cluster kv --host 127.0.0.2
  cepmd b --zk "$ZK" --cluster kv --host 127.0.0.2
  cepmd c --zk "$ZK" --cluster kv --host ::1
  cepmd d --zk "$ZK" --cluster kv --host ::1
  node 127.0.0.2 "$(port_of a)" one
  wait_for 20 rm-cepmd lookup --port "$(port_of b)" one
  node 127.0.0.2 "$(port_of b)" two "$(ping_code one@127.0.0.2)"
  wait_for 20 says two "'one@127.0.0.2' pong"
  ERL_EPMD_PORT=$(port_of c) erl -noinput -name three@::1 -setcookie test \
    -proto_dist inet6_tcp -start_epmd false -epmd_module rm_epmd -pa "$EBIN" \
    >/dev/null 2>&1 3>&- &
  track $!
  wait_for 20 rm-cepmd lookup --port "$(port_of d)" three
  ERL_EPMD_PORT=$(port_of d) run erl -noinput -name four@::1 -setcookie test \
    -proto_dist inet6_tcp -start_epmd false -epmd_module rm_epmd -pa "$EBIN" \
    -eval "$(ping_code three@::1)."
  [ "$output" = "'three@::1' pong" ]
}

# ---- the cluster

@test "names are shared, and gone with their connection" {
  start_zookeeper
  shared a 2
  shared b 3
  register "$(port_of a)" one 4001
  [ "$REPLY" = 7600 ]
  wait_for 10 finds "$(port_of b)" one@x 127.0.0.2 4001
  # A stock look-up is about this host alone.
  run epmd -port "$(port_of b)" -names
  [[ "$output" != *one* ]]
  close "$FD"
  wait_for 10 misses "$(port_of b)" one
  register "$(port_of a)" one 4002
  wait_for 10 finds "$(port_of b)" one@x 127.0.0.2 4002
}

@test "thousands of names are shared, and gone with their daemon" {
  start_zookeeper
  shared a 2
  local pid=$CEPMD_PID
  shared b 3
  load_on a hold 3000
  wait_for 30 has_names b 3000
  finds "$(port_of b)" name-1500@x 127.0.0.2 4711
  kill -KILL "$pid"
  wait_for 30 has_names b 0
}

has_names() {
  [ "$(rm-cepmd names --port "$(port_of "$1")" | wc -l)" -eq "$2" ]
}

@test "clusters and frameworks do not see each other" {
  start_zookeeper
  shared a 2
  shared b 3
  cepmd c --zk "$ZK" --cluster other --host 127.0.0.4
  cepmd d --zk "$ZK" --cluster kv --framework second --host 127.0.0.5
  register "$(port_of a)" one 4001
  register "$(port_of c)" one 4003
  [ "$REPLY" = 7600 ]
  register "$(port_of d)" one 4004
  [ "$REPLY" = 7600 ]
  wait_for 10 finds "$(port_of b)" one@x 127.0.0.2 4001
  finds "$(port_of c)" one@x 127.0.0.4 4003
  finds "$(port_of d)" one@x 127.0.0.5 4004
  run rm-cepmd names --port "$(port_of b)"
  [ "$output" = $'one\t127.0.0.2\t4001' ]
}

@test "with --publish other names stay on this host" {
  start_zookeeper
  shared a 2 --publish riak-kv-1
  shared b 3 --publish riak-kv-2
  register "$(port_of a)" maint 4001
  register "$(port_of b)" maint 4002
  [ "$REPLY" = 7600 ]
  register "$(port_of a)" riak-kv-1 4003
  wait_for 10 finds "$(port_of b)" riak-kv-1@x 127.0.0.2 4003
  finds "$(port_of a)" maint@127.0.0.2 - 4001
  finds "$(port_of b)" maint@127.0.0.3 - 4002
  run rm-cepmd names --port "$(port_of b)"
  [ "$output" = $'riak-kv-1\t127.0.0.2\t4003' ]
}

@test "a name taken elsewhere is refused until it is free" {
  start_zookeeper
  shared a 2
  shared b 3
  register "$(port_of a)" one 4001
  local held=$FD
  register "$(port_of b)" one 4002
  [ "$REPLY" = 7601 ]
  logged b "refused, taken elsewhere name=one host=127.0.0.2"
  close "$held"
  wait_for 10 misses "$(port_of b)" one
  register "$(port_of b)" one 4002
  [ "$REPLY" = 7600 ]
  wait_for 10 finds "$(port_of a)" one@x 127.0.0.3 4002
}

@test "of many that want a name at once, one gets it" {
  start_zookeeper
  local i got=0
  for i in 2 3 4 5; do shared "d$i" "$i"; done
  for i in 2 3 4 5; do
    wait_for 10 logged "d$i" "connected to ZooKeeper"
  done
  for i in 2 3 4 5; do
    held "reply$i" "$(port_of "d$i")" one "400$i"
  done
  for i in 2 3 4 5; do
    wait_for 10 test -s "$BATS_TEST_TMPDIR/reply$i"
    [ "$(cat "$BATS_TEST_TMPDIR/reply$i")" = 7601 ] || got=$((got + 1))
  done
  [ "$got" -eq 1 ]
}

@test "odd names are shared too" {
  start_zookeeper
  shared a 2
  shared b 3
  local name
  for name in ../up . a/b 'a b' 100% é; do
    LC_ALL=C register "$(port_of a)" "$name" 4001
    [ "$REPLY" = 7600 ]
    wait_for 10 finds "$(port_of b)" "$name@" 127.0.0.2 4001
  done
}

# ---- ZooKeeper away

@test "keeps answering without ZooKeeper and registers again after it" {
  start_zookeeper
  local zk_port=${ZK#*:}
  shared a 2
  shared b 3
  register "$(port_of a)" one 4001
  wait_for 10 finds "$(port_of b)" one@x 127.0.0.2 4001
  kill -KILL "$ZK_PID"
  wait_for 15 logged b "ZooKeeper is away"
  finds "$(port_of b)" one@x 127.0.0.2 4001
  finds "$(port_of a)" one@x 127.0.0.2 4001
  # Answered at once, published later.
  SECONDS=0
  register "$(port_of a)" two 4002
  [ "$REPLY" = 7600 ]
  ((SECONDS <= 2))
  misses "$(port_of b)" two
  # Gone while it was away.
  register "$(port_of a)" three 4003
  close "$FD"
  start_zookeeper "$zk_port"
  wait_for 30 finds "$(port_of b)" two@x 127.0.0.2 4002
  wait_for 30 finds "$(port_of b)" one@x 127.0.0.2 4001
  misses "$(port_of b)" three
}

@test "a daemon that was stopped for long registers again in a new session" {
  start_zookeeper
  shared a 2
  local pid=$CEPMD_PID
  shared b 3
  register "$(port_of a)" one 4001
  wait_for 10 finds "$(port_of b)" one@x 127.0.0.2 4001
  kill -STOP "$pid"
  wait_for 20 misses "$(port_of b)" one
  kill -CONT "$pid"
  wait_for 20 finds "$(port_of b)" one@x 127.0.0.2 4001
  logged a "session was lost"
}

@test "starts without ZooKeeper" {
  local zk_port
  zk_port=$(free_port)
  ZK=127.0.0.1:$zk_port
  shared a 2
  register "$(port_of a)" one 4001
  [ "$REPLY" = 7600 ]
  finds "$(port_of a)" one@x 127.0.0.2 4001
  start_zookeeper "$zk_port"
  shared b 3
  wait_for 20 finds "$(port_of b)" one@x 127.0.0.2 4001
}

@test "starts though ZooKeeper's name has no address yet" {
  start_zookeeper
  cd "$BATS_TEST_TMPDIR" || return
  touch hosts resolv.conf
  local CEPMD_IN=(in_own_names)
  ZK=zk.test:${ZK#*:} shared a 2
  register "$(port_of a)" one 4001
  [ "$REPLY" = 7600 ]
  finds "$(port_of a)" one@x 127.0.0.2 4001
  echo "127.0.0.1 zk.test" >hosts
  shared b 3
  wait_for 20 finds "$(port_of b)" one@x 127.0.0.2 4001
}

@test "a ZooKeeper that hangs delays no registration for long" {
  start_zookeeper
  shared a 2 --zk-timeout 20
  wait_for 10 logged a "connected to ZooKeeper"
  kill -STOP "$ZK_PID"
  SECONDS=0
  register "$(port_of a)" one 4001
  register "$(port_of a)" two 4002
  [ "$REPLY" = 7600 ]
  ((SECONDS <= 3))
  kill -CONT "$ZK_PID"
  wait_for 20 logged a "published name=two"
}

@test "a conflict found later is logged, and the older one keeps the name" {
  start_zookeeper
  local zk_port=${ZK#*:}
  shared a 2
  shared b 3
  wait_for 10 logged a "connected to ZooKeeper"
  wait_for 10 logged b "connected to ZooKeeper"
  kill -KILL "$ZK_PID"
  wait_for 15 logged a "ZooKeeper is away"
  wait_for 15 logged b "ZooKeeper is away"
  held older "$(port_of b)" one 4003
  wait_for 5 test -s "$BATS_TEST_TMPDIR/older"
  register "$(port_of a)" one 4002
  [ "$REPLY" = 7600 ]
  shared c 4
  start_zookeeper "$zk_port"
  wait_for 30 logged a "conflict: registered elsewhere before"
  wait_for 30 finds "$(port_of c)" one@x 127.0.0.3 4003
  wait_for 10 finds "$(port_of a)" one@x 127.0.0.3 4003
  # Once it is free, the younger one has it.
  kill "$HELD"
  wait_for 10 finds "$(port_of c)" one@x 127.0.0.2 4002
}

@test "a record of the same host and port is replaced, not refused" {
  start_zookeeper
  shared a 2 --zk-timeout 20
  shared b 3
  local port
  port=$(port_of a)
  register "$port" one 4001
  wait_for 10 finds "$(port_of b)" one@x 127.0.0.2 4001
  kill -KILL "$(sed -n 2p "$BATS_TEST_TMPDIR/pids")"
  PORT=$port shared a 2
  wait_for 10 logged a "connected to ZooKeeper"
  # The old record is there still: the node may live.
  wait_for 10 finds "$port" one@x 127.0.0.2 4001
  register "$port" one 4005
  [ "$REPLY" = 7600 ]
  wait_for 10 finds "$(port_of b)" one@x 127.0.0.2 4005
}

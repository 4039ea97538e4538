# Port mappers and real Erlang nodes that use them. Load helper.bash first.
# shellcheck shell=bash

EBIN=$RM_BIN/../ebin

# cepmd NAME [OPTION]...: starts one on a free port, or on $PORT; its pid is
# in CEPMD_PID, its log in NAME.log. CEPMD_IN: what runs it, if set.
cepmd() {
  local name=$1 port=${PORT:-0}
  shift
  rm -f "$BATS_TEST_TMPDIR/$name.port"
  "${CEPMD_IN[@]}" rm-cepmd --port "$port" --port-file "$BATS_TEST_TMPDIR/$name.port" "$@" \
    >"$BATS_TEST_TMPDIR/$name.out" 2>>"$BATS_TEST_TMPDIR/$name.log" 3>&- &
  CEPMD_PID=$!
  track "$CEPMD_PID"
  wait_for 10 test -s "$BATS_TEST_TMPDIR/$name.port"
}

port_of() {
  cat "$BATS_TEST_TMPDIR/$1.port"
}

# logged NAME WORDS: whether its log has them.
logged() {
  grep -q -- "$2" "$BATS_TEST_TMPDIR/$1.log"
}

# One on 127.0.0.N that shares the names of a cluster.
shared() {
  local name=$1 n=$2
  shift 2
  cepmd "$name" --zk "$ZK" --cluster kv --host "127.0.0.$n" --zk-timeout 2 "$@"
}

# node IP CEPMD_PORT NAME [CODE]: a real Erlang node; its output in NAME.node.
# Tests cut connections on purpose: OTP 25's `global` must not answer a cut by
# cutting more of them, for as long as another cut is on its way.
node() {
  local ip=$1 port=$2 name=$3 code=${4:-ok}
  ERL_EPMD_PORT=$port erl -noinput -name "$name@$ip" -setcookie test \
    -start_epmd false -epmd_module rm_epmd -pa "$EBIN" \
    -kernel inet_dist_use_interface "{${ip//./,}}" \
    -kernel prevent_overlapping_partitions false -eval "$code." \
    >"$BATS_TEST_TMPDIR/$name.node" 2>&1 3>&- &
  NODE_PID=$!
  track "$NODE_PID"
}

# says NAME WORDS: whether the node has written them.
says() {
  grep -q -- "$2" "$BATS_TEST_TMPDIR/$1.node"
}

# register PORT NAME [NODE_PORT]: registers over a connection of its own; its
# descriptor is in FD, the reply's first two bytes in REPLY.
register() {
  local name=$2 node=${3:-4711}
  exec {FD}<>"/dev/tcp/127.0.0.1/$1"
  {
    bytes16 $((13 + ${#name}))
    printf x
    bytes16 "$node"
    printf 'M\0\0\6\0\5'
    bytes16 "${#name}"
    printf '%s\0\0' "$name"
  } | cat >&"$FD"
  REPLY=$(timeout 10 head -c 2 <&"$FD" | od -An -tx1 | tr -d ' ')
}

# shellcheck disable=SC2059 # the format is the byte
bytes16() {
  printf "\\$(printf %o $(($1 >> 8)))\\$(printf %o $(($1 & 255)))"
}

close() {
  eval "exec $1>&-"
}

# finds PORT NAME HOST NODE_PORT; misses PORT NAME
finds() {
  [ "$(rm-cepmd lookup --port "$1" "$2")" = "${2%@*}"$'\t'"$3"$'\t'"$4" ]
}

misses() {
  local code=0
  rm-cepmd lookup --port "$1" "$2" || code=$?
  [ "$code" -eq 1 ]
}

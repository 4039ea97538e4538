# What a shell offers: words, options, and names that only the API knows; the
# same in bash, zsh and fish.
# shellcheck shell=bash
# run sets status, output and stderr; F is the framework's name.
# shellcheck disable=SC2154,SC2016

load helper
load stack
load cli

two_clusters() {
  framework
  riak-mesos cluster create kv riak-3-2
  riak-mesos cluster create kw riak-3-2
  riak-mesos cluster add-node kv --nodes 2
}

# in_bash WORD…: what bash offers for the last one.
in_bash() {
  bash -c 'compopt() { :; }; source "$TOP/completions/riak-mesos.bash"
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
    _riak_mesos "$1"; printf "%s\n" "${COMPREPLY[@]}"' bash "$@"
}

# With what stands for zsh's own functions.
in_zsh() {
  zsh -fc '_describe() { print -l -- ${(P)4}; }; _files() { :; }
    words=("$@") CURRENT=$#; source "$TOP/completions/_riak-mesos"' zsh "$@"
}

in_fish() {
  fish -N -c 'source $TOP/completions/riak-mesos.fish
    complete -C "$argv"' -- "$*"
}

@test "bash: the names of clusters, nodes and versions" {
  two_clusters
  run in_bash riak-mesos cluster info k
  assert_output $'kv\nkw'
  run in_bash riak-mesos node info ''
  assert_line "$F-kv-1"
  assert_line "$F-kv-2"
  refute_line kv
  run in_bash riak-mesos cluster create new ri
  assert_output riak-3-2
  run in_bash riak-mesos cluster scale kv --jq . kw
  refute_output --partial kw
  run in_bash riak-mesos plan pa
  assert_output pause
  run in_bash riak-mesos plan show k
  assert_output $'kv\nkw'
  run in_bash riak-mesos cluster rollout kv re
  assert_output $'resume\nretry'
  # Options before what is completed count: another API knows other names.
  run in_bash riak-mesos --api = http : //127.0.0.1 : 1 cluster info k
  refute_output --partial kv
  run in_bash riak-mesos --framework "$F" cluster info k
  assert_output $'kv\nkw'
  run in_bash riak-mesos cluster info kv --js
  assert_output --json
  [ -z "$(riak-mesos --completion-words | cut -f1 | sort | uniq -d)" ]
  run in_bash riak-mesos cl
  assert_output cluster
}

@test "no API, one that hangs, a bad file: nothing is said, soon" {
  local port
  mkdir empty
  cd empty
  export RIAK_MESOS_API=http://127.0.0.1:1
  run --separate-stderr in_bash riak-mesos cluster info k
  refute_output
  [ -z "$stderr" ]
  port=$(free_port)
  # Takes connections and never says a word.
  perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new(Listen => 9,
    LocalAddr => "127.0.0.1", LocalPort => $ARGV[0]) or die; sleep 600' \
    "$port" 3>&- &
  track "$!"
  wait_for 10 listens "$port"
  export RIAK_MESOS_API=http://127.0.0.1:$port
  run --separate-stderr timeout 60 riak-mesos cluster info --completion-words
  assert_success
  assert_line --partial "--json"
  [ -z "$stderr" ]
  echo nonsense >bad.json
  RIAK_MESOS_CONFIG=bad.json run --separate-stderr riak-mesos cluster info \
    --completion-words
  assert_success
  [ -z "$stderr" ]
}

@test "zsh and fish offer the same" {
  two_clusters
  zsh -n "$TOP/completions/_riak-mesos"
  fish -n "$TOP/completions/riak-mesos.fish"
  run in_zsh riak-mesos cluster info ''
  assert_line --index 0 "kv:riak-3-2, 2 nodes"
  assert_line --index 1 "kw:riak-3-2, 0 nodes"
  run in_zsh riak-mesos node bucket-type ''
  assert_line --partial "create:"
  run in_fish "riak-mesos node info $F"
  assert_line "$F-kv-1"$'\trequested'
  run in_fish "riak-mesos cluster info k"
  assert_output $'kv\triak-3-2, 2 nodes\nkw\triak-3-2, 0 nodes'
  run in_fish "riak-mesos cluster add-n"
  assert_output --partial "add-node"
}

# bash completion for the riak-mesos toolkit. A program tells its own words
# (--completion-words: a word, a tab, its help), and riak-mesos the names of
# clusters and nodes, so these never go stale.
# shellcheck shell=bash

# What stands before the cursor says what can follow; where an option among it
# is not complete, the words of the command alone do.
_riak_mesos_words() {
  local program=$1 commands=()
  shift
  local word
  for word in "$@"; do
    [[ $word == -* ]] || commands+=("$word")
  done
  { "$program" "$@" --completion-words 2>/dev/null ||
    "$program" "${commands[@]}" --completion-words 2>/dev/null ||
    "$program" "${commands[@]:0:1}" --completion-words 2>/dev/null ||
    "$program" --completion-words 2>/dev/null; } | cut -f1
}

# bash takes "--api=http://h:1" apart at each = and :.
_riak_mesos_join() {
  local word joined=()
  for word in "$@"; do
    if [[ ${#joined[@]} -gt 0 && ($word == [=:]* || ${joined[-1]} == *[=:]) ]]; then
      joined[-1]+=$word
    else
      joined+=("$word")
    fi
  done
  printf '%s\n' "${joined[@]}"
}

_riak_mesos() {
  local cur=${COMP_WORDS[COMP_CWORD]} words before
  mapfile -t before < <(_riak_mesos_join "${COMP_WORDS[@]:1:COMP_CWORD-1}")
  [[ ${#before[@]} -eq 1 && -z ${before[0]} ]] && before=()
  words=$(_riak_mesos_words "$1" "${before[@]}")
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
  if [[ $cur != -* && ${#COMPREPLY[@]} -eq 0 ]]; then
    mapfile -t COMPREPLY < <(compgen -f -- "$cur")
  fi
  [[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace
  return 0
}

complete -F _riak_mesos rm-mesos rm-state rm-status rm-cluster rm-offer \
  rm-launch rm-schedd rm-executor rm-cepmd rm-riak rm-director rm-local rm-api \
  riak-mesos

# bash completion for the riak-mesos toolkit. A program tells its own words
# (--completion-words: a word, a tab, its help), so these never go stale.
# shellcheck shell=bash

# The words of a command, then its operands: what stands behind them says
# what can follow.
_riak_mesos_words() {
  local program=$1 commands=()
  shift
  local word
  for word in "$@"; do
    [[ $word == -* ]] || commands+=("$word")
  done
  { "$program" "${commands[@]}" --completion-words 2>/dev/null ||
    "$program" "${commands[@]:0:1}" --completion-words 2>/dev/null ||
    "$program" --completion-words 2>/dev/null; } | cut -f1
}

_riak_mesos() {
  local cur=${COMP_WORDS[COMP_CWORD]} words
  words=$(_riak_mesos_words "$1" "${COMP_WORDS[@]:1:COMP_CWORD-1}")
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

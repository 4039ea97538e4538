# A node's life under an executor one of whose calls fails: start, a key, end.
# Load helper.bash, faults.bash and executor.bash first.
# shellcheck shell=bash disable=SC2034,SC2153

# Of the executor's, in this run: it subscribes, or has ended.
subscribed() {
  gone "$EXECUTOR" || said ".type == \"SUBSCRIBE\" and
    .executor_id.value == \"$TASK\""
}

# It runs, has failed, or nobody is there any more.
settled() {
  gone "$EXECUTOR" || state RUNNING || state FAILED
}

killed() {
  gone "$EXECUTOR" || state KILLED
}

# Of the executor's, but its sockets: libcurl keeps connections as it likes.
descriptors() {
  find "/proc/$EXECUTOR/fd" -mindepth 1 -not -lname 'socket:*' | wc -l
}

# Whatever works in its sandbox, or has a port of its.
nothing_left() {
  local at
  for at in /proc/[0-9]*; do
    case $(readlink "$at/cwd" 2>/dev/null) in
    "$SANDBOX" | "$SANDBOX"/*) return 1 ;;
    esac
  done
  ! listens "$HTTP" && ! listens "$CEPMD" && ! listens "$REX"
}

# wrong WORDS: what is, with what was said.
wrong() {
  echo "$FAULT: $*"
  grep -v debug "$SANDBOX/stderr" | tail -n 20
  tail -n 3 "$SAID"
  return 1
}

# Keys of earlier runs are there, and one more.
serves() {
  local n
  for n in "${KEPT[@]}"; do
    [ "$(get_key "k$n")" = "v$n" ] || return
  done
  put_key "k$RUN" "v$RUN" && KEPT+=("$RUN")
}

# runs_and_ends: what runs serves; told to, it ends.
runs_and_ends() {
  [ "$(descriptors)" -le "${HELD:-99}" ] ||
    wrong "descriptors: $(ls -l "/proc/$EXECUTOR/fd")" || return
  serves || wrong "it does not serve" || return
  NOW_HELD=$(descriptors)
  agent kill "$TASK"
  wait_for 30 killed || wrong "it is not killed"
}

# life: one run under FAULT. A failure is the task's, and says why; or there was
# no task yet, or nobody to tell, and the executor says why and ends with 111.
life() {
  local code=0
  : >"$PWD/told"
  new_sandbox
  run_executor FAULTS="$FAULT" FAULTS_TOLD="$PWD/told" \
    FAULTS_OF=rm-executor LD_PRELOAD="$FAULTS_LIBRARY"
  wait_for 10 subscribed || wrong "it does not subscribe" || return
  gone "$EXECUTOR" || launch
  wait_for 60 settled || wrong "neither runs nor fails" || return
  if state RUNNING && ! gone "$EXECUTOR"; then
    runs_and_ends || return
  elif state FAILED; then
    [ -n "$(message FAILED)" ] || wrong "no word of why" || return
    FAILED=$((FAILED + 1))
  fi
  wait_for 20 gone "$EXECUTOR" || wrong "it does not end" || return
  wait "$EXECUTOR" || code=$?
  case $code in
  0) state KILLED || state FAILED || wrong "0, and nothing was told" ;;
  111) grep -q ': error: ' "$SANDBOX/stderr" || wrong "111, and no word" ;;
  *) wrong "it ended with $code" ;;
  esac || return
  [ "$code" -eq 0 ] || ENDED=$((ENDED + 1))
  wait_for 10 nothing_left || wrong "something is left" || return
  [ "$(grep -vc ': debug: ' "$SANDBOX/stderr")" -le $((LINES_MOST)) ] ||
    wrong "a flood" || return
  rm -rf "$SANDBOX"
}

# each_start CLASS STEP: one of the first STEP calls fails, by the seed, in the
# next run the one STEP after it, until a run has no such call any more.
each_start() {
  local class=$1 step=$2 n runs=0 ENDED=0 FAILED=0
  n=$((1 + ${FAULTS_SEED:-1} % step))
  if [ -z "${HELD-}" ]; then
    FAULT=none LINES_MOST=999
    life || return
    HELD=$NOW_HELD LINES_MOST=80
  fi
  for (( ; ; n += step, runs++)); do
    FAULT=$class:$n
    life || return
    [ -s told ] || break
  done
  echo "# $class: $runs calls failed, $FAILED tasks failed, $ENDED executors" >&3
  [ "$runs" -gt 0 ]
}

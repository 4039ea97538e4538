#!/usr/bin/env bash
# bats.sh FILE…: runs the files side by side, BATS_JOBS (3) at a time, since
# most of their time is waiting, those first that take minutes; each prints
# when it has ended. One that fails has a second chance, alone: it may have missed a
# deadline because of the others; the second time counts. Closes with
# `N passed, N failed` and exits 1 when any did, or did not run. Only under a
# sanitizer a test may say that it does not apply: those are named.
set -u
cd "$(dirname "$0")/.." || exit 1
# Deadlines are for a machine of one's own.
export WAIT_SCALE=${WAIT_SCALE:-3}
passed=0 failed=0 inapt=0
outs=$(mktemp -d)
trap 'rm -rf "$outs"' EXIT
run_file() { # run_file FILE
  bats --timing "$1" >"$outs/$(basename "$1")" 2>&1
  echo "== $1"
  cat "$outs/$(basename "$1")"
}
export outs
export -f run_file

# all_ok OUTPUT: every planned test has run and passed.
all_ok() {
  [ "$(grep -c '^ok ' "$1")" = "$(sed -n 's/^1\.\.//p' "$1" | head -n 1)" ] &&
    ! grep -q '^not ok ' "$1"
}

minutes='/(writes|clusters|rm-executor-cluster|rm-executor|kills|soak|system|chaos|rm-cepmd|serving|starting|peers)\.bats$'
{
  printf '%s\n' "$@" | grep -E "$minutes"
  printf '%s\n' "$@" | grep -Ev "$minutes"
} | xargs -P "${BATS_JOBS:-3}" -I{} bash -c 'run_file {}'

for file; do
  out=$outs/$(basename "$file")
  all_ok "$out" && continue
  grep '^not ok ' "$out"
  echo "== again, alone:"
  run_file "$file"
done

for out in "$outs"/*.bats; do
  other=$(grep -c '^ok .* # skip' "$out")
  ok=$(($(grep -c '^ok ' "$out") - other))
  bad=$(grep -c '^not ok ' "$out")
  plan=$(sed -n 's/^1\.\.//p' "$out" | head -n 1)
  missing=$((${plan:-1} - ok - bad - other))
  [ "$missing" -eq 0 ] || echo "$(basename "$out"): $missing tests did not run"
  passed=$((passed + ok)) failed=$((failed + bad + missing))
  if [ -n "${RM_SANITIZE-}" ]; then
    inapt=$((inapt + other))
  else
    failed=$((failed + other))
  fi
done
grep -h '^not ok ' "$outs"/*.bats
grep -h '^ok .* # skip' "$outs"/*.bats | sed 's/^ok [0-9]* /not applicable: /'
[ "$inapt" -eq 0 ] || echo "$inapt not applicable under this build"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]

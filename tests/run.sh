#!/usr/bin/env bash
# run.sh MAKE…: builds and runs all tests, each part to its end, and closes
# with `N passed, N failed`. Exits 1 when anything failed or did not build.
set -u
cd "$(dirname "$0")/.." || exit 1
# Files run side by side: deadlines are for a machine of one's own.
export WAIT_SCALE=${WAIT_SCALE:-3}
passed=0 failed=0
out=$(mktemp)
trap 'rm -f "$out"' EXIT

part() {
  printf '\n== %s\n' "$1"
}

# tally NAME STATUS: one test by its exit status.
tally() {
  if [ "$2" -eq 0 ]; then
    passed=$((passed + 1))
    echo "ok $1"
  else
    failed=$((failed + 1))
    echo "not ok $1"
  fi
}

part build
"$@" -j"$(nproc)" all unit corpus bats >"$out" 2>&1
status=$?
[ $status -eq 0 ] || tail -n 50 "$out"
tally build $status
[ $status -eq 0 ] || {
  echo "$passed passed, $failed failed"
  exit 1
}

part lint
"$@" -s lint
tally lint $?

part units
for t in "$RM_BUILD"/tests/*_test; do
  "$t" >"$out" 2>&1
  status=$?
  grep -aE '^\[ *(FAILED|  ERROR) *\]' "$out" && cat "$out"
  ok=$(grep -acE '^\[ +OK +\]' "$out")
  bad=$(grep -acE '^\[ +FAILED +\] [a-z_0-9]+$' "$out")
  # A test program that died tells of no failed test.
  if [ $status -ne 0 ] && [ "$bad" -eq 0 ]; then
    bad=1
    cat "$out"
  fi
  echo "$(basename "$t"): $ok passed, $bad failed"
  passed=$((passed + ok)) failed=$((failed + bad))
done

part "fuzz corpora"
for t in "$RM_BUILD"/corpus/*_fuzz; do
  name=$(basename "$t" _fuzz)
  "$t" tests/fuzz/corpus/"$name"
  tally "corpus $name" $?
done

# Files side by side, since most of their time is waiting; the longest first.
# Each prints when it has ended. One that fails has a second chance, alone: it
# may have missed a deadline because of the others; the second time counts.
part bats
outs=$(mktemp -d)
run_file() { # run_file FILE
  bats --timing "$1" >"$outs/$(basename "$1")" 2>&1
}
export outs
export -f run_file
# shellcheck disable=SC2011,SC2086 # the names are ours
ls -S ${BATS_FILES:-tests/*.bats} |
  xargs -P "${BATS_JOBS:-3}" -I{} bash -c '
    run_file "$1"; echo "== $1"; cat "$outs/$(basename "$1")"' bash {}

# all_ok OUTPUT: every planned test has run and passed.
all_ok() {
  [ "$(grep -c '^ok ' "$1")" = "$(sed -n 's/^1\.\.//p' "$1" | head -n 1)" ] &&
    ! grep -q '^not ok ' "$1"
}

for t in "$outs"/*.bats; do
  all_ok "$t" && continue
  grep '^not ok ' "$t"
  echo "== again, alone: $(basename "$t")"
  run_file "tests/$(basename "$t")"
  cat "$t"
done
for t in "$outs"/*.bats; do
  ok=$(grep -c '^ok ' "$t")
  bad=$(grep -c '^not ok ' "$t")
  plan=$(sed -n 's/^1\.\.//p' "$t" | head -n 1)
  missing=$((${plan:-1} - ok - bad))
  [ "$missing" -eq 0 ] || echo "$(basename "$t"): $missing tests did not run"
  passed=$((passed + ok)) failed=$((failed + bad + missing))
done
grep -h '^not ok ' "$outs"/*.bats
rm -rf "$outs"

echo
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]

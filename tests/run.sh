#!/usr/bin/env bash
# run.sh MAKE…: builds and runs all tests, each part to its end, and closes
# with `N passed, N failed`. Exits 1 when anything failed or did not build.
# Under a sanitizer (RM_SANITIZE) each report of it is a failure, whichever
# program wrote it: they are in the folder RM_REPORTS, and stay there.
set -u
[ -z "${RM_SANITIZE-}" ] || export WAIT_SCALE=${WAIT_SCALE:-8}
cd "$(dirname "$0")/.." || exit 1
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

if [ -n "${RM_SANITIZE-}" ]; then
  rm -rf "$RM_REPORTS"
  mkdir -p "$RM_REPORTS"
fi
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

part hardening
if [ -n "${RM_SANITIZE-}" ]; then
  echo "not applicable: programs under a sanitizer are not hardened"
else
  "$@" -s hardened
  tally hardened $?
fi

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

part bats
# shellcheck disable=SC2086 # the names are ours
tests/bats.sh ${BATS_FILES:-tests/*.bats} | tee "$out"
ok=$(sed -nE 's/^([0-9]+) passed, [0-9]+ failed$/\1/p' "$out")
bad=$(sed -nE 's/^[0-9]+ passed, ([0-9]+) failed$/\1/p' "$out")
passed=$((passed + ${ok:-0})) failed=$((failed + ${bad:-1}))

if [ -n "${RM_SANITIZE-}" ]; then
  part "reports of -fsanitize=$RM_SANITIZE"
  tests/reports.sh "$RM_REPORTS"
  bad=$?
  [ $bad -gt 0 ] || tally "no report" 0
  failed=$((failed + bad))
fi

echo
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]

#!/usr/bin/env bash
# valgrind.sh: the units under memcheck. A program that fails, reads what it
# may not, or loses memory is a failure. Closes with `N passed, N failed`.
# Tests of much input make one round in RM_ROUNDS_PART (10): all of them are
# for `make check`.
set -u
export RM_ROUNDS_PART=${RM_ROUNDS_PART:-10}
cd "$(dirname "$0")/.." || exit 1
passed=0 failed=0
out=$(mktemp)
trap 'rm -f "$out"' EXIT
for t in "$RM_BUILD"/tests/*_test; do
  name=$(basename "$t")
  SECONDS=0
  if valgrind --quiet --leak-check=full --show-leak-kinds=definite,indirect \
    --errors-for-leak-kinds=definite,indirect --error-exitcode=99 \
    "$t" >"$out" 2>&1; then
    passed=$((passed + 1))
    echo "ok valgrind $name in $SECONDS s"
  else
    failed=$((failed + 1))
    echo "not ok valgrind $name in $SECONDS s"
    cat "$out"
  fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]

#!/usr/bin/env bash
# reports.sh FOLDER: what sanitizers have written there, each once for all
# that begin alike. Exits with the number of kinds, at most 100.
set -u
cd "$1" 2>/dev/null || exit 0

# kind FILE: what was found and where, without what differs from run to run.
kind() {
  sed -E 's/==[0-9]+==//; s/0x[0-9a-f]+/0x/g; s/\(pid=[0-9]+\)//' "$1" |
    grep -vE '^=*$' | head -n 12
}

declare -A seen=()
for file in report.*; do
  [ -e "$file" ] || continue
  # A process that is killed while it looks for leaks says so; that is none.
  grep -qvE 'Unable to get registers from thread|^$' "$file" || continue
  what=$(kind "$file")
  [ -z "${seen["$what"]-}" ] || continue
  seen["$what"]=1
  echo "not ok report $1/$file"
  head -n 40 "$file"
done
count=${#seen[@]}
exit $((count < 100 ? count : 100))

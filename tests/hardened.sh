#!/usr/bin/env bash
# hardened.sh PROGRAM…: whether each was built as the Makefile means to: at
# any address, with relocations that are read-only from the start, no
# executable stack, a guarded stack, checked copies, and no thread. A line for each that
# was not; exits 1 when there is one.
set -u
status=0

# must WHAT: the condition that has just been tried.
must() {
  local held=$?
  [ "$held" -eq 0 ] || {
    echo "$program: no $1"
    status=1
  }
}

for program; do
  elf=$(readelf --wide --file-header --program-headers --dynamic "$program") &&
    symbols=$(readelf --wide --dyn-syms "$program") || exit 1
  grep -qE 'FLAGS_1\).*\<PIE\>' <<<"$elf"
  must 'position independence (PIE)'
  grep -q GNU_RELRO <<<"$elf"
  must 'read-only relocations (RELRO)'
  grep -q BIND_NOW <<<"$elf"
  must 'binding at the start (BIND_NOW)'
  grep -qE 'GNU_STACK .* RW +0x' <<<"$elf"
  must 'stack without code'
  ! grep -qE 'R(UN)?PATH' <<<"$elf"
  must 'search for libraries in fixed places only'
  grep -q __stack_chk_fail <<<"$symbols"
  must 'guarded stack (-fstack-protector-strong)'
  grep -qE '__(v?s?n?f?printf|mem[a-z]+|st[a-z]+|read|recv)_chk' <<<"$symbols"
  must 'checked copies (_FORTIFY_SOURCE)'
  ! grep -qE '\<(pthread_create|thrd_create)\>' <<<"$symbols"
  must 'single thread'
done
exit $status

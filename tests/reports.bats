# reports.sh: what make check counts of what sanitizers have found.

load helper

reports() {
  "$TOP/tests/reports.sh" "$BATS_TEST_TMPDIR"
}

report() { # report NAME LINE
  printf '=====\n%s\n' "$2" >"$BATS_TEST_TMPDIR/report.$1"
}

@test "no report is none, nor is what a process that was killed says" {
  run -0 reports
  assert_output ""
  report rm-offer.3 "==rm-offer==4==Unable to get registers from thread 3."
  sed -i 1d "$BATS_TEST_TMPDIR/report.rm-offer.3"
  : >"$BATS_TEST_TMPDIR/report.rm-offer.5"
  run -0 reports
  assert_output ""
}

@test "each kind counts once, whichever process wrote it" {
  report rm-api.6 "==rm-api==6==ERROR: heap-use-after-free on address 0x61"
  report rm-api.7 "==rm-api==7==ERROR: heap-use-after-free on address 0x62"
  report rm-local.8 "==rm-local==8==ERROR: detected memory leaks"
  run -2 reports
  assert_line --partial "not ok report $BATS_TEST_TMPDIR/report.rm-api.6"
  assert_line --partial "not ok report $BATS_TEST_TMPDIR/report.rm-local.8"
  refute_line --partial "report.rm-api.7"
}

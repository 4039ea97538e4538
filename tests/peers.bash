# Peers that take their time (tests/tools/trickle.c). Load helper.bash first.
# shellcheck shell=bash

TOOLS=${RM_TOOLS:-$RM_BIN/../tools}

# crawl NAME PORT COUNT MS [TEXT]: so many clients that send TEXT, a byte every
# MS milliseconds, or nothing. Their ends are in NAME.
crawl() {
  printf %b "${5-}" | "$TOOLS/trickle" connect "$2" "$3" "$4" \
    >"$BATS_TEST_TMPDIR/$1" 2>&1 3>&- &
  track $!
  wait_for 20 grep -q ready "$BATS_TEST_TMPDIR/$1"
}

# dawdle NAME MS [TEXT [PORT]]: a server that takes connections and answers so,
# at 127.0.0.1:PORT.
dawdle() {
  PORT=${4-$(free_port)}
  printf %b "${3-}" | "$TOOLS/trickle" listen "$PORT" "$2" \
    >"$BATS_TEST_TMPDIR/$1" 2>&1 3>&- &
  track $!
  wait_for 10 grep -q ready "$BATS_TEST_TMPDIR/$1"
}

# left NAME COUNT: whether so many of them have been left.
left() {
  [ "$(grep -c '^gone' "$BATS_TEST_TMPDIR/$1")" -ge "$2" ]
}

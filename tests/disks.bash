# Disks that are full. Load helper.bash first.
# shellcheck shell=bash

# small_disk KIB: a disk of its own at DISK, for what runs `on_disk`; everybody
# else sees it at SEEN.
small_disk() {
  local pid
  DISK=$BATS_TEST_TMPDIR/disk
  mkdir "$DISK"
  # shellcheck disable=SC2016 # the inner shell's
  unshare -m sh -c 'mount -t tmpfs -o size="$2k" none "$1" && touch "$1/.there" &&
    exec sleep 3600' sh "$DISK" "$1" 3>&- &
  pid=$!
  track "$pid"
  SEEN=/proc/$pid/root$DISK
  ON_DISK=(nsenter -m -t "$pid")
  wait_for 10 test -e "$SEEN/.there"
}

# on_disk COMMAND…: works in a folder of that disk.
on_disk() {
  # shellcheck disable=SC2016 # the inner shell's
  "${ON_DISK[@]}" sh -c 'cd "$1" && shift && exec "$@"' sh "$DISK" "$@"
}

fill() {
  ! cat /dev/zero >"$SEEN/fill" 2>/dev/null
}

make_room() {
  rm "$SEEN/fill"
}

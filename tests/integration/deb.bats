# The Debian package: built from a copy of the sources by Debian's own tools,
# looked at by lintian, unpacked and run. SHORT=1 builds without optimising.

load ../helper

setup_file() {
  [ -z "${SHORT-}" ] || export DEB_BUILD_OPTIONS=noopt
  cd "$TOP" || return
  B=$BATS_FILE_TMPDIR/b make -s deb >"$BATS_FILE_TMPDIR/log" 2>&1 || {
    cat "$BATS_FILE_TMPDIR/log"
    return 1
  }
  dpkg-deb -x "$BATS_FILE_TMPDIR"/b/riak-mesos_*.deb "$BATS_FILE_TMPDIR/root"
  dpkg-deb -e "$BATS_FILE_TMPDIR"/b/riak-mesos_*.deb "$BATS_FILE_TMPDIR/scripts"
}

setup() {
  cd "$BATS_FILE_TMPDIR/root" || return
}

@test "lintian has nothing to warn of" {
  # It has ended the build if it did; here: that it was asked.
  run lintian --fail-on error,warning ../b/deb/*.changes
  assert_success
  refute_output --regexp '(^|\n)[EW]: '
}

@test "what is in it: each program with its page, the units, the archive" {
  local p
  for p in "$TOP"/cmd/*.c; do
    p=$(basename "$p" .c)
    run --separate-stderr "usr/bin/$p" --version
    assert_success
    assert_output --regexp "^$p [0-9.]+$"
    ls usr/share/man/man[18]/"$p".[18].gz
    [ -e "usr/share/bash-completion/completions/$p" ]
  done
  for p in rm-schedd rm-api rm-director; do
    grep -qx "ExecStart=/usr/bin/$p" "lib/systemd/system/$p.service"
  done
  tar -tzf usr/lib/riak-mesos/rm-executor.tar.gz rm-executor/bin/rm-executor
}

@test "it names the packages of every library that its programs load" {
  local needs library package triple
  needs=$(dpkg-deb -f ../b/riak-mesos_*.deb Depends)
  triple=$(dpkg-architecture -qDEB_HOST_MULTIARCH)
  for library in $(objdump -p usr/bin/* | awk '$1 == "NEEDED" {print $2}' | sort -u); do
    package=$(dpkg-query -S "*/$triple/$library" | head -n 1 | cut -d: -f1)
    grep -qw -- "$package" <<<"$needs" || {
      echo "$library is of $package, not among: $needs"
      return 1
    }
  done
}

@test "its scripts make the user before the folder, and start nothing" {
  local user folder
  user=$(grep -n systemd-sysusers ../scripts/postinst | head -n 1 | cut -d: -f1)
  folder=$(grep -n systemd-tmpfiles ../scripts/postinst | head -n 1 | cut -d: -f1)
  [ "$user" -lt "$folder" ]
  # Enabled only where it was before; stopped when the package goes, not when
  # a newer one comes.
  run grep -B1 -w 'deb-systemd-helper enable' ../scripts/postinst
  assert_output --partial "# Create new symlinks, if any."
  run grep -B1 'deb-systemd-invoke stop' ../scripts/prerm
  assert_output --partial '"$1" = remove'
}

@test "a changelog of another version than the Makefile's is refused" {
  cp -a "$TOP/examples" "$TOP/Makefile" "$TOP/README.md" "$TOP/cmd" "$TOP/lib" \
    "$TOP/man" "$TOP/completions" "$BATS_TEST_TMPDIR/"
  cd "$BATS_TEST_TMPDIR"
  run examples/deb.sh b 9.9.9
  assert_failure
  assert_output "deb.sh: debian/changelog is of 0.1.0, the Makefile of 9.9.9"
}

# Options, pages, completions and exit codes agree; everything has a page.

load helper

programs() {
  local f
  for f in "$TOP"/cmd/*.c; do basename "$f" .c; done
}

page() {
  ls "$TOP"/man/"$1".[18] 2>/dev/null | head -n 1
}

# words PROGRAM [COMMAND]: its options, without dashes.
words() {
  "$@" --completion-words | cut -f1 | sed -n 's/^--\([a-z0-9-]*\)=\{0,1\}$/\1/p'
}

# commands_of PROGRAM [WORDS]: the names of its commands, a line each; a name
# may have several words.
commands_of() {
  local word more
  for word in $("$@" --completion-words | grep -v -e '^-' -e $'\toperand$' |
    cut -f1); do
    more=$(commands_of "$@" "$word")
    echo "${more:-${*:2}${2+ }$word}"
  done
}

@test "every program has a page, a test and a completion" {
  local p
  for p in $(programs); do
    [ -n "$(page "$p")" ] || fail "$p has no page"
    grep -rqs -- "$p" "$TOP"/tests/*.bats || fail "$p has no test"
    grep -qw -- "$p" "$TOP/completions/riak-mesos.bash" ||
      fail "$p has no bash completion"
    grep -qw -- "$p" "$TOP/completions/_riak-mesos" ||
      fail "$p has no zsh completion"
    grep -qw -- "$p" "$TOP/completions/riak-mesos.fish" ||
      fail "$p has no fish completion"
  done
}

@test "every option and command is in its page, and none else" {
  local p c o known
  for p in $(programs); do
    known=$(words "$p")
    while read -r c; do
      [ -n "$c" ] || continue
      grep -qwE "^\.(It|Ic|Ss|Cm|Nm).* $c|^\.It Cm $c" "$(page "$p")" ||
        fail "the page of $p lacks the command $c"
      # shellcheck disable=SC2086 # a name of several words
      known+=$'\n'$(words "$p" $c)
    done < <(commands_of "$p")
    for o in $known; do
      grep -qE "Fl Fl $o( |$)" "$(page "$p")" ||
        fail "the page of $p lacks --$o"
    done
    for o in $(sed -n '/^\.Sh OPTIONS/,/^\.Sh E/p' "$(page "$p")" |
      grep '^\.It' | grep -oE 'Fl Fl [a-z0-9-]+' | awk '{print $3}'); do
      grep -qx -- "$o" <<<"$known" || fail "$p has no option --$o"
    done
  done
}

@test "exit codes of --help and of the page are the same" {
  local p
  for p in $(programs); do
    diff <("$p" --help | sed -n '/^exit codes:/,$p' | awk 'NR > 1 {print $1}') \
      <(sed -n '/^\.Sh EXIT STATUS/,/^\.Sh [^E]/p' "$(page "$p")" |
        sed -n 's/^\.It \([0-9]*\)$/\1/p') ||
      fail "$p: exit codes differ"
  done
}

@test "--help and --version go to stdout and exit 0" {
  local p
  for p in $(programs); do
    run --separate-stderr "$p" --help
    assert_success
    assert_line --partial "usage: $p"
    [ -z "$stderr" ]
    run --separate-stderr "$p" --version
    assert_success
    assert_output --regexp "^$p [0-9]+\.[0-9]+\.[0-9]+$"
  done
}

@test "--help to a full disk is an error that is told" {
  local p
  for p in $(programs); do
    run bash -c "$p --help >/dev/full"
    assert_failure 111
    assert_output --partial "No space left on device"
  done
}

@test "the table of exit codes in riak-mesos(7) is the programs'" {
  local code
  for code in 0 1 2 3 100 101 102 111; do
    grep -qx "\.It $code" "$TOP/man/riak-mesos.7"
  done
}

@test "bash completes commands and options" {
  run bash -c "compopt() { :; }; source '$TOP/completions/riak-mesos.bash'
    COMP_WORDS=(rm-schedd --mas) COMP_CWORD=1
    _riak_mesos rm-schedd; echo \"\${COMPREPLY[*]}\""
  assert_output "--master="
  run bash -c "compopt() { :; }; source '$TOP/completions/riak-mesos.bash'
    COMP_WORDS=(rm-state wa) COMP_CWORD=1
    _riak_mesos rm-state; echo \"\${COMPREPLY[*]}\""
  assert_output "watch"
  run bash -c "compopt() { :; }; source '$TOP/completions/riak-mesos.bash'
    COMP_WORDS=(riak-mesos node bucket-type cr) COMP_CWORD=3
    _riak_mesos riak-mesos; echo \"\${COMPREPLY[*]}\"
    COMP_WORDS=(riak-mesos cluster wait-for-service kv --no) COMP_CWORD=4
    _riak_mesos riak-mesos; echo \"\${COMPREPLY[*]}\""
  assert_output $'create\n--nodes='
}

@test "the binaries are hardened" {
  local p
  for p in $(programs); do
    readelf -hW "$RM_BIN/$p" | grep -q 'Type:.*DYN'
    readelf -dW "$RM_BIN/$p" | grep -q BIND_NOW
    readelf -lW "$RM_BIN/$p" | grep -q GNU_RELRO
  done
}

@test "make html: an index, a file a page, and no link that leads nowhere" {
  local link
  make -s -C "$TOP" B="$BATS_TEST_TMPDIR/b" html
  cd "$BATS_TEST_TMPDIR/b/html"
  [ -s index.html ]
  [ "$(ls ./*.[1-9].html | wc -l)" -eq "$(ls "$TOP"/man/*.[1-9] | wc -l)" ]
  for link in $(grep -oh 'href="[^"#]*' ./*.html | cut -d'"' -f2 | sort -u); do
    case $link in
    https://*) ;;
    *) [ -s "$link" ] || fail "$link is not there" ;;
    esac
  done
  grep -q 'href="rm-mesos.1.html"' index.html
}

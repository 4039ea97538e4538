# The examples of a page, as they stand there.
# shellcheck shell=bash

# example PAGE N: the N-th literal block of its EXAMPLES, from 1, without mdoc's
# escapes.
example() {
  awk -v n="$2" '/^\.Sh / {inside = /EXAMPLES/}
    inside && /^\.Bd -literal/ {block++; next}
    /^\.Ed/ {if (block == n) exit; next}
    inside && block == n' "$TOP/man/$1" | sed 's/\\e/\\/g; s/\\&//g'
}

# shown PAGE: the lines of its EXAMPLES that stand alone.
shown() {
  sed -n '/^\.Sh EXAMPLES/,/^\.Sh SEE/s/^\.Dl //p' "$TOP/man/$1" |
    sed 's/\\(dq/"/g; s/\\e/\\/g; s/\\&//g'
}

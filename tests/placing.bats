# Random frameworks, offers and constraints for rm-offer, all judged by rules
# that are written down anew (tools/placing_judge.h).

load helper

@test "10,000 random rounds: constraints kept, nothing twice, ours only" {
  run "$RM_TOOLS/placing" 10000
  assert_success
  # None of it is for nothing.
  [[ $output =~ ^10000\ cases:\ ([0-9]+)\ nodes\ placed,\ ([0-9]+)\ run\ again,\ ([0-9]+)\ not,\ ([0-9]+)\  ]]
  for i in 1 2 3 4; do [ "${BASH_REMATCH[i]}" -gt 5000 ]; done
}

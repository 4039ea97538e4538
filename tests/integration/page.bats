# The page in Debian's headless Chromium: whole, live, readable in light and
# dark and on narrow screens, and without a script.
# shellcheck shell=bash
# run sets status, output and stderr: shellcheck disable=SC2154

load ../helper
load ../api
load ../browser

# member CLUSTER N OF RING TRANSFERS: what an executor of the N-th of OF nodes
# would say of a ring of which it has each OF-th partition.
member() {
  zk "members/$F-$1-$2" "$(jq -nc --argjson n "$2" --argjson of "$3" --argjson ring "$4" \
    --argjson t "$5" --arg key "$F-$1" '{ready: true,
      members: [range(1; $of + 1) | "\($key)-\(.)@h1"], health: "ok", transfers: $t, leaving: false,
      owns: [range($ring) | select(. % $of == $n - 1)]} | .partitions = (.owns | length)')"
}

# A cluster of ten that serve, of which each has its part of a ring of 64, and
# one that has no place.
crowd() {
  local n
  create kv
  ask POST clusters/kv/scale '{"nodes":11}'
  for n in $(seq 10); do
    run_node kv "$n" 4000
    member kv "$n" 10 64 0
  done
  zk verdicts/kv "{\"$F-kv-11\":\"mem: wants 2112, at most 1024 offered\"}"
  zk rollouts/kv "{\"state\":\"running\",\"waits\":\"$F-kv-2: 3 partitions are to be handed off\",
    \"steps\":[{\"node\":\"$F-kv-1\",\"state\":\"done\"},{\"node\":\"$F-kv-2\",\"state\":\"settling\"}]}"
  served() { [ "$(get clusters/kv/status | jq .serving)" = 10 ]; }
  wait_for 30 served
}

# says TEXT: somebody who looks at the page reads it.
says() {
  page_has "document.body.innerText.includes($(jq -cn --arg t "$1" '$t'))"
}

# The least contrast of any text with what is behind it (WCAG 2, 1.4.3).
CONTRAST='(() => {
  const light = (c) => { const [r, g, b] = c.match(/[\d.]+/g).map((v) => {
    v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const behind = (e) => { for (; e; e = e.parentElement) {
    const c = getComputedStyle(e).backgroundColor;
    if (!c.endsWith(", 0)")) return c; } return "rgb(255, 255, 255)"; };
  let least = 21;
  for (const e of document.querySelectorAll("h1,h2,p,th,td,li,summary,.dim")) {
    if (!e.innerText) continue;
    const [a, b] = [light(getComputedStyle(e).color), light(behind(e))].sort((x, y) => y - x);
    least = Math.min(least, (a + 0.05) / (b + 0.05));
  }
  return least; })()'

# How far apart are the colours of the ring from the card they lie on.
RING='[...document.querySelectorAll("svg path[class]")].map((p) => getComputedStyle(p).stroke)'

# shown SCHEME WIDTH: nothing is cut off, all can be read.
shown() {
  browser Emulation.setEmulatedMedia \
    "{\"features\":[{\"name\":\"prefers-color-scheme\",\"value\":\"$1\"}]}"
  browser Emulation.setDeviceMetricsOverride \
    "{\"width\":$2,\"height\":900,\"deviceScaleFactor\":1,\"mobile\":false}"
  page_has "matchMedia('(prefers-color-scheme: $1)').matches && innerWidth === $2"
  page_has "document.documentElement.scrollWidth <= innerWidth" || fail "$1 $2: wider than the screen"
  evaluate "$CONTRAST"
  jq -ne "$VALUE >= 4.5" || fail "$1 $2: contrast of $VALUE"
  # Ten owners, told apart by eight colours and by which half of the ring.
  evaluate "new Set($RING).size"
  [ "$VALUE" = 8 ]
  page_has 'document.querySelectorAll("svg path.h0").length === 8 &&
    document.querySelectorAll("svg path.h1").length === 2'
  page_has '[...document.querySelectorAll("svg path")].every((p) => p.getBBox().width > 50)'
}

@test "the page: a picture of the ring, the rollout, why a node has no place" {
  settings
  start_api
  crowd
  start_browser "$API/"
  says "10 of 11 nodes serve"
  says "$F-kv-11"
  says "mem: wants 2112, at most 1024 offered"
  says "rollout running: 1 of 2 nodes; waits: $F-kv-2: 3 partitions are to be handed off"
  local scheme width
  for scheme in light dark; do
    for width in 1200 360; do
      shown "$scheme" "$width"
    done
  done
  # For who can't see it.
  page_has "document.querySelector('svg').getAttribute('aria-label') === 'the ring: 64 partitions'"
  evaluate "document.querySelector('figcaption li:nth-child(5)').textContent"
  [ "$VALUE" = "\"$F-kv-5, 6: 4, 14, 24, 34, 44, 54\"" ]
  # The same without a script; the browser is told to look again.
  browser Emulation.setScriptExecutionDisabled '{"value":true}'
  open_page "$API/?"
  says "10 of 11 nodes serve"
  page_has "document.querySelectorAll('svg path.h0').length === 8"
  page_has "!!document.querySelector('meta[http-equiv=refresh][content=\"5\"]')"
  page_has "document.querySelector('#live').textContent === ''"
  run complaints
  assert_output ""
  stop_browser
}

@test "the page is live: it changes by itself, and tells when it can't" {
  settings
  start_api
  create kv
  ask POST clusters/kv/nodes
  start_browser "$API/"
  wait_for 20 says "as of "
  evaluate "window.same = true"
  says requested
  run_node kv 1 4000
  member kv 1 1 16 0
  wait_for 20 says "started, serves"
  wait_for 20 page_has "!!document.querySelector('#ring-kv')"
  # What somebody has opened stays open.
  evaluate "document.querySelector('#ring-kv').open = true"
  zk "members/$F-kv-1" '{"ready":true,"health":"ok","owns":null,"transfers":5,"partitions":16}'
  wait_for 20 says "5 partitions wait for their handoff"
  says "faint: as its owner knew it last"
  page_has "document.querySelector('#ring-kv').open"
  page_has "window.same"
  run complaints
  assert_output ""
  kill -TERM "$API_PID"
  wait_for 20 says "rm-api does not answer"
  # It comes back by itself, too.
  start_api --port "${API##*:}"
  wait_for 20 says "as of "
  page_has "window.same"
  stop_browser
}

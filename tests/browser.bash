# Debian's headless Chromium, told what to do over its pipes (the DevTools
# protocol, a JSON text and a zero byte each way).
# shellcheck shell=bash

# start_browser [URL]: one page of it. What it says goes to browser.said.
start_browser() {
  local target
  mkfifo "$BATS_TEST_TMPDIR/browser.in"
  chromium-headless-shell --no-sandbox --disable-gpu --disable-dev-shm-usage \
    --user-data-dir="$BATS_TEST_TMPDIR/browser" --remote-debugging-pipe \
    3<"$BATS_TEST_TMPDIR/browser.in" 4>"$BATS_TEST_TMPDIR/browser.said" \
    >"$BATS_TEST_TMPDIR/browser.log" 2>&1 &
  track "$!"
  exec 7>"$BATS_TEST_TMPDIR/browser.in"
  BROWSER_ID=0 BROWSER_SESSION=
  browser Target.createTarget '{"url":"about:blank"}'
  target=$(jq -r .result.targetId <<<"$BROWSER_ANSWER")
  browser Target.attachToTarget "{\"targetId\":\"$target\",\"flatten\":true}"
  BROWSER_SESSION=$(jq -r .result.sessionId <<<"$BROWSER_ANSWER")
  browser Runtime.enable
  browser Log.enable
  browser Page.enable
  [ $# -eq 0 ] || open_page "$1"
}

stop_browser() {
  browser Browser.close
  exec 7>&-
}

open_page() {
  browser Page.navigate "{\"url\":\"$1\"}"
  wait_for 20 page_has "document.readyState === 'complete' && !!document.querySelector('main')"
}

# browser METHOD [PARAMS]: BROWSER_ANSWER is what it answers.
browser() {
  BROWSER_ID=$((BROWSER_ID + 1))
  jq -cnj --argjson id "$BROWSER_ID" --arg m "$1" --argjson p "${2:-{\}}" \
    --arg s "$BROWSER_SESSION" '{id: $id, method: $m, params: $p} +
    if $s == "" then {} else {sessionId: $s} end' >&7
  printf '\0' >&7
  wait_for 30 answered "$BROWSER_ID" || return 1
  BROWSER_ANSWER=$(said | jq -c "select(.id == $BROWSER_ID)")
}

said() {
  tr '\0' '\n' <"$BATS_TEST_TMPDIR/browser.said"
}

answered() {
  said | grep -q "^{\"id\":$1,"
}

# evaluate EXPRESSION: its value in the page, as JSON, in VALUE.
evaluate() {
  browser Runtime.evaluate "$(jq -cn --arg e "$1" \
    '{expression: $e, returnByValue: true, awaitPromise: true}')"
  VALUE=$(jq -c '.result.result.value' <<<"$BROWSER_ANSWER")
}

# page_has EXPRESSION: it is true there.
page_has() {
  evaluate "$1"
  [ "$VALUE" = true ]
}

# complaints: what the page threw, or the browser refused it.
complaints() {
  said | jq -r 'select(.method == "Runtime.exceptionThrown" or
    (.method == "Log.entryAdded" and .params.entry.level == "error") or
    (.method == "Runtime.consoleAPICalled" and .params.type == "error")) |
    .params.entry.text // .params.exceptionDetails.exception.description // "console.error"'
}

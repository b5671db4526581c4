#!/bin/sh
# The long fault tests on the release build.
set -eu
. "$(dirname "$0")/lib.sh"
build_release
export BB_KILLS="${BB_KILLS:-50}"
exec target/release/bildungsbuero with-postgres --durable -- cargo test --release --locked -p bildung-tests --test it -- faults:: --nocapture --test-threads=1

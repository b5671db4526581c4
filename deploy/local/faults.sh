#!/bin/sh
# The long fault tests on the release build.
set -eu
. "$(dirname "$0")/lib.sh"
build_release
exec target/release/bildungsbuero with-postgres -- cargo test --release --locked -p bildung-tests --test faults -- --ignored --nocapture --test-threads=1

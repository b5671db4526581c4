#!/bin/sh
# The table of benchmarks, ours and its references side by side, on the release build.
set -eu
. "$(dirname "$0")/lib.sh"
build_release
exec target/release/bildungsbuero with-postgres -- cargo test --release --locked -p bildung-tests --test bench -- --ignored --nocapture --test-threads=1

#!/bin/sh
# The table of benchmarks, ours and its references side by side, on the release build.
set -eu
. "$(dirname "$0")/lib.sh"
build_release
# A server that syncs to disk: durability is part of what is measured.
exec target/release/bildungsbuero with-postgres --durable -- cargo bench --locked -p bildung-tests --bench table -- "$@"

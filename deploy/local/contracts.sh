#!/bin/sh
# Writes the contracts anew: proto/schemas, proto/contract.txt, services/gateway/openapi.json. What they promised before
# must still hold, or this fails.
set -eu
. "$(dirname "$0")/lib.sh"
require_build
cargo test --locked --workspace --lib --bins --tests --no-run
export BB_WRITE_CONTRACTS=1
cargo test --locked --workspace --test it -- contracts::
exec "$(target_folder)/debug/bildungsbuero" with-postgres -- cargo test --locked --workspace --lib -- the_api_describes_itself

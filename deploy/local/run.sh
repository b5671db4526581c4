#!/bin/sh
# Builds the product and starts it with the demo city. PostgreSQL and NATS are found or fetched by the binary itself.
set -eu
. "$(dirname "$0")/lib.sh"
build_release
exec target/release/bildungsbuero up --demo "$@"

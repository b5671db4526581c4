#!/bin/sh
# Builds the release binary.
set -eu
. "$(dirname "$0")/lib.sh"
build_release
echo "built: target/release/bildungsbuero"

#!/bin/sh
# Builds the portal's assets, or checks that those committed are what their sources give.
set -eu
. "$(dirname "$0")/lib.sh"
require_node
npm --prefix services/gateway/assets-src ci --no-audit --no-fund --loglevel=error
npm --prefix services/gateway/assets-src run --silent "$1"

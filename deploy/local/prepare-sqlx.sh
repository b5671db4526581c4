#!/bin/sh
# Checks every SQL query of every service against a database with its migrations, and keeps the answers in .sqlx, so that
# building needs no database.
set -eu
. "$(dirname "$0")/lib.sh"
require_build
command -v sqlx >/dev/null 2>&1 || missing "sqlx is missing: cargo install --locked sqlx-cli --no-default-features --features rustls,postgres,sqlx-toml"
if [ -z "${BB_TEST_POSTGRES:-}" ]; then
    binary=$(target_folder)/debug/bildungsbuero
    # A changed query may keep us from building until this script has run: an older build does as well.
    cargo build --locked --bin bildungsbuero || [ -x "$binary" ] || missing "no build to start a database with: set BB_TEST_POSTGRES"
    exec "$binary" with-postgres -- sh "$root/deploy/local/prepare-sqlx.sh"
fi
server=${BB_TEST_POSTGRES%/*}
psql=${BB_PG_BIN:+$BB_PG_BIN/}psql
for extension in pg_trgm unaccent btree_gist citext; do
    "$psql" -q "$server/template1" -c "create extension if not exists $extension"
done
for service in catalogue network monitoring newcomers gateway; do
    url=$server/prepare_$service
    variable=$(echo "$service" | tr '[:lower:]' '[:upper:]')_DATABASE_URL
    "$psql" -q "$server/postgres" -c "drop database if exists prepare_$service" -c "create database prepare_$service"
    (cd services/chassis && env CHASSIS_DATABASE_URL="$url" cargo sqlx migrate run)
    (cd "services/$service" && env "$variable=$url" cargo sqlx migrate run && env "$variable=$url" cargo sqlx prepare)
done

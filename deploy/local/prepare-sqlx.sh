#!/bin/sh
# Asks a real database with all migrations about every SQL query of every service, and keeps the answers in .sqlx, so that
# building needs no database. With --check a difference fails and nothing is written.
set -eu
. "$(dirname "$0")/lib.sh"
require_build
if [ -z "${BB_TEST_POSTGRES:-}" ]; then
    binary=$(target_folder)/debug/bildungsbuero
    # A changed query may keep us from building until this script has run: an older build does as well.
    cargo build --locked --quiet --bin bildungsbuero || [ -x "$binary" ] || missing "no build to start a database with: set BB_TEST_POSTGRES"
    exec "$binary" with-postgres -- sh "$root/deploy/local/prepare-sqlx.sh" "$@"
fi
server=${BB_TEST_POSTGRES%/*}
psql="${BB_PG_BIN:+$BB_PG_BIN/}psql --quiet --no-psqlrc --set=ON_ERROR_STOP=1"
export PGOPTIONS=--client-min-messages=warning
answers=$(mktemp -d)
trap 'rm -rf "$answers"' EXIT
services="catalogue network monitoring newcomers gateway"
for service in $services; do
    database=$server/prepare_$service
    $psql "$server/postgres" -c "drop database if exists prepare_$service" -c "create database prepare_$service" \
        -c "do \$\$ begin create role $service; exception when duplicate_object then null; end \$\$"
    for extension in pg_trgm unaccent btree_gist citext; do
        $psql "$database" -c "create extension $extension"
    done
    $psql "$database" -c "create schema chassis"
    for migration in services/chassis/migrations/*.sql "services/$service"/migrations/*.sql; do
        $psql "$database" -f "$migration"
    done
    export "$(echo "$service" | tr '[:lower:]' '[:upper:]')_DATABASE_URL=$database"
done

# sqlx asks when a crate is compiled: once all of them, which finds mistakes; then each alone, so that its answers are apart.
ask() {
    mkdir "$answers/$1"
    SQLX_OFFLINE_DIR=$answers/$1 cargo check --locked --quiet --workspace --all-targets
}
for service in $services; do touch "services/$service/src/lib.rs"; done
ask all
same=yes
for service in $services; do
    touch "services/$service/src/lib.rs"
    ask "$service"
    if [ "${1:-}" = --check ]; then
        diff -r "services/$service/.sqlx" "$answers/$service" >&2 || same=no
    else
        rm -rf "services/$service/.sqlx"
        mv "$answers/$service" "services/$service/.sqlx"
    fi
done
[ $same = yes ] || missing "the answers kept in .sqlx are not what the database says: make prepare-sqlx"

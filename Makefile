# Everything a developer does. `make run` and `make test` are the two that everybody needs; `make help` lists all.
# Only lines that call: what they do is in deploy/local/*.sh and in the binary itself.
.POSIX:
.PHONY: help run test build bench faults assets check-assets contracts lint fmt prepare-sqlx

help:            ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' Makefile | expand -t 16

run:             ## build the product, start it with the demo city, print the address; Ctrl-C stops it
	@exec sh deploy/local/run.sh

test:            ## every test, on real servers and in a real browser
	@exec sh deploy/local/test.sh

build:           ## the release binary at target/release/bildungsbuero
	@exec sh deploy/local/build.sh

bench:           ## the table of benchmarks (release build)
	@exec sh deploy/local/bench.sh

faults:          ## the long fault tests (release build)
	@exec sh deploy/local/faults.sh

assets:          ## style sheets, fonts and scripts of the portal, which are committed
	@exec sh deploy/local/assets.sh build

check-assets:    ## whether they are what their sources give
	@exec sh deploy/local/assets.sh check

contracts:       ## write anew what others rely on: event schemas, gRPC contract, OpenAPI document
	@exec sh deploy/local/contracts.sh

lint:            ## format, clippy, licences, bans, sources
	@exec sh deploy/local/lint.sh

fmt:             ## format the code
	cargo fmt --all

prepare-sqlx:    ## check every SQL query against a real database and keep the answers in .sqlx
	@exec sh deploy/local/prepare-sqlx.sh

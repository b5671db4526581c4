# For the scripts beside it; they source it and then stand in the repository's root. Portable sh: Debian, macOS.

root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root"

# Ends with one line that names what is missing and the remedy.
missing() {
    echo "bildungsbuero: $1" >&2
    exit 5
}

# What building needs.
require_build() {
    command -v cargo >/dev/null 2>&1 || missing "cargo is missing: install Rust 1.95 or newer from https://rustup.rs and open a new shell"
    have=$(rustc --version | sed 's/^rustc 1\.\([0-9]*\).*/\1/')
    [ "${have:-0}" -ge 95 ] 2>/dev/null || missing "$(rustc --version) is too old: Rust 1.95 or newer is needed (rustup update)"
    command -v cc >/dev/null 2>&1 || missing "a C compiler is missing (Debian: apt install gcc libc6-dev; macOS: xcode-select --install)"
}

# Puts a Node that the tools of the portal run on into PATH: Debian 12 has an older one, npm has newer ones as a package.
require_node() {
    command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1 || missing "Node 20 or newer with npm is missing (Debian: apt install nodejs npm; macOS: brew install node)"
    [ "$(node -p 'parseInt(process.versions.node)')" -lt 20 ] || return 0
    node_folder=${XDG_CACHE_HOME:-$HOME/.cache}/bildungsbuero/node
    [ -x "$node_folder/node_modules/node/bin/node" ] || npm install --prefix "$node_folder" --no-save --no-audit --no-fund --loglevel=error node@22.23.3
    PATH=$node_folder/node_modules/node/bin:$PATH
    export PATH
}

# Where cargo puts what it builds.
target_folder() {
    if [ -n "${CARGO_TARGET_DIR:-}" ]; then
        case $CARGO_TARGET_DIR in /*) echo "$CARGO_TARGET_DIR" ;; *) echo "$root/$CARGO_TARGET_DIR" ;; esac
    else
        cargo metadata --no-deps --format-version 1 | sed 's/.*"target_directory":"\([^"]*\)".*/\1/'
    fi
}

# The release binary, at target/release/bildungsbuero wherever it was built.
build_release() {
    require_build
    cargo build --release --locked --bin bildungsbuero
    built=$(target_folder)/release/bildungsbuero
    if [ "$built" != "$root/target/release/bildungsbuero" ]; then
        mkdir -p target/release
        ln -sf "$built" target/release/bildungsbuero
    fi
}

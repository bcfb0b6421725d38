#!/usr/bin/env bash
# Times builds from nothing: of birthmark as a dependency, of a small axum program, and of a library that only wants
# `#[instrument]` and `set_name`.
#
#     benches/build-time.sh [--release] [ROUNDS [BEFORE]]
#
# BEFORE is a commit to compare with. Its builds alternate with those of the present sources, so that a busy machine
# slows both. In a commit without birthmark-core, the library depends on birthmark.
set -euo pipefail
# Cargo compiles path dependencies incrementally, in 256 units a crate, but never a published package.
export CARGO_INCREMENTAL=0
root="$(cd "$(dirname "$0")/.." && pwd)"
profile=()
if [[ ${1-} == --release ]]; then
    profile=(--release)
    shift
fi
rounds=${1-3} before=${2-}
scratch="$(mktemp -d)"
trap 'git -C "$root" worktree remove --force "$scratch/before" 2>/dev/null || true; rm -rf "$scratch"' EXIT

sources=("$root")
if [[ -n $before ]]; then
    git -C "$root" worktree add --quiet --detach "$scratch/before" "$before"
    sources+=("$scratch/before")
fi

# package SOURCES NAME DEPENDENCIES PROGRAM
package() {
    local path="$scratch/$3-$1"
    mkdir -p "$path/src"
    printf '[package]\nname = "%s"\nversion = "0.0.0"\nedition = "2024"\n\n[workspace]\n\n[dependencies]\n%b' \
        "$3" "$4" >"$path/Cargo.toml"
    printf '%b' "$5" >"$path/src/$6"
    cp "$2/Cargo.lock" "$path/Cargo.lock"
    # The builds need no network after this.
    (cd "$path" && cargo fetch --quiet)
}

for number in "${!sources[@]}"; do
    from="${sources[$number]}"
    main="$from/birthmark" core=("birthmark" "$from/runtime-shim")
    if [[ -d $main ]]; then core=("birthmark-core" "$from/runtime-shim"); else main="$from/runtime-shim"; fi
    crate="${core[0]//-/_}"
    package "$number" "$from" dependency "birthmark = { path = \"$main\" }\n" "" lib.rs
    package "$number" "$from" axum-program \
        "birthmark = { path = \"$main\" }\naxum = \"0.8\"\ntokio = { version = \"1\", features = [\"full\"] }\n" \
        '#[birthmark::instrument]\nmod app {\n    pub async fn hello() -> &'\''static str {\n        tokio::spawn(async { "hello" }).await.unwrap()\n    }\n}\n\n#[tokio::main]\nasync fn main() {\n    birthmark::install();\n    let app = axum::Router::new().route("/", axum::routing::get(app::hello));\n    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();\n    axum::serve(listener, app).await.unwrap();\n}\n' main.rs
    package "$number" "$from" library \
        "${core[0]} = { path = \"${core[1]}\" }\nbirthmark-macros = { path = \"$from/macros\" }\n" \
        "#[birthmark_macros::instrument(crate = $crate)]\npub fn serve(request: u64) {\n    $crate::set_name(request);\n    std::thread::spawn(|| ());\n}\n" lib.rs
done

TIMEFORMAT=%R
for name in dependency axum-program library; do
    for ((round = 0; round < rounds; round++)); do
        for number in "${!sources[@]}"; do
            path="$scratch/$name-$number"
            rm -rf "$path/target"
            seconds="$({ time (cd "$path" && cargo build --quiet --offline "${profile[@]}" >&2 2>/dev/null); } 2>&1)"
            what=now
            if ((number)); then what="$before"; fi
            printf '%-14s %-12s %s s\n' "$name" "$what" "$seconds"
            rm -rf "$path/target"
        done
    done
done

#!/usr/bin/env bash
# Checks that the crates compile for systems that the tests do not run on.
#
#     tests/platforms.sh [target...]
set -euo pipefail
cd "$(dirname "$0")/.."

if (($# == 0)); then
    set -- x86_64-pc-windows-msvc aarch64-apple-darwin wasm32-unknown-unknown \
        x86_64-unknown-linux-musl aarch64-unknown-linux-gnu
fi

skipped=0
for target; do
    if [[ ! -d $(rustc --print target-libdir --target "$target") ]] && ! rustup target add "$target"; then
        echo "SKIPPED $target: its standard library is missing; \`rustup target add $target\` installs it" >&2
        skipped=1
        continue
    fi
    if [[ $target == wasm32-* ]]; then
        # No threads, signals or sockets there.
        cargo check --target "$target" -p birthmark --no-default-features --features attribute
    else
        cargo check --target "$target" -p birthmark --features native-stacks,pprof
        cargo check --target "$target" -p birthmark-http -p birthmark-opentelemetry -p birthmark-tracing -p cargo-birthmark -p birthmark-cli
    fi
done
exit $skipped

#!/bin/sh
# Runs the stress tests, and those of frames that move between tasks, under valgrind's memcheck, and fails on
# any error of ours or of the runtimes.
#
#     tests/valgrind.sh [steps]
#
# A step is some hundred microseconds there, so there are few.
set -eu
cd "$(dirname "$0")/.."

steps=${1:-60}
binaries=$(cargo test -p birthmark-integration-tests \
    --test stress --test stress_toggle --test frames_moved --no-run 2>&1 |
    sed -n 's/^ *Executable .*(\(.*\))$/\1/p')
[ -n "$binaries" ] || { echo "the stress tests do not compile" >&2; exit 1; }

for binary in $binaries; do
    # Threads of rayon and tokio that are never joined hold their stacks and thread-locals to the end,
    # so leaks are not looked at; what lives for ever is bounded by `tests/respawn.rs`.
    # `fair-sched` because threads that yield would otherwise starve the one that they wait for.
    BIRTHMARK_STRESS_STEPS=$steps valgrind \
        --quiet --error-exitcode=99 --leak-check=no --fair-sched=yes --max-threads=4000 \
        "$binary" --test-threads=1
done

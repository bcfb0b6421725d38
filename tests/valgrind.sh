#!/bin/sh
# Runs the stress tests, those of frames that move between tasks, those of wakers, and one that asks for native stacks, under
# valgrind's memcheck, and fails on any error of ours or of the runtimes.
#
#     tests/valgrind.sh [steps]
#
# A step is some hundred microseconds there, so there are few.
set -eu
cd "$(dirname "$0")/.."

steps=${1:-60}
# The test programs that these arguments of `cargo test` select.
programs() {
    found=$(cargo test "$@" --no-run 2>&1 | sed -n 's/^ *Executable .*(\(.*\))$/\1/p')
    [ -n "$found" ] || { echo "cargo test $* does not compile" >&2; exit 1; }
    echo "$found"
}

# Threads of rayon and tokio that are never joined hold their stacks and thread-locals to the end, so leaks are
# not looked at; what lives for ever is bounded by `tests/respawn.rs`. `fair-sched` because threads that yield
# would otherwise starve the one that they wait for. `max-stackframe` because a thread whose handler runs on its
# alternate stack, which is near, changes stacks, and has not made a frame of a megabyte.
check() {
    BIRTHMARK_STRESS_STEPS=$steps valgrind \
        --quiet --error-exitcode=99 --leak-check=no --fair-sched=yes --max-threads=4000 \
        --max-stackframe=100000 "$@" --test-threads=1
}

stress=$(programs -p birthmark-integration-tests --test stress --test stress_toggle --test frames_moved --test wakes)
native=$(programs -p birthmark --features native-stacks --lib)
for program in $stress; do
    check "$program"
done
# Of these only the one that waits for nobody: valgrind blocks the signals of threads that wait for its lock, so whether
# a busy thread can be asked there is chance. And where a handler has interrupted `pthread_join`, it reports an invalid
# write in glibc's wait, below the stack. We take that for a mistake of valgrind's about the change of stacks, and have
# not proved it.
check "$native" native::tests::who_blocks

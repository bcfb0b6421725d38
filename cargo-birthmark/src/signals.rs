//! Work that Ctrl-C must not cut in two.

/// Runs something to its end before a signal that ends the process is heeded, so that no half-written
/// file of ours stays behind.
#[cfg(unix)]
pub fn held<T>(run: impl FnOnce() -> T) -> T {
    use nix::sys::signal::{SigSet, Signal};

    let mut signals = SigSet::empty();
    for signal in [
        Signal::SIGINT,
        Signal::SIGTERM,
        Signal::SIGHUP,
        Signal::SIGQUIT,
    ] {
        signals.add(signal);
    }
    // If it cannot be held, no more than a temporary file can stay behind.
    let before = signals.thread_swap_mask(nix::sys::signal::SigmaskHow::SIG_BLOCK);
    let result = run();
    if let Ok(before) = before {
        let _ = before.thread_set_mask();
    }
    result
}

/// Runs something.
#[cfg(not(unix))]
pub fn held<T>(run: impl FnOnce() -> T) -> T {
    run()
}

//! Threads, as Linux knows them.

/// The kernel's id of this thread, as `gettid`, `/proc` and panic messages show it.
pub fn os_id() -> u64 {
    // SAFETY: takes nothing and cannot fail.
    unsafe { libc::gettid() as u64 }
}

/// Returns `true` if this is the thread that runs `main`.
pub fn is_main() -> bool {
    // SAFETY: both take nothing and cannot fail.
    unsafe { libc::gettid() == libc::getpid() }
}

/// Returns `true` if the process has one thread, as far as procfs tells: the directory of threads has a link for each, and two
/// of its own.
pub fn is_alone() -> bool {
    use std::os::unix::fs::MetadataExt;
    let links = std::fs::metadata("/proc/self/task").map(|threads| threads.nlink());
    links.map_or(true, |links| links <= 3)
}

/// The kernel's ids of all threads of the process, or `None` where procfs cannot be read.
pub fn all_os_ids() -> Option<Vec<u64>> {
    let entries = std::fs::read_dir("/proc/self/task").ok()?;
    entries
        .map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect()
}

/// Keeps signals away from this thread, so that they reach the program's own.
pub fn block_signals() {
    let mut all = core::mem::MaybeUninit::uninit();
    // SAFETY: sigfillset initialises the set before it is read; the old mask is not asked for.
    unsafe {
        libc::sigfillset(all.as_mut_ptr());
        libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), core::ptr::null_mut());
    }
}

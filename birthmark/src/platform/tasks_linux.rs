//! Threads of the process, as procfs shows them.

use std::io::{self, Read};
use std::time::Duration;

/// Maximum length of the files that are read. They are shorter.
const MAX_BYTES: usize = 4096;

/// Reads a file of a thread, such as `stat`.
///
/// # Errors
///
/// If the thread has ended, if the system does not have the file, or does not let us read it.
pub(crate) fn read(os_id: u64, file: &str) -> io::Result<String> {
    let mut bytes = Vec::with_capacity(512);
    let file = std::fs::File::open(format!("/proc/self/task/{os_id}/{file}"))?;
    file.take(MAX_BYTES as u64).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Returns `true` if a thread blocks a signal, which it also does while its handler runs.
#[cfg(any(feature = "signal", feature = "native-stacks"))]
pub(crate) fn blocks(os_id: u64, signal: libc::c_int) -> bool {
    let status = read(os_id, "status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("SigBlk:"));
    let mask = line.and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok());
    mask.is_some_and(|mask| mask & 1 << (signal - 1) != 0)
}

/// The unit in which `stat` counts time.
pub(crate) fn clock_tick() -> Duration {
    // SAFETY: takes a number and returns one.
    let per_second = unsafe { libc::sysconf(libc::_SC_CLK_TCK) };
    Duration::from_secs(1) / u32::try_from(per_second).unwrap_or(0).max(1)
}

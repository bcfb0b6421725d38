//! CPU time, as POSIX counts it.

use std::time::Duration;

/// Returns the CPU time of the calling thread, or `None` if the system does not count it.
pub fn thread_cpu_time() -> Option<Duration> {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `time` is a local variable that lives through the call, and the call keeps no pointer to it.
    let result = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    let seconds = u64::try_from(time.tv_sec).ok()?;
    let nanos = u32::try_from(time.tv_nsec).ok()?;
    (result == 0).then(|| Duration::new(seconds, nanos))
}

#[cfg(test)]
mod tests {
    use super::thread_cpu_time;

    #[test]
    fn cpu_time_of_busy_thread_grows() {
        let start = thread_cpu_time().unwrap();
        while thread_cpu_time().unwrap() == start {}
        assert!(thread_cpu_time().unwrap() > start);
    }
}

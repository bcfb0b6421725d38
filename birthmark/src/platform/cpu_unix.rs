//! What POSIX knows of CPU time.

use std::time::Duration;

/// Returns how long this thread has run on a CPU, or `None` if the system does not count it.
pub fn thread_time() -> Option<Duration> {
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
    use super::thread_time;

    #[test]
    fn the_time_of_a_thread_that_works_grows() {
        let start = thread_time().unwrap();
        while thread_time().unwrap() == start {}
        assert!(thread_time().unwrap() > start);
    }
}

//! Panics of the evaluation itself, which are defects of birthmark.
//!
//! Code of the program, such as a logger or the function of a rule, panics on other threads. A panic here is reported once. A
//! panic in what is done for one rule ends that rule alone. A panic in what is done for all rules together makes them pause.

use std::any::Any;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::time::{Duration, Instant};

use crate::platform::stderr;

/// The pause after the first panic. Each further one makes the pause twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const MAX_PAUSE: Duration = Duration::from_secs(3600);

/// Runs a function, and returns the message of its panic as the error.
pub(super) fn catch<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| {
        let message = message(&*panic);
        // The destructor of a value may panic, too.
        std::mem::forget(panic);
        message
    })
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("a value that is no text").to_owned()
}

/// A work for all rules together, again and again.
#[derive(Debug)]
pub(super) struct Repeated {
    what: &'static str,
    until: Option<Instant>,
    pause: Duration,
}

impl Repeated {
    /// `what` is the end of the sentence "rules cannot …".
    pub(super) fn new(what: &'static str) -> Self {
        Repeated {
            what,
            until: None,
            pause: FIRST_PAUSE,
        }
    }

    /// Returns `true` after a panic, until the pause is over.
    pub(super) fn is_paused(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| now < until)
    }

    /// Runs a function. Returns `None` if it panics, and reports the first panic.
    pub(super) fn run<T>(&mut self, now: Instant, run: impl FnOnce() -> T) -> Option<T> {
        catch(run).map_err(|message| self.note(now, &message)).ok()
    }

    fn note(&mut self, now: Instant, message: &str) {
        if self.until.is_none() {
            let Repeated { what, pause, .. } = self;
            let text = format!(
                "birthmark: rules cannot {what}: a panic, {message:?}\n\
                 help: report this defect of birthmark; rules go on after {} s\n",
                pause.as_secs()
            );
            let _ = stderr::write(text.as_bytes());
        }
        self.until = Some(now + self.pause);
        self.pause = (self.pause * 2).min(MAX_PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pause_after_a_panic_is_followed_by_another_attempt() {
        let (mut walk, start) = (Repeated::new("walk"), Instant::now());
        assert_eq!(walk.run(start, || 7), Some(7));
        assert!(!walk.is_paused(start));
        assert_eq!(walk.run(start, || panic!("the first")), None::<u32>);
        assert!(walk.is_paused(start + FIRST_PAUSE / 2));
        let later = start + FIRST_PAUSE;
        assert!(!walk.is_paused(later));
        assert_eq!(walk.run(later, || panic!("the second")), None::<u32>);
        assert!(walk.is_paused(later + FIRST_PAUSE));
        assert!(!walk.is_paused(later + 2 * FIRST_PAUSE));
        assert_eq!(walk.run(later + 2 * FIRST_PAUSE, || 8), Some(8));
        for _ in 0..100 {
            walk.note(start, "again");
        }
        assert_eq!(walk.pause, MAX_PAUSE);
    }

    #[test]
    fn message_of_a_panic_is_returned() {
        assert_eq!(catch(|| 7), Ok(7));
        assert_eq!(catch(|| panic!("a text")), Err::<(), _>("a text".into()));
        let number = 7;
        assert_eq!(catch(|| panic!("a {number}")), Err::<(), _>("a 7".into()));
        let other = catch(|| std::panic::panic_any(7));
        assert_eq!(other, Err::<(), _>("a value that is no text".into()));
    }
}

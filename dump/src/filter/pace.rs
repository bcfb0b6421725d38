//! Stops a search whose result is no longer needed.

/// Checks at intervals if a search should continue.
pub(crate) struct Pace<'a> {
    goes_on: &'a mut dyn FnMut() -> bool,
    /// Number of steps until the next check.
    left: u32,
    is_stopped: bool,
}

/// Number of steps between two checks. A step compares one task, or one value that tasks share.
const STEPS: u32 = 256;

impl<'a> Pace<'a> {
    pub(crate) fn new(goes_on: &'a mut dyn FnMut() -> bool) -> Self {
        Pace {
            goes_on,
            left: 0,
            is_stopped: false,
        }
    }

    /// Returns `true` if the next step may be made. After the first `false`, every answer is `false`.
    pub(crate) fn step(&mut self) -> bool {
        if self.is_stopped {
            return false;
        }
        if self.left == 0 {
            self.left = STEPS;
            self.is_stopped = !(self.goes_on)();
        }
        self.left -= 1;
        !self.is_stopped
    }
}

#[cfg(test)]
mod tests {
    use super::{Pace, STEPS};

    #[test]
    fn search_that_is_stopped_makes_no_step_more() {
        let mut asked = 0;
        let mut goes_on = || {
            asked += 1;
            asked < 3
        };
        let mut pace = Pace::new(&mut goes_on);
        let steps = (0..10 * STEPS).filter(|_| pace.step()).count();
        assert_eq!(steps, 2 * STEPS as usize);
        assert_eq!(asked, 3);
    }
}

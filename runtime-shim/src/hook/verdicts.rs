//! Verdicts on their way to the spawner, on its thread.

use std::cell::RefCell;
use std::mem::ManuallyDrop;
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};

use super::refusal::Refusal;
use crate::site::Site;

/// A refusal has waited for its callee at least once in this process.
static WAITED: AtomicBool = AtomicBool::new(false);

thread_local! {
    static WAITING: Refusals = const { Refusals::new() };
    /// Those that are being passed on: a handle that is aborted may drop what spawns again.
    static SETTLING: Refusals = const { Refusals::new() };
}

/// Refusals on one thread. Without a destructor, for a thread may spawn until it is gone; so it has no memory while
/// there are none.
struct Refusals(RefCell<ManuallyDrop<Vec<Refusal>>>);

impl Refusals {
    const fn new() -> Self {
        Refusals(RefCell::new(ManuallyDrop::new(Vec::new())))
    }

    fn push(&self, refusal: Refusal) {
        self.0.borrow_mut().push(refusal);
    }

    /// Takes the last one that `is` it.
    fn take(&self, is: impl Fn(&Refusal) -> bool) -> Option<Refusal> {
        let mut refusals = self.0.borrow_mut();
        let index = refusals.iter().rposition(is)?;
        let refusal = refusals.remove(index);
        if refusals.is_empty() {
            drop(std::mem::take(&mut **refusals));
        }
        Some(refusal)
    }
}

/// Keeps a verdict until the callee has returned.
pub(super) fn wait(refusal: Refusal) {
    WAITED.store(true, Ordering::Relaxed);
    WAITING.with(|waiting| waiting.push(refusal));
}

/// Called when what stands for a refused task is dropped. If that is before the callee has returned,
/// and on its thread, the callee did not take the task, and has its own way to say so: the verdict
/// must not hit the next spawn at the same site.
pub(crate) fn abandon(number: usize) {
    WAITING.with(|waiting| waiting.take(|refusal| refusal.number == number));
}

/// Whether the spawn at `site`, which has just returned, was refused. If so, the verdict is the next to be
/// settled on this thread.
#[cfg_attr(not(debug_assertions), inline)]
pub(crate) fn refused(site: &'static Site) -> bool {
    WAITED.load(Ordering::Relaxed) && take(site)
}

/// Takes the verdict on the spawn at `site` from those that wait to those that are passed on. Declared as what
/// cannot unwind, which it does not: otherwise the spawner would keep the handle in memory, to drop it then.
#[cold]
#[inline(never)]
extern "C" fn take(site: &'static Site) -> bool {
    let taken = WAITING.with(|waiting| waiting.take(|refusal| ptr::eq(refusal.site, site)));
    let Some(refusal) = taken else {
        return false;
    };
    SETTLING.with(|settling| settling.push(refusal));
    true
}

/// The verdict that was taken last.
pub(super) fn taken() -> Option<Refusal> {
    SETTLING.with(|settling| settling.take(|_| true))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::Kind;

    #[test]
    fn the_last_ones_are_taken_first_and_leave_nothing_behind() {
        static SITE: Site = Site::unreal("", Kind::Unknown);
        let refusals = Refusals::new();
        for number in 1..=3 {
            let (site, reason) = (&SITE, "full".to_owned());
            refusals.push(Refusal {
                site,
                reason,
                number,
            });
        }
        let take = |is: fn(&Refusal) -> bool| refusals.take(is).map(|it| it.number);
        assert_eq!(take(|it| it.number == 2), Some(2));
        assert_eq!(take(|it| it.number == 2), None);
        assert_eq!([take(|_| true), take(|_| true)], [Some(3), Some(1)]);
        assert_eq!(refusals.0.borrow().capacity(), 0);
    }
}

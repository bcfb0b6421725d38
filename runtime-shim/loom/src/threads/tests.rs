//! A thread is asked, answers or does not, and the sampler gives up or does not.

use std::sync::Arc;

use loom::cell::UnsafeCell;
use loom::thread;

use super::slot_state::SlotState;

/// loom sees it if two touch the content at the same time, or if one does not see what the other wrote.
struct Slot {
    state: SlotState,
    content: UnsafeCell<u32>,
}

// SAFETY: what is tested is that nobody touches the content out of turn.
unsafe impl Sync for Slot {}

impl Slot {
    fn new() -> Arc<Self> {
        Arc::new(Slot {
            state: SlotState::new(),
            content: UnsafeCell::new(0),
        })
    }

    /// Answers, as the handler does.
    fn answer(&self, thread: u32) {
        if self.state.begin(thread) {
            // SAFETY: as is tested.
            self.content.with_mut(|it| unsafe { *it = thread });
            self.state.finish(thread);
        }
    }

    /// Reads the answer, as the sampler does after it has waited.
    fn read(&self, thread: u32) -> Option<u32> {
        let read = || self.content.with(|it| unsafe { *it });
        self.state.has_answered(thread).then(read)
    }
}

#[test]
fn an_answer_is_seen_whole_or_not_at_all() {
    loom::model(|| {
        let slot = Slot::new();
        assert!(slot.state.ask(7));
        let asked = slot.clone();
        let thread = thread::spawn(move || asked.answer(7));
        if let Some(seen) = slot.read(7) {
            assert_eq!(seen, 7);
        }
        thread.join().unwrap();
        assert_eq!(slot.read(7), Some(7));
    });
}

#[test]
fn who_comes_late_does_no_harm() {
    loom::model(|| {
        let slot = Slot::new();
        assert!(slot.state.ask(7));
        let (first, second) = (slot.clone(), slot.clone());
        let first = thread::spawn(move || first.answer(7));
        // The sampler has waited for long enough, and turns to another thread if it can.
        let taken_back = slot.state.take_back(7);
        if slot.state.ask(8) {
            let second = thread::spawn(move || second.answer(8));
            if let Some(seen) = slot.read(8) {
                assert_eq!(seen, 8);
            }
            second.join().unwrap();
            assert_eq!(
                slot.read(8),
                Some(8),
                "the late one has not written: {taken_back}"
            );
        } else {
            assert!(!taken_back, "it is free once the question is taken back");
        }
        first.join().unwrap();
    });
}

#[test]
fn a_signal_that_nobody_sent_finds_no_question() {
    loom::model(|| {
        let slot = Slot::new();
        assert!(slot.state.ask(7));
        let stranger = slot.clone();
        let stranger = thread::spawn(move || stranger.answer(8));
        slot.answer(7);
        stranger.join().unwrap();
        assert_eq!(slot.read(7), Some(7));
        assert_eq!(slot.read(8), None);
    });
}

//! A thread is asked, answers or does not, and the asker gives up or does not.

use std::sync::Arc;

use loom::cell::UnsafeCell;
use loom::thread;

use super::turn::Turn;

/// loom sees it if two touch the content at the same time, or if one does not see what the other wrote.
struct Desk {
    turn: Turn,
    content: UnsafeCell<u32>,
}

// SAFETY: what is tested is that nobody touches the content out of turn.
unsafe impl Sync for Desk {}

impl Desk {
    fn new() -> Arc<Self> {
        Arc::new(Desk {
            turn: Turn::new(),
            content: UnsafeCell::new(0),
        })
    }

    /// What the handler does.
    fn answer(&self, thread: u32) {
        if self.turn.begin(thread) {
            // SAFETY: as is tested.
            self.content.with_mut(|it| unsafe { *it = thread });
            self.turn.finish(thread);
        }
    }

    /// What the asker does, once it has waited.
    fn read(&self, thread: u32) -> Option<u32> {
        let read = || self.content.with(|it| unsafe { *it });
        self.turn.has_answered(thread).then(read)
    }
}

#[test]
fn an_answer_is_seen_whole_or_not_at_all() {
    loom::model(|| {
        let desk = Desk::new();
        assert!(desk.turn.ask(7));
        let asked = desk.clone();
        let thread = thread::spawn(move || asked.answer(7));
        if let Some(seen) = desk.read(7) {
            assert_eq!(seen, 7);
        }
        thread.join().unwrap();
        assert_eq!(desk.read(7), Some(7));
    });
}

#[test]
fn who_comes_late_does_no_harm() {
    loom::model(|| {
        let desk = Desk::new();
        assert!(desk.turn.ask(7));
        let (first, second) = (desk.clone(), desk.clone());
        let first = thread::spawn(move || first.answer(7));
        // The asker has waited for long enough, and turns to another thread if it can.
        let taken_back = desk.turn.take_back(7);
        if desk.turn.ask(8) {
            let second = thread::spawn(move || second.answer(8));
            if let Some(seen) = desk.read(8) {
                assert_eq!(seen, 8);
            }
            second.join().unwrap();
            assert_eq!(
                desk.read(8),
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
        let desk = Desk::new();
        assert!(desk.turn.ask(7));
        let stranger = desk.clone();
        let stranger = thread::spawn(move || stranger.answer(8));
        desk.answer(7);
        stranger.join().unwrap();
        assert_eq!(desk.read(7), Some(7));
        assert_eq!(desk.read(8), None);
    });
}

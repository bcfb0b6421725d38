//! A thread exposes memory of its own, which is gone after `clear`, while another thread reads it.

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::thread;

use crate::record::exposed::Exposed;

/// Memory of a thread. loom notices a read that is not ordered with the write which stands for its end.
struct Memory(UnsafeCell<u32>);

// SAFETY: loom finds out whether that is so.
unsafe impl Sync for Memory {}
// SAFETY: as above.
unsafe impl Send for Memory {}

#[test]
fn memory_is_not_read_after_clear_has_returned() {
    loom::model(|| {
        let memory = Arc::new(Memory(UnsafeCell::new(1)));
        let exposed = Arc::new(Exposed::<Memory>::new());
        let reader = {
            let exposed = exposed.clone();
            // SAFETY: only reads.
            thread::spawn(move || exposed.read(|memory| memory.0.with(|value| unsafe { *value })))
        };
        // SAFETY: the memory lives to the end.
        unsafe { exposed.set(&memory) };
        exposed.clear();
        // SAFETY: nobody reads it by now, if `clear` is right.
        memory.0.with_mut(|value| unsafe { *value = 0 });
        let seen = reader.join().expect("the reader returns");
        assert!(seen.is_none_or(|value| value == 1), "read after the end");
    });
}

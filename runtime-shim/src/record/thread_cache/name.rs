//! Name nodes: how they are written. `content.rs` reads them.

use super::{RegistryRef, ThreadCache};
use crate::platform::sync::atomic::{fence, Ordering};
use crate::record::slot::{
    id_of_continuation, id_of_name, NameSlot, NodeSlot, TaskSlot, TextSlot, CONTINUED_WORDS,
};
use crate::record::words::{flag, PollWord, TextLengths};

/// Content of a name node: the bytes of the name, of the labels and of the text of the locals.
#[derive(Clone, Copy)]
pub(crate) struct NameContent<'a> {
    pub(crate) bytes: &'a [u8],
    /// Number of bytes of each.
    pub(crate) lengths: TextLengths,
    pub(crate) flags: u64,
    /// The address of the values of locals, or 0. The node takes it over.
    pub(crate) locals: u64,
}

impl ThreadCache {
    /// Makes a name node between `task` and its future children. The caller owns the one reference to it.
    ///
    /// `number` was not used before.
    pub(crate) fn name(
        &self,
        registry: RegistryRef<'_>,
        number: u64,
        task: TaskSlot,
        content: NameContent<'_>,
    ) -> Option<NameSlot> {
        let id = id_of_name(number);
        let slot = self.take(registry)?.slot();
        let NameContent {
            bytes,
            lengths,
            flags,
            locals,
        } = content;
        let flags = flags | if locals == 0 { 0 } else { flag::LOCALS };
        let mut words = [&slot.status, &slot.site].into_iter();
        if locals != 0 {
            let _ = words.next();
        }
        let (head, rest) = bytes.split_at(bytes.len().min(8 * words.len()));
        let (continuation, complete) = self.write_continuation(registry, id, rest);
        let flags = flags | if complete { 0 } else { flag::CUT };
        let polls = PollWord::of_name(flags, lengths);
        task.slot().refs.add_named();
        // As at a spawn: a reader that sees the new content must not take it for the old.
        fence(Ordering::Release);
        if locals != 0 {
            slot.status.store(locals, Ordering::Relaxed);
        }
        for (word, bytes) in words.zip(head.chunks(8)) {
            word.store(word_of(bytes), Ordering::Relaxed);
        }
        slot.parent.set(Some(NodeSlot::from(task).slot()));
        slot.spawn_parent.set(continuation.map(TextSlot::slot));
        slot.refs.reset();
        slot.polls.store(polls.to_word(), Ordering::Relaxed);
        slot.spawned.store(0, Ordering::Relaxed);
        slot.id.store(id, Ordering::Release);
        // SAFETY: the slot contains a name now.
        Some(unsafe { NameSlot::new(slot) })
    }

    /// Writes the text that does not fit into the node, last part first. Returns whether all was written.
    fn write_continuation(
        &self,
        registry: RegistryRef<'_>,
        id: u64,
        rest: &[u8],
    ) -> (Option<TextSlot>, bool) {
        let mut next = None;
        for part in rest.chunks(8 * CONTINUED_WORDS).rev() {
            let Some(slot) = self.take(registry) else {
                return (None, false);
            };
            let slot = slot.slot();
            fence(Ordering::Release);
            for (word, bytes) in slot.text_words().into_iter().zip(part.chunks(8)) {
                word.store(word_of(bytes), Ordering::Relaxed);
            }
            // SAFETY: the slot is taken, and becomes a continuation here.
            let text = unsafe { TextSlot::new(slot) };
            text.set_continuation(next);
            slot.id.store(id_of_continuation(id), Ordering::Release);
            next = Some(text);
        }
        (next, true)
    }
}

fn word_of(bytes: &[u8]) -> u64 {
    let mut word = [0; 8];
    word[..bytes.len()].copy_from_slice(bytes);
    u64::from_ne_bytes(word)
}

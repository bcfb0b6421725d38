//! Await stacks of suspended tasks, out of the debug information of the target's files.
//!
//! A task shows where its future is ([`root_future`]). The slot tells whether the task has run while the future was read:
//! its status and its number of polls are those of before. The number is read before the status, each by a read of its
//! own, because a poll stores them in the other order.
//!
//! [`root_future`]: birthmark_core::__reader::record::root_future

use birthmark_core::__reader::record::image::SlotImage;
use birthmark_dump::__private::{ReadTask, moved};
use birthmark_dump::MissingFrames;
use birthmark_stacks::Root;

use crate::layout::Layout;
use crate::memory::Memory;
use crate::slots;

const SLOT: u64 = 64;
/// Offset of the word with the number of polls in a slot.
const POLLS: u64 = 48;

/// A task of the target.
struct OuterTask<'t> {
    memory: &'t Memory,
    layout: &'t Layout,
    /// Address of the slot.
    slot: u64,
    image: SlotImage,
    /// Address of the words that tell where the future is, or 0.
    future: u64,
}

/// Calls `f` with each task. At most `limit` bytes of records are looked at.
pub(crate) fn walk(memory: &Memory, layout: &Layout, limit: u64, f: &mut dyn FnMut(&dyn ReadTask)) {
    let stride = match layout.is_older() {
        true => layout.registry.root_futures.stride,
        false => layout.registry.futures.stride,
    };
    slots::walk_now(memory, layout, limit, |chunk, offset, words| {
        let image = SlotImage::of_words(words);
        let Some(image) = image.filter(|image| !image.is_name()) else {
            return;
        };
        let place = offset / SLOT * u64::from(stride);
        f(&OuterTask {
            memory,
            layout,
            slot: chunk.base + offset,
            image,
            future: match chunk.futures {
                0 => 0,
                first => first + place,
            },
        });
    });
}

impl OuterTask<'_> {
    fn future_word(&self, offset: u32) -> Option<u64> {
        self.memory.word(self.future + u64::from(offset))
    }

    /// Reads the future, and tells whether the handle of the task is beside it.
    fn read_root(&self) -> Option<(Root, bool)> {
        let registry = &self.layout.registry;
        let (root, handle_at, handle) = match self.layout.is_older() {
            true => {
                let at = &registry.root_futures;
                let root =
                    Root::by_vtable(self.future_word(at.address)?, self.future_word(at.vtable)?)
                        .with_size(self.future_word(at.size)?);
                (
                    root,
                    self.future_word(at.handle_at)?,
                    self.future_word(at.handle)?,
                )
            }
            false => {
                let at = &registry.futures;
                let handle_at = self.future_word(at.handle_at)?;
                let root_type = self.future_word(at.root_type)?;
                let of_type = |offset: u32| self.memory.word(root_type.checked_add(offset.into())?);
                let address = handle_at.wrapping_add(of_type(at.from_handle)?);
                let root = Root::by_function(address, of_type(at.function)?, "F")
                    .with_size(of_type(at.size)?);
                (root, handle_at, self.future_word(at.handle)?)
            }
        };
        Some((root, self.memory.word(handle_at) == Some(handle)))
    }

    /// Returns the task as it is now.
    fn now(&self) -> Option<SlotImage> {
        let image = SlotImage::of_words(self.memory.words(self.slot)?)?;
        (image.id == self.image.id).then_some(image)
    }
}

impl ReadTask for OuterTask<'_> {
    fn id(&self) -> u64 {
        self.image.id
    }

    fn record(&self) -> u64 {
        self.slot
    }

    fn waits(&self) -> bool {
        self.image.waits()
    }

    fn polls(&self) -> u32 {
        self.image.polls()
    }

    fn is_unmoved(&self) -> bool {
        self.now().is_some_and(|now| self.image.is_unmoved(&now))
    }

    fn root(&self) -> Result<Option<Root>, MissingFrames> {
        let Some(before) = self.version() else {
            return Ok(None);
        };
        let found = self.read_root();
        if self.version() != Some(before) {
            return Ok(None);
        }
        match found {
            Some((root, true)) => Ok(Some(root)),
            Some((_, false)) => Err(moved()),
            None => Ok(None),
        }
    }

    fn version(&self) -> Option<u64> {
        if self.future == 0 {
            return None;
        }
        order_polls(self.memory);
        let polls = self.memory.word(self.slot + POLLS)?;
        let words: [u64; 8] = self.memory.words(self.slot)?;
        let now = SlotImage::of_words(words)?;
        let id = match self.layout.is_older() {
            true => self.layout.registry.root_futures.id,
            false => self.layout.registry.futures.id,
        };
        let is_published = self.future_word(id)? == self.image.id;
        let is_suspended = now.id == self.image.id
            && now.waits()
            && words[POLLS as usize / 8] == polls
            && is_published;
        is_suspended.then(|| now.polls().into())
    }
}

/// Makes what another process has stored before a store visible to this one, if this one sees that store.
///
/// Processors of x86-64 keep stores in order. On others, the system has each running thread execute a fence.
fn order_polls(memory: &Memory) {
    if cfg!(target_arch = "x86_64") || memory.is_still {
        return;
    }
    #[cfg(target_os = "linux")]
    {
        const GLOBAL: libc::c_int = 1;
        // SAFETY: the call takes two numbers and has no effect on memory except its order.
        unsafe { libc::syscall(libc::SYS_membarrier, GLOBAL, 0) };
    }
}

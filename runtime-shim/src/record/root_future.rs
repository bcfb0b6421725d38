//! Where the future of a task is, for readers of its state machine: 32 bytes for each slot of a chunk, behind the frames.
//!
//! A task publishes its future when its first poll begins, by a few stores. Later polls and awaits cost nothing.
//!
//! # When the content is valid
//!
//! The future is pinned before its first poll, so it stays at its address until it is dropped. These words tell a reader
//! that the future at the address is the task's, and that it has not changed between two readings:
//!
//! - `id` is the id of the task. Ids are never reused. A slot of another task has the words of that task, or old ones
//!   with another id.
//! - `id` is 0 before anything of the future is dropped (`RootFuture::forget`). A future that returns has dropped its
//!   content in the poll, and its task does not become suspended again.
//! - The number of polls in the slot is the same, and the task waits ([`Record::root_version`]). A poll stores the
//!   status `RUNNING`, then the number of polls, then it changes the future. A reader loads the number of polls, then the
//!   status, then it reads the future, then it loads both again in this order.
//!
//! The words of a task are stored while it runs, so a reader that finds the task suspended before and after has the words
//! of one publication.
//!
//! The stores of a poll are kept in order by the compiler. Processors of x86-64 keep them in order as well. On others, a
//! reader of this process calls `membarrier` between the loads and its reading.
//!
//! A thread that blocks on a future publishes that future. The thread has the flag `BLOCKED` between polls, in the word with
//! the number of polls. The flag is cleared before a poll counts.
//!
//! A future that is `Unpin` may be moved between two polls. The wrapper around the future has the handle of the task. A
//! reader refuses a future without that handle beside it ([`PublishedFuture::handle`]).
//!
//! [`Record::root_version`]: Record::root_version

use core::ptr;
use std::sync::atomic::{compiler_fence, AtomicU64, Ordering};

use super::arena::{BATCH, CHUNK_BYTES, CHUNK_SLOTS};
use super::frames::AREA_BYTES as FRAMES_BYTES;
use super::read::Record;
use super::slot::Slot;

/// Bytes behind the frames of a chunk. They take no memory until a task is polled.
pub(super) const AREA_BYTES: usize = CHUNK_SLOTS * size_of::<RootFuture>();
/// From the start of a chunk to the words of its first slot, in bytes.
pub(super) const DISTANCE: usize = CHUNK_BYTES + FRAMES_BYTES;

/// Where a task's future is.
#[repr(C, align(32))]
pub(crate) struct RootFuture {
    /// The id of the task, or 0.
    pub(super) id: AtomicU64,
    /// Address of the word with the handle, which is beside the future.
    pub(super) handle_at: AtomicU64,
    /// The handle.
    pub(super) handle: AtomicU64,
    /// Address of the future's [`RootType`].
    pub(super) root_type: AtomicU64,
}

const _: () = assert!(size_of::<RootFuture>() == 32);

/// The type of a task's future.
#[derive(Debug)]
pub struct RootType {
    /// Returns the address of a vtable. Constants with vtables are not described by debug information. The function itself
    /// has the type as its parameter `F`, by which another process finds the type.
    pub vtable: fn() -> *const (),
    /// Bytes from the handle of the task to its future.
    pub from_handle: usize,
    /// Size of the future in bytes.
    pub size: usize,
    /// Returns the name of the type.
    pub name: fn() -> &'static str,
}

impl RootFuture {
    fn of(slot: &'static Slot) -> &'static RootFuture {
        let address = ptr::from_ref(slot).addr();
        let chunk = address & !(CHUNK_BYTES - 1);
        let place = address % CHUNK_BYTES / (size_of::<Slot>() / size_of::<RootFuture>());
        // SAFETY: `Chunk::map` maps and exposes an area behind the frames with room for each slot, which is never
        // unmapped. Chunks are aligned to their size. Zeros are valid.
        unsafe { &*ptr::with_exposed_provenance(chunk + DISTANCE + place) }
    }

    /// Publishes the future of a task, whose first poll has begun. `handle_at` is the address of `handle`. The task may have
    /// published it before.
    #[cold]
    #[inline(never)]
    pub(crate) fn publish(
        slot: &'static Slot,
        handle_at: *const (),
        handle: *const (),
        root_type: &'static RootType,
    ) {
        let this = Self::of(slot);
        let root_type_at = ptr::from_ref(root_type).expose_provenance() as u64;
        this.handle_at
            .store(handle_at.addr() as u64, Ordering::Relaxed);
        this.handle.store(handle.addr() as u64, Ordering::Relaxed);
        this.root_type.store(root_type_at, Ordering::Relaxed);
        this.id.store(slot.id(), Ordering::Release);
    }

    /// Ends the publication of a task's future, before anything of the future is dropped.
    pub(crate) fn forget(slot: &'static Slot) {
        let this = Self::of(slot);
        if this.id.load(Ordering::Relaxed) == slot.id() {
            this.id.store(0, Ordering::Relaxed);
            compiler_fence(Ordering::SeqCst);
        }
    }
}

/// Gives the memory back that the words of slots on free pages occupy: of `pages` in a row in one chunk.
///
/// # Safety
///
/// All slots of the pages are free, and stay so until this returns.
pub(super) unsafe fn release(slot: &'static Slot, pages: usize) {
    let bytes = pages * BATCH * size_of::<RootFuture>();
    let start = ptr::from_ref(RootFuture::of(slot)).cast_mut();
    // SAFETY: memory from `map`, the words of free slots, which nobody needs. Zeros are those of no task.
    unsafe { crate::platform::memory::release(start.cast(), bytes) };
}

/// A task's future, as a reader sees it.
#[derive(Clone, Copy, Debug)]
pub struct PublishedFuture {
    /// Address of the future.
    pub address: u64,
    /// Address of a vtable of its type.
    pub vtable: u64,
    /// Size in bytes.
    pub size: u64,
    /// Address of the word in which the handle is, as long as the future is at its address.
    pub handle_at: u64,
    /// The handle.
    pub handle: u64,
    /// Name of the type.
    pub type_name: &'static str,
}

impl Record {
    /// Returns the future of a suspended task, if the task has published it.
    pub fn root_future(&self) -> Option<PublishedFuture> {
        let before = self.root_version()?;
        let this = RootFuture::of(self.slot);
        let word = |word: &AtomicU64| word.load(Ordering::Relaxed);
        let root_type = word(&this.root_type);
        let (handle_at, handle) = (word(&this.handle_at), word(&this.handle));
        std::sync::atomic::fence(Ordering::Acquire);
        if self.root_version() != Some(before) {
            return None;
        }
        // SAFETY: `publish` stores the address of a static type before it stores the id, which `root_version` has compared.
        // Each later value is the address of one, too.
        let root_type = unsafe { &*ptr::with_exposed_provenance::<RootType>(root_type as usize) };
        Some(PublishedFuture {
            address: handle_at.wrapping_add(root_type.from_handle as u64),
            vtable: (root_type.vtable)().addr() as u64,
            size: root_type.size as u64,
            handle_at,
            handle,
            type_name: (root_type.name)(),
        })
    }

    /// Returns the number of polls while the task of this record waits and its future is published. The future has
    /// not changed between two calls with the same result.
    pub fn root_version(&self) -> Option<u64> {
        // The number of polls first: a poll counts before it changes the future.
        let now = Record::read(self.slot).filter(|now| now.id == self.id)?;
        let is_published = RootFuture::of(self.slot).id.load(Ordering::Acquire) == self.id;
        (now.waits() && is_published).then(|| now.polls().into())
    }
}

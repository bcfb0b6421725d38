//! Where the future of a task is, for readers of its state machine: 64 bytes for each slot of a chunk, behind the frames.
//!
//! A task publishes its future when a poll returns `Pending` for the first time, unless nobody wants to read futures. So a
//! task that ends in its first poll touches none of this memory, and later polls cost nothing.
//!
//! # When the content is valid
//!
//! The future was pinned before its first poll, so it stays at its address until it is dropped. These words tell a reader
//! that the future at the address is the task's, and that it has not changed between two readings:
//!
//! - `id` is the id of the task. Ids are never reused. A slot of another task has the words of that task, or old ones
//!   with another id.
//! - `id` is 0 before anything of the future is dropped (`RootFuture::forget`). A future that returns has dropped its
//!   content in the poll, and its task does not become suspended again.
//! - The number of polls in the slot is the same, and the task is suspended ([`Record::root_version`]). A poll stores the
//!   status `RUNNING`, then the number of polls, then it changes the future. A reader loads the number of polls, then the
//!   status, then it reads the future, then it loads both again in this order.
//!
//! The stores of a poll are kept in order by the compiler. Processors of x86-64 keep them in order as well. On others, a
//! reader of this process calls `membarrier` between the loads and its reading.
//!
//! A future that is `Unpin` may be moved between two polls. The wrapper around the future has the handle of the task. A
//! reader refuses a future without that handle beside it ([`PublishedFuture::handle`]).
//!
//! [`Record::root_version`]: Record::root_version

use core::ptr;
use std::sync::atomic::{compiler_fence, AtomicBool, AtomicU64, Ordering};

use super::arena::{self, Chunk, BATCH, CHUNK_BYTES, CHUNK_SLOTS};
use super::frames::AREA_BYTES as FRAMES_BYTES;
use super::read::Record;
use super::slot::Slot;
use super::words::state;

/// Bytes behind the frames of a chunk. They take no memory until a task publishes its future.
pub(super) const AREA_BYTES: usize = CHUNK_SLOTS * size_of::<RootFuture>();

/// Where a task's future is.
#[repr(C, align(64))]
pub(crate) struct RootFuture {
    /// The id of the task, or 0.
    pub(super) id: AtomicU64,
    /// Address of the future.
    pub(super) address: AtomicU64,
    /// Address of a vtable of the future's type. Debug information has the type by this address.
    pub(super) vtable: AtomicU64,
    /// Size of the future in bytes.
    pub(super) size: AtomicU64,
    /// Address of the word with the handle, which is beside the future.
    pub(super) handle_at: AtomicU64,
    /// The handle.
    pub(super) handle: AtomicU64,
    /// Address of the future's [`RootType`].
    root_type: AtomicU64,
}

const _: () = assert!(size_of::<RootFuture>() == 64);

/// The type of a task's future.
#[derive(Debug)]
pub struct RootType {
    /// Returns the address of a vtable. Constants with vtables are not described by debug information.
    pub vtable: fn() -> *const (),
    /// Bytes from the handle of the task to its future.
    pub from_handle: usize,
    /// Size of the future in bytes.
    pub size: usize,
    /// Returns the name of the type.
    pub name: fn() -> &'static str,
}

static IS_PUBLISHED: AtomicBool = AtomicBool::new(false);

/// Returns `true` if tasks that are spawned from now on publish their futures. In a debug build, all tasks do.
#[inline]
pub(crate) fn is_published() -> bool {
    cfg!(debug_assertions) || IS_PUBLISHED.load(Ordering::SeqCst)
}

/// Returns `true` if spawns have to take the slow path, so that the first poll publishes the future.
pub(crate) fn takes_slow_path() -> bool {
    IS_PUBLISHED.load(Ordering::SeqCst)
}

/// Makes tasks that are spawned from now on publish their futures.
pub fn publish() {
    use crate::platform::runtime_flags::{set, SLOW_SPAWNS};
    IS_PUBLISHED.store(true, Ordering::SeqCst);
    set(SLOW_SPAWNS, true);
}

impl RootFuture {
    fn of(slot: &'static Slot) -> &'static RootFuture {
        let (chunk, place) = arena::locate(slot);
        // SAFETY: `Chunk::map` maps and exposes an area behind the frames with room for each slot, which is never
        // unmapped. Zeros are valid.
        unsafe { &*first(chunk).add(place) }
    }

    /// Publishes the future of a task, whose poll has returned `Pending` and still counts as running. `handle_at` is the
    /// address of `handle`.
    pub(crate) fn publish(
        slot: &'static Slot,
        handle_at: u64,
        handle: u64,
        root_type: &'static RootType,
    ) {
        let (chunk, _) = arena::locate(slot);
        if chunk.root_futures.load(Ordering::Relaxed).is_null() {
            let first = first(chunk).cast_mut();
            chunk.root_futures.store(first, Ordering::Relaxed);
        }
        let (this, id) = (Self::of(slot), slot.id());
        let address = handle_at.wrapping_add(root_type.from_handle as u64);
        let is_known = this.id.load(Ordering::Relaxed) == id;
        if is_known && this.address.load(Ordering::Relaxed) == address {
            return;
        }
        this.id.store(0, Ordering::Relaxed);
        std::sync::atomic::fence(Ordering::Release);
        let vtable = (root_type.vtable)().addr() as u64;
        let root_type_at = ptr::from_ref(root_type).expose_provenance() as u64;
        for (word, value) in [
            (&this.address, address),
            (&this.vtable, vtable),
            (&this.size, root_type.size as u64),
            (&this.handle_at, handle_at),
            (&this.handle, handle),
            (&this.root_type, root_type_at),
        ] {
            word.store(value, Ordering::Relaxed);
        }
        this.id.store(id, Ordering::Release);
    }

    /// Ends the publication of a task's future, before anything of the future is dropped.
    pub(crate) fn forget(slot: &'static Slot) {
        let (chunk, _) = arena::locate(slot);
        if chunk.root_futures.load(Ordering::Relaxed).is_null() {
            return;
        }
        let this = Self::of(slot);
        if this.id.load(Ordering::Relaxed) == slot.id() {
            this.id.store(0, Ordering::Relaxed);
            compiler_fence(Ordering::SeqCst);
        }
    }
}

/// Returns the address of the words of a chunk's first slot.
fn first(chunk: &'static Chunk) -> *const RootFuture {
    ptr::with_exposed_provenance(ptr::from_ref(chunk).addr() + CHUNK_BYTES + FRAMES_BYTES)
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
        self.root_version()?;
        let this = RootFuture::of(self.slot);
        let word = |word: &AtomicU64| word.load(Ordering::Relaxed);
        let root_type = word(&this.root_type);
        let (handle_at, handle) = (word(&this.handle_at), word(&this.handle));
        let (address, vtable, size) = (word(&this.address), word(&this.vtable), word(&this.size));
        std::sync::atomic::fence(Ordering::Acquire);
        if word(&this.id) != self.id {
            return None;
        }
        // SAFETY: `publish` stores the address of a static type before the id. The id was loaded before and after.
        let root_type = unsafe { &*ptr::with_exposed_provenance::<RootType>(root_type as usize) };
        Some(PublishedFuture {
            address,
            vtable,
            size,
            handle_at,
            handle,
            type_name: (root_type.name)(),
        })
    }

    /// Returns the number of polls while the task of this record is suspended and its future is published. The future has
    /// not changed between two calls with the same result.
    pub fn root_version(&self) -> Option<u64> {
        let (chunk, _) = arena::locate(self.slot);
        if chunk.root_futures.load(Ordering::Relaxed).is_null() {
            return None;
        }
        // The number of polls first: a poll counts before it changes the future.
        let now = Record::read(self.slot).filter(|now| now.id == self.id)?;
        let is_published = RootFuture::of(self.slot).id.load(Ordering::Acquire) == self.id;
        (now.state() == state::SUSPENDED && is_published).then(|| now.polls().into())
    }
}

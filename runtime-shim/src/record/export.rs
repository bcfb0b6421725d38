//! The symbol by which a debugger, or another process, finds the registry.
//!
//! Everything is read from memory: no code runs in the target, so it works on a core file too. Who
//! reads follows `chunks`, and in each chunk that is not null takes all slots but those of the first
//! page; `slot.rs` says what the words of a slot mean.

use core::mem::offset_of;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64};

use super::arena::{Chunk, BATCH, CHUNK_PAGES, MAX_CHUNKS};
use super::call_names;
use super::exposed::Exposed;
use super::frames::{Frames, ShadowStack, ROOM};
use super::globals::ARENA;
use super::slot::Slot;
use super::thread_states::{self, ThreadState};
use crate::platform::clock;
use crate::platform::runtime_flags;
use crate::types::frame_site::FrameSite;
use crate::types::site::Site;

/// The content of the exported symbol. Fields are only added at the end. `version` rises when the meaning of one
/// changes.
#[repr(C)]
pub struct Registry {
    magic: [u8; 8],
    version: u32,
    slot_bytes: u32,
    page_slots: u32,
    chunk_pages: u32,
    max_chunks: u32,
    tick_millis: u32,
    /// An array of `max_chunks` pointers.
    chunks: *const AtomicPtr<Chunk>,
    /// Pages in use, counting the first of each chunk.
    pages: *const AtomicU32,
    /// The present tick, in the upper half; the lower one says what is switched on.
    now: *const AtomicU64,
    site: SiteLayout,
    frames: FramesLayout,
    names: CallNamesLayout,
    positions: PositionLayout,
}

/// Where the frames are that a running task has entered and that are not recorded. Each thread has them in its own
/// memory.
#[repr(C)]
struct PositionLayout {
    /// In bytes from the start of a thread's state: a pointer to the thread's shadow stack, or null.
    in_state: u32,
    /// In bytes from the start of a shadow stack: the thread's cursor.
    cursor: u32,
    /// In bytes from the start of a shadow stack: its levels, a word each.
    levels: u32,
}

/// Where the names of single calls of closures are. The status of a task that runs has the index of its thread's state,
/// plus one.
#[repr(C)]
struct CallNamesLayout {
    /// An array of pointers to states.
    blocks: *const AtomicPtr<ThreadState>,
    /// In bytes from the start of a state: pointers to name nodes, the innermost last, or null.
    in_block: u32,
    /// How many pointers.
    room: u32,
}

/// Where the frames of tasks are. They are `room` words behind a header for each slot of a chunk, counting
/// those of its first page; `frames/` says what they mean.
#[repr(C)]
struct FramesLayout {
    /// In bytes from the start of a chunk: the address of its frames, or null.
    in_chunk: u32,
    /// Bytes from those of one slot to those of the next.
    stride: u32,
    room: u32,
    /// In bytes from the address of a frame site. Strings are a pointer and a length.
    file: u32,
    line: u32,
    column: u32,
    function: u32,
    awaited: u32,
}

/// Where the parts of a site are, in bytes from its address. Strings are a pointer and a length.
#[repr(C)]
struct SiteLayout {
    file: u32,
    line: u32,
    column: u32,
    module: u32,
    function: u32,
    callee: u32,
    role: u32,
    kind: u32,
}

// SAFETY: pointers to statics, which nobody writes through.
unsafe impl Sync for Registry {}

/// The registry of this process.
// SAFETY: this item alone has the name. Another version of this package would define it, too, but `links` in
// Cargo.toml makes cargo refuse two versions in one program; without cargo, the linker refuses them.
#[unsafe(no_mangle)]
#[used]
pub static BIRTHMARK_REGISTRY_V1: Registry = Registry {
    magic: *b"birthmrk",
    version: 1,
    slot_bytes: size_of::<Slot>() as u32,
    page_slots: BATCH as u32,
    chunk_pages: CHUNK_PAGES as u32,
    max_chunks: MAX_CHUNKS as u32,
    tick_millis: clock::TICK.as_millis() as u32,
    chunks: ARENA.chunks.as_ptr(),
    pages: &raw const ARENA.fresh,
    now: runtime_flags::word(),
    site: SiteLayout {
        file: offset_of!(Site, file) as u32,
        line: offset_of!(Site, line) as u32,
        column: offset_of!(Site, column) as u32,
        module: offset_of!(Site, module) as u32,
        function: offset_of!(Site, function) as u32,
        callee: offset_of!(Site, callee) as u32,
        role: offset_of!(Site, role) as u32,
        kind: offset_of!(Site, kind) as u32,
    },
    frames: FramesLayout {
        in_chunk: offset_of!(Chunk, frames) as u32,
        stride: size_of::<Frames>() as u32,
        room: ROOM as u32,
        file: offset_of!(FrameSite, file) as u32,
        line: offset_of!(FrameSite, line) as u32,
        column: offset_of!(FrameSite, column) as u32,
        function: offset_of!(FrameSite, function) as u32,
        awaited: offset_of!(FrameSite, awaited) as u32,
    },
    names: CallNamesLayout {
        blocks: thread_states::STATES.as_ptr(),
        in_block: offset_of!(ThreadState, call_names) as u32,
        room: call_names::ROOM as u32,
    },
    positions: PositionLayout {
        in_state: offset_of!(ThreadState, position) as u32 + Exposed::<ShadowStack>::VALUE as u32,
        cursor: ShadowStack::CURSOR as u32,
        levels: ShadowStack::LEVELS as u32,
    },
};

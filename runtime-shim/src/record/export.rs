//! The symbol by which a debugger, or another process, finds the registry.
//!
//! A reader needs memory and nothing else. No code runs in the target, so the target may be a core file. The reader
//! follows `chunks`. In each chunk that is not null, all pages except the first one contain slots. `slot.rs` has the
//! meaning of their words.

use core::mem::offset_of;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize};

use super::arena::{Chunk, BATCH, CHUNK_PAGES, MAX_CHUNKS};
use super::call_names;
use super::exposed::Exposed;
use super::frames::{Frames, ShadowStack, ROOM};
use super::globals::{ARENA, UNRECORDED};
use super::gone;
use super::root_future::{self, RootFuture, RootType};
use super::slot::Slot;
use super::thread_states::{self, ThreadState};
use super::wakes::Wakes;
use crate::platform::clock;
use crate::platform::internal_thread;
use crate::platform::runtime_flags;
use crate::types::frame_site::FrameSite;
use crate::types::site::{self, Counts, Site};

/// The first bytes of the exported symbol.
pub const MAGIC: [u8; 8] = *b"birthmrk";

/// The version of the layout.
pub const VERSION: u32 = 3;
/// The oldest version that readers of this package know. Version 2 has [`RootFutureLayout`] in place of [`FutureLayout`].
pub const OLDEST_VERSION: u32 = 2;

const PACKAGE: &str = match option_env!("CARGO_PKG_VERSION") {
    Some(version) => version,
    None => "",
};

/// The content of the exported symbol. Fields are only added at the end, before which `bytes` tells a reader what is
/// there. `version` rises when the meaning of a field changes.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Registry {
    pub magic: [u8; 8],
    pub version: u32,
    pub slot_bytes: u32,
    pub page_slots: u32,
    pub chunk_pages: u32,
    pub max_chunks: u32,
    pub tick_millis: u32,
    /// An array of `max_chunks` pointers.
    pub chunks: *const AtomicPtr<()>,
    /// Pages in use, counting the first of each chunk.
    pub pages: *const AtomicU32,
    /// The present tick, in the upper half; the lower one says what is switched on.
    pub now: *const AtomicU64,
    pub site: SiteLayout,
    pub frames: FramesLayout,
    pub names: CallNamesLayout,
    pub positions: PositionLayout,
    /// Size of this structure.
    pub bytes: u32,
    pub states: StateLayout,
    pub counts: CountsLayout,
    pub process: ProcessLayout,
    /// Zeros since version 3.
    pub root_futures: RootFutureLayout,
    pub wakes: WakesLayout,
    pub gone: GoneLayout,
    pub futures: FutureLayout,
    /// In bytes from the address of a frame site: a pointer to the text with its variables that have guards.
    pub guards_of_frame: u32,
}

/// Where the futures of tasks are. `root_future.rs` has the meaning of the words, and when they are valid.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct FutureLayout {
    /// Bytes from the start of a chunk to the words of its first slot, counting those of its first page.
    pub distance: u32,
    /// Bytes from the words of one slot to those of the next.
    pub stride: u32,
    /// In bytes from the words of a slot.
    pub id: u32,
    pub handle_at: u32,
    pub handle: u32,
    pub root_type: u32,
    /// In bytes from the address of the type of a future: a function with the type as parameter `F`, the bytes from the
    /// handle to the future, and the size.
    pub function: u32,
    pub from_handle: u32,
    pub size: u32,
}

/// Where the tasks are that ended before they were ready. `gone/` has the meaning of an entry.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct GoneLayout {
    /// A pointer to a header, whose first word is the capacity of each ring. Null until the first entry. The rings follow.
    pub memory: *const AtomicPtr<gone::Words>,
    /// Bytes of the header, and of each entry.
    pub stride: u32,
}

/// Where the futures of tasks were in version 2.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct RootFutureLayout {
    /// In bytes from the start of a chunk: the address of the words of its first slot, or null.
    pub in_chunk: u32,
    /// Bytes from the words of one slot to those of the next.
    pub stride: u32,
    /// In bytes from the words of a slot.
    pub id: u32,
    pub address: u32,
    pub vtable: u32,
    pub size: u32,
    pub handle_at: u32,
    pub handle: u32,
}

/// Where the wakes of a task are, in bytes from its slot. `wakes/` has the meaning of the words.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct WakesLayout {
    /// Number of wakers, and flags. Zero without a waker.
    pub state: u32,
    /// The id of the task to which the other words belong.
    pub owner: u32,
    pub woken: u32,
    pub woken_by: u32,
}

/// Where the parts of a thread's state are, in bytes from its start. `names.blocks` has the states.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct StateLayout {
    /// The system's id of the thread, 0 if no thread has the state.
    pub os_id: u32,
    /// The beginning of the thread's name.
    pub name: u32,
    pub name_bytes: u32,
    /// Numbers of completed tasks by the index of their site: a pointer and a length.
    pub completed: u32,
    pub max_states: u32,
    /// Number of states that there ever were.
    pub count: *const AtomicU32,
}

/// Where the counts of a site are, in bytes from its address.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct CountsLayout {
    pub index: u32,
    pub completed: u32,
    pub panicked: u32,
    pub cancelled: u32,
    pub refused: u32,
    pub untracked: u32,
    pub passed_through: u32,
    pub seen: u32,
    /// One byte: the source shows that the call is a spawn.
    pub certain: u32,
}

/// Counts and lists of the whole process.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ProcessLayout {
    /// Version of this package, in ASCII.
    pub package: *const u8,
    pub package_bytes: usize,
    /// A pointer to the list of all sites, which are pointers, and their number.
    pub sites: *const AtomicPtr<&'static Site>,
    pub site_count: *const AtomicUsize,
    /// Number of spawns for which there was no memory.
    pub unrecorded: *const AtomicU64,
    /// Threads of birthmark's own, as words: the process in the upper half, the system's id in the lower one.
    pub internal_threads: *const AtomicU64,
    pub internal_thread_count: usize,
    /// Bytes: the clock was started, and its thread could not be.
    pub clock_started: *const AtomicBool,
    pub clock_failed: *const AtomicBool,
    /// The tick at which the clock stood for long, which means nothing.
    pub unsure_tick: *const AtomicU64,
}

impl Registry {
    /// Returns a copy out of another memory. Fields beyond the bytes are zero.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        let mut copy = core::mem::MaybeUninit::<Registry>::zeroed();
        let len = bytes.len().min(size_of::<Registry>());
        // SAFETY: the copy has room for `len` bytes. It consists of numbers and raw pointers, for which all bytes are
        // valid.
        unsafe {
            copy.as_mut_ptr()
                .cast::<u8>()
                .copy_from_nonoverlapping(bytes.as_ptr(), len);
            copy.assume_init()
        }
    }
}

/// Where the frames are that a running task has entered and that are not recorded. Each thread has them in its own
/// memory.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct PositionLayout {
    /// In bytes from the start of a thread's state: a pointer to the thread's shadow stack, or null.
    pub in_state: u32,
    /// In bytes from the start of a shadow stack: the thread's cursor.
    pub cursor: u32,
    /// In bytes from the start of a shadow stack: its levels, a word each.
    pub levels: u32,
}

/// Where the names of single calls of closures are. The status of a task that runs has the index of its thread's state,
/// plus one.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct CallNamesLayout {
    /// An array of pointers to states.
    pub blocks: *const AtomicPtr<ThreadState>,
    /// In bytes from the start of a state: pointers to name nodes, the innermost last, or null.
    pub in_block: u32,
    /// How many pointers.
    pub room: u32,
}

/// Where the frames of tasks are. They are `room` words behind a header for each slot of a chunk, counting
/// those of its first page; `frames/` says what they mean.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct FramesLayout {
    /// In bytes from the start of a chunk: the address of its frames, or null.
    pub in_chunk: u32,
    /// Bytes from those of one slot to those of the next.
    pub stride: u32,
    pub room: u32,
    /// In bytes from the address of a frame site. Strings are a pointer and a length.
    pub file: u32,
    pub line: u32,
    pub column: u32,
    pub function: u32,
    pub awaited: u32,
}

/// Where the parts of a site are, in bytes from its address. Strings are a pointer and a length.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct SiteLayout {
    pub file: u32,
    pub line: u32,
    pub column: u32,
    pub module: u32,
    pub function: u32,
    pub callee: u32,
    pub role: u32,
    pub kind: u32,
}

// SAFETY: pointers to statics, which nobody writes through.
unsafe impl Sync for Registry {}

/// The registry of this process.
// SAFETY: this item alone has the name. Another version of this package would define it, too, but `links` in
// Cargo.toml makes cargo refuse two versions in one program; without cargo, the linker refuses them.
#[unsafe(no_mangle)]
#[used]
pub static BIRTHMARK_REGISTRY_V1: Registry = Registry {
    magic: MAGIC,
    version: VERSION,
    slot_bytes: size_of::<Slot>() as u32,
    page_slots: BATCH as u32,
    chunk_pages: CHUNK_PAGES as u32,
    max_chunks: MAX_CHUNKS as u32,
    tick_millis: clock::TICK.as_millis() as u32,
    chunks: ARENA.chunks.as_ptr().cast(),
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
    bytes: size_of::<Registry>() as u32,
    states: StateLayout {
        os_id: offset_of!(ThreadState, os_id) as u32,
        name: offset_of!(ThreadState, name) as u32,
        name_bytes: thread_states::NAME_BYTES as u32,
        completed: offset_of!(ThreadState, completed) as u32,
        max_states: thread_states::STATES.len() as u32,
        count: &raw const thread_states::STATE_COUNT,
    },
    counts: CountsLayout {
        index: count_at(offset_of!(Counts, index)),
        completed: count_at(offset_of!(Counts, completed)),
        panicked: count_at(offset_of!(Counts, panicked)),
        cancelled: count_at(offset_of!(Counts, cancelled)),
        refused: count_at(offset_of!(Counts, refused)),
        untracked: count_at(offset_of!(Counts, untracked)),
        passed_through: count_at(offset_of!(Counts, passed_through)),
        seen: count_at(offset_of!(Counts, seen)),
        certain: offset_of!(Site, certain) as u32,
    },
    process: ProcessLayout {
        package: PACKAGE.as_ptr(),
        package_bytes: PACKAGE.len(),
        sites: &raw const site::LIST.start,
        site_count: &raw const site::LIST.count,
        unrecorded: &raw const UNRECORDED,
        internal_threads: internal_thread::IDS.as_ptr(),
        internal_thread_count: internal_thread::IDS.len(),
        clock_started: clock::STATE.0,
        clock_failed: clock::STATE.1,
        unsure_tick: clock::STATE.2,
    },
    root_futures: RootFutureLayout {
        in_chunk: 0,
        stride: 0,
        id: 0,
        address: 0,
        vtable: 0,
        size: 0,
        handle_at: 0,
        handle: 0,
    },
    wakes: WakesLayout {
        state: wakes_at(Wakes::STATE),
        owner: wakes_at(Wakes::OWNER),
        woken: wakes_at(Wakes::WOKEN),
        woken_by: wakes_at(Wakes::WOKEN_BY),
    },
    gone: GoneLayout {
        memory: &raw const gone::MEMORY,
        stride: gone::ENTRY_BYTES as u32,
    },
    futures: FutureLayout {
        distance: root_future::DISTANCE as u32,
        stride: size_of::<RootFuture>() as u32,
        id: offset_of!(RootFuture, id) as u32,
        handle_at: offset_of!(RootFuture, handle_at) as u32,
        handle: offset_of!(RootFuture, handle) as u32,
        root_type: offset_of!(RootFuture, root_type) as u32,
        function: offset_of!(RootType, vtable) as u32,
        from_handle: offset_of!(RootType, from_handle) as u32,
        size: offset_of!(RootType, size) as u32,
    },
    guards_of_frame: offset_of!(FrameSite, guards) as u32,
};

const fn wakes_at(offset: usize) -> u32 {
    (Wakes::DISTANCE + offset) as u32
}

const fn count_at(offset: usize) -> u32 {
    (offset_of!(Site, counts) + offset) as u32
}

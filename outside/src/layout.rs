//! The description of the records, as the target has it, checked.

use std::mem::offset_of;

use birthmark_core::__reader::record::export::{MAGIC, OLDEST_VERSION, Registry, VERSION};
use birthmark_core::__reader::record::frames::ROOM;

use crate::error::OpenError;
use crate::memory::Memory;

/// Maximum size of the description. Later versions may add fields.
const MAX_BYTES: usize = 4096;
/// Maximum offset of a field in a structure.
const MAX_OFFSET: u32 = 4096;

/// Where the records are, and how they look.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    pub(crate) registry: Registry,
    /// Address of the description.
    pub(crate) address: u64,
    /// Version of the package `birthmark-core` in the target.
    pub(crate) package: [u8; 16],
    pub(crate) page_bytes: u64,
    pub(crate) chunk_bytes: u64,
}

impl Layout {
    /// Reads the description at an address.
    pub(crate) fn read(memory: &Memory, address: u64) -> Result<Self, OpenError> {
        let damaged = || OpenError::Damaged { address };
        let mut head = [0; 12];
        memory.read(address, &mut head).ok_or_else(damaged)?;
        if head[..8] != MAGIC {
            return Err(damaged());
        }
        let version = u32::from_ne_bytes(head[8..].try_into().unwrap_or_default());
        let mut bytes = vec![0; size_of::<Registry>()];
        memory.read(address, &mut bytes).ok_or_else(damaged)?;
        let whole = Registry::of_bytes(&bytes);
        let len = (whole.bytes as usize).min(MAX_BYTES).min(bytes.len());
        let registry = Registry::of_bytes(&bytes[..len]);
        let package = package(memory, &registry);
        if !(OLDEST_VERSION..=VERSION).contains(&version) {
            let package = text(&package).to_owned();
            return Err(OpenError::Version { version, package });
        }
        let page_bytes = u64::from(registry.page_slots) * u64::from(registry.slot_bytes);
        let layout = Layout {
            registry,
            package,
            address,
            page_bytes,
            chunk_bytes: page_bytes.saturating_mul(registry.chunk_pages.into()),
        };
        layout.makes_sense().then_some(layout).ok_or_else(damaged)
    }

    /// Returns `true` if the records are those of a version before the one of this package.
    pub(crate) fn is_older(&self) -> bool {
        self.registry.version < VERSION
    }

    /// Returns `true` if no number can make a reader allocate or loop without bound.
    fn makes_sense(&self) -> bool {
        let it = &self.registry;
        let (site, counts, states) = (&it.site, &it.counts, &it.states);
        let offsets = [
            site.file,
            site.line,
            site.column,
            site.module,
            site.function,
            site.callee,
            site.role,
            site.kind,
            counts.index,
            counts.completed,
            counts.panicked,
            counts.cancelled,
            counts.refused,
            counts.untracked,
            counts.passed_through,
            counts.seen,
            counts.certain,
            it.frames.file,
            it.frames.line,
            it.frames.column,
            it.frames.function,
            it.frames.awaited,
            it.guards_of_frame,
            states.os_id,
            states.name,
            states.completed,
            it.names.in_block,
            it.positions.in_state,
            it.positions.cursor,
            it.positions.levels,
            it.root_futures.in_chunk,
            it.root_futures.stride,
            it.root_futures.id,
            it.root_futures.address,
            it.root_futures.vtable,
            it.root_futures.size,
            it.root_futures.handle_at,
            it.root_futures.handle,
            it.futures.stride,
            it.futures.id,
            it.futures.handle_at,
            it.futures.handle,
            it.futures.root_type,
            it.futures.function,
            it.futures.from_handle,
            it.futures.size,
        ];
        let least = match it.version {
            OLDEST_VERSION => offset_of!(Registry, gone),
            _ => offset_of!(Registry, guards_of_frame),
        };
        it.bytes as usize >= least
            && it.slot_bytes == 64
            && (1..=4096).contains(&it.page_slots)
            && (2..=65_536).contains(&it.chunk_pages)
            && self.chunk_bytes.is_power_of_two()
            && self.chunk_bytes <= 64 << 20
            && self.page_bytes.is_multiple_of(4096)
            && it.max_chunks <= 1 << 20
            && it.tick_millis > 0
            && it.frames.stride as usize == 8 * (1 + ROOM).next_power_of_two()
            && it.frames.room as usize == ROOM
            && it.frames.in_chunk <= MAX_OFFSET
            && it.names.room <= 64
            && it.wakes.state <= 256 << 20
            && it.futures.distance <= 256 << 20
            && it.states.name_bytes <= 64
            && it.states.max_states <= 1 << 20
            && it.process.internal_thread_count <= 65_536
            && offsets.iter().all(|offset| *offset <= MAX_OFFSET)
    }

    /// Returns the version of the package in the target.
    pub(crate) fn package(&self) -> &str {
        text(&self.package)
    }
}

fn package(memory: &Memory, registry: &Registry) -> [u8; 16] {
    let mut package = [0; 16];
    let len = registry.process.package_bytes.min(package.len());
    let address = registry.process.package.addr() as u64;
    if memory.read(address, &mut package[..len]).is_none() {
        return [0; 16];
    }
    package
}

/// Returns the version if it can be one.
fn text(package: &[u8; 16]) -> &str {
    let end = package.iter().position(|byte| *byte == 0).unwrap_or(16);
    let is_version = |byte: &u8| byte.is_ascii_alphanumeric() || b".-+".contains(byte);
    let version = package[..end].iter().all(is_version);
    let version = version.then(|| std::str::from_utf8(&package[..end]).ok());
    version.flatten().unwrap_or("")
}

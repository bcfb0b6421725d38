//! A mapping by which another process, or a reader of a core file, finds the registry without a symbol.
//!
//! The mapping is a page that contains an [`Announcement`] and nothing else. Linux shows its name in `/proc/PID/maps`, as
//! `[anon:birthmark]`. A kernel that names no anonymous memory shows the name of a file in memory instead,
//! `/memfd:birthmark (deleted)`. A core file has no names, but one of its segments begins with the announcement.
//!
//! The page is mapped once, together with the first chunk. If the system refuses it, readers need the symbol.

use super::export::{Registry, BIRTHMARK_REGISTRY_V1};

/// The content of the page.
#[repr(C)]
#[derive(Debug)]
pub struct Announcement {
    magic: [u8; 16],
    /// Version of this structure.
    version: u32,
    /// Size of what `registry` points to.
    registry_bytes: u32,
    registry: *const Registry,
}

/// The first bytes of the page.
pub const MAGIC: [u8; 16] = *b"birthmark\0found\0";

/// The version of [`Announcement`].
pub const VERSION: u32 = 1;

/// Maps the page.
#[cold]
pub(super) fn announce() {
    let announcement = Announcement {
        magic: MAGIC,
        version: VERSION,
        registry_bytes: size_of::<Registry>() as u32,
        registry: &raw const BIRTHMARK_REGISTRY_V1,
    };
    // SAFETY: the value consists of numbers and a pointer, without padding, and is smaller than a page.
    let bytes = unsafe {
        core::slice::from_raw_parts(
            (&raw const announcement).cast::<u8>(),
            size_of::<Announcement>(),
        )
    };
    crate::platform::memory::show(c"birthmark", bytes);
}

//! Memory at stable, aligned addresses from the allocator. Nothing is given back.

use std::alloc::{alloc_zeroed, dealloc, Layout};

/// `true` if [`release`] gives memory back.
pub(crate) const RELEASES: bool = false;

/// Allocates `bytes` of zeroed memory, aligned to `align`, which is a power of two.
pub(crate) fn map(bytes: usize, align: usize) -> Option<*mut u8> {
    let layout = Layout::from_size_align(bytes, align).ok()?;
    // SAFETY: the layout is not empty.
    let start = unsafe { alloc_zeroed(layout) };
    (!start.is_null()).then_some(start)
}

/// # Safety
///
/// The range came from [`map`] and is not used any more.
pub(crate) unsafe fn unmap(start: *mut u8, bytes: usize, align: usize) {
    if let Ok(layout) = Layout::from_size_align(bytes, align) {
        // SAFETY: by the contract, with the layout that `map` used.
        unsafe { dealloc(start, layout) };
    }
}

/// Does nothing here: the range stays as it is.
///
/// # Safety
///
/// As on other platforms.
pub(crate) unsafe fn release(_start: *mut u8, _bytes: usize) {}

/// Does nothing here: other processes cannot read the memory.
pub(crate) fn show(_name: &core::ffi::CStr, _content: &[u8]) {}

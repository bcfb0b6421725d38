//! Memory at stable, aligned addresses, whose pages can be given back without being unmapped.

/// Whether [`release`] gives memory back. Pages read as zeros after it only where the kernel says so.
pub(crate) const RELEASES: bool = cfg!(any(target_os = "linux", target_os = "android"));

/// Maps `bytes` of zeroed memory, aligned to `bytes`, which is a power of two.
pub(crate) fn map(bytes: usize) -> Option<*mut u8> {
    let start = map_anywhere(2 * bytes)?;
    let head = start.align_offset(bytes);
    // SAFETY: both ranges lie inside the mapping of 2 * bytes that we have just made, outside the
    // part that is handed out, and are whole pages because `bytes` is a multiple of a page.
    unsafe {
        unmap_if_any(start, head);
        unmap_if_any(start.add(head + bytes), bytes - head);
    }
    // SAFETY: head < bytes, so that this lies in the mapping.
    Some(unsafe { start.add(head) })
}

/// # Safety
///
/// The range came from [`map`] and is not used any more.
pub(crate) unsafe fn unmap(start: *mut u8, bytes: usize) {
    // SAFETY: by the contract.
    unsafe { unmap_if_any(start, bytes) };
}

/// Gives the pages back to the system; they stay mapped and read as zeros.
///
/// # Safety
///
/// The range lies in memory from [`map`], in whole pages, and its content is no longer needed.
pub(crate) unsafe fn release(start: *mut u8, bytes: usize) {
    // SAFETY: by the contract. Failure leaves the memory as it was, which is as good.
    unsafe { libc::madvise(start.cast(), bytes, libc::MADV_DONTNEED) };
}

fn map_anywhere(bytes: usize) -> Option<*mut u8> {
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANON;
    // SAFETY: a new anonymous mapping at an address of the kernel's choice touches nothing else.
    let start = unsafe { libc::mmap(core::ptr::null_mut(), bytes, protection, flags, -1, 0) };
    (start != libc::MAP_FAILED).then_some(start.cast())
}

/// # Safety
///
/// The range is empty, or mapped by us and not used any more.
unsafe fn unmap_if_any(start: *mut u8, bytes: usize) {
    if bytes > 0 {
        // SAFETY: by the contract.
        unsafe { libc::munmap(start.cast(), bytes) };
    }
}

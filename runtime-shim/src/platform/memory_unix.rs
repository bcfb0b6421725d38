//! Memory at stable, aligned addresses, whose pages can be given back without being unmapped.

/// `true` if [`release`] gives memory back. Only some kernels guarantee that the pages read as zeros afterwards.
pub(crate) const RELEASES: bool = cfg!(any(target_os = "linux", target_os = "android"));

/// Maps `bytes` of zeroed memory, aligned to `align`, which is a power of two. Both are multiples of a page.
pub(crate) fn map(bytes: usize, align: usize) -> Option<*mut u8> {
    let start = map_anywhere(bytes + align)?;
    let head = start.align_offset(align);
    // SAFETY: both ranges lie inside the mapping of bytes + align that we have just made, outside the
    // part that is handed out, and are whole pages because both are multiples of a page.
    unsafe {
        unmap_if_any(start, head);
        unmap_if_any(start.add(head + bytes), align - head);
    }
    // SAFETY: head < align, so that this lies in the mapping.
    Some(unsafe { start.add(head) })
}

/// # Safety
///
/// The range came from [`map`] and is not used any more.
pub(crate) unsafe fn unmap(start: *mut u8, bytes: usize, _align: usize) {
    // SAFETY: by the contract.
    unsafe { unmap_if_any(start, bytes) };
}

/// Gives the system's pages that lie in the range as a whole back to it; they stay mapped and read as zeros.
///
/// # Safety
///
/// The range lies in memory from [`map`], and its content is no longer needed.
pub(crate) unsafe fn release(start: *mut u8, bytes: usize) {
    // Rounded by us: `madvise` refuses a start inside of a page, and would round the end up, into what
    // is in use. Pages have 4 KiB in most systems, but 16 or 64 in some on ARM and POWER.
    // SAFETY: takes a number and cannot fail for this one.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as usize;
    let (first, end) = (start.addr(), start.addr() + bytes);
    let (first_page, end_page) = (first.next_multiple_of(page), end / page * page);
    if first_page < end_page {
        // SAFETY: inside of the range, of which the caller says so. Failure leaves the memory as it
        // was, which is as good.
        unsafe {
            let start = start.add(first_page - first);
            libc::madvise(start.cast(), end_page - first_page, libc::MADV_DONTNEED);
        }
    }
}

/// Maps a page of its own that begins with `content`, never changes, and has a name that other processes see.
#[cfg(target_os = "linux")]
pub(crate) fn show(name: &core::ffi::CStr, content: &[u8]) {
    // SAFETY: takes a number and cannot fail for this one.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as usize;
    let Some(start) = map_anywhere(page).filter(|_| content.len() <= page) else {
        return;
    };
    if set_name(start, page, name) || map_named_file(start, page, name) {
        // SAFETY: the page is ours alone, and has room for the content.
        unsafe {
            start.copy_from_nonoverlapping(content.as_ptr(), content.len());
            libc::mprotect(start.cast(), page, libc::PROT_READ);
        }
    } else {
        // SAFETY: the page was mapped above, and nobody knows of it.
        unsafe { unmap_if_any(start, page) };
    }
}

/// Does nothing here: the system shows no names of mappings.
#[cfg(not(target_os = "linux"))]
pub(crate) fn show(_name: &core::ffi::CStr, _content: &[u8]) {}

/// Names an anonymous mapping. Returns `false` if the kernel does not.
#[cfg(target_os = "linux")]
fn set_name(start: *mut u8, bytes: usize, name: &core::ffi::CStr) -> bool {
    let (command, part) = (
        libc::PR_SET_VMA,
        libc::PR_SET_VMA_ANON_NAME as libc::c_ulong,
    );
    // SAFETY: the range is a mapping of ours. The kernel copies the name and changes nothing else.
    unsafe { libc::prctl(command, part, start, bytes, name.as_ptr()) == 0 }
}

/// Replaces a mapping of ours by one of a file in memory that has the name. Returns `false` if the system refuses.
#[cfg(target_os = "linux")]
fn map_named_file(start: *mut u8, bytes: usize, name: &core::ffi::CStr) -> bool {
    // SAFETY: the name ends with a zero, and the mapping at `start` is ours alone and is replaced as a whole.
    unsafe {
        let file = libc::memfd_create(name.as_ptr(), libc::MFD_CLOEXEC);
        if file < 0 {
            return false;
        }
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_PRIVATE | libc::MAP_FIXED;
        let is_sized = libc::ftruncate(file, bytes as libc::off_t) == 0;
        let is_mapped =
            is_sized && libc::mmap(start.cast(), bytes, protection, flags, file, 0) == start.cast();
        libc::close(file);
        is_mapped
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_that_lie_in_the_range_as_a_whole_are_given_back() {
        let bytes = 1 << 20;
        // SAFETY: takes a number and cannot fail for this one.
        let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as usize;
        let start = map(bytes, bytes).expect("a mapping");
        // SAFETY: the mapping is ours, that long, and unmapped at the end.
        unsafe {
            start.write_bytes(1, bytes);
            release(start.add(page / 2), 2 * page);
            release(start.add(4 * page + 1), page - 2);
            let content = std::slice::from_raw_parts(start, bytes);
            let zeros: Vec<usize> = (0..bytes).filter(|&at| content[at] == 0).collect();
            assert_eq!(zeros, Vec::from_iter(page..2 * page));
            unmap(start, bytes, bytes);
        }
    }
}

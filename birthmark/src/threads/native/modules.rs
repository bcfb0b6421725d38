//! The program and its loaded libraries, with their unwind information.
//!
//! The information is copied while the list of the loader is locked, so a library may be unloaded afterwards. No thread
//! is stopped meanwhile, so the owner of the lock can release it.

use core::ffi::{c_int, c_void};
use core::ops::Range;
use core::slice;

use framehop::{ExplicitModuleSectionInfo, Module};

/// Returns all modules.
pub(super) fn all() -> Vec<Module<Vec<u8>>> {
    let mut found: Vec<Module<Vec<u8>>> = Vec::new();
    // SAFETY: `add` has the right type, and gets the pointer only as long as this runs.
    unsafe { libc::dl_iterate_phdr(Some(add), (&raw mut found).cast()) };
    found
}

/// Returns the number of unloaded libraries. While it stays the same, an address keeps its meaning.
pub(super) fn unloads() -> u64 {
    let mut count = 0u64;
    // SAFETY: as in `all`.
    unsafe { libc::dl_iterate_phdr(Some(count_unloads), (&raw mut count).cast()) };
    count
}

unsafe extern "C" fn count_unloads(
    info: *mut libc::dl_phdr_info,
    _size: usize,
    count: *mut c_void,
) -> c_int {
    // SAFETY: `unloads` hands a number over, and the loader what it says of the first module.
    unsafe { *count.cast::<u64>() = (*info).dlpi_subs };
    // Each says the same of it.
    1
}

unsafe extern "C" fn add(info: *mut libc::dl_phdr_info, _size: usize, found: *mut c_void) -> c_int {
    // SAFETY: `all` hands a list over, which nobody else uses meanwhile.
    let found = unsafe { &mut *found.cast::<Vec<Module<Vec<u8>>>>() };
    // SAFETY: the loader hands over a module that is loaded, and stays so until this returns.
    found.extend(unsafe { Headers::new(&*info) }.module());
    0
}

type Header = libc::Elf64_Phdr;

/// The program headers of a module that is loaded.
struct Headers<'a> {
    /// Difference of the addresses in memory from those in the file.
    base: u64,
    headers: &'a [Header],
}

impl<'a> Headers<'a> {
    /// # Safety
    ///
    /// `info` describes a module that stays loaded while the result lives.
    unsafe fn new(info: &'a libc::dl_phdr_info) -> Self {
        let headers = match info.dlpi_phnum {
            0 => &[],
            // SAFETY: the loader says that there are so many.
            count => unsafe { slice::from_raw_parts(info.dlpi_phdr, count.into()) },
        };
        Headers {
            base: info.dlpi_addr,
            headers,
        }
    }

    /// Returns the module, or `None` if it has no unwind information.
    fn module(&self) -> Option<Module<Vec<u8>>> {
        let index = self.of_type(libc::PT_GNU_EH_FRAME).next()?;
        let start = self.start_of_frames(&index)?;
        let frames = start..self.segments().find(|it| it.contains(&start))?.end;
        let sections = ExplicitModuleSectionInfo {
            eh_frame_hdr: Some(self.copy(&index)?),
            eh_frame: Some(self.copy(&frames)?),
            eh_frame_hdr_svma: Some(index),
            eh_frame_svma: Some(frames),
            ..Default::default()
        };
        let range = self
            .segments()
            .reduce(|a, b| a.start.min(b.start)..a.end.max(b.end))?;
        let range = self.base.wrapping_add(range.start)..self.base.wrapping_add(range.end);
        Some(Module::new(String::new(), range, self.base, sections))
    }

    /// Returns the readable ranges, as addresses in the file.
    fn segments(&self) -> impl Iterator<Item = Range<u64>> + '_ {
        self.of_type(libc::PT_LOAD)
    }

    fn of_type(&self, wanted: u32) -> impl Iterator<Item = Range<u64>> + '_ {
        let is_wanted = move |it: &&Header| it.p_type == wanted && it.p_flags & libc::PF_R != 0;
        let wanted = self.headers.iter().filter(is_wanted);
        wanted.map(|it| it.p_vaddr..it.p_vaddr.saturating_add(it.p_memsz))
    }

    /// Returns the start of the section that the index belongs to. The index has it as a distance of four bytes, which
    /// is the only form that linkers write.
    fn start_of_frames(&self, index: &Range<u64>) -> Option<u64> {
        const VERSION: u8 = 1;
        const RELATIVE_4_BYTES: u8 = 0x1b;
        let head = self.copy(&(index.start..index.end.min(index.start + 8)))?;
        let [VERSION, RELATIVE_4_BYTES, _, _, distance @ ..] = &head[..] else {
            return None;
        };
        let distance = i32::from_ne_bytes(*distance.first_chunk()?);
        (index.start + 4).checked_add_signed(distance.into())
    }

    /// Copies a range, which must lie in one segment.
    fn copy(&self, range: &Range<u64>) -> Option<Vec<u8>> {
        let inside = |it: &Range<u64>| it.start <= range.start && range.end <= it.end;
        self.segments().find(inside)?;
        let start = usize::try_from(self.base.wrapping_add(range.start)).ok()?;
        let len = usize::try_from(range.end.checked_sub(range.start)?).ok()?;
        let start = core::ptr::with_exposed_provenance::<u8>(start);
        // SAFETY: the module is loaded for as long as this lives, and the range is in a segment that can be
        // read. Sections of this kind do not change once they are loaded.
        Some(unsafe { slice::from_raw_parts(start, len) }.to_vec())
    }
}

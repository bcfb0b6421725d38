//! The files that a target has loaded, with their unwind information.
//!
//! All of it is read from the memory of the target, where each loaded file has its headers at its first address. So no
//! file need be there.

use std::ops::Range;

use framehop::{ExplicitModuleSectionInfo, Module};

use crate::memory::Memory;

/// Maximum number of files.
const MAX_MODULES: usize = 4096;
/// Maximum number of bytes of unwind information of one file, and of all files.
const MAX_BYTES: u64 = 256 << 20;
const MAX_TOTAL: u64 = 1 << 30;
/// Maximum number of program headers.
const MAX_HEADERS: u16 = 256;

const PT_LOAD: u32 = 1;
const PT_GNU_EH_FRAME: u32 = 0x6474_e550;

/// Returns the loaded files that have unwind information. `starts` are addresses at which one may begin.
pub(super) fn at(memory: &Memory, starts: impl Iterator<Item = u64>) -> Vec<Module<Vec<u8>>> {
    let mut left = MAX_TOTAL;
    let mut module = |start| {
        let (module, bytes) = Headers::read(memory, start)?.module(memory)?;
        left = left.checked_sub(bytes)?;
        Some(module)
    };
    starts.filter_map(&mut module).take(MAX_MODULES).collect()
}

/// A program header.
struct Header {
    kind: u32,
    offset: u64,
    range: Range<u64>,
}

/// The program headers of a loaded file.
struct Headers {
    /// Difference of the addresses in memory from those in the file.
    base: u64,
    headers: Vec<Header>,
}

impl Headers {
    fn read(memory: &Memory, start: u64) -> Option<Self> {
        let mut head = [0; 64];
        memory.read(start, &mut head)?;
        const LITTLE_ENDIAN_64_BITS: &[u8] = b"\x7fELF\x02\x01";
        if !head.starts_with(LITTLE_ENDIAN_64_BITS) {
            return None;
        }
        let half = |at: usize| Some(u16::from_le_bytes(*head.get(at..)?.first_chunk()?));
        let first = start.checked_add(u64::from_le_bytes(*head.get(32..)?.first_chunk()?))?;
        let count = half(56).filter(|count| *count <= MAX_HEADERS)?;
        let size = half(54).filter(|size| *size == 56)?;
        let header = |index: u16| {
            let at = first.checked_add(u64::from(index) * u64::from(size))?;
            let [kind, offset, address, _, _, length, _] = memory.words(at)?;
            Some(Header {
                kind: kind as u32,
                offset,
                range: address..address.checked_add(length)?,
            })
        };
        let headers: Vec<Header> = (0..count).map(header).collect::<Option<_>>()?;
        let first = headers.iter().find(|it| it.kind == PT_LOAD)?;
        let base = start.wrapping_sub(first.range.start.wrapping_sub(first.offset));
        Some(Headers { base, headers })
    }

    /// Returns the module and the number of its bytes, or `None` if it has no unwind information.
    fn module(&self, memory: &Memory) -> Option<(Module<Vec<u8>>, u64)> {
        let index = self.of_kind(PT_GNU_EH_FRAME).next()?;
        let start = self.start_of_frames(memory, index)?;
        let segment = self.of_kind(PT_LOAD).find(|it| it.contains(&start))?;
        let frames = start..segment.end;
        let bytes = (frames.end - frames.start).checked_add(index.end - index.start)?;
        let sections = ExplicitModuleSectionInfo {
            eh_frame_hdr: Some(self.copy(memory, index)?),
            eh_frame: Some(self.copy(memory, &frames)?),
            eh_frame_hdr_svma: Some(index.clone()),
            eh_frame_svma: Some(frames),
            ..Default::default()
        };
        let first = self.of_kind(PT_LOAD).map(|it| it.start).min()?;
        let last = self.of_kind(PT_LOAD).map(|it| it.end).max()?;
        let range = self.base.wrapping_add(first)..self.base.wrapping_add(last);
        // What wraps around is no range.
        (range.start < range.end).then(|| {
            let module = Module::new(String::new(), range, self.base, sections);
            (module, bytes)
        })
    }

    fn of_kind(&self, kind: u32) -> impl Iterator<Item = &Range<u64>> {
        let wanted = self.headers.iter().filter(move |it| it.kind == kind);
        wanted.map(|it| &it.range)
    }

    /// Returns the start of the section that the index belongs to. The index has it as a distance of four bytes, which
    /// is the only form that linkers write.
    fn start_of_frames(&self, memory: &Memory, index: &Range<u64>) -> Option<u64> {
        const VERSION: u8 = 1;
        const RELATIVE_4_BYTES: u8 = 0x1b;
        let [word] = memory.words(self.base.wrapping_add(index.start))?;
        let [VERSION, RELATIVE_4_BYTES, _, _, distance @ ..] = word.to_le_bytes() else {
            return None;
        };
        let distance = i32::from_le_bytes(distance);
        index
            .start
            .checked_add(4)?
            .checked_add_signed(distance.into())
    }

    fn copy(&self, memory: &Memory, range: &Range<u64>) -> Option<Vec<u8>> {
        let length = range.end.checked_sub(range.start)?;
        if length > MAX_BYTES {
            return None;
        }
        let mut bytes = vec![0; usize::try_from(length).ok()?];
        let start = self.base.wrapping_add(range.start);
        memory.read(start, &mut bytes)?;
        Some(bytes)
    }
}

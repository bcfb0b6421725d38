//! Headers of core files.

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use object::elf::{ET_CORE, Machine, NT_FILE, NT_GNU_BUILD_ID, NT_PRPSINFO, NT_PRSTATUS, PT_LOAD};
use object::read::elf::{FileHeader as _, ProgramHeader as _};
use object::{LittleEndian, ReadCache};

use super::{Header, Section, open_regular};
use crate::maps::Mapped;

/// Largest number of segments of a core file.
const MAX_SEGMENTS: usize = 1 << 20;
/// Largest number of threads of a core file.
const MAX_THREADS: usize = 1 << 20;
/// The architecture of this program, and the number of its general registers in a core file.
#[cfg(target_arch = "aarch64")]
const OWN_MACHINE: Machine = object::elf::EM_AARCH64;
#[cfg(target_arch = "aarch64")]
const REGISTERS: usize = 34;
#[cfg(not(target_arch = "aarch64"))]
const OWN_MACHINE: Machine = object::elf::EM_X86_64;
#[cfg(not(target_arch = "aarch64"))]
const REGISTERS: usize = 27;
/// Largest size of the notes of a core file.
const MAX_NOTES: u64 = 64 << 20;

/// Content of a core file.
pub(crate) struct Core {
    /// Memory that was written, by address.
    pub(crate) segments: Vec<(u64, Section)>,
    pub(crate) files: Vec<Mapped>,
    pub(crate) process: Ended,
    /// Number of bytes that the headers describe and that are behind the end of the file.
    pub(crate) missing: u64,
    is_own_machine: bool,
}

/// The process, as the notes of a core file describe it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ended {
    /// Id of the process and the beginning of its command line, each argument followed by a blank.
    pub(crate) id: Option<u32>,
    pub(crate) command: Vec<u8>,
    pub(crate) threads: Vec<CoreThread>,
}

/// A thread of a process that has ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CoreThread {
    /// System id.
    pub id: u32,
    /// Number of the signal that ended the process, or 0. The kernel notes it in each thread. The first thread is the one
    /// that received it.
    pub signal: u16,
    /// CPU time, in the program and in the kernel.
    pub cpu: Duration,
    /// The general registers as the kernel stores them, or none if the core file is of another architecture.
    pub registers: Vec<u64>,
}

impl CoreThread {
    /// Parses an `elf_prstatus` of a 64-bit system.
    fn parse(note: &[u8], is_own_machine: bool) -> Option<Self> {
        let word = |at: usize| Some(u64::from_le_bytes(*note.get(at..)?.first_chunk()?));
        let time = |at| {
            let (seconds, micros) = (word(at)?, word(at + 8)?);
            Duration::from_secs(seconds).checked_add(Duration::from_micros(micros))
        };
        let registers = (0..REGISTERS).map_while(|index| word(112 + 8 * index));
        Some(Self {
            id: number(note, 32)?,
            signal: number(note, 12)? as u16,
            cpu: time(48)?.checked_add(time(64)?)?,
            registers: registers.filter(|_| is_own_machine).collect(),
        })
    }
}

/// Reads the headers of a core file.
pub(crate) fn read_core_file(file: File) -> Option<Core> {
    let length = file
        .metadata()
        .ok()
        .filter(std::fs::Metadata::is_file)?
        .len();
    let shared = Arc::new(file.try_clone().ok()?);
    let cache = ReadCache::new(BufReader::new(file));
    let data = &cache;
    let header = Header::parse(data).ok()?;
    let endian = header.endian().ok()?;
    if header.e_type.get(endian) != ET_CORE {
        return None;
    }
    let mut core = Core {
        segments: Vec::new(),
        files: Vec::new(),
        process: Ended::default(),
        missing: 0,
        is_own_machine: header.e_machine.get(endian) == OWN_MACHINE,
    };
    let segments = header.program_headers(endian, data).ok()?;
    for segment in segments.iter().take(MAX_SEGMENTS) {
        let (start, size) = (segment.p_offset(endian), segment.p_filesz(endian));
        let missing = size - size.min(length.saturating_sub(start));
        core.missing = core.missing.saturating_add(missing);
        if missing > 0 || size == 0 {
            continue;
        }
        if segment.p_type(endian) == PT_LOAD {
            let content = Section::File {
                file: shared.clone(),
                start,
                length: size,
            };
            core.segments.push((segment.p_vaddr(endian), content));
        } else if size <= MAX_NOTES {
            let _ = read_notes(segment, data, &mut core);
        }
    }
    Some(core)
}

/// Reads the notes of a segment up to the first one that is damaged.
fn read_notes(
    segment: &object::elf::ProgramHeader64<LittleEndian>,
    data: &ReadCache<BufReader<File>>,
    core: &mut Core,
) -> Option<()> {
    let mut notes = segment.notes(LittleEndian, data).ok()??;
    while let Some(note) = notes.next().ok()? {
        match note.n_type(LittleEndian) {
            NT_FILE if core.files.is_empty() => {
                core.files = parse_files(note.desc()).unwrap_or_default();
            }
            // The layouts of `elf_prpsinfo` and `elf_prstatus` on 64-bit systems.
            NT_PRPSINFO => {
                core.process.id = number(note.desc(), 24);
                let command = note.desc().get(56..136).unwrap_or_default();
                let command = command.split(|byte| *byte == 0).next();
                core.process.command = command.unwrap_or_default().to_vec();
            }
            NT_PRSTATUS if core.process.threads.len() < MAX_THREADS => {
                let thread = CoreThread::parse(note.desc(), core.is_own_machine);
                core.process.threads.extend(thread);
            }
            _ => {}
        }
    }
    Some(())
}

fn number(note: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*note.get(at..)?.first_chunk()?))
}

/// Parses the note with mapped files: a count, a page size, three numbers for each file, and the paths.
fn parse_files(note: &[u8]) -> Option<Vec<Mapped>> {
    let word = |index: usize| {
        Some(u64::from_le_bytes(
            *note.get(index.checked_mul(8)?..)?.first_chunk()?,
        ))
    };
    let (count, page) = (usize::try_from(word(0)?).ok()?, word(1)?);
    let mut paths = note
        .get(count.checked_mul(24)?.checked_add(16)?..)?
        .split(|byte| *byte == 0);
    let mut files = Vec::new();
    for index in 0..count {
        let at = 2 + 3 * index;
        files.push(Mapped {
            path: path(paths.next()?),
            start: word(at)?,
            end: word(at + 1)?,
            offset: word(at + 2)?.checked_mul(page)?,
        });
    }
    Some(files)
}

/// Number of bytes in which the headers and the notes of an executable are searched.
pub(crate) const MAX_HEAD: u64 = 64 << 10;

/// Returns the build id out of the first bytes of a file, which has the notes near its beginning.
pub(crate) fn build_id_of_head(head: &[u8]) -> Option<Vec<u8>> {
    let header = Header::parse(head).ok()?;
    let segments = header.program_headers(LittleEndian, head).ok()?;
    for segment in segments {
        // Notes that are not in the head are an error here.
        let Ok(Some(mut notes)) = segment.notes(LittleEndian, head) else {
            continue;
        };
        while let Ok(Some(note)) = notes.next() {
            if note.name() == b"GNU" && note.n_type(LittleEndian) == NT_GNU_BUILD_ID {
                return Some(note.desc().to_vec());
            }
        }
    }
    None
}

fn path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(bytes).into_owned())
}

/// Returns the content of a range of a file.
pub(crate) fn range_of_file(range: &Mapped) -> Option<Section> {
    let file = open_regular(&range.path)?;
    let rest = file.metadata().ok()?.len().checked_sub(range.offset)?;
    Some(Section::File {
        file: Arc::new(file),
        start: range.offset,
        length: rest.min(range.end.checked_sub(range.start)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn note_with_files_is_parsed() {
        let words = [2_u64, 0x1000, 0x10, 0x20, 0, 0x20, 0x30, 1];
        let mut note: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        note.extend_from_slice(b"/a\0/a\0");
        let files = parse_files(&note).expect("the note is whole");
        let found: Vec<_> = files
            .iter()
            .map(|it| (it.path.to_str(), it.start, it.end, it.offset))
            .collect();
        assert_eq!(
            found,
            [
                (Some("/a"), 0x10, 0x20, 0),
                (Some("/a"), 0x20, 0x30, 0x1000)
            ]
        );
        for length in 0..note.len() {
            let _ = parse_files(&note[..length]);
        }
        note[..8].copy_from_slice(&u64::MAX.to_le_bytes());
        assert_eq!(parse_files(&note), None);
    }
}

//! ELF files: the sections with debug information, and what leads to a separate file of them.

mod compressed;
mod core_file;
mod section;
mod separate;
mod symbols;

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader};
use std::path::Path;
use std::sync::Arc;

use object::elf::{CompressionType, FileHeader64, NT_GNU_BUILD_ID, SHT_NOBITS};
use object::read::elf::{CompressionHeader as _, FileHeader, ProgramHeader, SectionHeader};
use object::{LittleEndian, ReadCache};

pub(crate) use compressed::MAX_WINDOW;
pub use core_file::CoreThread;
pub(crate) use core_file::{Ended, MAX_HEAD, build_id_of_head, range_of_file, read_core_file};
pub(crate) use section::{Bytes, Section};
pub(crate) use separate::{find_debug_file, find_package};
#[cfg(feature = "functions")]
pub(crate) use symbols::SymbolTable;
pub(crate) use symbols::symbol_at;

/// Largest size of a section once it is inflated.
const MAX_INFLATED: u64 = 4 << 30;
/// Largest number of sections that are looked at.
const MAX_SECTIONS: usize = 4096;

type Header = FileHeader64<LittleEndian>;

/// One ELF file.
#[derive(Clone, Default)]
pub(crate) struct Image {
    pub(crate) build_id: Option<Vec<u8>>,
    /// Name and checksum of the separate file with debug information.
    pub(crate) debug_link: Option<(String, u32)>,
    /// Address and file offset of the first segment that is loaded.
    pub(crate) first_segment: Option<(u64, u64)>,
    pub(crate) sections: Sections,
}

/// The sections that are read. Those of split files end with `.dwo` there.
#[derive(Clone, Default)]
pub(crate) struct Sections {
    pub(crate) abbrev: Section,
    pub(crate) addr: Section,
    pub(crate) aranges: Section,
    pub(crate) cu_index: Section,
    pub(crate) dynstr: Section,
    pub(crate) dynsym: Section,
    pub(crate) info: Section,
    pub(crate) line: Section,
    pub(crate) line_str: Section,
    pub(crate) ranges: Section,
    pub(crate) rnglists: Section,
    pub(crate) str: Section,
    pub(crate) str_offsets: Section,
    pub(crate) strtab: Section,
    pub(crate) symtab: Section,
}

impl Sections {
    fn by_name(&mut self, name: &[u8]) -> Option<&mut Section> {
        let name = name.strip_suffix(b".dwo").unwrap_or(name);
        Some(match name {
            b".debug_abbrev" => &mut self.abbrev,
            b".debug_addr" => &mut self.addr,
            b".debug_aranges" => &mut self.aranges,
            b".debug_cu_index" => &mut self.cu_index,
            b".debug_info" => &mut self.info,
            b".debug_line" => &mut self.line,
            b".debug_line_str" => &mut self.line_str,
            b".debug_ranges" => &mut self.ranges,
            b".debug_rnglists" => &mut self.rnglists,
            b".debug_str" => &mut self.str,
            b".debug_str_offsets" => &mut self.str_offsets,
            b".dynstr" => &mut self.dynstr,
            b".dynsym" => &mut self.dynsym,
            b".strtab" => &mut self.strtab,
            b".symtab" => &mut self.symtab,
            _ => return None,
        })
    }
}

impl Image {
    /// Reads the headers of a file. Returns `None` if it is no ELF file for a 64-bit little-endian machine.
    pub(crate) fn open(path: &Path) -> Option<Self> {
        Self::read(open_regular(path)?)
    }

    fn read(file: File) -> Option<Self> {
        let shared = Arc::new(file.try_clone().ok()?);
        let cache = ReadCache::new(BufReader::new(file));
        let data = &cache;
        let header = Header::parse(data).ok()?;
        let endian = header.endian().ok()?;
        let mut image = Self::default();
        let segments = header.program_headers(endian, data).ok()?;
        let mut loaded = segments
            .iter()
            .filter(|segment| segment.p_type(endian) == object::elf::PT_LOAD);
        image.first_segment = loaded
            .next()
            .map(|it| (it.p_vaddr(endian), it.p_offset(endian)));
        let sections = header.sections(endian, data).ok()?;
        for section in sections.iter().take(MAX_SECTIONS) {
            if section.sh_type(endian) == SHT_NOBITS {
                continue;
            }
            if let Ok(Some(mut notes)) = section.notes(endian, data) {
                while let Ok(Some(note)) = notes.next() {
                    if note.name() == b"GNU" && note.n_type(endian) == NT_GNU_BUILD_ID {
                        image.build_id = Some(note.desc().to_vec());
                    }
                }
            }
            let Ok(name) = sections.section_name(endian, section) else {
                continue;
            };
            if name == b".gnu_debuglink" {
                image.debug_link = section.data(endian, data).ok().and_then(parse_debug_link);
            }
            let Some(target) = image.sections.by_name(name) else {
                continue;
            };
            if !target.is_empty() {
                continue;
            }
            *target = content(section, data, &shared).unwrap_or_default();
        }
        Some(image)
    }

    pub(crate) fn has_debug_info(&self) -> bool {
        !self.sections.info.is_empty()
    }
}

fn content(
    section: &<Header as FileHeader>::SectionHeader,
    data: &ReadCache<BufReader<File>>,
    file: &Arc<File>,
) -> Option<Section> {
    let endian = LittleEndian;
    if let Some((header, start, length)) = section.compression(endian, data).ok()? {
        let packed = Section::File {
            file: file.clone(),
            start,
            length,
        };
        let (method, length): (CompressionType, u64) =
            (header.ch_type(endian), header.ch_size(endian));
        let bytes = compressed::inflate(method, &packed.read_all()?, length, MAX_INFLATED)?;
        return Some(Section::Memory(bytes));
    }
    let (start, length) = section.file_range(endian)?;
    let end = start.checked_add(length)?;
    if end > file.metadata().ok()?.len() {
        return None;
    }
    Some(Section::File {
        file: file.clone(),
        start,
        length,
    })
}

/// Opens a file for reading if it is a regular one. A pipe could block for ever.
pub(crate) fn open_regular(path: &Path) -> Option<File> {
    let file = open(path).ok()?;
    file.metadata().ok()?.is_file().then_some(file)
}

/// Opens a file without waiting for what a pipe or a device may bring.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(target_os = "linux")]
    std::os::unix::fs::OpenOptionsExt::custom_flags(
        &mut options,
        libc::O_NONBLOCK | libc::O_NOCTTY,
    );
    options.open(path)
}

/// Parses `.gnu_debuglink`: a name, zeros up to a multiple of four, and a checksum.
fn parse_debug_link(data: &[u8]) -> Option<(String, u32)> {
    let end = data.iter().position(|byte| *byte == 0)?;
    let name = std::str::from_utf8(&data[..end]).ok()?;
    // A path would lead out of the folders that are searched.
    if name.is_empty() || name.contains('/') || name == ".." {
        return None;
    }
    let checksum = data.get((end + 4) & !3..)?.first_chunk()?;
    Some((name.to_owned(), u32::from_le_bytes(*checksum)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_link_with_a_path_is_refused() {
        let link = parse_debug_link(b"app.debug\0\0\0\x01\x02\x03\x04");
        assert_eq!(link, Some(("app.debug".to_owned(), 0x0403_0201)));
        assert_eq!(parse_debug_link(b"../etc/x\0\0\0\0\x01\x02\x03\x04"), None);
        assert_eq!(parse_debug_link(b"app.debug\0\0\0\x01\x02"), None);
        assert_eq!(parse_debug_link(b"app"), None);
    }
}

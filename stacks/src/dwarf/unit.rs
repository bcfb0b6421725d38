//! One unit of debug information.

use std::sync::{Arc, OnceLock};

use gimli::{
    Abbreviations, AttributeValue, EndianSlice, EntriesRaw, LittleEndian, UnitHeader, UnitOffset,
};

use super::index::UnitIndex;
use super::module::Dwarf;
use crate::elf::Bytes;

pub(crate) type Slice<'a> = EndianSlice<'a, LittleEndian>;
pub(crate) type Value<'a> = AttributeValue<Slice<'a>>;

/// Longest table of line numbers that is read for its file names.
const MAX_LINE_PROGRAM: u64 = 256 << 20;
/// Largest number of files of a unit.
const MAX_FILES: usize = 1 << 16;

/// A unit whose bytes are in memory.
pub(crate) struct Unit {
    bytes: Bytes,
    abbreviations: Arc<Abbreviations>,
    /// Sections that entries of this unit refer to.
    dwarf: Arc<Dwarf>,
    /// Sections with addresses and line numbers. They differ from `dwarf` if the unit is in a split file.
    skeleton: Arc<Dwarf>,
    bases: Bases,
    pub(crate) index: UnitIndex,
    files: OnceLock<Vec<Arc<str>>>,
}

/// Offsets at which the unit's parts of other sections begin.
#[derive(Clone, Default)]
pub(crate) struct Bases {
    pub(crate) str_offsets: u64,
    pub(crate) addr: u64,
    pub(crate) line: Option<u64>,
    pub(crate) folder: Option<Arc<str>>,
}

impl Unit {
    pub(crate) fn new(
        bytes: Bytes,
        abbreviations: Arc<Abbreviations>,
        dwarf: Arc<Dwarf>,
        skeleton: Arc<Dwarf>,
        bases: Bases,
    ) -> Option<Self> {
        let mut unit = Self {
            bytes,
            abbreviations,
            dwarf,
            skeleton,
            bases,
            index: UnitIndex::default(),
            files: OnceLock::new(),
        };
        unit.header()?;
        // What precedes damaged entries is of use.
        let mut index = UnitIndex::default();
        let _ = index.fill(&unit);
        unit.index = index;
        Some(unit)
    }

    /// Returns the number of bytes that the unit takes.
    pub(crate) fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    pub(crate) fn header(&self) -> Option<UnitHeader<Slice<'_>>> {
        header(&self.bytes)
    }

    /// Returns the entries from an offset of the unit on.
    pub(crate) fn entries(&self, offset: u64) -> Option<EntriesRaw<'_, Slice<'_>>> {
        let header = self.header()?;
        let offset = UnitOffset(usize::try_from(offset).ok()?);
        header.entries_raw(&self.abbreviations, Some(offset)).ok()
    }

    /// Returns the entries of the whole unit.
    pub(crate) fn all_entries(&self) -> Option<EntriesRaw<'_, Slice<'_>>> {
        self.header()?.entries_raw(&self.abbreviations, None).ok()
    }

    pub(crate) fn text(&self, value: &Value<'_>) -> Option<Arc<str>> {
        text(&self.dwarf, self.header()?.format(), &self.bases, value)
    }

    /// Returns the address that an attribute has, or `None` if the linker removed what was there.
    pub(crate) fn address(&self, value: &Value<'_>) -> Option<u64> {
        let address = match value {
            Value::Addr(address) => *address,
            Value::DebugAddrIndex(index) => self.indexed_address(index.0 as u64)?,
            _ => return None,
        };
        // Linkers write 0, 1 or the largest addresses.
        (address > 1 && address < u64::MAX - 1).then_some(address)
    }

    pub(crate) fn indexed_address(&self, index: u64) -> Option<u64> {
        let offset = self.bases.addr.checked_add(index.checked_mul(8)?)?;
        let bytes = self.skeleton.sections.addr.read(offset, 8)?;
        Some(u64::from_le_bytes(*bytes.first_chunk()?))
    }

    /// Returns the path of a file by its number in this unit.
    pub(crate) fn file(&self, number: u64) -> Option<Arc<str>> {
        let files = self
            .files
            .get_or_init(|| self.read_files().unwrap_or_default());
        let path = files.get(usize::try_from(number).ok()?)?;
        (!path.is_empty()).then(|| path.clone())
    }

    /// Returns all paths by number. A path that is missing is empty.
    fn read_files(&self) -> Option<Vec<Arc<str>>> {
        let header = self.header()?;
        let start = self.bases.line?;
        let line = &self.skeleton.sections.line;
        // The length of 32-bit tables; the others begin with an escape.
        let length = match u32::from_le_bytes(*line.read(start, 4)?.first_chunk()?) {
            u32::MAX => {
                u64::from_le_bytes(*line.read(start + 4, 8)?.first_chunk()?).checked_add(12)?
            }
            length => u64::from(length) + 4,
        };
        let bytes = line.read(start, length.min(MAX_LINE_PROGRAM))?;
        let section = gimli::DebugLine::new(&bytes, LittleEndian);
        let offset = gimli::DebugLineOffset(0);
        let program = section
            .program(offset, header.address_size(), None, None)
            .ok()?;
        let program = program.header();
        let folder = self.bases.folder.as_deref().unwrap_or("");
        let text =
            |value: &Value<'_>| text(&self.skeleton, program.format(), &Bases::default(), value);
        // Numbers begin with 1 before version 5.
        let unused = usize::from(program.version() < 5);
        let mut files = vec![Arc::from(""); unused];
        for file in program.file_names().iter().take(MAX_FILES) {
            let name = text(&file.path_name()).unwrap_or_default();
            let below = file.directory(program).and_then(|value| text(&value));
            let below = match below.as_deref() {
                Some(below) => join(folder, below),
                None => folder.to_owned(),
            };
            files.push(join(&below, &name).into());
        }
        Some(files)
    }
}

/// Reads the header of a unit that begins with these bytes.
pub(crate) fn header(bytes: &[u8]) -> Option<UnitHeader<Slice<'_>>> {
    let section = gimli::DebugInfo::new(bytes, LittleEndian);
    let header = section.units().next().ok()??;
    (header.address_size() == 8).then_some(header)
}

/// Returns the text of an attribute.
pub(crate) fn text(
    dwarf: &Dwarf,
    format: gimli::Format,
    bases: &Bases,
    value: &Value<'_>,
) -> Option<Arc<str>> {
    match value {
        Value::String(text) => Some(String::from_utf8_lossy(text.slice()).into()),
        Value::DebugStrRef(offset) => dwarf.str.get(offset.0 as u64),
        Value::DebugLineStrRef(offset) => dwarf.line_str.get(offset.0 as u64),
        Value::DebugStrOffsetsIndex(index) => {
            let size = u64::from(format.word_size());
            let at = bases
                .str_offsets
                .checked_add((index.0 as u64).checked_mul(size)?)?;
            let bytes = dwarf.sections.str_offsets.read(at, size)?;
            let mut word = [0; 8];
            word[..bytes.len()].copy_from_slice(&bytes);
            dwarf.str.get(u64::from_le_bytes(word))
        }
        _ => None,
    }
}

/// Joins a folder and a path, which may be absolute.
fn join(folder: &str, path: &str) -> String {
    match () {
        () if path.starts_with('/') || folder.is_empty() => path.to_owned(),
        () if path.is_empty() || path == "." => folder.to_owned(),
        () => format!("{}/{path}", folder.trim_end_matches('/')),
    }
}

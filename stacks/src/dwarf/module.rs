//! The debug information of one file: its units, and which of them has an address.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gimli::{
    Abbreviations, DW_AT_GNU_addr_base, DW_AT_GNU_dwo_id, DW_AT_GNU_dwo_name, DW_AT_addr_base,
    DW_AT_comp_dir, DW_AT_dwo_name, DW_AT_stmt_list, DW_AT_str_offsets_base, LittleEndian,
    UnitType,
};

use super::strings::Strings;
use super::unit::{self, Bases, Unit, Value};
use crate::elf::{self, Bytes, Image, Sections};

/// Largest number of units of a file.
const MAX_UNITS: usize = 1 << 20;
/// Longest header of a unit.
const MAX_HEADER: u64 = 64;
/// Largest number of tables of abbreviations that are kept.
const MAX_TABLES: usize = 256;
/// Largest table of abbreviations.
const MAX_TABLE: u64 = 64 << 20;

/// Sections of a file, with their strings.
pub(crate) struct Dwarf {
    pub(crate) sections: Sections,
    pub(crate) str: Strings,
    pub(crate) line_str: Strings,
}

impl Dwarf {
    fn new(sections: Sections) -> Arc<Self> {
        Arc::new(Self {
            str: Strings::new(sections.str.clone()),
            line_str: Strings::new(sections.line_str.clone()),
            sections,
        })
    }
}

/// A file with debug information.
pub(crate) struct Module {
    dwarf: Arc<Dwarf>,
    /// Split debug information of all units.
    package: Option<Package>,
    /// Units by their offset in `.debug_info`, with their lengths.
    units: Vec<(u64, u64)>,
    /// Addresses of units: first address, length, number of the unit.
    ranges: Vec<(u64, u32, u32)>,
    /// Units that `.debug_aranges` does not mention and that were not searched.
    unranged: Vec<u32>,
    abbreviations: HashMap<(bool, u64), Arc<Abbreviations>>,
}

struct Package {
    dwarf: Arc<Dwarf>,
    /// Content of the section with the index.
    index: Bytes,
}

impl Module {
    /// Reads which units a file has. `path` is the executable's, beside which there may be a package unless one is
    /// `given`.
    pub(crate) fn new(
        image: &Image,
        path: &Path,
        folders: &[PathBuf],
        given: Option<&Path>,
    ) -> Option<Self> {
        let package = || {
            let image = match given {
                Some(given) => Image::open(given)?,
                None => elf::find_package(path, folders)?,
            };
            let index = image.sections.cu_index.read_all()?;
            let dwarf = Dwarf::new(image.sections);
            Some(Package { dwarf, index })
        };
        let mut module = Self::of_sections(image.sections.clone())?;
        module.package = package();
        Some(module)
    }

    fn of_sections(sections: Sections) -> Option<Self> {
        let dwarf = Dwarf::new(sections);
        let units = units(&dwarf)?;
        let mut module = Self {
            dwarf,
            package: None,
            units,
            ranges: Vec::new(),
            unranged: Vec::new(),
            abbreviations: HashMap::new(),
        };
        module.read_ranges();
        Some(module)
    }

    /// Returns the path of the function at an address by its symbol.
    pub(crate) fn symbol(&self, address: u64) -> Option<String> {
        let symbol = elf::symbol_at(&self.dwarf.sections, address)?;
        Some(format!("{:#}", rustc_demangle::demangle(&symbol)))
    }

    pub(crate) fn unit_count(&self) -> usize {
        self.units.len()
    }

    fn read_ranges(&mut self) {
        let mut is_ranged = vec![false; self.units.len()];
        // Ranges that precede damaged ones are of use.
        let _ = self.read_aranges(&mut is_ranged);
        let numbered = (0..).zip(is_ranged);
        self.unranged = numbered
            .filter(|(_, is)| !is)
            .map(|(unit, _)| unit)
            .collect();
        self.ranges.sort_unstable();
    }

    fn read_aranges(&mut self, is_ranged: &mut [bool]) -> Option<()> {
        let bytes = self.dwarf.sections.aranges.read_all()?;
        let section = gimli::DebugAranges::new(&bytes, LittleEndian);
        let mut headers = section.headers();
        while let Some(header) = headers.next().ok()? {
            let Some(unit) = self.unit_at(header.debug_info_offset().0 as u64) else {
                continue;
            };
            let mut entries = header.entries();
            while let Some(entry) = entries.next().ok()? {
                let Ok(length) = u32::try_from(entry.length()) else {
                    continue;
                };
                if entry.address() > 1 && length > 0 {
                    self.ranges.push((entry.address(), length, unit));
                }
            }
            is_ranged[unit as usize] = true;
        }
        Some(())
    }

    /// Returns the number of the unit that contains an offset of `.debug_info`, and the offset in it.
    pub(crate) fn unit_of_offset(&self, offset: u64) -> Option<(u32, u64)> {
        let index = self
            .units
            .partition_point(|(start, _)| *start <= offset)
            .checked_sub(1)?;
        let (start, length) = self.units[index];
        (offset - start < length).then_some((index as u32, offset - start))
    }

    fn unit_at(&self, offset: u64) -> Option<u32> {
        let found = self
            .units
            .binary_search_by_key(&offset, |(start, _)| *start);
        found.ok().map(|index| index as u32)
    }

    /// Returns the units that may have an address.
    pub(crate) fn units_of_address(&self, address: u64) -> Vec<u32> {
        let after = self.ranges.partition_point(|(start, ..)| *start <= address);
        // Ranges hardly overlap: one function has the same code as another one of another unit.
        let near = self.ranges[..after].iter().rev().take(16);
        let containing = near.filter(|(start, length, _)| address - start < u64::from(*length));
        let mut units: Vec<u32> = containing.map(|(.., unit)| *unit).collect();
        units.dedup();
        units
    }

    /// Returns a unit whose addresses are not known, and counts it as searched.
    pub(crate) fn next_unranged(&mut self) -> Option<u32> {
        self.unranged.pop()
    }

    /// Notes the addresses of a unit that `.debug_aranges` does not mention.
    pub(crate) fn add_ranges(&mut self, unit: u32, content: &Unit) {
        for (low, high) in content.index.addresses() {
            if let Ok(length) = u32::try_from(high.saturating_sub(low)) {
                self.ranges.push((low, length, unit));
            }
        }
    }

    /// Sorts the addresses that were added.
    pub(crate) fn sort_ranges(&mut self) {
        self.ranges.sort_unstable();
    }

    /// Reads a unit.
    pub(crate) fn load(&mut self, unit: u32) -> Option<Unit> {
        let (start, length) = *self.units.get(unit as usize)?;
        let bytes = self.dwarf.sections.info.read(start, length)?;
        let header = unit::header(&bytes)?;
        let table = header.debug_abbrev_offset().0 as u64;
        let dwarf = self.dwarf.clone();
        let abbreviations = self.abbreviations(&dwarf, false, table)?;
        let root = Root::read(&dwarf, &bytes, &abbreviations)?;
        let split = root.split_id.and_then(|id| self.load_split(id, &root));
        if split.is_some() {
            return split;
        }
        Unit::new(bytes, abbreviations, dwarf.clone(), dwarf, root.bases)
    }

    /// Reads the part of a unit that is in a package or in a file of its own.
    fn load_split(&mut self, id: u64, root: &Root) -> Option<Unit> {
        if let Some(package) = &self.package {
            let index = gimli::DebugCuIndex::new(&package.index, LittleEndian)
                .index()
                .ok()?;
            if let Some(row) = index.find(id) {
                let dwarf = package.dwarf.clone();
                let (mut info, mut abbrev, mut str_offsets) = (None, None, None);
                for section in index.sections(row).ok()? {
                    let part = Some((u64::from(section.offset), u64::from(section.size)));
                    match section.section {
                        gimli::IndexSectionId::DebugInfo => info = part,
                        gimli::IndexSectionId::DebugAbbrev => abbrev = part,
                        gimli::IndexSectionId::DebugStrOffsets => str_offsets = part,
                        _ => {}
                    }
                }
                let (start, length) = info?;
                let bytes = dwarf.sections.info.read(start, length)?;
                let table = abbrev.map_or(0, |(start, _)| start);
                let base = str_offsets.map_or(0, |(start, _)| start);
                return self.split_unit(&dwarf, bytes, table, base, root);
            }
        }
        let name = root.split_name.as_deref()?;
        let path = match &root.bases.folder {
            Some(folder) => Path::new(&**folder).join(name),
            None => PathBuf::from(name),
        };
        let image = Image::open(&path)?;
        let dwarf = Dwarf::new(image.sections);
        let bytes = dwarf.sections.info.read_all()?;
        // The table is the file's own, so it is not kept for other units.
        let abbreviations = read_abbreviations(&dwarf, 0)?;
        let found = Root::read(&dwarf, &bytes, &abbreviations)?;
        if found.split_id != Some(id) {
            return None;
        }
        let bases = split_bases(&bytes, 0, root)?;
        Unit::new(bytes, abbreviations, dwarf, self.dwarf.clone(), bases)
    }

    fn split_unit(
        &mut self,
        dwarf: &Arc<Dwarf>,
        bytes: Bytes,
        table: u64,
        base: u64,
        root: &Root,
    ) -> Option<Unit> {
        let within = unit::header(&bytes)?.debug_abbrev_offset().0 as u64;
        let abbreviations = self.abbreviations(dwarf, true, table.checked_add(within)?)?;
        let bases = split_bases(&bytes, base, root)?;
        Unit::new(
            bytes,
            abbreviations,
            dwarf.clone(),
            self.dwarf.clone(),
            bases,
        )
    }

    fn abbreviations(
        &mut self,
        dwarf: &Dwarf,
        is_split: bool,
        offset: u64,
    ) -> Option<Arc<Abbreviations>> {
        if let Some(table) = self.abbreviations.get(&(is_split, offset)) {
            return Some(table.clone());
        }
        if self.abbreviations.len() >= MAX_TABLES {
            self.abbreviations.clear();
        }
        let table = read_abbreviations(dwarf, offset)?;
        self.abbreviations.insert((is_split, offset), table.clone());
        Some(table)
    }
}

/// Reads a table of abbreviations, whose end is only known by reading it.
fn read_abbreviations(dwarf: &Dwarf, offset: u64) -> Option<Arc<Abbreviations>> {
    let section = &dwarf.sections.abbrev;
    let mut length = 1 << 14;
    loop {
        let bytes = section.read_up_to(offset, length)?;
        let table = gimli::DebugAbbrev::new(&bytes, LittleEndian)
            .abbreviations(gimli::DebugAbbrevOffset(0));
        match table {
            Ok(table) => return Some(Arc::new(table)),
            Err(_) if (bytes.len() as u64) < length || length >= MAX_TABLE => return None,
            Err(_) => length *= 4,
        }
    }
}

/// Returns the offset and the length of each unit.
fn units(dwarf: &Dwarf) -> Option<Vec<(u64, u64)>> {
    let info = &dwarf.sections.info;
    let mut units = Vec::new();
    let mut at = 0;
    while at < info.len() && units.len() < MAX_UNITS {
        let bytes = info.read_up_to(at, MAX_HEADER)?;
        let Some(length) = unit_length(&bytes) else {
            break;
        };
        if length > info.len() - at {
            break;
        }
        units.push((at, length));
        at += length;
    }
    (!units.is_empty()).then_some(units)
}

/// Returns the length of a unit with its length field.
fn unit_length(bytes: &[u8]) -> Option<u64> {
    match u32::from_le_bytes(*bytes.first_chunk()?) {
        u32::MAX => u64::from_le_bytes(*bytes.get(4..)?.first_chunk()?).checked_add(12),
        0xffff_fff0.. => None,
        length => Some(u64::from(length) + 4),
    }
}

/// Attributes of the first entry of a unit.
struct Root {
    bases: Bases,
    split_id: Option<u64>,
    split_name: Option<Arc<str>>,
}

impl Root {
    fn read(dwarf: &Dwarf, bytes: &[u8], abbreviations: &Abbreviations) -> Option<Self> {
        let header = unit::header(bytes)?;
        let mut entries = header.entries_raw(abbreviations, None).ok()?;
        let abbreviation = entries.read_abbreviation().ok()??;
        let mut root = Self {
            bases: Bases::default(),
            split_id: match header.type_() {
                UnitType::Skeleton(id) | UnitType::SplitCompilation(id) => Some(id.0),
                _ => None,
            },
            split_name: None,
        };
        let mut texts = Vec::new();
        for specification in abbreviation.attributes() {
            let attribute = entries.read_attribute(*specification).ok()?;
            let offset = |value: &Value<'_>| match value {
                Value::SecOffset(offset) => Some(*offset as u64),
                Value::DebugLineRef(offset) => Some(offset.0 as u64),
                Value::DebugAddrBase(base) => Some(base.0 as u64),
                Value::DebugStrOffsetsBase(base) => Some(base.0 as u64),
                _ => None,
            };
            let value = attribute.value();
            match attribute.name() {
                DW_AT_stmt_list => root.bases.line = offset(&value),
                DW_AT_addr_base | DW_AT_GNU_addr_base => root.bases.addr = offset(&value)?,
                DW_AT_str_offsets_base => root.bases.str_offsets = offset(&value)?,
                DW_AT_GNU_dwo_id => {
                    root.split_id = match value {
                        Value::DwoId(id) => Some(id.0),
                        value => value.udata_value(),
                    };
                }
                DW_AT_comp_dir | DW_AT_dwo_name | DW_AT_GNU_dwo_name => {
                    texts.push((attribute.name(), value))
                }
                _ => {}
            }
        }
        // Texts need the bases, which may follow.
        for (name, value) in texts {
            let text = unit::text(dwarf, header.format(), &root.bases, &value);
            match name {
                DW_AT_comp_dir => root.bases.folder = text,
                _ => root.split_name = text,
            }
        }
        Some(root)
    }
}

/// Returns the bases of a split unit, which takes addresses and lines from its skeleton.
fn split_bases(bytes: &[u8], str_offsets: u64, skeleton: &Root) -> Option<Bases> {
    // From version 5 on, a header precedes the offsets: length, version, padding.
    let header = unit::header(bytes)?;
    let length = match (header.version(), header.format()) {
        (..5, _) => 0,
        (_, gimli::Format::Dwarf32) => 8,
        (_, gimli::Format::Dwarf64) => 16,
    };
    Some(Bases {
        str_offsets: str_offsets.checked_add(length)?,
        ..skeleton.bases.clone()
    })
}

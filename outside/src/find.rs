//! The search for the records of a target.
//!
//! A program maps a page with a name and an announcement, which contains the address of the description. So the search
//! needs no symbol, and finds each copy of birthmark in the process. If there is no such page, the search looks for the
//! symbol in the files that are mapped.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use birthmark_core::__reader::record::announcement::{MAGIC, VERSION};
use object::elf::{FileHeader64, PT_LOAD};
use object::read::elf::{ElfFile, FileHeader as _, ProgramHeader as _};
use object::{LittleEndian, Object as _, ObjectSymbol as _, ReadCache};

use birthmark_stacks::Mapping;

use crate::memory::Memory;

const SYMBOL: &str = "BIRTHMARK_REGISTRY_V1";
/// Names of the page: of anonymous memory, and of a file in memory.
const NAMES: [&str; 2] = ["[anon:birthmark]", "/memfd:birthmark (deleted)"];
/// Maximum number of copies of birthmark in a process.
const MAX_COPIES: usize = 64;

/// Returns `true` if one of the ranges has the name of an announcement.
pub(crate) fn has_announcement(maps: &str) -> bool {
    maps.lines()
        .any(|line| NAMES.iter().any(|name| line.ends_with(name)))
}

/// Returns the addresses that announcements in these ranges contain.
pub(crate) fn by_announcement(memory: &Memory, starts: impl Iterator<Item = u64>) -> Vec<u64> {
    let mut found: Vec<u64> = starts
        .filter_map(|start| announced(memory, start))
        .take(MAX_COPIES)
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// Returns the starts of the ranges that have the name of an announcement.
pub(crate) fn named(mappings: &[Mapping]) -> impl Iterator<Item = u64> + '_ {
    let named = mappings
        .iter()
        .filter(|mapping| NAMES.contains(&mapping.name.as_str()));
    named.map(|mapping| mapping.start)
}

fn announced(memory: &Memory, start: u64) -> Option<u64> {
    let mut magic = [0; MAGIC.len()];
    memory.read(start, &mut magic)?;
    if magic != MAGIC {
        return None;
    }
    let version = memory.half_word(start + 16)?;
    let registry = memory.word(start + 24)?;
    (version >= VERSION).then_some(registry)
}

/// Returns the addresses of the symbol in files, each with the address of its first byte.
pub(crate) fn by_symbol(files: impl Iterator<Item = (PathBuf, u64)>) -> Vec<u64> {
    let found = files.filter_map(|(path, start)| symbol(&path, start));
    found.take(MAX_COPIES).collect()
}

fn symbol(path: &Path, start: u64) -> Option<u64> {
    let file = File::open(path).ok()?;
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let data = ReadCache::new(BufReader::new(file));
    let header = FileHeader64::<LittleEndian>::parse(&data).ok()?;
    let endian = header.endian().ok()?;
    let segments = header.program_headers(endian, &data).ok()?;
    let first = segments.iter().find(|it| it.p_type(endian) == PT_LOAD)?;
    let first = first.p_vaddr(endian).checked_sub(first.p_offset(endian))?;
    let elf = ElfFile::<FileHeader64<LittleEndian>, _>::parse(&data).ok()?;
    let mut symbols = elf.symbols().chain(elf.dynamic_symbols());
    let symbol = symbols.find(|it| it.name() == Ok(SYMBOL) && it.address() != 0)?;
    start.checked_add(symbol.address())?.checked_sub(first)
}

#[cfg(test)]
mod tests {
    use super::{Mapping, has_announcement, named};

    #[test]
    fn names_of_ranges_are_found() {
        let maps = "\
            1000-2000 r--p 00000000 08:01 7                          /a b\n\
            2000-3000 r--p 00000000 00:00 0                          [anon:birthmark]\n\
            3000-4000 rw-p 00000000 00:00 0 \n\
            4000-5000 r--p 00001000 00:01 9                          /memfd:birthmark (deleted)\n\
            nonsense\n";
        let mappings = Mapping::parse(maps);
        let shown: Vec<_> = mappings
            .iter()
            .map(|it| (it.start, it.offset, it.name.as_str()))
            .collect();
        assert_eq!(shown[0], (0x1000, 0, "/a b"));
        assert_eq!(shown.len(), 4);
        assert_eq!(named(&mappings).collect::<Vec<_>>(), [0x2000, 0x4000]);
        assert!(has_announcement(maps) && !has_announcement("1000-2000 r--p 0 0 0 /birthmark\n"));
    }
}

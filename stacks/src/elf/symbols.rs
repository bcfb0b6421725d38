//! Names of functions by their addresses, out of the symbol table.

use super::Sections;

/// Size of an entry of the table.
const ENTRY: usize = 24;
/// Number of bytes of the table that are read at once.
const CHUNK: u64 = 4096 * ENTRY as u64;
/// Longest name.
const MAX_NAME: u64 = 4096;
/// Type of the symbol of a function, in the lower half of a byte.
const FUNCTION: u8 = 2;

/// Returns the symbol of the function at an address.
pub(crate) fn symbol_at(sections: &Sections, address: u64) -> Option<String> {
    let mut at = 0;
    while at < sections.symtab.len() {
        let chunk = sections.symtab.read_up_to(at, CHUNK)?;
        let found = chunk.chunks_exact(ENTRY).find(|entry| {
            let value = entry[8..].first_chunk().copied().map(u64::from_le_bytes);
            entry[4] & 0xf == FUNCTION && value == Some(address)
        });
        if let Some(entry) = found {
            let start = u32::from_le_bytes(*entry.first_chunk()?);
            let name = sections.strtab.read_up_to(u64::from(start), MAX_NAME)?;
            let end = name.iter().position(|byte| *byte == 0)?;
            return Some(String::from_utf8_lossy(&name[..end]).into_owned());
        }
        at += CHUNK;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::elf::Section;

    #[test]
    fn symbol_of_a_function_is_found_by_its_address() {
        let mut table = Vec::new();
        for (name, kind, value) in [(1_u32, 1_u8, 0x20_u64), (5, 2, 0x20), (1, 2, 0x10)] {
            table.extend_from_slice(&name.to_le_bytes());
            table.extend_from_slice(&[kind, 0, 0, 0]);
            table.extend_from_slice(&value.to_le_bytes());
            table.extend_from_slice(&[0; 8]);
        }
        let sections = Sections {
            symtab: Section::Memory(table.into()),
            strtab: Section::Memory((*b"\0one\0two\0").into()),
            ..Sections::default()
        };
        assert_eq!(symbol_at(&sections, 0x10).as_deref(), Some("one"));
        assert_eq!(symbol_at(&sections, 0x20).as_deref(), Some("two"));
        assert_eq!(symbol_at(&sections, 0x30), None);
    }
}

//! Names of functions by their addresses, out of the symbol table.

use super::{Section, Sections};

/// Size of an entry of the table.
const ENTRY: usize = 24;
/// Number of bytes of the table that are read at once.
const CHUNK: u64 = 4096 * ENTRY as u64;
/// Largest number of functions that are looked at.
#[cfg(any(feature = "functions", test))]
const MAX_FUNCTIONS: usize = 4 << 20;
/// Longest name.
const MAX_NAME: u64 = 4096;
/// Type of the symbol of a function, in the lower half of a byte.
const FUNCTION: u8 = 2;

/// Returns the symbol of the function at an address.
pub(crate) fn symbol_at(sections: &Sections, address: u64) -> Option<String> {
    let mut at = 0;
    while at < sections.symtab.len() {
        let chunk = sections.symtab.read_up_to(at, CHUNK)?;
        let found = chunk
            .chunks_exact(ENTRY)
            .find(|entry| entry[4] & 0xf == FUNCTION && number(entry, 8) == address);
        if let Some(entry) = found {
            return name(&sections.strtab, entry);
        }
        at += CHUNK;
    }
    None
}

fn number(entry: &[u8], from: usize) -> u64 {
    let bytes = entry[from..].first_chunk().copied();
    bytes.map_or(0, u64::from_le_bytes)
}

/// Returns the name of an entry of a table.
fn name(names: &Section, entry: &[u8]) -> Option<String> {
    let start = u32::from_le_bytes(*entry.first_chunk()?);
    let name = names.read_up_to(u64::from(start), MAX_NAME)?;
    let end = name.iter().position(|byte| *byte == 0)?;
    Some(String::from_utf8_lossy(&name[..end]).into_owned())
}

/// The functions of a file by their addresses: those that only a debugger needs, or those by which libraries are linked.
#[cfg(any(feature = "functions", test))]
pub(crate) struct SymbolTable {
    names: Section,
    /// Address, size, and the entry.
    functions: Vec<(u64, u64, [u8; ENTRY])>,
}

#[cfg(any(feature = "functions", test))]
impl SymbolTable {
    pub(crate) fn read(sections: &Sections) -> Self {
        let (table, names) = match sections.symtab.is_empty() {
            true => (&sections.dynsym, &sections.dynstr),
            false => (&sections.symtab, &sections.strtab),
        };
        let mut functions = Vec::new();
        let mut at = 0;
        while at < table.len() && functions.len() < MAX_FUNCTIONS {
            let Some(chunk) = table.read_up_to(at, CHUNK) else {
                break;
            };
            let (entries, _) = chunk.as_chunks::<ENTRY>();
            let entries = entries.iter().filter(|entry| entry[4] & 0xf == FUNCTION);
            functions.extend(entries.map(|entry| (number(entry, 8), number(entry, 16), *entry)));
            at += CHUNK;
        }
        functions.sort_unstable();
        Self {
            names: names.clone(),
            functions,
        }
    }

    /// Returns the name of the function that contains an address.
    pub(crate) fn around(&self, address: u64) -> Option<String> {
        let after = self.functions.partition_point(|it| it.0 <= address);
        let (start, size, entry) = self.functions.get(after.checked_sub(1)?)?;
        (address - start < *size).then(|| name(&self.names, entry))?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbol_of_a_function_is_found_by_its_address() {
        let mut table = Vec::new();
        for (name, kind, value) in [(1_u32, 1_u8, 0x20_u64), (5, 2, 0x20), (1, 2, 0x10)] {
            table.extend_from_slice(&name.to_le_bytes());
            table.extend_from_slice(&[kind, 0, 0, 0]);
            table.extend_from_slice(&value.to_le_bytes());
            table.extend_from_slice(&8_u64.to_le_bytes());
        }
        let sections = Sections {
            symtab: Section::Memory(table.into()),
            strtab: Section::Memory((*b"\0one\0two\0").into()),
            ..Sections::default()
        };
        assert_eq!(symbol_at(&sections, 0x10).as_deref(), Some("one"));
        assert_eq!(symbol_at(&sections, 0x20).as_deref(), Some("two"));
        assert_eq!(symbol_at(&sections, 0x30), None);
        let table = SymbolTable::read(&sections);
        assert_eq!(table.around(0x17).as_deref(), Some("one"));
        assert_eq!((table.around(0x18), table.around(0xf)), (None, None));
    }
}

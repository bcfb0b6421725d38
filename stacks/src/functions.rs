//! Functions by their addresses, for native stacks.

use std::ops::Range;
use std::sync::Arc;

use addr2line::{Context, Frame};
use gimli::{EndianSlice, LittleEndian};

use crate::debug_info::{DebugInfo, Images};
use crate::elf::{Bytes, Sections, SymbolTable};

/// Largest size of the sections of one file that are read at once.
const MAX_SECTIONS: u64 = 2 << 30;
/// Largest number of functions that are inlined into each other at one address.
const MAX_INLINED: usize = 256;

type Slice<'a> = EndianSlice<'a, LittleEndian>;

/// A function that an address is in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Function {
    /// Path of the function, without the hash of its symbol.
    pub name: Option<Arc<str>>,
    /// Source file.
    pub file: Option<Arc<str>>,
    /// Line, counted from 1.
    pub line: Option<u32>,
    /// Column, counted from 1.
    pub column: Option<u32>,
    /// `true` if the function is inlined into the next one.
    pub is_inlined: bool,
}

impl DebugInfo {
    /// Returns the functions that each address is in, innermost first. Inlined functions are included.
    ///
    /// An address in no known function has none. Without debug information, functions have the names of their symbols. The
    /// sections of a file are read as a whole, and are not kept.
    ///
    /// ```no_run
    /// use birthmark_stacks::DebugInfo;
    ///
    /// let mut info = DebugInfo::of_process(4711)?;
    /// for function in &info.functions(&[0x5555_5555_0000])[0] {
    ///     println!("{:?} at {:?}:{:?}", function.name, function.file, function.line);
    /// }
    /// # Ok::<(), birthmark_stacks::OpenError>(())
    /// ```
    #[must_use]
    pub fn functions(&self, addresses: &[u64]) -> Vec<Vec<Function>> {
        let mut found = vec![Vec::new(); addresses.len()];
        let mut order: Vec<usize> = (0..addresses.len()).collect();
        order.sort_unstable_by_key(|place| addresses[*place]);
        let mut rest = &order[..];
        while let Some((first, after)) = rest.split_first() {
            let Some((range, images, bias)) = self.images_at(addresses[*first]) else {
                rest = after;
                continue;
            };
            let is_in = |range: &Range<u64>, place: &usize| range.contains(&addresses[*place]);
            let count = rest.partition_point(|place| is_in(&range, place)).max(1);
            let (these, after) = rest.split_at(count);
            rest = after;
            let local: Vec<u64> = these
                .iter()
                .map(|place| addresses[*place].wrapping_sub(bias))
                .collect();
            for (place, functions) in these.iter().zip(functions_of(&images, &local)) {
                found[*place] = functions;
            }
        }
        found
    }
}

/// Returns the functions at addresses of one file.
fn functions_of(images: &Images, addresses: &[u64]) -> Vec<Vec<Function>> {
    let sections = images.described().map(|image| &image.sections);
    let loaded = sections.and_then(Loaded::read);
    let context = loaded.as_ref().and_then(Loaded::context);
    let both = [&images.separate, &images.own].into_iter().flatten();
    let tables: Vec<SymbolTable> = both.map(|it| SymbolTable::read(&it.sections)).collect();
    let symbol = |address| {
        let name = tables.iter().find_map(|table| table.around(address))?;
        Some(Arc::from(demangled(&name)))
    };
    let functions = |address: &u64| {
        let mut functions = context
            .as_ref()
            .map_or_else(Vec::new, |it| inlined(it, *address));
        match functions.last_mut() {
            // Sparse debug information has only the last part of a path.
            Some(outermost) => {
                let has_path = outermost
                    .name
                    .as_deref()
                    .is_some_and(|it| it.contains("::"));
                if !has_path {
                    outermost.name = symbol(*address).or(outermost.name.take());
                }
            }
            None => functions.extend(symbol(*address).map(|name| Function {
                name: Some(name),
                ..Function::default()
            })),
        }
        functions
    };
    addresses.iter().map(functions).collect()
}

fn inlined(context: &Context<Slice<'_>>, address: u64) -> Vec<Function> {
    let Ok(mut frames) = context.find_frames(address).skip_all_loads() else {
        return Vec::new();
    };
    let mut functions = Vec::new();
    while functions.len() < MAX_INLINED {
        match frames.next() {
            Ok(Some(frame)) => functions.push(function(&frame)),
            _ => break,
        }
    }
    if let Some((_, inlined)) = functions.split_last_mut() {
        inlined.iter_mut().for_each(|it| it.is_inlined = true);
    }
    functions
}

fn function(frame: &Frame<'_, Slice<'_>>) -> Function {
    let name = frame.function.as_ref();
    let name = name.and_then(|name| Some(demangled(&name.raw_name().ok()?).into()));
    let location = frame.location.as_ref();
    // Debug information has 0 for what it does not know.
    let known = |number: Option<u32>| number.filter(|number| *number > 0);
    Function {
        name,
        file: location.and_then(|it| it.file).map(Arc::from),
        line: known(location.and_then(|it| it.line)),
        column: known(location.and_then(|it| it.column)),
        is_inlined: false,
    }
}

fn demangled(symbol: &str) -> String {
    format!("{:#}", rustc_demangle::demangle(symbol))
}

/// The sections that lines are in.
struct Loaded {
    abbrev: Bytes,
    addr: Bytes,
    aranges: Bytes,
    info: Bytes,
    line: Bytes,
    line_str: Bytes,
    ranges: Bytes,
    rnglists: Bytes,
    str: Bytes,
    str_offsets: Bytes,
}

impl Loaded {
    fn read(sections: &Sections) -> Option<Self> {
        let mut left = MAX_SECTIONS;
        let mut read = |section: &crate::elf::Section| {
            left = left.checked_sub(section.len())?;
            section.read_all()
        };
        Some(Self {
            abbrev: read(&sections.abbrev)?,
            addr: read(&sections.addr)?,
            aranges: read(&sections.aranges)?,
            info: read(&sections.info)?,
            line: read(&sections.line)?,
            line_str: read(&sections.line_str)?,
            ranges: read(&sections.ranges)?,
            rnglists: read(&sections.rnglists)?,
            str: read(&sections.str)?,
            str_offsets: read(&sections.str_offsets)?,
        })
    }

    fn context(&self) -> Option<Context<Slice<'_>>> {
        fn slice(bytes: &Bytes) -> Slice<'_> {
            EndianSlice::new(bytes, LittleEndian)
        }
        let context = Context::from_sections(
            slice(&self.abbrev).into(),
            slice(&self.addr).into(),
            slice(&self.aranges).into(),
            slice(&self.info).into(),
            slice(&self.line).into(),
            slice(&self.line_str).into(),
            slice(&self.ranges).into(),
            slice(&self.rnglists).into(),
            slice(&self.str).into(),
            slice(&self.str_offsets).into(),
            EndianSlice::new(&[], LittleEndian),
        );
        context.ok()
    }
}

#[cfg(test)]
mod tests {
    use crate::DebugInfo;

    #[inline(never)]
    fn is_found() -> u32 {
        line!()
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn function_of_this_program_has_its_name_and_line() {
        let line = is_found();
        let address = is_found as *const () as u64;
        let info = DebugInfo::of_this_process().expect("procfs is mounted");
        let found = info.functions(&[1, address, address + 1]);
        assert!(found[0].is_empty());
        for functions in &found[1..] {
            let function = functions.last().expect("the test has debug information");
            let name = function.name.as_deref().unwrap_or_default();
            assert!(name.ends_with("functions::tests::is_found"), "{name}");
            let file = function.file.as_deref().unwrap_or_default();
            assert!(file.ends_with("src/functions.rs"), "{file}");
            assert!(function.line.is_some_and(|it| line.abs_diff(it) <= 1));
        }
    }
}

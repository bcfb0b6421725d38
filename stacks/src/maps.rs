//! Ranges of memory and mapped files of a process, out of `/proc/PID/maps`.

use std::path::PathBuf;

/// A file that is mapped into a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mapped {
    pub(crate) path: PathBuf,
    /// First address and address after the last one.
    pub(crate) start: u64,
    pub(crate) end: u64,
    /// Offset in the file of what is at the first address.
    pub(crate) offset: u64,
}

/// A range of memory of a process, which is a line of `/proc/PID/maps`.
///
/// ```
/// use birthmark_stacks::Mapping;
///
/// let ranges = Mapping::parse("1000-3000 r--p 00001000 08:01 7   /usr/bin/a b\n");
/// assert_eq!((ranges[0].start, ranges[0].offset), (0x1000, 0x1000));
/// assert_eq!(ranges[0].name, "/usr/bin/a b");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mapping {
    /// First address.
    pub start: u64,
    /// Address after the last one.
    pub end: u64,
    /// Offset in the file of what is at the first address.
    pub offset: u64,
    /// Path of the file, a name in brackets such as `[heap]`, or an empty text.
    pub name: String,
}

impl Mapping {
    /// Parses the content of `/proc/PID/maps`. Lines that make no sense are left out.
    #[must_use]
    pub fn parse(maps: &str) -> Vec<Mapping> {
        maps.lines().filter_map(parse_line).collect()
    }
}

/// Returns the files among ranges of memory.
pub(crate) fn files(mappings: Vec<Mapping>) -> Vec<Mapped> {
    // A part without a file, such as zeroed data, does not separate two parts of a file.
    let files = mappings.into_iter().filter(|it| it.name.starts_with('/'));
    merge(files.map(|it| Mapped {
        path: PathBuf::from(it.name),
        start: it.start,
        end: it.end,
        offset: it.offset,
    }))
}

/// Makes one entry of parts of one file that follow each other.
pub(crate) fn merge(parts: impl Iterator<Item = Mapped>) -> Vec<Mapped> {
    let mut files: Vec<Mapped> = Vec::new();
    for mapped in parts {
        match files.last_mut() {
            Some(last) if last.path == mapped.path && mapped.offset != 0 => last.end = mapped.end,
            _ => files.push(mapped),
        }
    }
    files
}

fn parse_line(line: &str) -> Option<Mapping> {
    let mut rest = line;
    let mut field = || {
        let (field, after) = rest.split_once(' ')?;
        rest = after.trim_start_matches(' ');
        Some(field)
    };
    let (range, _mode, offset, _device) = (field()?, field()?, field()?, field()?);
    // Nothing follows the inode of a range without a name.
    let name = rest.split_once(' ').map_or("", |(_inode, name)| name);
    let (start, end) = range.split_once('-')?;
    let number = |text| u64::from_str_radix(text, 16).ok();
    Some(Mapping {
        start: number(start)?,
        end: number(end)?,
        offset: number(offset)?,
        name: name.trim_start_matches(' ').to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_file_are_one_entry() {
        let maps = "\
            1000-2000 r--p 00000000 08:01 7 /a b\n\
            2000-3000 r-xp 00001000 08:01 7 /a b\n\
            3000-4000 rw-p 00000000 00:00 0 \n\
            5000-6000 r--p 00000000 08:01 8 /lib (deleted)\n\
            7000-8000 rw-p 00000000 00:00 0 [heap]\n\
            nonsense\n";
        let mappings = Mapping::parse(maps);
        let names: Vec<_> = mappings.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["/a b", "/a b", "", "/lib (deleted)", "[heap]"]);
        let files = files(mappings);
        let found: Vec<_> = files
            .iter()
            .map(|it| (it.path.to_str(), it.start, it.end))
            .collect();
        assert_eq!(
            found,
            [
                (Some("/a b"), 0x1000, 0x3000),
                (Some("/lib (deleted)"), 0x5000, 0x6000)
            ]
        );
    }
}

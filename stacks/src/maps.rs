//! Files that a process has mapped, out of `/proc/PID/maps`.

use std::path::{Path, PathBuf};

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

/// Parses the content of `/proc/PID/maps`.
pub(crate) fn parse(maps: &str) -> Vec<Mapped> {
    // A part without a file, such as zeroed data, does not separate two parts of a file.
    merge(maps.lines().filter_map(parse_line))
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

fn parse_line(line: &str) -> Option<Mapped> {
    let mut rest = line;
    let mut field = || {
        let (field, after) = rest.split_once(' ')?;
        rest = after.trim_start_matches(' ');
        Some(field)
    };
    let (range, _mode, offset, _device, _inode) =
        (field()?, field()?, field()?, field()?, field()?);
    let (start, end) = range.split_once('-')?;
    let number = |text| u64::from_str_radix(text, 16).ok();
    rest.starts_with('/').then_some(Mapped {
        path: Path::new(rest).to_owned(),
        start: number(start)?,
        end: number(end)?,
        offset: number(offset)?,
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
        let files = parse(maps);
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

//! Core files that a compressor has packed, such as those that `coredumpctl` keeps.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use flate2::read::MultiGzDecoder;
use ruzstd::decoding::StreamingDecoder;

use crate::elf::MAX_WINDOW;

/// Size of the pieces in which content is written. A piece of zeros takes no room on the disk.
const PIECE: usize = 64 << 10;

/// Formats of compressed files.
#[derive(Clone, Copy)]
enum Packing {
    Gzip,
    Zstd,
}

/// Returns the file itself, or the content of a file that is packed by gzip or zstd: a temporary file without a name.
///
/// # Errors
///
/// If the file is damaged, if it cannot be written, or if its content is larger than `max` bytes.
pub(super) fn unpacked(mut file: File, max: u64) -> io::Result<File> {
    if !file.metadata()?.is_file() {
        return Ok(file);
    }
    let mut magic = [0; 4];
    let length = read_some(&mut file, &mut magic)?;
    file.seek(SeekFrom::Start(0))?;
    let packing = match &magic[..length] {
        [0x1f, 0x8b, ..] => Packing::Gzip,
        [0x28, 0xb5, 0x2f, 0xfd] => Packing::Zstd,
        _ => return Ok(file),
    };
    let mut packed = io::BufReader::with_capacity(PIECE, file);
    let mut content = temporary()?;
    let mut room = max;
    match packing {
        Packing::Gzip => write(MultiGzDecoder::new(packed), &mut content, &mut room)?,
        Packing::Zstd => {
            while !io::BufRead::fill_buf(&mut packed)?.is_empty() {
                let frame = StreamingDecoder::new_with_max_window_size(&mut packed, MAX_WINDOW);
                let frame = frame.map_err(|error| io::Error::other(error.to_string()))?;
                write(frame, &mut content, &mut room)?;
            }
        }
    }
    // The last piece may be one of zeros.
    let end = content.stream_position()?;
    content.set_len(end)?;
    content.seek(SeekFrom::Start(0))?;
    Ok(content)
}

/// Writes all content, and takes its size from `room`.
fn write(mut from: impl Read, to: &mut File, room: &mut u64) -> io::Result<()> {
    let mut piece = vec![0; PIECE];
    loop {
        let length = read_some(&mut from, &mut piece)?;
        let content = &piece[..length];
        *room = room.checked_sub(length as u64).ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::FileTooLarge,
                "its content is too large to be unpacked here; unpack it with `gzip -d` or `zstd -d`",
            )
        })?;
        match content.iter().all(|byte| *byte == 0) {
            true => drop(to.seek(SeekFrom::Current(length as i64))?),
            false => to.write_all(content)?,
        }
        if length < PIECE {
            return Ok(());
        }
    }
}

/// Fills the buffer as far as there is content. Returns the length.
fn read_some(from: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while length < buffer.len() {
        match from.read(&mut buffer[length..]) {
            Ok(0) => break,
            Ok(more) => length += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(length)
}

/// Creates a file in the folder for temporary files, and removes its name at once.
fn temporary() -> io::Result<File> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    // The content is the memory of a process, which nobody else may read.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    loop {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = path(number);
        match options.open(&path) {
            Ok(file) => {
                // Systems that keep the name of an open file keep this one, too.
                let _ = std::fs::remove_file(&path);
                return Ok(file);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
}

fn path(number: u32) -> PathBuf {
    std::env::temp_dir().join(format!("birthmark-core-{}-{number}", process::id()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX: u64 = 1 << 20;

    fn file_of(content: &[u8]) -> File {
        let mut file = temporary().unwrap();
        file.write_all(content).unwrap();
        file.seek(SeekFrom::Start(0)).unwrap();
        file
    }

    fn content_of(packed: &[u8], max: u64) -> io::Result<Vec<u8>> {
        let mut content = Vec::new();
        unpacked(file_of(packed), max)?.read_to_end(&mut content)?;
        Ok(content)
    }

    /// Content with pieces of zeros, also at the end.
    fn content() -> Vec<u8> {
        let mut content = vec![0; 5 * PIECE];
        content[PIECE + 3] = 7;
        content[2 * PIECE] = 9;
        content
    }

    fn packed(content: &[u8]) -> [Vec<u8>; 2] {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(content).unwrap();
        let level = ruzstd::encoding::CompressionLevel::Fastest;
        [
            gzip.finish().unwrap(),
            ruzstd::encoding::compress_to_vec(content, level),
        ]
    }

    #[test]
    fn content_of_packed_files_is_that_of_the_file() {
        for content in [content(), b"short".to_vec(), Vec::new()] {
            assert_eq!(content_of(&content, MAX).unwrap(), content);
            for packed in packed(&content) {
                assert_eq!(content_of(&packed, MAX).unwrap(), content);
                // Both formats allow several parts in a file.
                let twice = [&packed[..], &packed].concat();
                let expected = [&content[..], &content].concat();
                assert_eq!(content_of(&twice, MAX).unwrap(), expected);
            }
        }
    }

    #[test]
    fn damage_is_an_error() {
        for packed in packed(&content()) {
            for length in 4..packed.len() {
                assert!(content_of(&packed[..length], MAX).is_err(), "{length}");
            }
            for at in 4..packed.len() {
                let mut damaged = packed.clone();
                damaged[at] ^= 0x55;
                // The result is an error or other content, and no panic.
                let _ = content_of(&damaged, MAX);
            }
        }
    }

    #[test]
    fn content_that_is_too_large_is_an_error_with_a_remedy() {
        for packed in packed(&content()) {
            let error = content_of(&packed, 3 * PIECE as u64).unwrap_err();
            assert!(error.to_string().contains("unpack it with"), "{error}");
        }
    }
}

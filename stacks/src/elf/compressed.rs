//! Compressed sections.

use std::io::Read;

use object::elf::{CompressionType, ELFCOMPRESS_ZLIB, ELFCOMPRESS_ZSTD};

use super::section::Bytes;

/// Largest window of zstd that is accepted, which is as much memory.
pub(crate) const MAX_WINDOW: u64 = 128 << 20;

/// Returns the content of a compressed section, or `None` if it is damaged or larger than it may be.
pub(crate) fn inflate(
    method: CompressionType,
    packed: &[u8],
    length: u64,
    max: u64,
) -> Option<Bytes> {
    if length > max {
        return None;
    }
    match method {
        ELFCOMPRESS_ZLIB => read(flate2::read::ZlibDecoder::new(packed), length),
        ELFCOMPRESS_ZSTD => {
            let mut frames = packed;
            let mut bytes = Vec::new();
            while !frames.is_empty() && (bytes.len() as u64) < length {
                let decoder = ruzstd::decoding::StreamingDecoder::new_with_max_window_size(
                    &mut frames,
                    MAX_WINDOW,
                );
                append(decoder.ok()?, length - bytes.len() as u64, &mut bytes)?;
            }
            exact(bytes, length)
        }
        _ => None,
    }
}

fn read(decoder: impl Read, length: u64) -> Option<Bytes> {
    let mut bytes = Vec::new();
    append(decoder, length, &mut bytes)?;
    exact(bytes, length)
}

/// Appends at most one byte more than expected. The buffer grows as content arrives, not as a header claims.
fn append(decoder: impl Read, length: u64, bytes: &mut Vec<u8>) -> Option<()> {
    decoder.take(length + 1).read_to_end(bytes).ok()?;
    Some(())
}

fn exact(bytes: Vec<u8>, length: u64) -> Option<Bytes> {
    (bytes.len() as u64 == length).then(|| bytes.into())
}

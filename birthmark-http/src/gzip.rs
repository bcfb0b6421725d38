//! Dumps on their way to other machines, which are eighteen times as small when they are compressed.
//!
//! On the same machine that would only cost time: the program's, at half a second for a million tasks. A tunnel
//! compresses by itself, if it is told to (`ssh -C`).

use std::io::{self, Write};
use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Request};
use axum::http::HeaderMap;
use axum::http::header::ACCEPT_ENCODING;
use flate2::Compression;
use flate2::write::GzEncoder;

/// Returns `true` if the client accepts gzip and seems to be on another machine.
pub(crate) fn is_wanted(request: &Request) -> bool {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let is_near = peer.is_some_and(|ConnectInfo(peer)| peer.ip().to_canonical().is_loopback());
    !is_near && is_accepted(request.headers())
}

fn is_accepted(headers: &HeaderMap) -> bool {
    let headers = headers.get_all(ACCEPT_ENCODING).iter();
    let lists = headers.filter_map(|list| list.to_str().ok());
    lists.flat_map(|list| list.split(',')).any(is_gzip)
}

/// Returns `true` if this coding is `gzip` and not refused, as in `gzip;q=0`.
fn is_gzip(coding: &str) -> bool {
    let (name, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
    let weight = weight.trim().trim_start_matches(['q', 'Q', '=', ' ']);
    name.trim().eq_ignore_ascii_case("gzip") && weight.parse().is_ok_and(|weight: f32| weight > 0.0)
}

/// Writes to `out` what `write` writes, compressed.
pub(crate) fn compress(
    out: &mut dyn Write,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut encoder = GzEncoder::new(out, Compression::fast());
    write(&mut encoder)?;
    encoder.finish().map(drop)
}

#[cfg(test)]
mod tests {
    use super::is_gzip;

    #[test]
    fn accepted_codings_are_recognised() {
        for coding in ["gzip", " GZIP ", "gzip;q=0.5", "gzip; q=1.0"] {
            assert!(is_gzip(coding), "{coding}");
        }
        for coding in ["", "br", "gzip;q=0", "gzip; q=0.000", "gzipped", "gzip;x"] {
            assert!(!is_gzip(coding), "{coding}");
        }
    }
}

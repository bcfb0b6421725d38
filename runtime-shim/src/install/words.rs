//! The words of `BIRTHMARK` in the environment.

use std::error::Error;
use std::ffi::OsStr;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use super::Builder;
use crate::panic_report::PanicReport;

/// Applies all words, and says of those that are not understood why, and what to write.
pub(super) fn apply(mut builder: Builder, words: &OsStr) -> Builder {
    let is_text = words.to_str().is_some();
    let words = words.to_string_lossy();
    let words = words.split(',').map(str::trim);
    for word in words.filter(|word| !word.is_empty()) {
        // With the character in place of what is no text, it would be another directory.
        let result = match is_text || !word.contains(char::REPLACEMENT_CHARACTER) {
            true => builder.clone().apply(word),
            false => Err(NOT_TEXT.into()),
        };
        builder = result.unwrap_or_else(|error| {
            if is_new(word) {
                let error = NotUnderstood { word, error };
                let _ = crate::platform::stderr::write(format!("birthmark: {error}\n").as_bytes());
            }
            builder
        });
    }
    builder
}

/// Whether nobody was told of this word yet. Birthmark is set up twice if `cargo birthmark` does it, and the program.
fn is_new(word: &str) -> bool {
    static TOLD: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    let is_new = !told.iter().any(|known| known == word);
    if is_new {
        told.push(word.to_owned());
    }
    is_new
}

impl Builder {
    fn apply(self, word: &str) -> Result<Self, Box<dyn Error>> {
        let (key, value) = word.split_once('=').unwrap_or((word, ""));
        match (key, value) {
            ("on", "") => Ok(self.enabled(true)),
            ("off", "") => Ok(self.enabled(false)),
            ("panic", "off") => Ok(self.panic_report(PanicReport::Off)),
            ("panic", "task") => Ok(self.panic_report(PanicReport::Task)),
            ("panic", "lineage") => Ok(self.panic_report(PanicReport::Lineage)),
            ("panic", "all") => Ok(self.panic_report(PanicReport::All)),
            ("panic", _) => Err("use panic=off, panic=task, panic=lineage or panic=all".into()),
            ("signal", name) => Ok(self.dump_on_signal(name.parse()?)),
            ("format", name) => Ok(self.dump_format(name.parse()?)),
            ("filter", text) => Ok(self.dump_filter(text.parse()?)),
            ("threads", report) => Ok(self.dump_threads(report.parse()?)),
            ("dir", path) if !path.is_empty() => Ok(self.dump_directory(path)),
            ("files", count) => match count.parse() {
                Ok(count) if count > 0 => Ok(self.dump_files(count)),
                _ => Err("write a number above 0, as in files=16".into()),
            },
            ("size", size) => match bytes(size) {
                Some(bytes) => Ok(self.dump_bytes(bytes)),
                None => Err("write a number and K, M or G, as in size=64M".into()),
            },
            _ => Err(KNOWN.into()),
        }
    }
}

const KNOWN: &str = "use on, off, panic=…, signal=…, format=…, filter=…, threads=…, dir=…, \
                     files=… or size=…";

const NOT_TEXT: &str = "it is not UTF-8; Builder::dump_directory takes any path";

fn bytes(text: &str) -> Option<u64> {
    let unit = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(unit);
    let shift = match unit {
        "" => 0,
        "K" => 10,
        "M" => 20,
        "G" => 30,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(1 << shift)
}

struct NotUnderstood<'a> {
    word: &'a str,
    error: Box<dyn Error>,
}

impl fmt::Display for NotUnderstood<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = crate::types::escape::Quoted {
            text: self.word,
            cut: false,
        };
        let error = &self.error;
        write!(
            f,
            "{word} in BIRTHMARK is not understood, and ignored; {error}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn sizes_have_units() {
        for (text, size) in [
            ("7", Some(7)),
            ("2K", Some(2048)),
            ("64M", Some(64 << 20)),
            ("1G", Some(1 << 30)),
        ] {
            assert_eq!(bytes(text), size);
        }
        for text in ["", "M", "1T", "-1", "1.5G", "99999999999999G"] {
            assert_eq!(bytes(text), None, "{text}");
        }
    }
}

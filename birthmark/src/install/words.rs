//! The words of `BIRTHMARK` in the environment.

use std::error::Error;
use std::ffi::OsStr;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use super::Builder;
use crate::rules::{parse_time, Action};
use birthmark_core::__reader::escape::Quoted;
use birthmark_core::__reader::named::OneOf;

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

/// Returns `true` if no error has named this word yet. Birthmark is set up twice if both `cargo birthmark` and the
/// program do so.
fn is_new(word: &str) -> bool {
    static TOLD: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    let is_new = !told.iter().any(|known| known == word);
    if is_new {
        told.push(word.to_owned());
    }
    is_new
}

/// A word, or the part of it before `=`.
struct Word {
    name: &'static str,
    /// `true` if a value follows.
    has_value: bool,
    /// The word as users write it, and its effect, for the documentation.
    #[cfg(test)]
    help: (&'static str, &'static str),
    apply: Apply,
}

type Apply = fn(Builder, &str) -> Result<Builder, Box<dyn Error>>;

const fn word(
    name: &'static str,
    example: &'static str,
    effect: &'static str,
    apply: Apply,
) -> Word {
    // The texts are in no program.
    let _ = effect;
    Word {
        name,
        has_value: example.len() > name.len(),
        #[cfg(test)]
        help: (example, effect),
        apply,
    }
}

/// All words. The errors come from here, and the documentation is compared with it.
const WORDS: &[Word] = &[
    word(
        "on",
        "on",
        "switches recording and hooks on; the default",
        |builder, _| Ok(builder.enabled(true)),
    ),
    word(
        "off",
        "off",
        "switches recording and hooks off",
        |builder, _| Ok(builder.enabled(false)),
    ),
    word(
        "wakes",
        "wakes=off",
        "switches the recording of wakes off, so polls cost less",
        |builder, wakes| match wakes {
            "on" => Ok(builder.wakes(true)),
            "off" => Ok(builder.wakes(false)),
            _ => Err(invalid(wakes, "wakes", "use on or off")),
        },
    ),
    word(
        "delays",
        "delays",
        "measures the exact time between each wake and the next poll",
        |builder, _| Ok(builder.delays(true)),
    ),
    word(
        "gone",
        "gone=64",
        "the number of tasks with each bad outcome that dumps show",
        |builder, count| match count.parse() {
            Ok(count) => Ok(builder.gone_tasks(count)),
            Err(_) => Err(invalid(count, "gone", "write a number, as in gone=64")),
        },
    ),
    word(
        "leaks",
        "leaks=fail",
        "has each test fail that tasks outlive, under `cargo birthmark test`",
        |builder, leaks| match leaks {
            "fail" => Ok(builder.fail_on_leaks(true)),
            "off" => Ok(builder.fail_on_leaks(false)),
            _ => Err(invalid(leaks, "leaks", "use fail or off")),
        },
    ),
    word(
        "carry",
        "carry=tracing",
        "what libraries give to child tasks; needs `cargo birthmark --deps`",
        |builder, library| Ok(builder.carry(library.parse()?)),
    ),
    word(
        "panic",
        "panic=lineage",
        "the content of panic reports",
        |builder, report| Ok(builder.panic_report(report.parse()?)),
    ),
    word(
        "signal",
        "signal=QUIT",
        "the signal that requests a dump",
        |builder, signal| Ok(builder.dump_on_signal(signal.parse()?)),
    ),
    word(
        "format",
        "format=groups",
        "the form of dumps on a panic or a signal",
        |builder, format| Ok(builder.dump_format(format.parse()?)),
    ),
    word(
        "filter",
        "filter=state=suspended&for=10s",
        "the tasks in these dumps; `%2C` is a comma",
        |builder, filter| Ok(builder.dump_filter(filter.parse()?)),
    ),
    word(
        "threads",
        "threads=states",
        "the detail about OS threads",
        |builder, report| Ok(builder.dump_threads(report.parse()?)),
    ),
    word(
        "stacks",
        "stacks=debug-info",
        "the detail about awaits",
        |builder, detail| Ok(builder.dump_awaits(detail.parse()?)),
    ),
    word(
        "dir",
        "dir=/var/tmp/dumps",
        "writes files to a directory instead of standard error",
        |builder, path| match path {
            "" => Err(unknown()),
            path => Ok(builder.dump_directory(path)),
        },
    ),
    word(
        "files",
        "files=16",
        "the number of files that are kept",
        |builder, count| match count.parse() {
            Ok(count) if count > 0 => Ok(builder.dump_files(count)),
            _ => Err(invalid(
                count,
                "files",
                "write a number above 0, as in files=16",
            )),
        },
    ),
    word(
        "size",
        "size=1G",
        "the size of the files that are kept, together",
        |builder, size| match bytes(size) {
            Some(bytes) => Ok(builder.dump_bytes(bytes)),
            None => Err(invalid(
                size,
                "size",
                "write a number and K, M or G, as in size=64M",
            )),
        },
    ),
    word(
        "rule",
        "rule=state=running&for=1s:stacks",
        "a rule: a condition, `:`, and actions joined by `+`",
        |builder, rule| {
            let added = builder.parsed_rule(rule);
            Ok(added.map_err(|error| error.behind("rule=".len()))?)
        },
    ),
    word(
        "stuck",
        "stuck=30s",
        "looks for stuck tasks at this interval, and writes what is new",
        |builder, every| match parse_time(every) {
            Some(_) => Ok(builder.rule(&format!("stuck&every={every}"), Action::stacks())),
            None => Err(invalid(
                every,
                "stuck",
                "write a whole number and a unit, as in stuck=30s",
            )),
        },
    ),
    word(
        "watch",
        "watch",
        "rules that are quiet on a healthy service",
        |builder, _| Ok(builder.watch()),
    ),
    word(
        "spawn-stacks",
        "spawn-stacks=reqwest*",
        "the crates, modules or functions whose spawns keep their stack; each word adds a pattern",
        |builder, pattern| match pattern {
            "" => Err(invalid(
                pattern,
                "spawn-stacks",
                "write a pattern, as in spawn-stacks=reqwest*",
            )),
            pattern => Ok(builder.spawn_stacks(pattern)),
        },
    ),
];

impl Builder {
    fn apply(self, word: &str) -> Result<Self, Box<dyn Error>> {
        let (name, value) = word.split_once('=').unwrap_or((word, ""));
        let known = WORDS.iter().find(|word| word.name == name);
        match known.filter(|word| word.has_value || value.is_empty()) {
            Some(word) => (word.apply)(self, value),
            None => Err(unknown()),
        }
    }
}

fn unknown() -> Box<dyn Error> {
    let words = WORDS.iter().map(|word| match word.has_value {
        true => format!("{}=…", word.name),
        false => word.name.to_owned(),
    });
    format!("unknown word\nhelp: use {}", OneOf(words)).into()
}

fn invalid(value: &str, key: &str, help: &str) -> Box<dyn Error> {
    let value = Quoted::whole(value);
    format!("invalid value {value} for `{key}`\nhelp: {help}").into()
}

const NOT_TEXT: &str = "it is not UTF-8\nhelp: call Builder::dump_directory, which takes any path";

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
        let word = Quoted::whole(self.word);
        let error = &self.error;
        write!(f, "cannot use {word} in BIRTHMARK: {error}")
    }
}

#[cfg(test)]
mod tests {
    use birthmark_test_support::documented::{assert_mentioned, assert_table};

    use super::{bytes, WORDS};
    use crate::delivery::DumpSignal;
    use crate::extension::carriers::Library;
    use crate::panic_report::PanicReport;
    use birthmark_dump::render::Format;
    use birthmark_dump::{AwaitDetail, ThreadDetail};

    /// Returns the values of a word that has few.
    fn values(word: &str) -> Vec<&'static str> {
        match word {
            "carry" => Library::ALL.iter().map(|it| it.as_str()).collect(),
            "panic" => PanicReport::ALL.iter().map(|it| it.as_str()).collect(),
            "signal" => DumpSignal::ALL.iter().map(|it| it.as_str()).collect(),
            "stacks" => AwaitDetail::ALL.iter().map(|it| it.as_str()).collect(),
            "threads" => ThreadDetail::ALL.iter().map(|it| it.as_str()).collect(),
            "format" => formats(),
            _ => Vec::new(),
        }
    }

    /// Returns the names of all forms, also of one whose feature is off.
    fn formats() -> Vec<&'static str> {
        let names = Format::ALL.iter().map(|format| format.as_str());
        let pprof = (!cfg!(feature = "pprof")).then_some("pprof");
        names.chain(pprof).collect()
    }

    #[test]
    fn words_are_those_of_the_documentation() {
        let rows = WORDS.iter().map(|word| {
            let (example, effect) = word.help;
            let values = values(word.name)
                .iter()
                .map(|value| format!("`{value}`"))
                .collect::<Vec<_>>();
            let values = match &*values {
                [] => String::new(),
                values => format!(": {}", values.join(", ")),
            };
            format!("| `{example}` | {effect}{values} |")
        });
        let rows: Vec<String> = rows.collect();
        let root = env!("CARGO_MANIFEST_DIR");
        for file in ["src/install/mod.rs", "../docs/guide/environment.md"] {
            assert_table(&format!("{root}/{file}"), "| word | effect |", &rows);
        }
    }

    #[test]
    fn values_are_those_of_the_guide() {
        let guide = |page| format!("{}/../docs/guide/{page}.md", env!("CARGO_MANIFEST_DIR"));
        let reports = PanicReport::ALL
            .iter()
            .map(|report| format!("panic={report}"));
        assert_mentioned(&guide("panics"), "| `BIRTHMARK` | report |", reports);
        assert_mentioned(&guide("dumps"), "| form | call | purpose |", formats());
        let details = ThreadDetail::ALL
            .iter()
            .filter(|it| **it != ThreadDetail::Off);
        let details = details.map(|detail| format!("threads={detail}"));
        let awaits = AwaitDetail::ALL.iter();
        let awaits = awaits.map(|detail| format!("stacks={detail}"));
        assert_mentioned(&guide("await-stacks"), "| detail | `BIRTHMARK` |", awaits);
        assert_mentioned(&guide("threads"), "| detail | `BIRTHMARK` |", details);
    }

    /// `pprof` is a format without the feature, too, because `cargo birthmark` can enable it.
    #[test]
    fn words_in_help_of_the_command_are_known() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../cargo-birthmark/src/cli.rs");
        let help = std::fs::read_to_string(path).expect("the command line can be read");
        let is_of_word = |character: char| character.is_alphanumeric() || "=-".contains(character);
        let words = help.split("BIRTHMARK=").skip(1);
        let words = words.map(|rest| rest.split(|c| !is_of_word(c)).next().unwrap_or_default());
        let words: Vec<&str> = words.collect();
        assert!(words.len() > 2, "{words:?}");
        for word in words {
            let result = crate::builder().apply(word).map(drop);
            let is_format = |name: &str| formats().contains(&name);
            let is_known = result.is_ok() || word.strip_prefix("format=").is_some_and(is_format);
            assert!(is_known, "{word}: {result:?}");
        }
    }

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

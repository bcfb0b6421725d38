//! Libraries that have a carrier: code at their end that gives child tasks what their spawner has, such as a span.
//!
//! The runtime has the code (`birthmark/src/extension/carriers.rs`). A library with a carrier is compiled with it if the
//! library is chosen, as by `--deps`. The carrier does nothing unless `BIRTHMARK` or `carry` in the manifest of the
//! workspace asks for it.

/// Packages with a carrier, and the words for which the carriers are switched on.
const CARRIERS: [(&str, &str); 3] = [
    ("tracing", "tracing"),
    ("opentelemetry", "opentelemetry"),
    ("sentry-core", "sentry"),
];

/// Returns the word of a package's carrier.
pub fn of(package: &str) -> Option<&'static str> {
    let mut carriers = CARRIERS.into_iter();
    carriers.find_map(|(name, word)| (name == package).then_some(word))
}

/// Returns all words.
pub fn words() -> [&'static str; 3] {
    CARRIERS.map(|(_, word)| word)
}

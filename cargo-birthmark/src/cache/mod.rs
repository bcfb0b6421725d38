//! The caches of the command. A build with nothing to do asks cargo nothing, and the first crate of a program finds its
//! runtime built.
//!
//! A cache only spares work. An entry that is missing, stale or damaged is made anew, and one that cannot be written is
//! done without. No error of a cache ends a build.
//!
//! An *entry* has a *key*: a hash of everything that it depends on, except files that may change. An entry is *stale*
//! if such a file has changed. It is *damaged* if its content is not what was written, or if another user may have
//! written it. An entry that nobody uses is *evicted*.
//!
//! | cache | lies in | key | stale if | damaged if | evicted |
//! | --- | --- | --- | --- | --- | --- |
//! | `metadata.rs`: cargo's description of a program | [user cache](user::UserCache::metadata) | command line, directory, environment, this binary | the [stamp](stamp::Stamp) of one of the [inputs](fingerprint) differs | the session file is not the named one | beyond 500 entries, or after 30 days |
//! | `artifacts.rs`: runtimes and column macros for all programs | user cache | compiler, target, flags, sources | never | the length or hash of a file differs | beyond 24 entries, or after 30 days |
//! | `artifacts.rs`: the same files in a target directory | target directory | as above | a source that the user may edit is younger | as above | by `cargo clean` |
//! | `summaries.rs`: the last line of a build | target directory | arguments and program | the stamp of the metadata or of the reports differs, or a root has gone | it does not parse | beyond 16 entries |
//!
//! Two processes may use an entry at once. An entry of the user cache appears and disappears as a whole, by a rename, so
//! no lock is needed. A target directory has one lock for each set of artifacts, so that a second process waits for the
//! first instead of compiling the same. `file.rs` reads and writes all files.

pub mod artifacts;
pub mod file;
pub mod fingerprint;
pub mod metadata;
pub mod stamp;
pub mod summaries;
pub mod user;

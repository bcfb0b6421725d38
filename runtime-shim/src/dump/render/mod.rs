//! The forms in which a [`Dump`] can be shown.
//!
//! | form | what it is for |
//! | --- | --- |
//! | [`Text`] | all that is known of each task |
//! | [`Tree`] | who spawned whom |
//! | [`Groups`] | alike tasks counted together: a leak comes first |
//! | [`Diff`] | what has changed since another dump |
//! | [`Json`] | programs; the schema is in the repository |
//! | [`Folded`] | flame graphs |
//! | `Pprof` | `go tool pprof`, Pyroscope, speedscope; with the feature `pprof` |
//!
//! Each but `Pprof` implements `Display` and hands its text on piece by piece. [`Dump::write`] writes any but a
//! `Diff`, chosen by its [`Format`], to a file, a socket or standard output. Names, which may be anybody's
//! text, are escaped in each, so that they cannot forge lines or control a terminal.

mod busiest;
mod cache;
mod counted;
mod diff;
mod folded;
mod format;
mod groups;
mod heading;
mod innermost;
mod json;
mod palette;
pub(crate) mod paragraph;
mod pieces;
#[cfg(feature = "pprof")]
mod pprof;
mod range;
mod stacks;
mod text;
mod threads;
mod tree;

use super::Dump;

pub use diff::{Diff, Growth};
pub use folded::Folded;
pub use format::{Format, UnknownFormat};
pub use groups::{Group, Groups};
pub use json::Json;
pub use palette::wants_color;
#[cfg(feature = "pprof")]
pub use pprof::Pprof;
pub use text::Text;
pub use tree::Tree;

impl Dump {
    /// A paragraph for each task, as `{}` shows it.
    pub fn text(&self) -> Text<'_> {
        Text::new(self)
    }

    /// The tasks as a tree by creation, as `{:#}` shows it.
    pub fn tree(&self) -> Tree<'_> {
        Tree::new(self)
    }

    /// The tasks by groups, the largest first.
    pub fn groups(&self) -> Groups<'_> {
        Groups::new(self)
    }

    /// The tasks as folded stacks, for flame graphs.
    pub fn folded(&self) -> Folded<'_> {
        Folded(self)
    }

    /// The tasks as a profile, for pprof. With the feature `pprof`.
    #[cfg(feature = "pprof")]
    pub fn pprof(&self) -> Pprof<'_> {
        Pprof(self)
    }

    /// The dump for programs.
    pub fn json(&self) -> Json<'_> {
        Json::new(self)
    }
}

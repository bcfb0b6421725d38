//! The forms in which a [`Dump`] can be shown.
//!
//! | form | what it is for |
//! | --- | --- |
//! | [`Text`] | all that is known of each task |
//! | [`Tree`] | who spawned whom |
//! | [`Json`] | programs; the schema is in the repository |
//!
//! Each implements `Display` and hands its text on piece by piece. [`Dump::write`] writes any of
//! them, chosen by its [`Format`], to a file, a socket or standard output. Names, which may be anybody's
//! text, are escaped in each, so that they cannot forge lines or control a terminal.

mod cache;
mod format;
mod heading;
mod json;
mod palette;
pub(crate) mod paragraph;
mod pieces;
mod range;
mod text;
mod tree;

use super::Dump;

pub use format::{Format, UnknownFormat};
pub use json::Json;
pub use palette::wants_color;
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

    /// The dump for programs.
    pub fn json(&self) -> Json<'_> {
        Json(self)
    }
}

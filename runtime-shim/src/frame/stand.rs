//! A frame around code that is no future of its own, such as a `select!`.

use super::entry::{Entry, Inside};
use super::FrameSite;

/// The task stands here until this is dropped.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[derive(Debug)]
pub struct Standing {
    _entry: Entry,
}

/// Enters a frame that is left when the value is dropped. It stays with the task that enters it.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
pub fn stand(site: &'static FrameSite) -> Standing {
    let mut entry = Entry::new(site);
    Inside::note(&mut entry);
    Standing { _entry: entry }
}

//! The text of a role: with its module if roles of several modules would be alike.

use std::borrow::Cow;

use birthmark_core::Site;

/// Returns the role of a task of this site: `start::{async}`, or `worker::start::{async}` if a site in another module has
/// the same role.
pub(crate) fn qualified<'a>(site: &Site, role: &'a str) -> Cow<'a, str> {
    match site.qualifier() {
        "" => role.into(),
        qualifier => format!("{qualifier}::{role}").into(),
    }
}

/// Returns the role with the whole path of its module, for profiles, which may be compared with those of other programs.
#[cfg(feature = "pprof")]
pub(crate) fn with_module(site: &Site, role: &str) -> String {
    match site.module_path() {
        "" => role.to_owned(),
        module => format!("{module}::{role}"),
    }
}

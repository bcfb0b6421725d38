//! Whether a crate is among those that are instrumented.

use birthmark_rewrite::text::{self, Annotation, Head};

use crate::scope::Reach;
use crate::session::{Session, Settings};

/// What the root of a crate says, if it says anything that we read.
pub fn head(root: &str) -> Head {
    let is_read = mentions_us(root) || root.contains("no_std") || root.contains("no_core");
    if is_read {
        text::head(root).unwrap_or_default()
    } else {
        Head::default()
    }
}

/// Whether the root of a crate may be annotated.
pub fn mentions_us(root: &str) -> bool {
    root.contains("birthmark::instrument")
}

/// A package, as far as choosing goes.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its version.
    pub version: &'a str,
    /// What its manifest says, if it is a member of the workspace.
    pub settings: Option<&'a Settings>,
}

/// The crates of the runtime, which would record themselves.
const OURS: &[&str] = &[
    "birthmark",
    "birthmark-http",
    "birthmark-macros",
    "birthmark-rewrite",
];

/// What counts for a crate, if it is chosen.
pub fn annotation(session: &Session, candidate: Candidate<'_>, head: &Head) -> Option<Annotation> {
    let reached = match (session.scope.reach, candidate.settings) {
        (Reach::Deps, None) => true,
        (_, None) => false,
        (
            _,
            Some(Settings {
                instrument: Some(said),
            }),
        ) => *said,
        (Reach::Annotated, Some(_)) => head.annotation.is_some(),
        (_, Some(_)) => true,
    };
    let admitted = session.scope.admits(candidate.name, candidate.version);
    (reached && admitted && !OURS.contains(&candidate.name)).then(|| {
        head.annotation
            .clone()
            .unwrap_or_else(|| unsaid(candidate.settings))
    })
}

/// What counts for a crate that says nothing itself. Dependencies get no frames: where they wait says
/// little of the program, and each of their files that awaits something would be rewritten.
pub fn unsaid(settings: Option<&Settings>) -> Annotation {
    Annotation {
        frames: settings.is_none().then_some(false),
        ..Annotation::default()
    }
}

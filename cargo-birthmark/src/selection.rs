//! The decision whether a crate is instrumented.

use birthmark_rewrite::text::{self, Annotation, Head};

use crate::scope::{Frames, Reach};
use crate::session::{Session, Settings};

/// Returns the attributes of a crate's root that concern us.
pub fn head(root: &str) -> Head {
    let is_read = mentions_us(root) || root.contains("no_std") || root.contains("no_core");
    if is_read {
        text::head(root).unwrap_or_default()
    } else {
        Head::default()
    }
}

/// Returns `true` if the root of a crate may be annotated.
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
    /// The settings in its manifest, if it is a member of the workspace.
    pub settings: Option<&'a Settings>,
    /// `true` if it is compiled with complete debug information. The front end does not know.
    pub has_debug_info: bool,
}

/// The crates of the runtime, which would record themselves.
const OURS: &[&str] = &[
    "birthmark",
    "birthmark-core",
    "birthmark-dump",
    "birthmark-http",
    "birthmark-macros",
    "birthmark-opentelemetry",
    "birthmark-rewrite",
    "birthmark-stacks",
    "birthmark-tracing",
];

/// Why a crate is not chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExcludedBy {
    /// The package is a part of birthmark, which would record itself.
    OwnPackage,
    /// `only` and `exclude` take it out.
    Pattern,
    /// The package is a dependency, and only members are chosen.
    Reach,
    /// Its manifest says so.
    Manifest,
    /// No root of the package is annotated.
    MissingAnnotation,
}

/// Returns the annotation that applies to a crate, or the reason for which it is not chosen.
pub fn annotation(
    session: &Session,
    candidate: Candidate<'_>,
    head: &Head,
) -> Result<Annotation, ExcludedBy> {
    if OURS.contains(&candidate.name) {
        return Err(ExcludedBy::OwnPackage);
    }
    if !session.scope.admits(candidate.name, candidate.version) {
        return Err(ExcludedBy::Pattern);
    }
    let said = candidate.settings.map(|settings| settings.instrument);
    match (session.scope.reach, said) {
        (Reach::Annotated | Reach::Workspace, None) => return Err(ExcludedBy::Reach),
        (_, Some(Some(false))) => return Err(ExcludedBy::Manifest),
        (Reach::Annotated, Some(None)) if head.annotation.is_none() => {
            return Err(ExcludedBy::MissingAnnotation);
        }
        _ => {}
    }
    let said = head.annotation.clone();
    let mut annotation = said.unwrap_or_else(|| unsaid(session, candidate));
    if session.scope.frames == Frames::DebugInfo && candidate.has_debug_info {
        annotation.frames = annotation.frames.or(Some(false));
    }
    Ok(annotation)
}

/// Returns the annotation of a crate that has none itself. Dependencies have frames only on request. Their awaits show
/// little of the program, and each file that awaits would have to be rewritten.
pub fn unsaid(session: &Session, candidate: Candidate<'_>) -> Annotation {
    let Candidate { name, version, .. } = candidate;
    let without_frames = candidate.settings.is_none() && !session.scope.frames.reach(name, version);
    Annotation {
        frames: without_frames.then_some(false),
        ..Annotation::default()
    }
}

impl std::fmt::Display for ExcludedBy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            ExcludedBy::OwnPackage => "it is a part of birthmark, which would record itself",
            ExcludedBy::Pattern => "not chosen: `only` or `exclude` leaves it out",
            ExcludedBy::Reach => "not chosen: it is a dependency; --deps takes all of them",
            ExcludedBy::Manifest => "not chosen: its manifest has `instrument = false`",
            ExcludedBy::MissingAnnotation => {
                "not chosen: it is not annotated; --workspace takes all members"
            }
        })
    }
}

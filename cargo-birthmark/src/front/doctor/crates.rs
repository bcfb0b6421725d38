//! The rows of the packages: the spawns of each, or the reason for which it is left alone.

use std::collections::BTreeMap;

use super::diagnosis::{Built, Diagnosis, Row};
use crate::front::nothing::{self, Nothing};
use crate::front::survey::{SkipReason, Surveyed};
use crate::selection::ExcludedBy;
use crate::session::Session;
use crate::source::search;

/// Lists the packages that may spawn.
pub fn look(surveyed: &[Surveyed<'_>], session: &Session, diagnosis: &mut Diagnosis) {
    surveyed
        .iter()
        .for_each(|one| report_unread(one, diagnosis));
    let mut rows: BTreeMap<(String, String), Row> = BTreeMap::new();
    for one in surveyed.iter().filter(|one| may_spawn(one, session)) {
        let (name, version) = (
            one.package.name.to_string(),
            one.package.version.to_string(),
        );
        let key = (name.clone(), version.clone());
        rows.entry(key)
            .or_insert_with(|| Row::new(name, version, one.is_member(session)))
            .take_in(one, session);
    }
    let chosen = rows.values().any(|row| row.sites.is_some() || row.items);
    diagnosis.packages = rows.into_values().collect();
    diagnosis.packages.sort_by_key(|row| !row.member);
    if !chosen {
        let Nothing { cause, help } = Nothing::of(surveyed, session);
        diagnosis.advice("nothing-chosen", cause, &help);
    }
}

fn may_spawn(one: &Surveyed<'_>, session: &Session) -> bool {
    match &one.found {
        Ok(krate) => {
            let has_frames = krate.has_frames && !krate.is_unchanged() && !one.is_member(session);
            has_frames || krate.sites().next().is_some() || krate.uncovered().next().is_some()
        }
        Err(SkipReason::NoStd) => true,
        Err(SkipReason::NoSpawn) => false,
        Err(SkipReason::NotSelected(_)) => nothing::may_spawn(one, session),
    }
}

impl Row {
    fn new(package: String, version: String, member: bool) -> Row {
        Row {
            package,
            version,
            member,
            items: false,
            out_of_reach: false,
            frames: false,
            sites: None,
            probable: 0,
            reason: None,
            uncovered: Vec::new(),
            built: Built::No,
        }
    }

    /// Adds one of the package's crates.
    fn take_in(&mut self, one: &Surveyed<'_>, session: &Session) {
        match &one.found {
            Ok(krate) => {
                let certain = krate.sites().filter(|site| site.certain).count();
                *self.sites.get_or_insert(0) += certain;
                self.frames |= krate.has_frames && !one.is_member(session);
                self.probable += krate.sites().count() - certain;
                self.uncovered.extend(krate.uncovered());
            }
            Err(left) => {
                self.items |= has_items(one, session);
                self.out_of_reach |= *left == SkipReason::NotSelected(ExcludedBy::Reach);
                self.reason = Some(left.to_string());
            }
        }
    }
}

/// Returns `true` if a member that is not chosen has the attribute on items.
fn has_items(one: &Surveyed<'_>, session: &Session) -> bool {
    let by_annotation = SkipReason::NotSelected(ExcludedBy::MissingAnnotation);
    let is_left = one.is_member(session) && matches!(one.found, Err(why) if why == by_annotation);
    let root = one.target.src_path.as_std_path();
    is_left && search::any_file(root, |text| text.contains("#[birthmark::instrument"))
}

fn report_unread(one: &Surveyed<'_>, diagnosis: &mut Diagnosis) {
    let krates = one.found.iter();
    for file in krates.flat_map(|krate| &krate.unparsed) {
        diagnosis.advice(
            "not-read",
            format!("a file of {} is left as it is: {file}", one.package.name),
            "report it if the compiler accepts the file, whose spawns are not recorded",
        );
    }
}

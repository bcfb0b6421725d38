//! The plan for a unit.

use birthmark_rewrite::text::{self, Annotation, Head};

use super::Build;
use super::columns;
use super::command_line::Unit;
use super::report::Reason;
use super::rewritten::{Draft, Rewritten, SkippedParts};
use crate::carriers;
use crate::concern::{self, Concern};
use crate::selection::{self, Candidate};
use crate::session::Session;
use crate::source::{condition, search};

/// The plan for a unit.
#[derive(Debug)]
pub enum Plan {
    /// The wrapper becomes the compiler. The unit has no spawn, so no other session would treat it differently.
    PassThrough,
    /// The original is compiled and a report kept, because another session might instrument the unit.
    Track(Reason),
    /// The unit is rewritten.
    Instrument(Box<Rewritten>),
}

impl Plan {
    /// Makes the plan. A crate without text that looks like a spawn is not parsed.
    pub fn of(unit: &Unit, build: &Build<'_>) -> Plan {
        let session = build.session;
        let root = search::read(&unit.root()).unwrap_or_default();
        let settings = session.members.get(&unit.package.directory);
        let head = selection::head(&root);
        let candidate = Candidate {
            name: &unit.package.name,
            version: &unit.package.version,
            settings,
            has_debug_info: matches!(unit.invocation.codegen("debuginfo"), Some("2" | "full")),
        };
        let tests = tests_are_roots(unit, session);
        let annotation = selection::annotation(session, candidate, &head).ok();
        let annotation = annotation.map(|it| Annotation { tests, ..it });
        let program = unit.is_program()
            && settings.is_some()
            && (session.is_implicit() || annotation.is_some());
        let unsaid = selection::unsaid(session, candidate);
        let words = annotation.as_ref().unwrap_or(&unsaid);
        let spawns = search::any_file(&unit.root(), |text| text::may_spawn(text, words));
        let carrier = carriers::of(&unit.package.name).filter(|_| unit.is_main_library());
        if !spawns && !program && carrier.is_none() {
            // With frames, the search also finds awaits.
            let awaits = || {
                search::any_file(&unit.root(), |text| {
                    text::may_spawn(text, &Annotation::default())
                })
            };
            return if selection::mentions_us(&root) {
                Plan::Track(Reason::NotChosen)
            } else if words.frames == Some(false) && awaits() {
                Plan::Track(Reason::NoSpawn)
            } else {
                Plan::PassThrough
            };
        }
        if annotation.is_none() && !program {
            return Plan::Track(Reason::NotChosen);
        }
        let draft = Draft {
            carrier: carrier.filter(|_| annotation.is_some()),
            annotation: annotation.filter(|_| spawns),
            roots: session
                .scope
                .roots_of(&unit.package.name, &unit.package.version),
            root,
            program,
            left: SkippedParts::default(),
            wider: None,
        };
        Plan::rewrite(unit, build, &head, draft)
    }

    /// Has a crate rewritten that may spawn or sets the runtime up, unless it cannot be linked with that.
    fn rewrite(unit: &Unit, build: &Build<'_>, head: &Head, draft: Draft) -> Plan {
        let columns = match draft.annotation {
            Some(_) => columns::provide(unit, build).ok(),
            None => None,
        };
        let krate = draft.krate(unit, columns.is_some());
        if krate.is_unchanged() && !draft.program && draft.carrier.is_none() {
            return Plan::Track(Reason::NoSpawn);
        }
        if is_no_std(head, unit) {
            let spawns = krate.sites().next().is_some();
            return Plan::Track(if spawns {
                Reason::NoStd
            } else {
                Reason::NoSpawn
            });
        }
        if unit.has_own_std() {
            return Plan::Track(Reason::OwnStd);
        }
        let rewritten = Rewritten::new(unit, build, krate, draft, columns);
        Plan::Instrument(Box::new(rewritten))
    }
}

/// The variables that decide what becomes of a crate, apart from the runtime, which only concerns what is linked
/// with it.
pub fn decided_by(unit: &Unit, session: &Session) -> Vec<String> {
    let package = &unit.package;
    let settings = session.members.get(&package.directory);
    let head = selection::head(&search::read(&unit.root()).unwrap_or_default());
    let is_admitted = session.scope.admits(&package.name, &package.version);
    let by_reach: &[Concern] = match settings {
        None if is_admitted => &[Concern::Dependencies, Concern::Frames],
        None => &[],
        Some(settings) => {
            let is_wanted = head.annotation.is_some() || settings.instrument == Some(true);
            let is_refused = settings.instrument == Some(false) || !is_admitted;
            // A program that is left alone is set up nevertheless if all members are chosen.
            let is_certain = is_refused && !unit.is_program() || is_wanted && !is_refused;
            if is_certain { &[] } else { &[Concern::Members] }
        }
    };
    let of_programs: &[Concern] = match unit.is_program() {
        true => &[Concern::Carry, Concern::Rules, Concern::SpawnStacks],
        false => &[],
    };
    let tests: &[Concern] = match settings {
        Some(_) if unit.is_test() => &[Concern::Tests],
        _ => &[],
    };
    let general = [Concern::Tool, Concern::Only].iter();
    let general = general.chain(by_reach).chain(of_programs).chain(tests);
    let own = concern::package(&package.name, &package.version);
    let general = general.map(|concern| concern.variable());
    general.chain([own]).collect()
}

/// Returns `true` if the tests of a crate are roots, at whose end leaks are looked for.
fn tests_are_roots(unit: &Unit, session: &Session) -> bool {
    let is_member = session.members.contains_key(&unit.package.directory);
    session.tests_are_roots && is_member && unit.is_test()
}

fn is_no_std(head: &Head, unit: &Unit) -> bool {
    let is_set = |name: &str, value: Option<&str>| {
        let option = match value {
            Some(value) => format!("{name}=\"{value}\""),
            None => name.to_owned(),
        };
        name == "test" && unit.is_test() || unit.invocation.values("--cfg").any(|cfg| cfg == option)
    };
    condition::is_no_std(head, &is_set)
}

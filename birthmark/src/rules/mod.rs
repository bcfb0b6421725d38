//! Rules: a condition on tasks, and what happens when it holds.
//!
//! # Threads
//!
//! | thread | does |
//! | --- | --- |
//! | the clock's | walks over all tasks when a pass is due, and hands over what rules may be about |
//! | `birthmark-rules` | compares whole filters, notes what is new; started at the first such task |
//! | `birthmark-write` | writes reports and dumps, while there are some |
//! | `birthmark-call` | one for each call of a function of the program |
//!
//! The clock's thread calls no code of the program, takes no lock that another thread holds for long, and writes nothing. So
//! ages go on, whatever an action does. How often a pass is due depends on what it costs ([`schedule`]).
//!
//! The thread of rules waits for a report to be written, but not for long. If standard error is a pipe that nobody reads, the
//! other rules go on.
//!
//! A poll and a spawn do nothing for rules.
//!
//! # Files
//!
//! | file | contents |
//! | --- | --- |
//! | `condition` | the text of a condition |
//! | `action` | actions, and calls of functions |
//! | `rule` | rules, the set of all |
//! | `presets` | the rules of `watch` |
//! | `limit`, `schedule` | how often there are reports and passes |
//! | `episodes`, `counts`, `findings` | for what a rule holds, from pass to pass |
//! | `timebox` | futures and tasks with a time of their own |
//! | `report` | what is reported |
//! | `act`, `writer` | what is done, and the thread that writes |
//! | `passes` | the walks of the clock's thread |
//! | `evaluation` | the rules on their own thread |
//! | `rests` | what a process that stood still is not blamed for |
//! | `defects` | panics of the evaluation itself |
//! | `engine`, `per_process` | the threads, and their state in the child of a fork |

mod act;
mod action;
mod condition;
mod counts;
mod defects;
mod engine;
mod episodes;
mod evaluation;
mod findings;
mod limit;
mod passes;
mod per_process;
mod presets;
mod report;
mod rests;
mod rule;
mod schedule;
mod timebox;
mod writer;

use crate::platform::stderr;
use birthmark_core::__reader::clock;
use birthmark_core::__reader::escape::Quoted;

pub(crate) use act::set_sink;
pub use act::RuleSink;
pub(crate) use action::set_abort_tree;
pub use action::Action;
pub(crate) use condition::parse_time;
pub use condition::ParseRuleError;
pub(crate) use presets::watch;
pub use report::RuleReport;
pub(crate) use rule::NewRule;
pub use rule::RuleStats;
pub use timebox::{timebox, Timebox, TimeboxSpawn};

/// Adds rules, and has the clock's thread look for them. Returns `false` if there is no room for all. Reports all rules that
/// cannot hold, each once.
pub(crate) fn install(new: Vec<NewRule>) -> bool {
    let has_room = new.is_empty() || {
        clock::set_watch(engine::tick);
        rule::RuleSet::add(new)
    };
    report_lacks();
    has_room
}

/// Reports the rules that cannot hold, because wakes are not recorded.
fn report_lacks() {
    let rules = rule::RuleSet::present().map_or(&[][..], rule::RuleSet::all);
    for rule in rules {
        if let Some(lack) = rule.untold_lack() {
            let what = if lack.is_part { "all of rule" } else { "rule" };
            report_unusable(what, &rule.text, &lack.error);
        }
    }
}

fn report_unusable(what: &str, condition: &str, why: &dyn std::fmt::Display) {
    let condition = Quoted::whole(condition);
    let text = format!("birthmark: cannot use {what} {condition}: {why}\n");
    let _ = stderr::write(text.as_bytes());
}

/// Adds a rule while the program runs. [`Builder::rule`](crate::Builder::rule) adds one at the start.
///
/// The rule stays until the process ends. A time for one future is a [`timebox`], which goes with its future.
///
/// A rule that needs wakes is added also while they are [off](crate::Builder::wakes). A line on standard error says so, and
/// [`RuleStats::problem`] has the reason.
///
/// # Errors
///
/// Returns an error if the condition is not understood, or if there are 64 rules.
///
/// # Examples
///
/// ```
/// use birthmark::Action;
///
/// birthmark::add_rule("count(site)>10000", Action::groups())?;
/// # Ok::<(), birthmark::ParseRuleError>(())
/// ```
pub fn add_rule(condition: &str, action: Action) -> Result<(), ParseRuleError> {
    let rule = NewRule::new(condition, action)?;
    let has_room = install(vec![rule]);
    clock::start();
    match has_room {
        true => Ok(()),
        false => Err(ParseRuleError::new(1, NO_ROOM)),
    }
}

/// Adds the rules of a manifest before `main`: those of the environment as words. Reports those that are not understood.
pub(crate) fn install_from_manifest(rules: &[&str]) {
    let mut new = Vec::new();
    for rule in rules {
        match NewRule::parse(rule) {
            _ if *rule == "watch" => new.extend(watch()),
            Ok(rule) => new.push(rule),
            Err(error) => report_error(rule, &error),
        }
    }
    if !install(new) {
        report_no_room();
    }
}

/// Returns `true` if there are rules.
pub(crate) fn exist() -> bool {
    rule::RuleSet::present().is_some()
}

/// Reports a condition that is not understood, once.
pub(crate) fn report_error(condition: &str, error: &ParseRuleError) {
    report_unusable("rule", condition, error);
}

/// Reports that there are too many rules.
pub(crate) fn report_no_room() {
    let _ = stderr::write(format!("birthmark: cannot add all rules: {NO_ROOM}\n").as_bytes());
}

const NO_ROOM: &str = "there are 64 rules already\nhelp: leave some out";

/// Returns all rules with their counts, in the order in which they were added.
///
/// # Examples
///
/// ```
/// for rule in birthmark::rules() {
///     println!("{}: {}", rule.rule, rule.fired);
/// }
/// ```
pub fn rules() -> Vec<RuleStats> {
    let set = rule::RuleSet::present().map_or(&[][..], rule::RuleSet::all);
    set.iter().map(|rule| rule.stats()).collect()
}

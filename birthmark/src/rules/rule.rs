//! A rule, and the set of all rules.
//!
//! The set is read by the clock's thread, and replaced as a whole by whoever adds a rule. So neither waits for the other, nor
//! does the child of a fork. A set and its rules are never freed: rules stay, and there are at most 64.

use std::fmt;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use super::action::{is_no_action, Action};
use super::condition::{Condition, NeedsWakes, ParseRuleError, Subject};
use birthmark_core::__reader::record::wakes_are_off;

/// Maximum number of rules of a process.
pub(super) const MAX_RULES: usize = 64;

/// A rule that is installed.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) text: Arc<str>,
    pub(super) condition: Condition,
    pub(super) action: Action,
    /// The rule is part of `watch`, so what may be the program's intention is left out.
    pub(super) is_preset: bool,
    /// Number of times that the rule was compared. It rises before the tasks are looked at.
    pub(super) evaluations: AtomicU64,
    pub(super) fired: AtomicU64,
    pub(super) suppressed: AtomicU64,
    /// Number of tasks, groups or findings for which the rule holds. It rises before the reports of a pass, and falls after them.
    pub(super) active: AtomicU64,
    /// The message of the panic after which the rule is compared no more.
    pub(super) defect: OnceLock<String>,
    /// The need of wakes was reported.
    is_told: AtomicBool,
}

/// A rule of the builder or of the environment that is not installed yet.
#[derive(Clone, Debug)]
pub(crate) struct NewRule {
    pub(crate) text: String,
    pub(crate) action: Action,
    pub(super) condition: Condition,
    pub(super) is_preset: bool,
}

impl NewRule {
    /// Checks a condition.
    pub(crate) fn new(text: &str, action: Action) -> Result<Self, ParseRuleError> {
        Ok(NewRule {
            condition: Condition::parse(text)?,
            text: text.to_owned(),
            action,
            is_preset: false,
        })
    }

    /// Reads a rule of the environment: a condition, a colon, and actions. Without actions, the rule writes a line.
    pub(crate) fn parse(text: &str) -> Result<Self, ParseRuleError> {
        let Some((condition, actions)) = text.rsplit_once(':') else {
            return NewRule::new(text, Action::log());
        };
        let action = Action::parse(actions).map_err(|word| {
            let after = actions.find(word).unwrap_or(0);
            let before = text.len() - actions.len() + after;
            let position = text.get(..before).unwrap_or(text).chars().count() + 1;
            ParseRuleError::new(position, is_no_action(word))
        })?;
        NewRule::new(condition, action)
    }

    pub(super) fn preset(text: &str, action: Action) -> Option<Self> {
        let is_preset = true;
        let rule = NewRule::new(text, action).ok()?;
        Some(NewRule { is_preset, ..rule })
    }
}

/// All rules, in the order in which they were added.
#[derive(Clone, Debug, Default)]
pub(super) struct RuleSet(Vec<&'static Rule>);

static RULES: AtomicPtr<RuleSet> = AtomicPtr::new(ptr::null_mut());

impl RuleSet {
    /// Returns the present rules, or `None` if there are none.
    pub(super) fn present() -> Option<&'static RuleSet> {
        // SAFETY: the pointer is null or from `Box::into_raw` in `add`. A set that was stored is never freed or written.
        unsafe { RULES.load(Ordering::Acquire).as_ref() }
    }

    pub(super) fn all(&self) -> &[&'static Rule] {
        &self.0
    }

    /// Returns `true` if a rule is about timeboxes.
    pub(super) fn has_timeboxes(&self) -> bool {
        let mut all = self.0.iter();
        all.any(|rule| rule.condition.subject == Subject::Timebox)
    }

    /// Returns `true` if both are one set.
    pub(super) fn is(&self, other: Option<&'static RuleSet>) -> bool {
        other.is_some_and(|other| ptr::eq(self, other))
    }

    /// Adds rules, except those that are installed already. Returns `false` if there is no room for all.
    pub(super) fn add(new: Vec<NewRule>) -> bool {
        if new.is_empty() {
            return true;
        }
        let mut has_room = true;
        let mut added: Vec<&'static Rule> = Vec::new();
        for rule in new {
            let present = RuleSet::present().map_or(&[][..], RuleSet::all);
            let mut known = present.iter().chain(&added);
            if known.any(|known| *known.text == *rule.text && known.action.is_same(&rule.action)) {
                continue;
            }
            if present.len() + added.len() >= MAX_RULES {
                has_room = false;
                break;
            }
            added.push(Box::leak(Box::new(Rule {
                text: rule.text.into(),
                condition: rule.condition,
                action: rule.action,
                is_preset: rule.is_preset,
                evaluations: AtomicU64::new(0),
                fired: AtomicU64::new(0),
                suppressed: AtomicU64::new(0),
                active: AtomicU64::new(0),
                defect: OnceLock::new(),
                is_told: AtomicBool::new(false),
            })));
        }
        if added.is_empty() {
            return has_room;
        }
        loop {
            let present = RULES.load(Ordering::Acquire);
            // SAFETY: as in `present`.
            let mut set = unsafe { present.as_ref() }.cloned().unwrap_or_default();
            set.0.extend(added.iter().copied());
            if set.0.len() > MAX_RULES {
                set.0.truncate(MAX_RULES);
                has_room = false;
            }
            let set = Box::into_raw(Box::new(set));
            let stored = RULES.compare_exchange(present, set, Ordering::AcqRel, Ordering::Acquire);
            if stored.is_ok() {
                return has_room;
            }
            // SAFETY: the set was not stored, so nobody else has its address.
            drop(unsafe { Box::from_raw(set) });
        }
    }
}

/// A rule and its counts; see [`rules`](crate::rules).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RuleStats {
    /// The condition, as it was written.
    pub rule: Arc<str>,
    /// The actions, as words of the environment. A function is `call`.
    pub action: String,
    /// Number of times that the rule began to hold and was reported.
    pub fired: u64,
    /// Number of tasks, groups and calls without a report of their own. Others of their group were reported, or the limit of
    /// reports in a minute was reached. A call is left out if the last one has not returned. A report is left out if 64 others
    /// wait to be written.
    pub suppressed: u64,
    /// Number of tasks, groups or findings for which the rule holds at present.
    pub active: u64,
    /// Number of times that the rule was compared with the tasks of the program.
    pub evaluations: u64,
    /// The reason why the rule, or a part of it, cannot hold, as it was written to standard error. `None` if it can.
    pub problem: Option<String>,
}

impl Rule {
    /// Counts an evaluation that begins, and returns its number.
    pub(super) fn count_evaluation(&self) -> u64 {
        self.evaluations.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Returns the part that cannot hold, because wakes are not recorded. What `watch` does not report does not matter to it.
    fn lacks_wakes(&self) -> Option<&NeedsWakes> {
        let needs = self.condition.needs_wakes.as_ref();
        needs.filter(|it| wakes_are_off() && !(it.is_part && self.is_preset))
    }

    /// Returns the part that cannot hold, unless it was returned before.
    pub(super) fn untold_lack(&self) -> Option<&NeedsWakes> {
        let lack = self.lacks_wakes();
        lack.filter(|_| !self.is_told.swap(true, Ordering::Relaxed))
    }

    fn problem(&self) -> Option<String> {
        let defect = self.defect.get();
        defect.map(|message| defect_text(message)).or_else(|| {
            let lack = self.lacks_wakes()?;
            Some(lack.error.to_string())
        })
    }
    pub(super) fn stats(&self) -> RuleStats {
        RuleStats {
            rule: self.text.clone(),
            action: self.action.to_string(),
            fired: self.fired.load(Ordering::Relaxed),
            suppressed: self.suppressed.load(Ordering::Relaxed),
            active: self.active.load(Ordering::Relaxed),
            evaluations: self.evaluations.load(Ordering::Relaxed),
            problem: self.problem(),
        }
    }
}

/// Returns the problem of a rule whose evaluation has panicked.
pub(super) fn defect_text(message: &str) -> String {
    format!(
        "its evaluation has panicked: {message}\nhelp: report this defect of birthmark; the other rules go on"
    )
}

/// Displays `state=running&for=500ms:log fired 2 times, suppressed 0`, and the first line of the problem, if there is one.
impl fmt::Display for RuleStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RuleStats {
            rule,
            action,
            fired,
            suppressed,
            problem,
            ..
        } = self;
        write!(
            f,
            "{rule}:{action} fired {fired} times, suppressed {suppressed}"
        )?;
        match problem
            .as_deref()
            .and_then(|problem| problem.lines().next())
        {
            Some(problem) => write!(f, "; {problem}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_of_the_environment_ends_with_actions() {
        let rule = NewRule::parse("site=src/a.rs:31&older=1s:stacks+groups").unwrap();
        assert_eq!(rule.text, "site=src/a.rs:31&older=1s");
        assert_eq!(rule.action.to_string(), "stacks+groups");
        assert_eq!(NewRule::parse("stuck").unwrap().action.to_string(), "log");
        let error = NewRule::parse("role=ä::b").unwrap_err().to_string();
        assert!(
            error.starts_with("at character 9: \"b\" is no action\nhelp: "),
            "{error}"
        );
        let error = NewRule::parse("older=1s:").unwrap_err();
        assert_eq!(error.position(), 10);
    }
}

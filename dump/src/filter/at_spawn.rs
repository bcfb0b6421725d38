//! The comparison of a task that is being spawned with a filter.

use super::selection::{has_labels, has_role, is_at, matches};
use super::text::ParseFilterError;
use super::Filter;
use crate::redact::{redact, redact_labels};
use birthmark_core::__reader::label::Labels;
use birthmark_core::__reader::local;
use birthmark_core::__reader::name::effective_name;
use birthmark_core::__reader::record::read::{Above, Record};
use birthmark_core::{Kind, Site, TaskId, TaskRef};

impl Filter {
    /// Returns an error if the filter has a key whose value is not known when a task is spawned.
    #[doc(hidden)]
    pub fn check_at_spawn(&self) -> Result<(), ParseFilterError> {
        let keys = [
            ("state", !self.states.is_empty()),
            ("older", self.older.is_some()),
            ("for", self.in_state.is_some()),
            ("polls", self.polls.is_some()),
            ("woken-by", !self.woken_by.is_empty()),
            ("local", !self.locals.is_empty()),
            ("stack", !self.stacks.is_empty()),
            ("text", !self.words.is_empty()),
        ];
        match keys.iter().find(|(_, is_used)| *is_used) {
            Some((key, _)) => Err(ParseFilterError::not_at_spawn(key)),
            None => Ok(()),
        }
    }

    /// Returns `false` if the filter selects no task that is spawned at a site.
    #[doc(hidden)]
    pub fn may_select(&self, site: &Site) -> bool {
        let Filter { sites, roles, .. } = self;
        (sites.is_empty() || is_at(sites, site)) && (roles.is_empty() || has_role(roles, site))
    }

    /// Returns `true` if the filter selects a task that is being spawned, apart from its site.
    #[doc(hidden)]
    pub fn selects_spawn(&self, task: &TaskRef<'_>) -> bool {
        let record = Record::of_live(local::slot_of(task));
        let kind = Kind::of(record.site(), record.flags());
        matches(&self.kinds, kind.as_str())
            && self.selects_name(&record)
            && self.selects_labels(&record)
            && (self.under.is_empty() || self.is_under(&record))
    }

    fn selects_name(&self, task: &Record) -> bool {
        if self.names.is_empty() {
            return true;
        }
        let name = effective_name(task, task.own_name());
        let name = name.as_ref().map_or("", |(name, _)| name.as_str());
        matches(&self.names, &redact(name))
    }

    fn selects_labels(&self, task: &Record) -> bool {
        if self.labels.is_empty() {
            return true;
        }
        let node = task.own_name().unwrap_or(*task);
        match node.effective_labels() {
            Some(labels) => has_labels(
                &self.labels,
                &Labels::new(redact_labels(labels.as_slice()).as_slice()),
            ),
            None => has_labels(&self.labels, &Labels::NONE),
        }
    }

    fn is_under(&self, task: &Record) -> bool {
        let mut next = Some(*task);
        while let Some(node) = next {
            let task = node.task();
            if task.is_some_and(|task| self.under.contains(&TaskId::from(task.id))) {
                return true;
            }
            next = match task.map(|task| task.parent()) {
                Some(Above::Node(node)) => Some(node),
                _ => None,
            };
        }
        false
    }
}

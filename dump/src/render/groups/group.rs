//! One group.

use std::cmp::Reverse;
use std::collections::hash_map::Entry;
use std::collections::HashMap;
use std::mem::{discriminant, Discriminant};
use std::sync::Arc;
use std::time::Duration;

use crate::render::innermost::push_innermost;
use crate::render::output::{push, push_number, role_text};
use crate::render::palette::Palette;
use crate::render::range::TickRange;
use crate::render::task_block::{
    awaits_text, push_states, push_who, site_line, stack_text, States,
};
use crate::snapshot::compact::hash::IdHash;
use crate::snapshot::compact::shapes::ShapeRef;
use crate::snapshot::nodes::NONE;
use crate::snapshot::row::Row;
use crate::snapshot::stacks::StackRef;
use crate::values::await_stack::AwaitStack;
use crate::values::stack::Stack;
use crate::Dump;
use crate::State;
use birthmark_core::__reader::label::Labels;
use birthmark_core::__reader::name::Name;
use birthmark_core::Kind;
use birthmark_core::Site;
use birthmark_core::TaskId;

/// Maximum number of names, and of labels, that a group shows.
const MAX_SHOWN: usize = 3;

/// Tasks of the same site, role, state and frames.
#[derive(Clone, Debug)]
pub struct Group {
    site: &'static Site,
    role: Arc<str>,
    kind: Kind,
    state: State,
    runs_no_task: bool,
    count: usize,
    first: TaskId,
    last: TaskId,
    since: TickRange,
    spawned: TickRange,
    now: Option<u64>,
    stack: Stack,
    /// The await stack of the first task.
    awaits: Option<Arc<AwaitStack>>,
    /// The number of the stack in the snapshot.
    place: StackRef,
    /// The first few names. `more_names` is `true` if there are more.
    names: Vec<Name>,
    more_names: bool,
    /// The first few different labels. `more_labels` is `true` if there are more.
    labels: Vec<Labels>,
    more_labels: bool,
    /// The node whose name and labels were looked at last.
    parent: u32,
}

impl Group {
    /// Returns the spawn site, or `None` for the main thread and for external threads.
    pub fn site(&self) -> Option<&'static Site> {
        Some(self.site).filter(|site| site.is_real())
    }

    /// Returns the role of the tasks.
    pub fn role(&self) -> &str {
        &self.role
    }

    /// Returns the kind of the first task.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns the state of the tasks, without a thread.
    pub fn state(&self) -> State {
        self.state
    }

    /// Returns `true` if the tasks are threads that run no recorded task: see
    /// [`Task::runs_no_task`](crate::Task::runs_no_task).
    pub fn runs_no_task(&self) -> bool {
        self.runs_no_task
    }

    /// Returns the number of tasks.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Returns the longest time that one of the tasks has been in its state, or `None` if no clock runs.
    pub fn max_time_in_state(&self) -> Option<Duration> {
        self.since.longest(self.now)
    }

    /// Returns the age of the oldest task, or `None` if no clock runs.
    pub fn max_age(&self) -> Option<Duration> {
        self.spawned.longest(self.now)
    }

    /// Returns the lowest id.
    pub fn min_id(&self) -> TaskId {
        self.first
    }

    /// Returns the highest id.
    pub fn max_id(&self) -> TaskId {
        self.last
    }

    /// Returns the frames of the tasks. They may be outdated if a task runs.
    pub fn stack(&self) -> &Stack {
        &self.stack
    }

    /// Returns the await stack of the first task out of debug information, if it was requested. The other tasks have
    /// the same frames.
    pub fn awaits(&self) -> Option<&AwaitStack> {
        self.awaits.as_deref()
    }

    /// Returns some of the names, after redaction.
    pub fn names(&self) -> &[Name] {
        &self.names
    }

    /// Returns the labels of some of the tasks, after redaction.
    pub fn labels(&self) -> &[Labels] {
        &self.labels
    }

    /// Returns `true` if the group has more names than [`names`](Group::names).
    pub fn has_more_names(&self) -> bool {
        self.more_names
    }

    pub(in super::super) fn place(&self) -> StackRef {
        self.place
    }

    fn new(dump: &Dump, row: &Row) -> Self {
        Group {
            site: dump.snapshot.site(row),
            role: dump.snapshot.role(row),
            kind: dump.snapshot.kind(row),
            state: dump.snapshot.bare_state(row),
            runs_no_task: dump.snapshot.runs_no_task(row),
            count: 0,
            first: TaskId::from(row.id),
            last: TaskId::from(row.id),
            since: TickRange::default(),
            spawned: TickRange::default(),
            now: dump.now,
            stack: dump.snapshot.stacks.get(dump.snapshot.stack(row)),
            awaits: dump.awaits_of(row).cloned(),
            place: dump.snapshot.stack(row),
            names: Vec::new(),
            more_names: false,
            labels: Vec::new(),
            more_labels: false,
            parent: NONE,
        }
    }

    fn add(&mut self, dump: &Dump, row: &Row) {
        self.count += 1;
        self.last = TaskId::from(row.id);
        self.since.add(row.since.into());
        self.spawned.add(row.spawned.into());
        self.stack.stale |= dump.snapshot.stack(row).may_be_stale();
        // Many inherit from one node, one after the other.
        let has_own = dump.snapshot.has_own(row);
        if has_own || self.parent != row.parent {
            self.parent = if has_own { NONE } else { row.parent };
            self.add_given(dump, row);
        }
    }

    fn add_given(&mut self, dump: &Dump, row: &Row) {
        if !self.more_names {
            self.add_name(dump, row);
        }
        if !self.more_labels {
            self.add_labels(dump.snapshot.labels_of(row));
        }
    }

    fn add_name(&mut self, dump: &Dump, row: &Row) {
        let text = dump.snapshot.name_text(row);
        if text.is_empty() || self.names.iter().any(|name| name.as_str() == text) {
            return;
        }
        if self.names.len() == MAX_SHOWN {
            self.more_names = true;
        } else {
            self.names.extend(dump.snapshot.name_of(row));
        }
    }

    fn add_labels(&mut self, labels: &Labels) {
        if labels.as_slice().is_empty() || self.labels.contains(labels) {
            return;
        }
        if self.labels.len() == MAX_SHOWN {
            self.more_labels = true;
        } else {
            self.labels.push(labels.clone());
        }
    }

    /// Appends a few lines.
    pub(super) fn push(&self, out: &mut String, palette: &Palette) {
        self.push_title(out, palette);
        out.push_str("\n    ");
        out.push_str(self.kind.as_str());
        self.push_ids(out);
        if let Some(spawned) = self.spawned.ago(self.now) {
            push(out, format_args!(", spawned {spawned} ago"));
        }
        out.push('\n');
        let site = site_line(Some(self.site));
        push(out, format_args!("{}{site}{}", palette.faint, palette.end));
        self.push_names(out, palette);
        self.push_labels(out);
        match &self.awaits {
            Some(awaits) => out.push_str(&awaits_text(awaits)),
            None => out.push_str(&stack_text(&self.stack)),
        }
    }

    /// Appends a line, with the innermost frame only.
    pub(in super::super) fn push_line(&self, out: &mut String, palette: &Palette) {
        self.push_title(out, palette);
        if let Some(site) = self.site() {
            push(out, format_args!(" {}{site}{}", palette.faint, palette.end));
        }
        self.push_ids(out);
        push_innermost(out, &self.stack);
        out.push('\n');
    }

    /// `9998 × wait [suspended, 0.3 s to 5 minutes]`
    fn push_title(&self, out: &mut String, palette: &Palette) {
        push_number(out, self.count as u64);
        out.push_str(" × ");
        push_who(out, palette, "", &role_text(self.site, &self.role));
        let states = States {
            state: self.state,
            runs_no_task: self.runs_no_task,
            since: self.since.ago(self.now),
        };
        push_states(out, palette, states);
    }

    fn push_ids(&self, out: &mut String) {
        if self.count == 1 {
            push(out, format_args!(", task {}", self.first));
        } else {
            push(out, format_args!(", tasks {} to {}", self.first, self.last));
        }
    }

    fn push_names(&self, out: &mut String, palette: &Palette) {
        let mut before = "    named ";
        for name in &self.names {
            push(
                out,
                format_args!("{before}{}{name}{}", palette.name, palette.end),
            );
            before = ", ";
        }
        if !self.names.is_empty() {
            out.push_str(if self.more_names { ", …\n" } else { "\n" });
        }
    }

    /// `labels tenant=acme, tenant=beta, …`
    fn push_labels(&self, out: &mut String) {
        let mut before = "    labels ";
        for labels in &self.labels {
            push(out, format_args!("{before}{labels}"));
            before = ", ";
        }
        if !self.labels.is_empty() {
            out.push_str(if self.more_labels { ", …\n" } else { "\n" });
        }
    }
}

/// Groups tasks of the dump. The largest group comes first. Threads of pools that run no task come last.
pub(in super::super) fn count<'a>(
    dump: &Dump,
    rows: impl IntoIterator<Item = &'a Row>,
) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut known: HashMap<GroupKey, usize, IdHash> = HashMap::default();
    let mut last: Option<(ShapeRef, usize)> = None;
    for row in rows {
        let index = match last {
            Some((shape, index)) if shape == row.shape => index,
            _ => match known.entry(GroupKey::of(dump, row)) {
                Entry::Occupied(known) => *known.get(),
                Entry::Vacant(new) => {
                    groups.push(Group::new(dump, row));
                    *new.insert(groups.len() - 1)
                }
            },
        };
        let is_of_shape = !dump.snapshot.is_external(row)
            && !dump.snapshot.bare_state(row).is_on_thread()
            && dump.awaits_of(row).is_none();
        last = is_of_shape.then_some((row.shape, index));
        groups[index].add(dump, row);
    }
    groups.sort_by_key(|group| (group.runs_no_task, Reverse(group.count), group.first));
    groups
}

/// The properties that tasks of a group share.
#[derive(PartialEq, Eq, Hash)]
struct GroupKey {
    /// By address.
    site: u64,
    state: Discriminant<State>,
    stack: u32,
    awaits: u64,
    runs_no_task: bool,
    /// The id of an external thread, because such threads share nothing.
    only: Option<u64>,
}

impl GroupKey {
    fn of(dump: &Dump, row: &Row) -> Self {
        let shape = dump.snapshot.shape(row);
        GroupKey {
            site: shape.site.address(),
            state: discriminant(&dump.snapshot.bare_state(row)),
            stack: shape.stack.key(),
            awaits: dump.await_place(row),
            runs_no_task: dump.snapshot.runs_no_task(row),
            only: shape.is_external().then_some(row.id),
        }
    }
}

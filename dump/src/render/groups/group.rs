//! One group.

use std::cmp::Reverse;
use std::collections::hash_map::Entry;
use std::collections::HashMap;
use std::mem::{discriminant, Discriminant};
use std::sync::Arc;
use std::time::Duration;

use crate::render::field::{columns, push_folded, Field};
use crate::render::frames::{innermost, stack_lines};
use crate::render::output::{push, push_number, role_text};
use crate::render::palette::Palette;
use crate::render::paths::Paths;
use crate::render::range::{NumberRange, TickRange};
use crate::render::spawn_stacks::spawn_stack_lines;
use crate::render::task_block::{
    awaits_lines, lineage_pieces, push_who, site_text, states_text, who_columns, HeadLine,
};
use crate::snapshot::compact::hash::IdHash;
use crate::snapshot::compact::shapes::ShapeRef;
use crate::snapshot::nodes::NONE;
use crate::snapshot::row::Row;
use crate::snapshot::stacks::StackRef;
use crate::values::await_stack::AwaitStack;
use crate::values::stack::Stack;
use crate::values::task::knows_polls;
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
    polls: NumberRange,
    now: Option<u64>,
    stack: Stack,
    /// The await stack of the first task.
    awaits: Option<Arc<AwaitStack>>,
    /// The number of the stack in the snapshot.
    place: StackRef,
    /// The first few names. `more_names` is `true` if there are more.
    names: Vec<Name>,
    more_names: bool,
    /// The name of the last task, if there are more.
    last_name: Option<Name>,
    /// The first few different labels. `more_labels` is `true` if there are more.
    labels: Vec<Labels>,
    more_labels: bool,
    /// The node whose name and labels were looked at last.
    parent: u32,
    /// The node under which all tasks were spawned. `None` if there are several.
    only_parent: Option<u32>,
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
            polls: NumberRange::default(),
            now: dump.now,
            stack: dump.snapshot.stacks.get(dump.snapshot.stack(row)),
            awaits: dump.awaits_of(row).cloned(),
            place: dump.snapshot.stack(row),
            names: Vec::new(),
            more_names: false,
            last_name: None,
            labels: Vec::new(),
            more_labels: false,
            parent: NONE,
            only_parent: Some(row.parent),
        }
    }

    fn add(&mut self, dump: &Dump, row: &Row) {
        self.count += 1;
        self.last = TaskId::from(row.id);
        self.since.add(row.since.into());
        self.spawned.add(row.spawned.into());
        self.polls.add(dump.snapshot.polls(row).into());
        self.only_parent = self.only_parent.filter(|&parent| parent == row.parent);
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
    pub(in super::super) fn push(
        &self,
        out: &mut String,
        palette: &Palette,
        dump: &Dump,
        paths: &Paths,
    ) {
        let state = states_text(self.state, self.runs_no_task, self.since.ago(self.now));
        let width = self.push_who(out, palette);
        let mut line = HeadLine::new(out, palette, width, self.state, &state);
        line.push("tasks", &self.ids());
        line.end();
        self.push_names(out, palette);
        self.push_labels(out);
        match &self.awaits {
            Some(awaits) => out.push_str(&awaits_lines(awaits)),
            None => out.push_str(&stack_lines(&self.stack, paths)),
        }
        out.push_str(palette.faint);
        self.push_spawned(out);
        out.push_str(&spawn_stack_lines(self.site));
        self.push_lineage(out, dump);
        out.push_str(palette.end);
    }

    /// `spawned  src/main.rs:3:5 by tokio::spawn in run, 0.3 s to 5 m ago, 1 to 3 polls`
    fn push_spawned(&self, out: &mut String) {
        let mut field = Field::new(out, "spawned");
        let site = site_text(Some(self.site));
        if !site.is_empty() {
            field.piece("", &site);
        }
        if let Some(spawned) = self.spawned.ago(self.now) {
            field.piece(", ", &format!("{spawned} ago"));
        }
        if self.kind != Kind::Future {
            field.piece(", ", self.kind.as_str());
        }
        let (_, most) = self.polls.ends();
        if knows_polls(self.kind, u32::try_from(most).unwrap_or(u32::MAX)) {
            let plural = if most == 1 { "" } else { "s" };
            field.piece(", ", &format!("{} poll{plural}", self.polls));
        }
        field.end();
    }

    /// Appends the lineage of the first task, and whether that of others differs.
    fn push_lineage(&self, out: &mut String, dump: &Dump) {
        let Some(first) = dump.row(self.first.as_u64()) else {
            return;
        };
        let lineage = dump.snapshot.lineage(first);
        let (pieces, _) = lineage_pieces(&lineage, None);
        if pieces.is_empty() {
            return;
        }
        let mut field = Field::new(out, "by");
        for piece in &pieces {
            field.piece(" < ", piece);
        }
        if self.only_parent.is_none() {
            field.piece(", ", "and others");
        }
        field.end();
    }

    /// Appends a line, with the innermost frame only.
    pub(in super::super) fn push_line(&self, out: &mut String, palette: &Palette, paths: &Paths) {
        let start = out.len();
        self.push_who(out, palette);
        let state = states_text(self.state, self.runs_no_task, self.since.ago(self.now));
        let (color, end) = (palette.state(self.state), palette.end);
        push(out, format_args!("  {color}{state}{end}  {}", self.ids()));
        let mut fields = innermost(&self.stack, &self.role, paths);
        if let Some(site) = self.site() {
            let mut at = "spawned ".to_owned();
            paths.push_site(&mut at, site);
            fields.push(at);
        }
        push_folded(out, palette, start, &fields);
        out.push('\n');
    }

    /// Appends `9998 × wait`, and returns its width.
    fn push_who(&self, out: &mut String, palette: &Palette) -> usize {
        let start = out.len();
        push_number(out, self.count as u64);
        out.push_str(" × ");
        let role = role_text(self.site, &self.role);
        let width = columns(&out[start..]) + who_columns("", &role);
        push_who(out, palette, "", &role);
        width
    }

    /// Returns `tasks 12 to 10040`.
    fn ids(&self) -> String {
        match self.count {
            1 => format!("task {}", self.first),
            _ => format!("tasks {} to {}", self.first, self.last),
        }
    }

    /// `named    "req-1", "req-2", "req-3" … "req-998"`
    fn push_names(&self, out: &mut String, palette: &Palette) {
        if self.names.is_empty() {
            return;
        }
        let mut names: Vec<String> = self.names.iter().map(Name::to_string).collect();
        if self.more_names {
            let last = names.last_mut().expect("a full list has names");
            match &self.last_name {
                Some(name) => *last += &format!(" … {name}"),
                None => *last += " …",
            }
        }
        out.push_str(palette.name);
        push_list(out, "named", &names);
        out.push_str(palette.end);
    }

    /// `labels   tenant=acme, tenant=beta, …`
    fn push_labels(&self, out: &mut String) {
        let mut labels: Vec<String> = self.labels.iter().map(Labels::to_string).collect();
        labels.extend(self.more_labels.then(|| "…".to_owned()));
        if !labels.is_empty() {
            push_list(out, "labels", &labels);
        }
    }
}

fn push_list(out: &mut String, label: &str, items: &[String]) {
    let mut field = Field::new(out, label);
    for item in items {
        field.piece(", ", item);
    }
    field.end();
}

/// Tasks that are alike, more than [`MAX_ALIKE`] of each, which one paragraph shows.
#[derive(Default)]
pub(in super::super) struct Folds {
    groups: Vec<Group>,
    of: HashMap<GroupKey, usize, IdHash>,
}

/// Maximum number of tasks that are alike and have a paragraph each.
const MAX_ALIKE: usize = 4;

impl Folds {
    /// Returns the group that shows a task of the dump.
    pub(in super::super) fn of(&self, dump: &Dump, row: &Row) -> Option<&Group> {
        let group = &self.groups[*self.of.get(&GroupKey::of(dump, row))?];
        (group.count > MAX_ALIKE).then_some(group)
    }
}

/// Finds the tasks of a dump that are alike.
pub(in super::super) fn fold(dump: &Dump) -> Folds {
    collect(dump, dump.rows())
}

/// Groups tasks of the dump. The largest group comes first. Threads of pools that run no task come last.
pub(in super::super) fn count<'a>(
    dump: &Dump,
    rows: impl IntoIterator<Item = &'a Row>,
) -> Vec<Group> {
    let mut groups = collect(dump, rows).groups;
    groups.sort_by_key(|group| (group.runs_no_task, Reverse(group.count), group.first));
    groups
}

fn collect<'a>(dump: &Dump, rows: impl IntoIterator<Item = &'a Row>) -> Folds {
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
    for group in groups.iter_mut().filter(|group| group.more_names) {
        let last = dump.row(group.last.as_u64());
        group.last_name = last.and_then(|row| dump.snapshot.name_of(row));
    }
    Folds { groups, of: known }
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

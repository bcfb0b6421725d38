//! A dump as text: a paragraph for each task, and one for many tasks that are alike.

use std::fmt;

use super::awaits;
use super::busiest;
use super::cache::{self, AgeCache, Cache};
use super::delays;
use super::dropped;
use super::frames::stack_lines;
use super::gone;
use super::groups::{self, Folds};
use super::inner_tasks::InnerTasks;
use super::output::{site_role, ChunkedWriter};
use super::palette::Palette;
use super::paths::Paths;
use super::spawn_stacks::{self, spawn_stack_lines};
use super::summary::{write_coverage, Summary};
use super::task_block::{
    awaits_lines, lineage_lines, push_age, site_text, span_text, thread_text, wake_text, StateText,
    TaskBlock,
};
use super::threads::{self, kernel_text, name_of_thread, native_text};
use super::waits::{self, FoldedWaits, WaitLines};
use crate::snapshot::compact::wakers::WakerRef;
use crate::snapshot::nodes::Snapshot;
use crate::snapshot::row::Row;
use crate::snapshot::stacks::StackRef;
use crate::wait_graph::WaitGraph;
use crate::Dump;
use crate::State;
use birthmark_core::__reader::label::Labels;
use birthmark_core::__reader::name::Name;
use birthmark_core::Site;

/// Displays a [`Dump`] as a paragraph for each task.
///
/// More than four tasks of the same site, role, state and frames share one paragraph, which has their number and the ranges
/// of what differs. [`expanded`](Text::expanded) shows each task.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a> {
    dump: &'a Dump,
    palette: &'static Palette,
    expanded: bool,
}

impl<'a> Text<'a> {
    pub(super) fn new(dump: &'a Dump) -> Self {
        Text {
            dump,
            palette: Palette::new(false),
            expanded: false,
        }
    }

    /// Sets whether the output has colours; see [`should_colorize`](super::should_colorize).
    #[must_use]
    pub fn color(mut self, color: bool) -> Self {
        self.palette = Palette::new(color);
        self
    }

    /// Sets whether each task has a paragraph of its own, however many are alike.
    #[must_use]
    pub fn expanded(mut self, expanded: bool) -> Self {
        self.expanded = expanded;
        self
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (dump, palette) = (self.dump, self.palette);
        write!(f, "{}", Summary(dump))?;
        let paths = Paths::of(&dump.snapshot);
        let folds = match self.expanded {
            true => Folds::default(),
            false => groups::fold(dump),
        };
        let mut texts = Texts::new(dump);
        let graph = WaitGraph::new(dump.uses());
        let waits = WaitLines::new(dump, palette, &graph);
        let folded = FoldedWaits::new(&waits, |task| {
            let row = dump.row(task).filter(|_| !self.expanded)?;
            Some(folds.of(dump, row)?.min_id().as_u64())
        });
        let mut writer = ChunkedWriter::new(f);
        for row in dump.rows() {
            match folds.of(dump, row) {
                Some(group) if group.min_id().as_u64() != row.id => continue,
                Some(group) => {
                    writer.out.push('\n');
                    group.push(&mut writer.out, palette, dump, &paths);
                    folded.push(&mut writer.out, row.id);
                }
                None => {
                    writer.out.push('\n');
                    texts.push_row(&mut writer.out, self, &paths, row);
                    waits.push(&mut writer.out, row.id);
                }
            }
            writer.next()?;
        }
        writer.finish()?;
        waits::write_section(f, dump, palette, &graph)?;
        busiest::write_section(f, dump, palette, &paths)?;
        delays::write_section(f, dump)?;
        gone::write_section(f, dump, palette)?;
        dropped::write_section(f, dump)?;
        threads::write_section_below_tasks(f, dump, palette)?;
        awaits::write_section(f, dump)?;
        spawn_stacks::write_section(f)?;
        write_coverage(f, dump)
    }
}

/// Texts that many tasks of a dump share.
#[derive(Default)]
struct Texts {
    /// By address of the site.
    sites: Cache<u64, SiteTexts>,
    /// By node.
    above: Cache<u32, AboveTexts>,
    stacks: Cache<StackRef, String>,
    woken: Cache<WokenKey, String>,
    since: AgeCache,
    age: AgeCache,
    inner: InnerTasks,
}

/// The values that the text of a wake depends on.
#[derive(PartialEq, Eq, Hash)]
struct WokenKey {
    by: WakerRef,
    is_runnable: bool,
    is_waiting: bool,
}

impl WokenKey {
    fn of(snapshot: &Snapshot, row: &Row) -> Self {
        let state = snapshot.bare_state(row);
        WokenKey {
            by: row.woken_by,
            is_runnable: state == State::Runnable,
            is_waiting: state == State::Waiting,
        }
    }
}

struct SiteTexts {
    role: String,
    site: String,
    spawn_stack: String,
}

/// The lineage from a node on, and the name and labels that are inherited from there.
struct AboveTexts {
    /// For tasks that inherit their name.
    lineage: String,
    given: GivenTexts,
    /// For tasks with a name of their own, if that lineage differs.
    other_lineage: Option<String>,
}

/// The name and labels of a task, set or inherited.
struct GivenTexts {
    /// In quotes, or empty.
    name: String,
    name_note: String,
    labels: String,
}

impl Texts {
    fn new(dump: &Dump) -> Self {
        Texts {
            inner: InnerTasks::new(dump),
            ..Texts::default()
        }
    }

    fn push_row(&mut self, out: &mut String, text: &Text<'_>, paths: &Paths, row: &Row) {
        let Text { dump, palette, .. } = *text;
        let snapshot = &dump.snapshot;
        let shape = snapshot.shape(row);
        let on_thread = dump.thread_of(row);
        let (kernel, native) = (kernel_text(on_thread), native_text(on_thread, row.id));
        let thread = thread_text(snapshot.state(row), name_of_thread(dump, row));
        let state = StateText {
            state: snapshot.state(row),
            runs_no_task: snapshot.runs_no_task(row),
            inner: self.inner.of(dump, row),
            since: self.since.ago(row.change_tick(), dump.now, push_age),
            kernel: &kernel,
            thread: &thread,
            has_no_waker: shape.has_no_waker(),
        };
        if snapshot.elided(row) > 0 || shape.is_external() {
            return TaskBlock::with(&dump.task(row), paths, |&it| {
                let stack = &format!("{}{native}", it.stack);
                TaskBlock { state, stack, ..it }.push(out, palette);
            });
        }
        let site = self
            .sites
            .get(shape.site.address(), || SiteTexts::new(shape.site));
        let above = self.above.get(row.parent, || AboveTexts::new(dump, row));
        let own = snapshot.has_own(row).then(|| GivenTexts::own(dump, row));
        let given = own.as_ref().unwrap_or(&above.given);
        let lineage = match &above.other_lineage {
            Some(other) if row.has_own_name() => other,
            _ => &above.lineage,
        };
        let awaits = dump.awaits_of(row).map(|awaits| awaits_lines(awaits));
        let task_locals = snapshot.task_locals_of(row).to_string();
        let stack = match &awaits {
            Some(awaits) => awaits,
            None => self.stacks.get(shape.stack, || {
                stack_lines(&snapshot.stacks.get(shape.stack), paths)
            }),
        };
        let with_native = (!native.is_empty()).then(|| format!("{stack}{native}"));
        let block = TaskBlock {
            id: row.id,
            name: &given.name,
            role: &site.role,
            kind: shape.kind(),
            state,
            labels: &given.labels,
            task_locals: &task_locals,
            span: &span_text(snapshot.spans.get(row.id)),
            stack: with_native.as_deref().unwrap_or(stack),
            site: &site.site,
            age: self.age.ago(row.spawn_tick(), dump.now, push_age),
            polls: shape.polls(row.polls),
            woken: self.woken.get(WokenKey::of(snapshot, row), || {
                wake_text(snapshot.bare_state(row), snapshot.woken_by(row).as_ref())
            }),
            name_note: &given.name_note,
            root: shape.is_root(),
            pooled: shape.is_pooled(),
            spawn_stack: &site.spawn_stack,
            lineage,
        };
        block.push(out, palette);
    }
}

impl cache::HeapSize for SiteTexts {
    fn bytes(&self) -> usize {
        self.role.capacity() + self.site.capacity() + self.spawn_stack.capacity()
    }
}

impl cache::HeapSize for AboveTexts {
    fn bytes(&self) -> usize {
        let given = &self.given;
        let other = self.other_lineage.as_ref().map_or(0, String::capacity);
        let given = given.name.capacity() + given.labels.capacity() + given.name_note.capacity();
        self.lineage.capacity() + other + given
    }
}

impl SiteTexts {
    fn new(site: &'static Site) -> Self {
        SiteTexts {
            role: site_role(site),
            site: site_text(Some(site)),
            spawn_stack: spawn_stack_lines(site),
        }
    }
}

impl AboveTexts {
    /// Makes the texts for tasks below a node. `row` is one of them, and its own name and labels are ignored.
    fn new(dump: &Dump, row: &Row) -> Self {
        let snapshot = &dump.snapshot;
        let name = snapshot.inherited_name(row);
        let lineage = snapshot.lineage(row);
        let (lines, note) = lineage_lines(&lineage, name.as_ref().map(Name::origin));
        // Without a name that is inherited, no ancestor is marked.
        let other = name.is_some().then(|| lineage_lines(&lineage, None).0);
        AboveTexts {
            given: GivenTexts::new(name, note, snapshot.labels_of_node(row.parent)),
            other_lineage: other,
            lineage: lines,
        }
    }
}

impl GivenTexts {
    /// Makes the texts of a task with a name or labels of its own.
    fn own(dump: &Dump, row: &Row) -> Self {
        let snapshot = &dump.snapshot;
        let name = snapshot.name_of(row);
        let origin = name.as_ref().map(Name::origin);
        let (_, note) = lineage_lines(&snapshot.lineage(row), origin);
        GivenTexts::new(name, note, snapshot.labels_of(row))
    }

    fn new(name: Option<Name>, name_note: String, labels: &Labels) -> Self {
        GivenTexts {
            name: name.map_or_else(String::new, |name| name.to_string()),
            name_note,
            labels: labels.to_string(),
        }
    }
}

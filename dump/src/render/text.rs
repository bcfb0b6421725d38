//! A dump as text: a paragraph for each task.

use std::fmt;

use super::awaits;
use super::busiest;
use super::cache::{self, AgeCache, Cache};
use super::dropped;
use super::gone;
use super::output::{site_role, ChunkedWriter};
use super::palette::Palette;
use super::summary::Summary;
use super::task_block::{
    awaits_text, labels_line, push_age, site_line, span_line, stack_text, task_locals_line,
    wake_text, TaskBlock,
};
use super::threads::{self, kernel_text, native_text};
use super::waits::{self, WaitLines};
use crate::snapshot::compact::wakers::WakerRef;
use crate::snapshot::nodes::Snapshot;
use crate::snapshot::row::Row;
use crate::snapshot::stacks::StackRef;
use crate::wait_graph::WaitGraph;
use crate::Dump;
use crate::State;
use birthmark_core::__reader::label::Labels;
use birthmark_core::__reader::name::{Name, NameOrigin};
use birthmark_core::Site;

/// Displays a [`Dump`] as a paragraph for each task.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a> {
    dump: &'a Dump,
    palette: &'static Palette,
}

impl<'a> Text<'a> {
    pub(super) fn new(dump: &'a Dump) -> Self {
        Text {
            dump,
            palette: Palette::new(false),
        }
    }

    /// Sets whether the output has colours; see [`should_colorize`](super::should_colorize).
    #[must_use]
    pub fn color(mut self, color: bool) -> Self {
        self.palette = Palette::new(color);
        self
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Summary(self.dump))?;
        let mut texts = Texts::default();
        let graph = WaitGraph::new(self.dump.uses());
        let waits = WaitLines {
            dump: self.dump,
            palette: self.palette,
            graph: &graph,
        };
        let mut writer = ChunkedWriter::new(f);
        for row in self.dump.rows() {
            writer.out.push('\n');
            texts.push_row(&mut writer.out, self, row);
            waits.push(&mut writer.out, row.id);
            writer.next()?;
        }
        writer.finish()?;
        waits::write_section(f, self.dump, self.palette, &graph)?;
        busiest::write_section(f, self.dump, self.palette)?;
        gone::write_section(f, self.dump, self.palette)?;
        dropped::write_section(f, self.dump)?;
        threads::write_section(f, self.dump, self.palette)?;
        awaits::write_section(f, self.dump)?;
        writeln!(f, "\n{}", self.dump.coverage)
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
}

/// The values that the text of a wake depends on.
#[derive(PartialEq, Eq, Hash)]
struct WokenKey {
    by: WakerRef,
    is_runnable: bool,
    is_waiting: bool,
    has_no_waker: bool,
}

impl WokenKey {
    fn of(snapshot: &Snapshot, row: &Row) -> Self {
        let state = snapshot.bare_state(row);
        WokenKey {
            by: row.woken_by,
            is_runnable: state == State::Runnable,
            is_waiting: state == State::Waiting,
            has_no_waker: snapshot.shape(row).has_no_waker(),
        }
    }
}

struct SiteTexts {
    role: String,
    site: String,
}

/// The lineage from a node on, and the name and labels that are inherited from there.
struct AboveTexts {
    lineage: String,
    given: GivenTexts,
}

/// The name and labels of a task, set or inherited.
struct GivenTexts {
    /// In quotes, or empty.
    name: String,
    origin: Option<NameOrigin>,
    labels: String,
}

impl Texts {
    fn push_row(&mut self, out: &mut String, text: &Text<'_>, row: &Row) {
        let Text { dump, palette } = *text;
        let thread = dump.thread_of(row);
        let (kernel, native) = (kernel_text(thread), native_text(thread, row.id));
        let shared = dump.snapshot.elided(row) == 0 && !dump.snapshot.is_external(row);
        if !shared {
            return TaskBlock::with(&dump.task(row), |&it| {
                let kernel = &kernel;
                let stack = &format!("{}{native}", it.stack);
                TaskBlock {
                    kernel,
                    stack,
                    ..it
                }
                .push(out, palette);
            });
        }
        let shape = dump.snapshot.shape(row);
        let site = self
            .sites
            .get(shape.site.address(), || SiteTexts::new(shape.site));
        let above = self.above.get(row.parent, || AboveTexts::new(dump, row));
        let snapshot = &dump.snapshot;
        let own = snapshot
            .has_own(row)
            .then(|| GivenTexts::new(snapshot.name_of(row), snapshot.labels_of(row)));
        let given = own.as_ref().unwrap_or(&above.given);
        let locals = task_locals_line(snapshot.task_locals_of(row));
        let with_locals = (!locals.is_empty()).then(|| format!("{}{locals}", given.labels));
        let awaits = dump.awaits_of(row).map(|awaits| awaits_text(awaits));
        let stack = match &awaits {
            Some(awaits) => awaits,
            None => self.stacks.get(shape.stack, || {
                stack_text(&dump.snapshot.stacks.get(shape.stack))
            }),
        };
        let with_native = (!native.is_empty()).then(|| format!("{stack}{native}"));
        let block = TaskBlock {
            id: row.id,
            name: &given.name,
            origin: given.origin,
            labels: with_locals.as_deref().unwrap_or(&given.labels),
            span: &span_line(snapshot.spans.get(row.id)),
            role: &site.role,
            kind: shape.kind(),
            state: dump.snapshot.state(row),
            kernel: &kernel,
            since: self.since.ago(row.change_tick(), dump.now, push_age),
            woken: self
                .woken
                .get(WokenKey::of(snapshot, row), || woken_text(snapshot, row)),
            age: self.age.ago(row.spawn_tick(), dump.now, push_age),
            polls: shape.polls(row.polls),
            root: shape.is_root(),
            pooled: shape.is_pooled(),
            runs_no_task: snapshot.runs_no_task(row),
            site: &site.site,
            lineage: &above.lineage,
            stack: with_native.as_deref().unwrap_or(stack),
        };
        block.push(out, palette);
    }
}

fn woken_text(snapshot: &Snapshot, row: &Row) -> String {
    let by = snapshot.woken_by(row);
    wake_text(
        snapshot.bare_state(row),
        by.as_ref(),
        snapshot.shape(row).has_no_waker(),
    )
}

impl cache::HeapSize for SiteTexts {
    fn bytes(&self) -> usize {
        self.role.capacity() + self.site.capacity()
    }
}

impl cache::HeapSize for AboveTexts {
    fn bytes(&self) -> usize {
        self.lineage.capacity() + self.given.name.capacity() + self.given.labels.capacity()
    }
}

impl SiteTexts {
    fn new(site: &'static Site) -> Self {
        SiteTexts {
            role: site_role(site),
            site: site_line(Some(site)),
        }
    }
}

impl AboveTexts {
    /// Makes the texts for tasks below a node. `row` is one of them, and its own name and labels are ignored.
    fn new(dump: &Dump, row: &Row) -> Self {
        let snapshot = &dump.snapshot;
        let labels = snapshot.labels_of_node(row.parent);
        AboveTexts {
            lineage: snapshot.lineage(row).to_string(),
            given: GivenTexts::new(snapshot.inherited_name(row), labels),
        }
    }
}

impl GivenTexts {
    fn new(name: Option<Name>, labels: &Labels) -> Self {
        GivenTexts {
            origin: name.as_ref().map(Name::origin),
            name: name.map_or_else(String::new, |name| name.to_string()),
            labels: labels_line(labels),
        }
    }
}

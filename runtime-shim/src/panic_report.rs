//! Who panicked: what is added below the ordinary panic message.

use std::fmt::{self, Write};
use std::panic::PanicHookInfo;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use crate::birth::site_of;
use crate::clock;
use crate::dump::age::Age;
use crate::escape::{escape, Quoted};
use crate::frame::index;
use crate::kind::Kind;
use crate::label::write_labels;
use crate::local;
use crate::redact::{redact, redact_labels};
use crate::registry::content::NameText;
use crate::registry::frames::{Image, ROOM};
use crate::registry::read::Record;
use crate::registry::slot::{flag, Slot};
use crate::sys::stderr;
use crate::task::NameOrigin;

/// How much a panic report says: set by [`Builder::panic_report`](crate::Builder::panic_report), or by
/// `BIRTHMARK=panic=…` in the environment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum PanicReport {
    /// Nothing is added to the panic message.
    Off = 0,
    /// The task that panicked, and where it was spawned.
    Task = 1,
    /// Also the line of tasks that led to it, and each `.await` that it is inside of. The default.
    #[default]
    Lineage = 2,
    /// Also a dump, in the form and to the place that [`Builder`](crate::Builder) or `BIRTHMARK` says.
    /// This allocates memory.
    All = 3,
}

static LEVEL: AtomicU8 = AtomicU8::new(PanicReport::Off as u8);

/// Sets the report up, behind whatever panic hook there is.
pub(crate) fn install(level: PanicReport) {
    static CHAINED: AtomicBool = AtomicBool::new(false);
    LEVEL.store(level as u8, Ordering::Relaxed);
    if level == PanicReport::Off || CHAINED.swap(true, Ordering::Relaxed) {
        return;
    }
    let previous = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info: &PanicHookInfo<'_>| {
        previous(info);
        report();
    }));
}

/// Writes the report in one piece, from a buffer on the stack: without a lock, and without memory
/// from an allocator that may be what panicked.
fn report() {
    let level = LEVEL.load(Ordering::Relaxed);
    if level == PanicReport::Off as u8 {
        return;
    }
    let mut out = Buffer::new();
    // It fails only when standard error does, and then nobody reads it.
    let _ = write_report(&mut out, level >= PanicReport::Lineage as u8);
    out.flush();
    if level >= PanicReport::All as u8 {
        crate::ask::write_in_panic();
    }
}

fn write_report(out: &mut Buffer, with_lineage: bool) -> fmt::Result {
    let Some(task) = local::with(|local| local.current()) else {
        return out.write_str("  in no task: birthmark did not see this thread being spawned\n");
    };
    let now = clock::fine();
    write_task(out, task, now)?;
    write_labels_of(out, task)?;
    write_site(out, task)?;
    if with_lineage {
        write_lineage(out, task)?;
        write_stack(out, task)?;
    }
    Ok(())
}

/// `in task 21 "req-id-123123" audit (future), born 1.2 s ago, 3 polls`
fn write_task(out: &mut Buffer, task: &'static Slot, now: Option<u64>) -> fmt::Result {
    let id = task.id.load(Ordering::Relaxed);
    write!(out, "  in task {id} ")?;
    let name = effective_name(task);
    if let Some((text, _)) = &name {
        write_name(out, text)?;
    }
    write_role(out, task)?;
    let kind = Kind::of(site_of(task), task.flags());
    write!(out, " ({kind})")?;
    if let Some(now) = now {
        write!(
            out,
            ", born {} ago",
            Age(clock::between(task.born.load(Ordering::Relaxed), now))
        )?;
    }
    if !kind.is_thread() {
        let polls = (task.polls.load(Ordering::Relaxed) >> flag::COUNT_SHIFT) as u32;
        write!(out, ", {polls} poll{}", if polls == 1 { "" } else { "s" })?;
    }
    if let Some((_, NameOrigin::Inherited { from })) = name {
        write!(out, ", name from task {from}")?;
    }
    out.write_str("\n")
}

/// `labels tenant=acme`
fn write_labels_of(out: &mut Buffer, task: &'static Slot) -> fmt::Result {
    let labels = own_name(task).or_else(|| Record::read(task));
    let Some(labels) = labels.and_then(|node| node.effective_labels()) else {
        return Ok(());
    };
    let labels = redact_labels(labels.as_slice());
    if labels.as_slice().is_empty() {
        return Ok(());
    }
    out.write_str("    labels ")?;
    write_labels(labels.as_slice(), out)?;
    out.write_str("\n")
}

fn write_site(out: &mut Buffer, task: &'static Slot) -> fmt::Result {
    let site = site_of(task);
    if !site.is_real() {
        return Ok(());
    }
    let (callee, module, function) = (site.callee(), site.module_path(), site.function());
    writeln!(
        out,
        "    spawned at {site} by {callee} in {module}::{function}"
    )
}

fn write_lineage(out: &mut Buffer, task: &'static Slot) -> fmt::Result {
    write!(out, "    lineage   {} ", task.id.load(Ordering::Relaxed))?;
    write_role(out, task)?;
    let mut below = task;
    while let Some(node) = below.parent.get() {
        let owner = if node.is_name() {
            node.parent.get().unwrap_or(node)
        } else {
            node
        };
        match below.cut_ancestors() {
            0 => {}
            cut => write!(out, " < … {cut} cut …")?,
        }
        write!(out, " < {} ", owner.id.load(Ordering::Relaxed))?;
        if let Some(text) = node.has_name().then(|| name_text(node)).flatten() {
            write_name(out, &text)?;
        }
        write_role(out, owner)?;
        below = owner;
    }
    out.write_str("\n")
}

/// The frames in which the task panics, outermost first. Other branches of it may stand elsewhere.
fn write_stack(out: &mut Buffer, task: &'static Slot) -> fmt::Result {
    let cursor = local::with(|local| local.cursor.get());
    let Some(record) = Record::read(task).filter(|_| cursor.records() && cursor.index() > 0) else {
        return Ok(());
    };
    let image = Image::read(&record);
    let mut sites = [None; ROOM];
    for (place, site) in sites.iter_mut().zip(image.outwards(cursor.index())) {
        *place = Some(site);
    }
    for (depth, site) in sites.iter().rev().flatten().enumerate() {
        writeln!(out, "    {:1$}in {site}", "", 2 * depth)?;
    }
    match image.beyond() {
        more if index::is_beyond(cursor.index()) => {
            writeln!(out, "    and {more} more, beyond the room for frames")
        }
        _ => Ok(()),
    }
}

fn write_role(out: &mut Buffer, task: &'static Slot) -> fmt::Result {
    let site = site_of(task);
    match Record::thread_of(task.status.load(Ordering::Relaxed)) {
        Some(block) if site.kind() == Kind::Foreign => block.with_name(|name| escape(name, out)),
        _ => escape(site.role(), out),
    }
}

/// The name of a task that the caller keeps alive, and where it came from.
fn effective_name(task: &'static Slot) -> Option<(NameText, NameOrigin)> {
    let own = own_name(task).filter(Record::has_name);
    if let Some(text) = own.and_then(|own| own.text()) {
        return (!text.as_str().is_empty()).then_some((text, NameOrigin::Explicit));
    }
    let mut node = task.parent.get()?;
    while !node.has_name() {
        node = node.parent.get()?;
    }
    let text = name_text(node).filter(|text| !text.as_str().is_empty())?;
    let from = node.parent.get()?.id.load(Ordering::Relaxed);
    Some((
        text,
        NameOrigin::Inherited {
            from: crate::TaskId(from),
        },
    ))
}

/// The name node of the task on this thread, which is not its own where it waits for what is done here.
fn own_name(task: &'static Slot) -> Option<Record> {
    let scope = local::with(|local| local.scope());
    scope
        .and_then(Record::read)
        .filter(|scope| scope.is_name_of(task))
}

fn name_text(node: &'static Slot) -> Option<NameText> {
    Record::read(node)?.text()
}

fn write_name(out: &mut Buffer, name: &NameText) -> fmt::Result {
    let quoted = Quoted {
        text: &redact(name.as_str()),
        cut: name.is_cut(),
    };
    write!(out, "{quoted} ")
}

/// Collects text on the stack, and writes it to standard error when it is full.
struct Buffer {
    bytes: [u8; 2048],
    len: usize,
}

impl Buffer {
    fn new() -> Self {
        Buffer {
            bytes: [0; 2048],
            len: 0,
        }
    }

    fn flush(&mut self) {
        let _ = stderr::write(&self.bytes[..self.len]);
        self.len = 0;
    }
}

impl fmt::Write for Buffer {
    fn write_str(&mut self, s: &str) -> fmt::Result {
        for piece in s.as_bytes().chunks(self.bytes.len()) {
            if piece.len() > self.bytes.len() - self.len {
                self.flush();
            }
            self.bytes[self.len..self.len + piece.len()].copy_from_slice(piece);
            self.len += piece.len();
        }
        Ok(())
    }
}

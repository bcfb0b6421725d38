//! The panic report: lines about the current task, below the ordinary panic message.

mod chain;

use std::cell::Cell;
use std::fmt::{self, Write};
use std::panic::PanicHookInfo;
use std::ptr;
use std::sync::atomic::{AtomicU8, Ordering};

use crate::output;
use crate::platform::borrowed_stacks;
use crate::threads::innermost_on;

use birthmark_core::__reader::clock;
use birthmark_core::__reader::escape::{escape, Quoted};
use birthmark_core::__reader::label::write_labels;
use birthmark_core::__reader::local;
use birthmark_core::__reader::name::{effective_name, NameOrigin};
use birthmark_core::__reader::named_enum;
use birthmark_core::__reader::record::content::NameText;
use birthmark_core::__reader::record::frames::index;
use birthmark_core::__reader::record::frames::ROOM;
use birthmark_core::__reader::record::gone;
use birthmark_core::__reader::record::read::{Above, Record};
use birthmark_core::__reader::record::words::flag;
use birthmark_core::__reader::source_path::from_package;
use birthmark_core::Kind;
use birthmark_core::Site;
use birthmark_dump::__private::redact::{redact, redact_labels};
use birthmark_dump::__private::Age;
use birthmark_dump::__private::LOST;

named_enum! {
    /// The content of panic reports, set by [`Builder::panic_report`](crate::Builder::panic_report) or by
    /// `BIRTHMARK=panic=…` in the environment. Each content includes those before it.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    #[non_exhaustive]
    pub enum PanicReport {
        /// the report is empty.
        Off = "off",
        /// the report has the task that panicked and its spawn site.
        Task = "task",
        /// the report also has the lineage of the task and each `.await` that it is inside of. This is the default.
        #[default]
        Lineage = "lineage",
        /// the report also has a dump, in the form and at the place that [`Builder`](crate::Builder) or `BIRTHMARK`
        /// sets. The dump allocates memory.
        All = "all",
    }

    /// The error for a name that no [`PanicReport`] has.
    pub struct ParsePanicReportError for "panic";
}

static LEVEL: AtomicU8 = AtomicU8::new(PanicReport::Off as u8);

/// Installs the report behind the present and any later panic hook. `in_test` is `true` if the caller knows that the
/// program runs tests.
pub(crate) fn install(level: PanicReport, in_test: bool) {
    output::look_for_tests(in_test);
    LEVEL.store(level as u8, Ordering::Relaxed);
    if is_needed() {
        chain::link();
    }
}

/// Returns `true` if the hook has something to do: dumps show the messages of panics, too.
fn is_needed() -> bool {
    is_on() || gone::is_kept()
}

/// Returns `true` if panics are reported.
pub(crate) fn is_on() -> bool {
    LEVEL.load(Ordering::Relaxed) != PanicReport::Off as u8
}

thread_local! {
    /// Address of the information about the panic that the program reports itself, or 0.
    static REPORTED: Cell<usize> = const { Cell::new(0) };
}

/// Returns the report of a panic, for a panic hook that writes the report at a place of its own.
///
/// `install` then writes no report of this panic to standard error. The report has the lines that would follow the
/// panic message, each with a line end. Formatting takes no lock and does not allocate, unless the program redacts names.
///
/// # Examples
///
/// ```
/// birthmark::install();
/// std::panic::set_hook(Box::new(|info| {
///     let report = birthmark::report_panic(info);
///     eprint!("{info}\n{report}");
/// }));
/// # std::panic::catch_unwind(|| panic!("the disk is full")).unwrap_err();
/// ```
pub fn report_panic(info: &PanicHookInfo<'_>) -> PanicText {
    let _ = REPORTED.try_with(|reported| reported.set(ptr::from_ref(info).addr()));
    PanicText {
        payload: payload_address(info),
    }
}

/// The text that [`report_panic`] returns. The text concerns the thread that formats it.
#[derive(Debug)]
pub struct PanicText {
    /// See [`payload_address`].
    payload: usize,
}

impl fmt::Display for PanicText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let with_lineage = LEVEL.load(Ordering::Relaxed) != PanicReport::Task as u8;
        write_report(f, self.payload, with_lineage)
    }
}

/// Returns `true` once if the program has reported the panic itself.
fn take_reported(info: &PanicHookInfo<'_>) -> bool {
    let reported = REPORTED.try_with(|reported| reported.replace(0));
    reported == Ok(ptr::from_ref(info).addr())
}

/// Writes the report in one piece from a buffer on the stack. It takes no lock and does not allocate, because the
/// allocator may have panicked. In a test, another thread [prints](crate::output) the report.
fn report(info: &PanicHookInfo<'_>) {
    note(info);
    if !is_on() || output::prints() {
        return;
    }
    if take_reported(info) {
        return write_dump_in_panic();
    }
    let level = LEVEL.load(Ordering::Relaxed);
    let mut out = Buffer::new();
    // It fails only when standard error does, and then nobody reads it.
    let with_lineage = level >= PanicReport::Lineage as u8;
    let _ = write_report(&mut out, payload_address(info), with_lineage);
    out.finish();
    write_dump_in_panic();
}

/// Returns the address of the payload. While the hook runs, std has the payload in a frame between the code that panics
/// and the hook.
fn payload_address(info: &PanicHookInfo<'_>) -> usize {
    ptr::from_ref(info.payload()).addr()
}

/// Keeps the message and the place of the panic for the task that it ends.
fn note(info: &PanicHookInfo<'_>) {
    let payload = info.payload();
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let place = info.location();
    let place = place.map(|place| (place.file(), place.line(), place.column()));
    local::note_panic(text.unwrap_or(""), place);
}

fn write_dump_in_panic() {
    if LEVEL.load(Ordering::Relaxed) >= PanicReport::All as u8 {
        crate::delivery::write_in_panic();
    }
}

fn write_report(out: &mut dyn Write, payload: usize, with_lineage: bool) -> fmt::Result {
    let task = local::current();
    let task = task.and_then(|task| Record::read(task.slot()));
    match &task {
        Some(task) => {
            out.write_str("  in ")?;
            write_task(out, task, own_name(task).as_ref(), "\n", with_lineage)?;
        }
        None => write_no_task(out)?,
    }
    if task.is_some_and(|task| !task.is_pool_thread()) {
        return Ok(());
    }
    // A worker of rayon, for example.
    match borrowed_stacks::lender(payload, innermost_on) {
        Some(lender) => {
            out.write_str("  probably for ")?;
            let why = ", which waits and whose stack this thread uses\n";
            write_task(out, &lender, lender.own_name().as_ref(), why, with_lineage)
        }
        None => Ok(()),
    }
}

/// Writes `task 21 "req-id-123123" audit`, `end`, and what belongs to the task.
fn write_task(
    out: &mut dyn Write,
    task: &Record,
    own_name: Option<&Record>,
    end: &str,
    with_lineage: bool,
) -> fmt::Result {
    let name = effective_name(task, own_name.copied());
    write!(out, "task {} ", task.id)?;
    if let Some((text, _)) = &name {
        write_name(out, text)?;
    }
    write_role(out, task)?;
    out.write_str(end)?;
    write_labels_of(out, own_name.unwrap_or(task))?;
    write_task_locals(out, own_name)?;
    if with_lineage && is_current(task) {
        write_stack(out, task)?;
    }
    write_spawned(out, task, clock::fine())?;
    match with_lineage {
        true => write_lineage(out, task, name.map(|(_, origin)| origin)),
        false => Ok(()),
    }
}

/// Returns `true` if this thread runs the task.
fn is_current(task: &Record) -> bool {
    local::current().is_some_and(|current| ptr::eq(current.slot(), task.slot))
}

/// Writes `in no task: task 7 worker, the last on this thread, has ended`, for example in a destructor of a
/// thread-local.
fn write_no_task(out: &mut dyn Write) -> fmt::Result {
    let Some((id, site)) = local::last() else {
        return out.write_str(match birthmark_core::__reader::os_thread::is_main() {
            true => "  in no task: birthmark did not see the main thread spawn anything\n",
            false => "  in no task: birthmark did not see this thread being spawned\n",
        });
    };
    write!(out, "  in no task: task {id} ")?;
    escape(site.role(), &mut &mut *out)?;
    out.write_str(", the last on this thread, has ended\n")?;
    if !site.is_real() {
        return Ok(());
    }
    out.write_str("    spawned  ")?;
    write_site(out, site)?;
    out.write_str("\n")
}

/// `spawned  src/main.rs:3:5 by tokio::spawn in run, 1.2 s ago, 3 polls`
fn write_spawned(out: &mut dyn Write, task: &Record, now: Option<u64>) -> fmt::Result {
    let site = task.site();
    out.write_str("    spawned  ")?;
    let mut separator = "";
    if site.is_real() {
        write_site(out, site)?;
        separator = ", ";
    }
    if let Some(age) = now.and_then(|now| clock::since(task.spawned(), now)) {
        write!(out, "{separator}{} ago", Age(age))?;
        separator = ", ";
    }
    let kind = Kind::of(site, task.flags());
    if kind != Kind::Future {
        write!(out, "{separator}{kind}")?;
    }
    if !kind.is_thread() {
        let polls = task.polls();
        write!(out, ", {polls} poll{}", if polls == 1 { "" } else { "s" })?;
    }
    if task.flags() & flag::POOLED != 0 {
        out.write_str(match kind.is_thread() {
            true => ", root (pool): for whom it works here is not known",
            false => ", root (pool)",
        })?;
    }
    out.write_str("\n")
}

/// `labels tenant=acme`
fn write_labels_of(out: &mut dyn Write, node: &Record) -> fmt::Result {
    let Some(labels) = node.effective_labels() else {
        return Ok(());
    };
    let labels = redact_labels(labels.as_slice());
    if labels.as_slice().is_empty() {
        return Ok(());
    }
    out.write_str("    labels   ")?;
    write_labels(labels.as_slice(), &mut &mut *out)?;
    out.write_str("\n")
}

/// `locals   TENANT=acme TRANSACTION`
fn write_task_locals(out: &mut dyn Write, own_name: Option<&Record>) -> fmt::Result {
    let own = own_name.filter(|own| own.has_locals());
    let Some(locals) = own.and_then(|own| own.locals()) else {
        return Ok(());
    };
    out.write_str("    locals   ")?;
    let locals = redact_labels(locals.as_slice());
    write_labels(locals.as_slice(), &mut &mut *out)?;
    out.write_str("\n")
}

/// `src/main.rs:3:5 by tokio::spawn in run`
fn write_site(out: &mut dyn Write, site: &Site) -> fmt::Result {
    write!(out, "{site} by {}", site.callee())?;
    match site.function() {
        "" => Ok(()),
        function => write!(out, " in {function}"),
    }
}

/// Writes the lineage link by link. The thread keeps its own record, but other threads may remove ancestors meanwhile. The
/// ancestor whose name the task inherits is marked.
fn write_lineage(out: &mut dyn Write, task: &Record, name: Option<NameOrigin>) -> fmt::Result {
    let mut name_from = match name {
        Some(NameOrigin::Inherited { from }) => Some(from.as_u64()),
        _ => None,
    };
    let mut separator = "    by       ";
    let mut below = *task;
    loop {
        let node = match below.parent() {
            Above::Node(node) => node,
            Above::Nothing => break,
            Above::Lost => return writeln!(out, "{separator}{LOST}"),
        };
        let Some(owner) = node.task() else {
            return writeln!(out, "{separator}{LOST}");
        };
        match below.cut_ancestors() {
            0 => {}
            cut => {
                write!(out, "{separator}… {cut} cut …")?;
                separator = " < ";
            }
        }
        write!(out, "{separator}{} ", owner.id)?;
        separator = " < ";
        let is_source = name_from.take_if(|from| *from == owner.id).is_some();
        match node.has_name().then(|| node.text()).flatten() {
            Some(text) if !is_source => write_name(out, &text)?,
            _ => {}
        }
        write_role(out, &owner)?;
        if is_source {
            out.write_str(" (its name)")?;
        }
        below = owner;
    }
    match separator {
        " < " => out.write_str("\n"),
        _ => Ok(()),
    }
}

/// Writes the frames of the branch that panics, innermost first.
fn write_stack(out: &mut dyn Write, task: &Record) -> fmt::Result {
    let (frames, innermost) = local::frames(task);
    if innermost == 0 {
        return Ok(());
    }
    let mut label = match task.is_pool_thread() {
        true => "polls",
        false => "within",
    };
    if index::is_beyond(innermost) {
        let more = frames.omitted_frames();
        writeln!(out, "    {label:<9}{more} more, beyond the room for frames")?;
        label = "";
    }
    for site in frames.outwards(innermost).take(ROOM) {
        write!(out, "    {label:<9}")?;
        label = "";
        if !site.awaited().is_empty() {
            escape(site.awaited(), &mut &mut *out)?;
            out.write_str(" in ")?;
        }
        escape(site.function(), &mut &mut *out)?;
        let file = from_package(site.file());
        writeln!(out, " {file}:{}:{}", site.line(), site.column())?;
    }
    Ok(())
}

fn write_role(out: &mut dyn Write, task: &Record) -> fmt::Result {
    let site = task.site();
    match task.thread() {
        Some(block) if site.kind() == Kind::External => {
            block.with_name(|name| escape(name, &mut &mut *out))
        }
        _ => escape(site.role(), &mut &mut *out),
    }
}

/// Returns the name node of the task on this thread. If the task waits for work on this thread, the node may differ
/// from that of its record.
fn own_name(task: &Record) -> Option<Record> {
    let node = Record::read(local::spawn_parent()?.slot());
    node.filter(|node| node.is_name_of(task.slot))
}

fn write_name(out: &mut dyn Write, name: &NameText) -> fmt::Result {
    let quoted = Quoted {
        text: &redact(name.as_str()),
        cut: name.is_truncated(),
    };
    write!(out, "{quoted} ")
}

/// Collects text on the stack, and writes it to standard error when the buffer is full. In a test, it collects all text
/// first.
struct Buffer {
    bytes: [u8; 2048],
    len: usize,
    test: Option<Vec<u8>>,
}

impl Buffer {
    fn new() -> Self {
        Buffer {
            bytes: [0; 2048],
            len: 0,
            test: output::in_test().then(Vec::new),
        }
    }

    fn flush(&mut self) {
        let bytes = &self.bytes[..self.len];
        match &mut self.test {
            Some(test) => test.extend_from_slice(bytes),
            None => drop(output::write(bytes)),
        }
        self.len = 0;
    }

    fn finish(mut self) {
        self.flush();
        if let Some(test) = self.test {
            let _ = output::write(&test);
        }
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

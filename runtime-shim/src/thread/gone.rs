//! Notes of tasks that end before they are ready; see [`gone`].

use crate::platform::runtime_flags;
use crate::platform::thread::os_id;
use crate::record::content::NameText;
use crate::record::gone::{self, Draft, GoneText, Ring};
use crate::record::read::Record;
use crate::record::slot::TaskSlot;
use crate::record::words::{flag, state};
use crate::thread::local::{self, Local};

/// Maximum number of ancestors among which the name of a task is searched, because many tasks may end at once.
const MAX_NODES: usize = 64;

/// Notes a task that ends now, before it was ready. The task is not the thread's current one any more.
#[cold]
#[inline(never)]
pub(crate) fn note_end(task: TaskSlot, outcome: u64) {
    if !gone::is_kept() {
        return;
    }
    let mut draft = draft_of(task);
    if outcome == state::PANICKED {
        if let Some(panic) = gone::find_panic(task.id(), task.slot().poll_word().polls()) {
            draft.set_message(panic.text(GoneText::Message), panic.is_message_cut());
            if let Some((file, line, column)) = panic.place() {
                draft.set_place(file, line, column);
            }
        }
        gone::write(Ring::Panicked, &draft);
    } else {
        local::with(|local| set_by(&mut draft, local, task));
        gone::write(Ring::Cancelled, &draft);
    }
}

/// Notes a task that a hook refuses.
#[cold]
#[inline(never)]
pub(crate) fn note_refusal(task: TaskSlot, reason: &str) {
    if gone::is_kept() {
        let mut draft = draft_of(task);
        draft.set_message(reason, false);
        gone::write(Ring::Refused, &draft);
    }
}

/// Notes that a panic begins on this thread. Neither locks nor allocates.
pub fn note_panic(message: &str, place: Option<(&str, u32, u32)>) {
    let task = local::with(|local| local.current());
    let Some(task) = task.filter(|_| gone::is_kept()) else {
        return;
    };
    let mut draft = Draft::new(task.id(), task.slot().poll_word().polls());
    draft.set_message(message, false);
    if let Some((file, line, column)) = place {
        draft.set_place(file, line, column);
    }
    gone::write(Ring::Unwinding, &draft);
}

/// Returns an entry with the facts that each outcome has.
fn draft_of(task: TaskSlot) -> Draft {
    let record = Record::of_live(task);
    let mut draft = Draft::new(record.id, 0);
    draft.set_polls(task.slot().poll_word());
    let site = task.site().address();
    draft.set_site(site, record.spawned(), runtime_flags::tick());
    let parent = record.parent().node().and_then(Record::task);
    if let Some(parent) = parent {
        draft.set_parent(parent.id, parent.site().address());
    }
    if let Some((text, named_by)) = name_of(&record) {
        draft.set_name(text.as_str(), text.is_truncated(), named_by);
    }
    draft
}

/// Returns the name of a task, and the task that it was inherited from.
fn name_of(record: &Record) -> Option<(NameText, Option<u64>)> {
    let own = record.own_name().filter(|own| own.has_name());
    match own.and_then(|own| own.text()) {
        Some(text) => Some((text, None)),
        None => {
            let (text, from) = record.inherited_text_within(MAX_NODES)?;
            Some((text, Some(from.id)))
        }
    }
}

/// Notes the thread that drops the task, and the task that the thread runs.
fn set_by(draft: &mut Draft, local: &Local, task: TaskSlot) {
    let thread = std::thread::current();
    draft.set_by_thread(os_id(), thread.name().unwrap_or(""));
    let Some(by) = local.current().filter(|&by| by != task) else {
        return;
    };
    let name = name_of(&Record::of_live(by)).map(|(text, _)| text);
    let name = name.as_ref().map_or("", NameText::as_str);
    draft.set_by_task(by.id(), by.site().address(), name);
    if by.flags() & flag::BLOCKED != 0 {
        draft.set_by_executor();
    }
}

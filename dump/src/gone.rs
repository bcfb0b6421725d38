//! The tasks of a dump that ended before they were ready.

use std::sync::Arc;
use std::time::Duration;

use crate::redact::{redact, redact_message};
use crate::snapshot::nodes::Snapshot;
use crate::source::Source;
use crate::values::gone::{BadEnds, DroppedBy, GoneTask, PanicPlace};
use crate::values::role::qualified;
use birthmark_core::__reader::clock;
use birthmark_core::__reader::escape::{escape, Quoted};
use birthmark_core::__reader::name::{Name, NameOrigin};
use birthmark_core::__reader::record::gone::{GoneImage, GoneRecord, GoneText, Ring};
use birthmark_core::{Kind, Outcome, Site, TaskId};

/// The last tasks that ended before they were ready, and how many there were at each site.
#[derive(Debug)]
pub(crate) struct Gone {
    /// By outcome; of each outcome, the latest first.
    pub(crate) tasks: Vec<GoneTask>,
    /// Only sites with such tasks, by file and line.
    pub(crate) sites: Vec<BadEnds>,
}

impl Gone {
    /// Reads them. The ages are relative to `now`.
    pub(crate) fn of<S: Source>(
        source: S,
        snapshot: &Snapshot,
        sites: Vec<BadEnds>,
        now: Option<u64>,
    ) -> Self {
        let reading = Reading { snapshot, now };
        let outcomes = [
            (Ring::Panicked, Outcome::Panicked),
            (Ring::Refused, Outcome::Refused),
            (Ring::Cancelled, Outcome::Cancelled),
        ];
        let tasks = outcomes.into_iter().flat_map(|(ring, outcome)| {
            let records = source.gone(ring).into_iter().rev();
            records.map(move |record| reading.task(&record, outcome))
        });
        Gone {
            tasks: tasks.collect(),
            sites,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.tasks.is_empty() && self.sites.is_empty()
    }

    /// Returns the number of tasks with an outcome since the start of the program. A task that ended while the dump was
    /// taken may be counted in one place alone.
    pub(crate) fn count(&self, outcome: Outcome) -> u64 {
        let counted: u64 = self.sites.iter().map(|ends| ends.of(outcome)).sum();
        counted.max(self.listed(outcome) as u64)
    }

    /// Returns the number of listed tasks with an outcome.
    fn listed(&self, outcome: Outcome) -> usize {
        let of_outcome = self.tasks.iter().filter(|task| task.outcome == outcome);
        of_outcome.count()
    }
}

/// The values that the text of each task depends on.
#[derive(Clone, Copy)]
struct Reading<'a> {
    snapshot: &'a Snapshot,
    now: Option<u64>,
}

impl Reading<'_> {
    fn task(self, record: &GoneRecord, outcome: Outcome) -> GoneTask {
        let GoneRecord { image, site, .. } = record;
        let message = redact_message(image.text(GoneText::Message));
        GoneTask {
            id: TaskId::from(image.id()),
            site,
            kind: Kind::of(site, image.flags()),
            name: name(image),
            parent: self.parent(record),
            outcome,
            ended: self.since(image.ended()),
            lifetime: self.lifetime(image),
            polls: image.polls(),
            message: (!message.is_empty()).then(|| message.into()),
            is_message_cut: image.is_message_cut(),
            place: image.place().map(|(file, line, column)| PanicPlace {
                file: file.into(),
                line,
                column,
            }),
            by: self.dropped_by(record),
        }
    }

    fn since(self, tick: u64) -> Option<Duration> {
        self.now.and_then(|now| clock::since(tick, now))
    }

    fn lifetime(self, image: &GoneImage) -> Option<Duration> {
        self.since(image.spawned())?;
        Some(clock::between(image.spawned(), image.ended()))
    }

    /// Returns the task above. The role of an external thread is known while it lives.
    fn parent(self, record: &GoneRecord) -> Option<(TaskId, Arc<str>)> {
        let (id, _) = record.image.parent()?;
        let site = record.parent_site?;
        let live = self
            .snapshot
            .place_of(id)
            .map(|row| &self.snapshot.rows[row]);
        let role = live.map_or_else(|| site.role().into(), |row| self.snapshot.role(row));
        Some((TaskId::from(id), qualified(site, &role).into()))
    }

    fn dropped_by(self, record: &GoneRecord) -> Option<DroppedBy> {
        let image = &record.image;
        let thread = image.by_thread()?;
        let name = image.text(GoneText::Thread);
        let (Some(id), Some(site)) = (image.by_id(), record.by_site) else {
            return Some(DroppedBy::Thread {
                id: thread,
                name: name.into(),
            });
        };
        let is_external = site.kind() == Kind::External;
        let label = match is_external && !name.is_empty() {
            true => named(&redact(image.text(GoneText::By)), name),
            false => label(&redact(image.text(GoneText::By)), site),
        };
        Some(if image.is_by_executor() {
            DroppedBy::BlockOn {
                id: TaskId::from(id),
                label,
            }
        } else {
            DroppedBy::Task {
                id: TaskId::from(id),
                label,
                thread: if is_external { "" } else { name }.into(),
                has_ended: self.snapshot.place_of(id).is_none(),
            }
        })
    }
}

/// Returns the redacted name of a task.
fn name(image: &GoneImage) -> Option<Name> {
    let text = redact(image.text(GoneText::Name));
    let origin = match image.named_by() {
        Some(from) => NameOrigin::Inherited {
            from: TaskId::from(from),
        },
        None => NameOrigin::Explicit,
    };
    let is_cut = image.is_name_cut();
    (!text.is_empty()).then(|| Name::new(text.into(), is_cut, origin))
}

/// Returns name and role as a dump shows them: `"req-7" publish`.
fn label(name: &str, site: &Site) -> Arc<str> {
    named(name, &qualified(site, site.role()))
}

fn named(name: &str, role: &str) -> Arc<str> {
    let mut label = String::new();
    if !name.is_empty() {
        label = format!("{} ", Quoted::whole(name));
    }
    // Writing to a string does not fail.
    let _ = escape(role, &mut label);
    label.into()
}

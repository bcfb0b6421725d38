//! A dump as a profile, in the format of [pprof](https://github.com/google/pprof): a gzipped
//! `profile.proto`.

mod field;
mod proto;
mod tables;

use std::io::{self, Write};
use std::time::UNIX_EPOCH;

use flate2::write::GzEncoder;
use flate2::Compression;

use super::aggregate::{self, Aggregate, GroupBy};
use super::output::escaped;
use super::stacks;
use crate::Dump;

use proto::Message;
use tables::Tables;

/// Writes a [`Dump`] as a profile that `go tool pprof`, Pyroscope and speedscope read.
///
/// A sample is a stack and the number of tasks that have it. The stack begins with the innermost awaited expression
/// and the awaiting functions, at their lines. The roles from the task to its root follow, with their modules, at the
/// lines of their spawns. `[beside]` separates branches on which a task waits at once.
///
/// The labels `name`, `state` and `kind` select tasks, as in `go tool pprof -tagfocus=state=suspended`. So do the
/// labels of tasks, under their own keys. A label whose key is one of these three, or begins with `label.`, is
/// prefixed with `label.`.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(docsrs, doc(cfg(feature = "pprof")))]
pub struct Pprof<'a>(pub(super) &'a Dump);

impl Pprof<'_> {
    /// Writes the profile, sample by sample.
    ///
    /// # Errors
    ///
    /// Returns the errors of `out`.
    pub fn write(&self, out: impl Write) -> io::Result<()> {
        let out = GzEncoder::new(io::BufWriter::new(out), Compression::fast());
        let mut writer = Writer {
            dump: self.0,
            tables: Tables::default(),
            fields: Message::default(),
            out,
        };
        writer.write_head()?;
        aggregate::for_each(self.0, GroupBy::StackAndName, |stack| {
            writer.write_sample(&stack)
        })?;
        writer.out.finish()?.flush()
    }
}

struct Writer<'a, W: Write> {
    dump: &'a Dump,
    tables: Tables,
    /// Fields of the profile that have not been written yet.
    fields: Message,
    out: W,
}

impl<W: Write> Writer<'_, W> {
    fn write_head(&mut self) -> io::Result<()> {
        // The first string is the empty one, which is what a label has that is not there.
        self.tables.string(&mut self.fields, "");
        let mut tasks = Message::default();
        tasks.number(
            field::value_type::TYPE,
            self.tables.string(&mut self.fields, "tasks"),
        );
        tasks.number(
            field::value_type::UNIT,
            self.tables.string(&mut self.fields, "count"),
        );
        self.fields.message(field::profile::SAMPLE_TYPE, &tasks);
        for comment in [
            self.dump.head().to_string(),
            self.dump.coverage().to_string(),
        ] {
            let comment = self.tables.string(&mut self.fields, &comment);
            self.fields.number(field::profile::COMMENT, comment);
        }
        if !self.dump.filter.is_empty() {
            let selected = format!(
                "tasks selected by {}",
                escaped(&self.dump.filter.to_string())
            );
            let comment = self.tables.string(&mut self.fields, &selected);
            self.fields.number(field::profile::COMMENT, comment);
        }
        let taken = self
            .dump
            .taken
            .and_then(|taken| taken.duration_since(UNIX_EPOCH).ok());
        let nanos = taken.map_or(0, |taken| taken.as_nanos() as u64);
        self.fields.number(field::profile::TIME_NANOS, nanos);
        self.fields.write(&mut self.out)
    }

    fn write_sample(&mut self, stack: &Aggregate<'_>) -> io::Result<()> {
        let (snapshot, row) = (&self.dump.snapshot, stack.row);
        // A deep lineage has as many locations as tasks.
        let (mut locations, mut counts) = (Message::default(), Message::default());
        stacks::for_each_frame(self.dump, row, |frame| {
            locations.packed(self.tables.location(&mut self.fields, &frame));
        });
        counts.packed(stack.count);
        let mut sample = Message::default();
        sample.message(field::sample::LOCATION_ID, &locations);
        sample.message(field::sample::VALUE, &counts);
        let (name, state) = (
            escaped(snapshot.name_text(row)),
            snapshot.bare_state(row).to_string(),
        );
        for (key, value) in [
            ("name", &*name),
            ("state", &state),
            ("kind", snapshot.kind(row).as_str()),
        ] {
            self.add_label(&mut sample, key, value);
        }
        for label in snapshot.labels_of(row) {
            let key = key_of(label.key());
            self.add_label(&mut sample, &key, &escaped(label.value()));
        }
        self.fields.message(field::profile::SAMPLE, &sample);
        self.fields.write(&mut self.out)
    }

    fn add_label(&mut self, sample: &mut Message, key: &str, value: &str) {
        if value.is_empty() {
            return;
        }
        let mut label = Message::default();
        label.number(field::label::KEY, self.tables.string(&mut self.fields, key));
        label.number(
            field::label::STR,
            self.tables.string(&mut self.fields, value),
        );
        sample.message(field::sample::LABEL, &label);
    }
}

/// The key under which a label of a task is in the profile: never one of ours, nor that of another label.
fn key_of(label: &str) -> String {
    let key = escaped(label);
    match &*key {
        "name" | "state" | "kind" => format!("label.{key}"),
        other if other.starts_with("label.") => format!("label.{key}"),
        _ => key,
    }
}

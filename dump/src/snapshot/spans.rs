//! The tracing spans of the tasks in a dump.
//!
//! birthmark does not depend on tracing. A crate that does, `birthmark-tracing`, sets a source of spans.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::compact::hash::IdHash;
use crate::redact::redact_labels;
use crate::values::span::TaskSpan;
use birthmark_core::__reader::bounded::BoundedText;
use birthmark_core::__reader::label::{LabelSet, Labels};
use birthmark_core::TaskId;

/// A function that calls its argument with each task that is in a span, the name of the span, and its fields. The
/// function waits for no lock.
pub type SpanSource = fn(&mut dyn FnMut(TaskId, &'static str, &[(&str, &str)]));

/// The one source of this process.
static SOURCE: OnceLock<SpanSource> = OnceLock::new();

/// Sets the source. The first one stays.
pub fn set_source(source: SpanSource) {
    let _ = SOURCE.set(source);
}

/// The spans by the ids of their tasks.
#[derive(Debug, Default)]
pub(crate) struct Spans(HashMap<u64, TaskSpan, IdHash>);

impl Spans {
    /// Reads the spans of all tasks of this process. The fields are redacted like labels.
    pub(crate) fn read() -> Self {
        let mut spans = Spans::default();
        if let Some(source) = SOURCE.get() {
            source(&mut |task, name, fields| {
                let fields = redacted(fields);
                spans.0.insert(task.as_u64(), TaskSpan { name, fields });
            });
        }
        spans
    }

    pub(crate) fn get(&self, task: u64) -> Option<&TaskSpan> {
        match self.0.is_empty() {
            true => None,
            false => self.0.get(&task),
        }
    }
}

fn redacted(fields: &[(&str, &str)]) -> Labels {
    let mut set: Option<LabelSet> = None;
    for (key, value) in fields {
        let before = set.as_ref().map_or(&[][..], LabelSet::as_slice);
        let added = LabelSet::with(before, &BoundedText::new(key), &BoundedText::new(value));
        set = Some(added);
    }
    let encoded = set.as_ref().map_or(&[][..], LabelSet::as_slice);
    Labels::new(redact_labels(encoded).as_slice())
}

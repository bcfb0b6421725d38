//! The layer that notes which spans are open, and which task is in which.

use tracing::Subscriber;
use tracing::span::{Attributes, Id, Record};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use crate::open_spans::{self, OpenSpan};
use crate::span_text::{SpanKey, SpanText};

/// A layer for [`tracing_subscriber`] by which a dump shows the span that each task is in.
///
/// A dump shows the span that a task has entered last and that is still open, with its name and fields. The fields are
/// redacted like labels. Dumps see at most eight spans of a task inside of each other, and 240 bytes of the fields of a
/// span.
///
/// A dump reads the spans without a lock. A program that uses several subscribers makes a layer for each of them.
///
/// # Examples
///
/// ```
/// use tracing_subscriber::prelude::*;
///
/// birthmark::install();
/// birthmark_tracing::install();
/// tracing_subscriber::registry()
///     .with(birthmark_tracing::TaskLayer::new())
///     .with(tracing_subscriber::fmt::layer())
///     .init();
/// ```
#[derive(Debug)]
pub struct TaskLayer {
    number: u64,
}

impl TaskLayer {
    /// Returns a layer. Dumps show spans from now on.
    pub fn new() -> Self {
        TaskLayer {
            number: open_spans::add_layer(),
        }
    }

    fn key(&self, id: &Id) -> SpanKey {
        (self.number, id.into_u64())
    }
}

impl Default for TaskLayer {
    fn default() -> Self {
        Self::new()
    }
}

/// The slot of the span, in its extensions. A type of its own, so that no other layer has it.
struct Open(OpenSpan);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for TaskLayer {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut text = SpanText::new(attributes.metadata());
        attributes.record(&mut text);
        let open = OpenSpan::new(self.key(id), &text);
        if let (Some(open), Some(span)) = (open, context.span(id)) {
            drop(span.extensions_mut().replace(Open(open)));
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else {
            return;
        };
        if let Some(Open(open)) = span.extensions_mut().get_mut() {
            open.change(|text| values.record(text));
        }
    }

    fn on_enter(&self, id: &Id, _context: Context<'_, S>) {
        open_spans::enter(self.key(id));
    }

    fn on_exit(&self, _id: &Id, _context: Context<'_, S>) {
        open_spans::exit();
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        if let Some(span) = context.span(&id) {
            // The registry would drop it later, when the slot of the span is reused.
            drop(span.extensions_mut().remove::<Open>());
        }
    }
}

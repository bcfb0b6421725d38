//! The current task in each line of `tracing_subscriber::fmt`.
//!
//! A format prints the fields of events and spans, and nothing that another layer knows. The format here therefore has
//! the user's format write an event into a buffer, and adds the task to what is there.

use std::cell::Cell;
use std::fmt;

use tracing::{Event, Subscriber};
#[cfg(feature = "json")]
use tracing_subscriber::fmt::format::Json;
#[cfg(feature = "ansi")]
use tracing_subscriber::fmt::format::Pretty;
use tracing_subscriber::fmt::format::{Compact, Format, Full, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::TaskFields;

/// Returns a format that adds the current task to the events of another format; see [`TaskFields`].
///
/// The format is one of those of [`mod@tracing_subscriber::fmt`]: full, compact, pretty or JSON. [`WithTask::line`] and
/// [`WithTask::json`] take any other one.
///
/// # Examples
///
/// ```
/// tracing_subscriber::fmt()
///     .json()
///     .map_event_format(|format| birthmark_tracing::with_task(format).labels(["tenant"]))
///     .init();
/// ```
pub fn with_task<F: TaskFormat>(format: F) -> WithTask<F> {
    WithTask {
        colored: Some(format.colored()),
        format,
        place: F::PLACE,
        labels: Vec::new(),
    }
}

/// A format that adds the current task to each event. [`with_task`] returns it.
#[derive(Clone, Debug)]
pub struct WithTask<F> {
    format: F,
    /// The format with colours, for a writer that shows colours.
    colored: Option<F>,
    place: Place,
    labels: Vec<String>,
}

impl<F> WithTask<F> {
    /// Returns a format that adds the task at the end of what a format of the program writes, as `key=value`. The
    /// format of the program gets a writer without colours.
    pub fn line(format: F) -> Self {
        Self::other(format, Place::End)
    }

    /// Returns a format that adds the task to the JSON object that a format of the program writes.
    pub fn json(format: F) -> Self {
        Self::other(format, Place::Object)
    }

    fn other(format: F, place: Place) -> Self {
        WithTask {
            format,
            colored: None,
            place,
            labels: Vec::new(),
        }
    }

    /// Adds the labels with these keys, as `task.label.KEY`.
    #[must_use]
    pub fn labels(mut self, keys: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.labels.extend(keys.into_iter().map(Into::into));
        self
    }
}

/// Where the task is added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[doc(hidden)]
pub enum Place {
    /// At the end of the line.
    End,
    /// In a line of its own below the event.
    OwnLine,
    /// In the JSON object.
    Object,
}

mod sealed {
    pub trait Sealed {}

    impl<L, T> Sealed for tracing_subscriber::fmt::format::Format<L, T> {}
}

/// The formats of [`mod@tracing_subscriber::fmt`], which [`with_task`] takes. No other type can implement this trait.
///
/// The pretty format needs the feature `ansi`, which is on by default. The JSON format needs the feature `json`.
#[diagnostic::on_unimplemented(
    message = "`with_task` does not know the format `{Self}`",
    note = "the JSON format needs the feature `json` of birthmark-tracing, and the pretty one the feature `ansi`",
    note = "`WithTask::line` and `WithTask::json` take any format"
)]
pub trait TaskFormat: sealed::Sealed + Sized {
    #[doc(hidden)]
    const PLACE: Place;

    /// Returns the same format with colours.
    #[doc(hidden)]
    fn colored(&self) -> Self;
}

macro_rules! formats {
    ($($(#[$attribute:meta])* $layout:ty => $place:ident;)*) => {$(
        $(#[$attribute])*
        impl<T: Clone> TaskFormat for Format<$layout, T> {
            const PLACE: Place = Place::$place;

            fn colored(&self) -> Self {
                // The program's own choice stays, because a writer without colours is never asked for this.
                self.clone().with_ansi(true)
            }
        }
    )*};
}

formats! {
    Full => End;
    Compact => End;
    #[cfg(feature = "ansi")]
    Pretty => OwnLine;
    #[cfg(feature = "json")]
    Json => Object;
}

thread_local! {
    /// Memory for the text of an event.
    static BUFFER: Cell<String> = const { Cell::new(String::new()) };
}

impl<S, N, F> FormatEvent<S, N> for WithTask<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let is_colored = writer.has_ansi_escapes();
        let format = match &self.colored {
            Some(colored) if is_colored => colored,
            _ => &self.format,
        };
        // Events about a task, such as a panic, have the fields already.
        let has_task = event.metadata().fields().field("task.id").is_some();
        let Some(fields) = TaskFields::current().filter(|_| !has_task) else {
            return format.format_event(context, writer, event);
        };
        let mut text = BUFFER.try_with(Cell::take).unwrap_or_default();
        text.clear();
        format.format_event(context, Writer::new(&mut text), event)?;
        self.add(&mut text, &fields.labels(&self.labels), is_colored);
        let written = writer.write_str(&text);
        let _ = BUFFER.try_with(|buffer| buffer.set(text));
        written
    }
}

impl<F> WithTask<F> {
    fn add(&self, text: &mut String, fields: &TaskFields<'_>, is_colored: bool) {
        let end = text.trim_end_matches('\n').len();
        let after = text.split_off(end);
        let (dim, plain) = match is_colored && self.place != Place::Object {
            true => ("\x1b[2m", "\x1b[0m"),
            false => ("", ""),
        };
        match self.place {
            Place::End => {
                text.push(' ');
                text.push_str(dim);
                fields.push_text(text, "=", " ");
            }
            Place::OwnLine => {
                text.push_str("\n    ");
                text.push_str(dim);
                text.push_str("in task with ");
                fields.push_text(text, ": ", ", ");
            }
            Place::Object if text.ends_with('}') => {
                text.pop();
                text.push_str(if text.ends_with('{') { "" } else { "," });
                fields.push_json(text);
                text.push('}');
            }
            Place::Object => {}
        }
        text.push_str(plain);
        text.push_str(&after);
    }
}

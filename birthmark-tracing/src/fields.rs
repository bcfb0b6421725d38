//! The current task as fields of a log line.

use std::fmt::{self, Write};

use birthmark::extension::{Identity, remaining_ms};

/// The fields of the current task: `task.id`, `task.name`, `task.role`, and labels on request.
///
/// [`with_task`](crate::with_task) adds them to the lines of [`mod@tracing_subscriber::fmt`]. A program with another logger
/// writes them itself.
///
/// | field | value |
/// | --- | --- |
/// | `task.id` | the id of the task, a number |
/// | `task.name` | on whose behalf the task runs; absent if the task has no name |
/// | `task.role` | what the task is |
/// | `task.remaining_ms` | the milliseconds until the [deadline](birthmark::with_deadline) of the task, a number; negative after it, and absent if the task has none |
/// | `task.label.KEY` | the label with this key, if it was requested and the task has it |
///
/// Names and labels are redacted, as in a dump.
///
/// # Examples
///
/// ```
/// # #[birthmark::instrument]
/// # fn main() {
/// birthmark::set_name("start-up");
/// let fields = birthmark_tracing::TaskFields::current().unwrap();
/// assert!(fields.to_string().ends_with(" task.name=\"start-up\" task.role=main"));
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct TaskFields<'a> {
    task: Identity,
    remaining_ms: Option<i64>,
    labels: &'a [String],
}

impl TaskFields<'static> {
    /// Returns the fields of the current task, or `None` on a thread that birthmark does not know.
    pub fn current() -> Option<Self> {
        Some(TaskFields {
            task: Identity::current()?,
            remaining_ms: remaining_ms(),
            labels: &[],
        })
    }
}

impl<'a> TaskFields<'a> {
    /// Adds the labels with these keys.
    #[must_use]
    pub fn labels(self, keys: &[String]) -> TaskFields<'_> {
        TaskFields {
            task: self.task,
            remaining_ms: self.remaining_ms,
            labels: keys,
        }
    }

    /// Calls `f` with the key and the value of each field except the id.
    fn for_each_text(&self, f: &mut dyn FnMut(&str, &str)) {
        if let Some(name) = self.task.name() {
            f("task.name", &name);
        }
        f("task.role", &self.task.role());
        if self.labels.is_empty() {
            return;
        }
        let labels = self.task.labels();
        for key in self.labels {
            if let Some(label) = labels.get(key) {
                f(&format!("task.label.{key}"), label.value());
            }
        }
    }

    /// Appends `"task.id":7,"task.role":"main"`.
    #[cfg(feature = "fmt")]
    pub(crate) fn push_json(&self, out: &mut String) {
        let _ = write!(out, "\"task.id\":{}", self.task.id());
        self.for_each_text(&mut |key, value| {
            out.push(',');
            push_json_string(out, key);
            out.push(':');
            push_json_string(out, value);
        });
        if let Some(remaining) = self.remaining_ms {
            let _ = write!(out, ",\"task.remaining_ms\":{remaining}");
        }
    }

    /// Appends each field as a key and a value, with these texts between them.
    pub(crate) fn push_text(&self, out: &mut String, equals: &str, separator: &str) {
        let _ = write!(out, "task.id{equals}{}", self.task.id());
        self.for_each_text(&mut |key, value| {
            let is_plain = value
                .chars()
                .all(|c| c != ' ' && c != '=' && c.escape_debug().len() == 1);
            // Roles are code and need no quotes. A name is a text of the program.
            let _ = match is_plain && key == "task.role" {
                true => write!(out, "{separator}{key}{equals}{value}"),
                false => write!(out, "{separator}{key}{equals}{value:?}"),
            };
        });
        if let Some(remaining) = self.remaining_ms {
            let _ = write!(out, "{separator}task.remaining_ms{equals}{remaining}");
        }
    }
}

/// Writes the fields as they follow a message: `task.id=7 task.name="req-7" task.role=handle`.
impl fmt::Display for TaskFields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.push_text(&mut text, "=", " ");
        f.write_str(&text)
    }
}

#[cfg(feature = "fmt")]
fn push_json_string(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            control if control < ' ' => {
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

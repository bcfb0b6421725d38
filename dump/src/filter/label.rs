//! Conditions on labels.

use super::Pattern;
use birthmark_core::__reader::label::Labels;

/// A condition such as `tenant`, for tasks with the label, or `tenant=acme`, for tasks with the label and the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LabelPattern {
    key: Pattern,
    value: Option<Pattern>,
}

impl LabelPattern {
    pub(super) fn new(pattern: &str) -> Self {
        match pattern.split_once('=') {
            Some((key, value)) => LabelPattern {
                key: Pattern::new(key),
                value: Some(Pattern::new(value)),
            },
            None => LabelPattern {
                key: Pattern::new(pattern),
                value: None,
            },
        }
    }

    /// Returns the text of the condition.
    pub(super) fn text(&self) -> String {
        match &self.value {
            Some(value) => format!("{}={}", self.key.as_str(), value.as_str()),
            None => self.key.as_str().to_owned(),
        }
    }

    /// Returns `true` if the labels match. A label that is missing has the empty value.
    pub(super) fn matches(&self, labels: &Labels) -> bool {
        let mut values = labels
            .iter()
            .filter(|label| self.key.matches(label.key()))
            .map(|label| label.value())
            .peekable();
        match (&self.value, values.peek()) {
            (None, first) => first.is_some(),
            (Some(wanted), None) => wanted.matches(""),
            (Some(wanted), Some(_)) => values.any(|value| wanted.matches(value)),
        }
    }
}

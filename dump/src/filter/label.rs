//! Conditions on labels.

use super::Pattern;
use birthmark_core::__reader::label::Labels;

/// `tenant`: there is such a label; or `tenant=acme`: and this is its value.
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

    /// As it was written.
    pub(super) fn text(&self) -> String {
        match &self.value {
            Some(value) => format!("{}={}", self.key.as_str(), value.as_str()),
            None => self.key.as_str().to_owned(),
        }
    }

    /// Whether there is such a label among these. Where there is none with the key, its value is empty.
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

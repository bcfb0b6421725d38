//! Labels in the making.

use super::set::{has_more, Label, LabelIter, Part, CUT};
use super::{LabelText, MAX_LABELS, MAX_LABELS_LEN};

/// Labels, encoded, on the stack.
#[derive(Debug)]
pub struct LabelSet {
    bytes: [u8; MAX_LABELS_LEN],
    len: usize,
}

impl LabelSet {
    fn new() -> Self {
        LabelSet {
            bytes: [0; MAX_LABELS_LEN],
            len: 0,
        }
    }

    /// Labels after one more, which replaces the one with the same key, or takes it away if it is empty.
    pub fn with(before: &[u8], key: &LabelText, value: &LabelText) -> Self {
        let added = Label {
            key: key.into(),
            value: value.into(),
        };
        let others = || LabelIter(before).filter(|label| label.key() != added.key());
        let is_kept = !key.is_empty() && !value.is_empty();
        let has_room = others().count() < MAX_LABELS;
        let mut set = LabelSet::new();
        others()
            .filter(|label| label.key() < added.key())
            .for_each(|label| set.push(&label));
        if is_kept && has_room {
            set.push(&added);
        }
        others()
            .filter(|label| label.key() > added.key())
            .for_each(|label| set.push(&label));
        if is_kept && !has_room || has_more(before) {
            set.push_byte(0);
        }
        set
    }

    /// Labels with other values. Labels whose value becomes empty are left out. Locals without a shown value stay.
    pub fn map(before: &[u8], mut f: impl FnMut(&Label<'_>) -> LabelText) -> Self {
        let mut set = LabelSet::new();
        for label in LabelIter(before) {
            if label.shown_value().is_none() {
                set.push(&label);
                continue;
            }
            let value = f(&label);
            let value = Part {
                cut: label.value.cut || value.is_truncated(),
                ..Part::from(&value)
            };
            if !value.text.is_empty() {
                set.push(&Label { value, ..label });
            }
        }
        if has_more(before) {
            set.push_byte(0);
        }
        set
    }

    /// Labels with these keys and values, in their order. Labels beyond [`MAX_LABELS`] leave a mark.
    pub(crate) fn of<'a>(labels: impl Iterator<Item = Label<'a>>) -> Self {
        let mut set = LabelSet::new();
        for (index, label) in labels.enumerate() {
            match index {
                0..MAX_LABELS => set.push(&label),
                MAX_LABELS => set.push_byte(0),
                _ => break,
            }
        }
        set
    }

    fn push(&mut self, label: &Label<'_>) {
        for part in [label.key, label.value] {
            self.push_byte(part.text.len() as u8 | (u8::from(part.cut) * CUT));
        }
        for part in [label.key, label.value] {
            self.bytes[self.len..][..part.text.len()].copy_from_slice(part.text.as_bytes());
            self.len += part.text.len();
        }
    }

    fn push_byte(&mut self, byte: u8) {
        self.bytes[self.len] = byte;
        self.len += 1;
    }

    #[doc(hidden)]
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl<'a> Label<'a> {
    /// A local and what is shown of its value. Without a value, the value is a cut text without a byte, which no label
    /// has.
    pub(crate) fn of_local(name: &'a LabelText, value: Option<&'a LabelText>) -> Self {
        Label {
            key: name.into(),
            value: value.map_or(Part::ABSENT, Part::from),
        }
    }
}

impl<'a> From<&'a LabelText> for Part<'a> {
    fn from(text: &'a LabelText) -> Self {
        Part {
            text: text.as_str(),
            cut: text.is_truncated(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{LabelSet, LabelText, MAX_LABELS};
    use crate::context::label::Labels;

    fn with(before: &[u8], key: &str, value: &str) -> LabelSet {
        LabelSet::with(before, &LabelText::new(key), &LabelText::new(value))
    }

    fn shown(set: &LabelSet) -> String {
        Labels::new(set.as_slice()).to_string()
    }

    #[test]
    fn a_label_is_added_replaced_and_taken_away() {
        let mut set = LabelSet::new();
        for (key, value, expected) in [
            ("b", "2", "b=2"),
            ("c", "3", "b=2 c=3"),
            ("a", "1", "a=1 b=2 c=3"),
            ("b", "two", "a=1 b=two c=3"),
            ("", "none", "a=1 b=two c=3"),
            ("d", "", "a=1 b=two c=3"),
            ("a", "", "b=two c=3"),
        ] {
            set = with(set.as_slice(), key, value);
            assert_eq!(shown(&set), expected);
        }
    }

    #[test]
    fn those_for_which_there_is_no_room_leave_a_mark() {
        let keys: Vec<String> = (0..=MAX_LABELS).map(|key| key.to_string()).collect();
        let mut set = LabelSet::new();
        for key in &keys {
            set = with(set.as_slice(), key, "v");
        }
        assert!(shown(&set).ends_with("7=v …"), "{}", shown(&set));
        set = with(set.as_slice(), "0", "");
        assert!(shown(&set).starts_with("1=v ") && shown(&set).ends_with(" …"));
    }

    #[test]
    fn values_are_mapped_and_empty_ones_left_out() {
        let set = with(with(&[], "a", "1").as_slice(), "b", "2");
        let mapped = LabelSet::map(set.as_slice(), |label| match label.key() {
            "a" => LabelText::new(""),
            key => LabelText::new(key.repeat(1_000)),
        });
        let labels = Labels::new(mapped.as_slice());
        assert_eq!(labels.get("a"), None);
        assert!(labels.get("b").is_some_and(|label| label.is_truncated()));
    }
}

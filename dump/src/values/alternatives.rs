//! Lists of alternatives in error messages.

use std::fmt::{self, Display};

/// Displays names as `a, b or c`.
#[derive(Debug)]
pub struct OneOf<I>(pub I);

impl<I: Iterator<Item: Display> + Clone> Display for OneOf<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut names = self.0.clone().peekable();
        let mut separator = "";
        while let Some(name) = names.next() {
            let is_last = names.peek().is_none() && !separator.is_empty();
            write!(f, "{}{name}", if is_last { " or " } else { separator })?;
            separator = ", ";
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::OneOf;

    #[test]
    fn last_name_follows_or() {
        let list = |names: &[&str]| OneOf(names.iter()).to_string();
        assert_eq!(list(&["a", "b", "c"]), "a, b or c");
        assert_eq!(list(&["a", "b"]), "a or b");
        assert_eq!(list(&["a"]), "a");
    }
}

//! The attribute: its arguments, the items on which it may be, and attributes on inner items.

pub(crate) mod args;
pub(crate) mod item;
pub(crate) mod nested;
pub(crate) mod test;

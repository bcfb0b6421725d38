//! Sites, names and labels.

use core::fmt;

use super::absent::absent;
use crate::{Kind, TaskId};

pub const MAX_NAME_LEN: usize = 255;
pub const MAX_LABELS: usize = 8;
pub const MAX_LABEL_LEN: usize = 127;

absent! {
    #[derive(Debug)]
    pub struct Site {
        fn file(&self) -> &'static str;
        fn line(&self) -> u32;
        fn column(&self) -> u32;
        fn module_path(&self) -> &'static str;
        fn function(&self) -> &'static str;
        fn callee(&self) -> &'static str;
        fn role(&self) -> &'static str;
        fn kind(&self) -> Kind;
    }

    #[derive(Debug)]
    pub struct FrameSite {
        fn file(&self) -> &'static str;
        fn line(&self) -> u32;
        fn column(&self) -> u32;
        fn function(&self) -> &'static str;
        fn awaited(&self) -> &'static str;
    }

    #[derive(Clone, Debug, PartialEq, Eq, Hash)]
    pub struct Name {
        fn as_str(&self) -> &str;
        fn origin(&self) -> NameOrigin;
        fn is_truncated(&self) -> bool;
    }

    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub struct Label<'a> {
        fn key(&self) -> &'a str;
        fn value(&self) -> &'a str;
        fn is_truncated(&self) -> bool;
    }
}

absent!(impl Display for Site, FrameSite, Name);

impl fmt::Display for Label<'_> {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.never {}
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NameOrigin {
    Explicit,
    Hook,
    Inherited { from: TaskId },
}

impl fmt::Display for NameOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NameOrigin::Explicit => f.write_str("explicit"),
            NameOrigin::Hook => f.write_str("given by a hook"),
            NameOrigin::Inherited { from } => write!(f, "inherited from task {from}"),
        }
    }
}

/// No labels.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Labels(());

impl Labels {
    #[inline]
    pub fn get(&self, key: &str) -> Option<Label<'_>> {
        None
    }

    #[inline]
    pub fn iter(&self) -> LabelIter<'_> {
        LabelIter(core::iter::empty())
    }

    #[inline]
    pub fn len(&self) -> usize {
        0
    }

    #[inline]
    pub fn is_empty(&self) -> bool {
        true
    }

    #[inline]
    pub fn is_truncated(&self) -> bool {
        false
    }
}

impl<'a> IntoIterator for &'a Labels {
    type Item = Label<'a>;
    type IntoIter = LabelIter<'a>;

    #[inline]
    fn into_iter(self) -> LabelIter<'a> {
        self.iter()
    }
}

impl fmt::Display for Labels {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

impl fmt::Debug for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().finish()
    }
}

#[derive(Clone, Debug)]
pub struct LabelIter<'a>(core::iter::Empty<Label<'a>>);

impl<'a> Iterator for LabelIter<'a> {
    type Item = Label<'a>;

    #[inline]
    fn next(&mut self) -> Option<Label<'a>> {
        self.0.next()
    }
}

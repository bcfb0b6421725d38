//! What few tasks have: names of their own, and ancestors that were cut.

use std::collections::HashMap;

use super::chunks::Chunks;
use super::names::{NameRef, Named};
use super::nodes::{IdHash, Nodes};
use super::row::Row;
use crate::registry::read::Record;

/// What few tasks have. In a program whose tasks are all named, each has it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extra {
    /// The node it was born under.
    parent: u32,
    /// The name that was given to it.
    name: NameRef,
}

#[derive(Debug, Default)]
pub(super) struct Extras {
    list: Chunks<Extra>,
    /// How many ancestors were cut between a task and the node it was born under, by the place of its
    /// extra: few tasks are that deep.
    cuts: HashMap<u32, u32, IdHash>,
}

impl Extras {
    fn add(&mut self, extra: Extra, cut: u32) -> u32 {
        let place = self.list.push(extra);
        if cut > 0 {
            self.cuts.insert(place, cut);
        }
        place
    }
}

impl Nodes {
    /// Keeps what few tasks have. Returns where, if this one has any of it.
    #[inline]
    pub(super) fn note_extra(&mut self, record: &Record, parent: u32) -> Option<u32> {
        let own = record.own_name();
        let cut = record.cut_ancestors() as u32;
        if own.is_none() && cut == 0 {
            return None;
        }
        Some(self.add_extra(parent, cut, own.as_ref()))
    }

    fn add_extra(&mut self, parent: u32, cut: u32, own: Option<&Record>) -> u32 {
        let name = own.map_or(NameRef::NONE, |own| self.name(own));
        let extra = self.extras.add(Extra { parent, name }, cut);
        if let Some(own) = own {
            self.note_labels_of_extra(extra, own);
        }
        extra
    }

    /// Puts another name, and other labels, in the place of the task's own.
    pub(super) fn rename(&mut self, row: &mut Row, own: &Record) {
        let (parent, cut) = (self.parent(row), self.cut(row));
        row.set_extra(self.add_extra(parent, cut, Some(own)));
    }

    fn extra(&self, row: &Row) -> Option<&Extra> {
        self.extras.list.get(row.extra()?)
    }

    /// The node that a task was born under.
    pub(super) fn parent(&self, row: &Row) -> u32 {
        match self.extra(row) {
            Some(extra) => extra.parent,
            None => row.parent_unless_extra(),
        }
    }

    /// How many ancestors were left out between a task and the node it was born under.
    pub(super) fn cut(&self, row: &Row) -> u32 {
        let cut = row.extra().and_then(|extra| self.extras.cuts.get(&extra));
        cut.copied().unwrap_or(0)
    }

    /// The name that was given to the task itself.
    pub(super) fn own_name(&self, row: &Row) -> Option<Named<'_>> {
        self.names.get(self.extra(row)?.name)
    }
}

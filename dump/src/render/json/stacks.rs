//! The tables of stacks and of the frame sites in them. A million tasks have few different stacks.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use super::super::output::{push_number, ChunkedWriter};
use super::string::push_string;
use super::table_index::TableIndex;
use super::tables::{push_position, push_table};
use crate::snapshot::compact::bit_set::BitSet;
use crate::snapshot::compact::hash::IdHash;
use crate::snapshot::stacks::StackRef;
use crate::values::stack::{Frame, FrameTree};
use crate::Dump;
use birthmark_core::FrameSite;

/// The stacks that a dump refers to.
#[derive(Default)]
pub(super) struct StackTables {
    /// The stacks of the snapshot that are in the table.
    used: TableIndex,
    sites: Vec<&'static FrameSite>,
    by_address: HashMap<usize, u32, IdHash>,
}

impl StackTables {
    pub(super) fn new(dump: &Dump) -> Self {
        let all = dump.snapshot.stacks.all();
        let mut tables = StackTables::default();
        let used = used(dump, all.len());
        for tree in in_table(all, &used) {
            for frame in &tree.frames {
                tables.add(frame.site());
            }
        }
        tables.used = used;
        tables
    }

    fn add(&mut self, site: &'static FrameSite) {
        let next = self.sites.len() as u32;
        self.by_address.entry(site.address()).or_insert_with(|| {
            self.sites.push(site);
            next
        });
    }

    pub(super) fn of(&self, stack: StackRef) -> Option<u32> {
        self.used.get(stack.index()?)
    }
}

/// Numbers the stacks that tasks in the dump have. `stacks` is the number of all stacks.
fn used(dump: &Dump, stacks: usize) -> TableIndex {
    let mut used = BitSet::none(stacks);
    let indices = dump
        .rows()
        .filter_map(|row| dump.snapshot.stack(row).index());
    for index in indices {
        used.add(index);
    }
    TableIndex::of(used)
}

/// Returns the stacks that are in the table.
fn in_table<'a>(
    all: &'a [Arc<FrameTree>],
    used: &'a TableIndex,
) -> impl Iterator<Item = &'a FrameTree> {
    let all = all.iter().enumerate();
    all.filter(|(index, _)| used.get(*index).is_some())
        .map(|(_, tree)| &**tree)
}

pub(super) fn push_stacks(
    writer: &mut ChunkedWriter<'_>,
    dump: &Dump,
    tables: &StackTables,
) -> fmt::Result {
    push_table(writer, "frame_sites", &tables.sites, |out, site| {
        push_site(out, site);
    })?;
    let stacks = in_table(dump.snapshot.stacks.all(), &tables.used);
    push_table(writer, "stacks", stacks, |out, tree| {
        push_stack(out, tree, tables);
    })
}

fn push_site(out: &mut String, site: &FrameSite) {
    out.push('{');
    push_position(out, site.file(), site.line(), site.column());
    out.push_str(",\"function\":");
    push_string(out, site.function());
    out.push_str(",\"awaited\":");
    push_string(out, site.awaited());
    out.push('}');
}

fn push_stack(out: &mut String, tree: &FrameTree, tables: &StackTables) {
    out.push_str("{\"frames\":[");
    let mut separator = "";
    for frame in &tree.frames {
        out.push_str(separator);
        separator = ",";
        push_frame(out, frame, tables);
    }
    out.push(']');
    if tree.omitted > 0 {
        out.push_str(",\"omitted_frames\":");
        push_number(out, tree.omitted.into());
    }
    out.push('}');
}

fn push_frame(out: &mut String, frame: &Frame, tables: &StackTables) {
    out.push_str("{\"site\":");
    push_number(out, tables.by_address[&frame.site().address()].into());
    out.push_str(",\"depth\":");
    push_number(out, frame.depth() as u64);
    out.push_str(if frame.is_idle() {
        ",\"idle\":true}"
    } else {
        "}"
    });
}

//! The tables that tasks refer to: sites and ancestors. `stacks.rs` has the others.

use std::collections::hash_map::Entry;
use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use super::super::output::{push_number, ChunkedWriter};
use super::spawn_stacks::push_spawn_stack;
use super::stacks::StackTables;
use super::string::push_string;
use super::table_index::TableIndex;
use crate::snapshot::compact::hash::IdHash;
use crate::snapshot::nodes::Node;
use crate::values::delays::Delays;
use crate::Dump;
use birthmark_core::__reader::name::Name;
use birthmark_core::Site;

/// The sites, ancestors and stacks that a dump refers to.
#[derive(Default)]
pub(super) struct Tables {
    sites: Vec<&'static Site>,
    by_address: HashMap<u64, u32, IdHash>,
    /// The number of ended tasks of each site, by its address.
    ended: HashMap<u64, u64, IdHash>,
    /// The scheduling delays of each site that has some, by its address.
    delays: HashMap<u64, Delays, IdHash>,
    /// The nodes that are in the table.
    ancestors: TableIndex,
    pub(super) stacks: StackTables,
}

impl Tables {
    /// Collects the tables. The ancestors are those of the first `most` tasks.
    pub(super) fn new(dump: &Dump, most: usize) -> Self {
        let ended = dump.coverage().ended().iter();
        let delays = dump.delays.iter();
        let mut tables = Tables {
            stacks: StackTables::new(dump),
            ended: ended
                .map(|(site, count)| (site.address(), *count))
                .collect(),
            delays: delays
                .map(|(site, delays)| (site.address(), delays.clone()))
                .collect(),
            ..Tables::default()
        };
        let mut last = None;
        for row in dump.rows() {
            if last.replace(row.shape) != last {
                tables.add(dump.snapshot.site(row));
            }
        }
        let used = dump.used_nodes(most);
        let nodes = dump.snapshot.all();
        for node in nodes.filter(|node| used.has(node.number as usize)) {
            tables.add(node.site);
        }
        tables.ancestors = TableIndex::of(used);
        tables
    }

    fn add(&mut self, site: &'static Site) {
        if let Entry::Vacant(entry) = self.by_address.entry(site.address()) {
            if site.is_real() {
                entry.insert(self.sites.len() as u32);
                self.sites.push(site);
            }
        }
    }

    pub(super) fn site(&self, site: &'static Site) -> Option<u32> {
        self.by_address.get(&site.address()).copied()
    }

    /// Returns the nodes that are in the table.
    fn nodes<'a>(&'a self, dump: &'a Dump) -> impl Iterator<Item = Node> + 'a {
        let all = dump.snapshot.all();
        all.filter(|node| self.ancestor(node.number).is_some())
    }

    pub(super) fn ancestor(&self, node: u32) -> Option<u32> {
        self.ancestors.get(node as usize)
    }
}

pub(super) fn push_index(out: &mut String, index: Option<u32>) {
    match index {
        Some(index) => push_number(out, index.into()),
        None => out.push_str("null"),
    }
}

pub(super) fn push_name(out: &mut String, name: Option<&Name>) {
    match name {
        Some(name) => push_string(out, name.as_str()),
        None => out.push_str("null"),
    }
    if name.is_some_and(Name::is_truncated) {
        out.push_str(",\"name_truncated\":true");
    }
}

/// Appends a member with a line for each item.
pub(super) fn push_table<T>(
    writer: &mut ChunkedWriter<'_>,
    name: &str,
    items: impl IntoIterator<Item = T>,
    mut push: impl FnMut(&mut String, T),
) -> fmt::Result {
    writer.out.push_str(",\n\"");
    writer.out.push_str(name);
    writer.out.push_str("\":[");
    let mut separator = "\n";
    for item in items {
        writer.out.push_str(separator);
        separator = ",\n";
        push(&mut writer.out, item);
        writer.next()?;
    }
    writer.out.push_str("\n]");
    Ok(())
}

pub(super) fn push_sites(writer: &mut ChunkedWriter<'_>, tables: &Tables) -> fmt::Result {
    push_table(writer, "sites", &tables.sites, |out, site| {
        out.push('{');
        push_members(out, site);
        if let Some(ended) = tables.ended.get(&site.address()) {
            out.push_str(",\"ended\":");
            push_number(out, *ended);
        }
        if let Some(delays) = tables.delays.get(&site.address()) {
            push_delays(out, delays);
        }
        push_spawn_stack(out, site);
        out.push('}');
    })
}

fn push_delays(out: &mut String, delays: &Delays) {
    let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    out.push_str(",\"delays\":{\"count\":");
    push_number(out, delays.count());
    out.push_str(",\"average_ns\":");
    push_number(out, nanos(delays.average()));
    out.push_str(",\"max_ns\":");
    push_number(out, nanos(delays.longest()));
    out.push('}');
}

pub(super) fn push_site(out: &mut String, site: &Site) {
    out.push('{');
    push_members(out, site);
    out.push('}');
}

fn push_members(out: &mut String, site: &Site) {
    push_position(out, site.file(), site.line(), site.column());
    for (key, text) in [
        (",\"module\":", site.module_path()),
        (",\"function\":", site.function()),
        (",\"callee\":", site.callee()),
        (",\"role\":", site.role()),
        (",\"kind\":", site.kind().as_str()),
    ] {
        out.push_str(key);
        push_string(out, text);
    }
    if !site.qualifier().is_empty() {
        out.push_str(",\"qualifier\":");
        push_string(out, site.qualifier());
    }
}

pub(super) fn push_position(out: &mut String, file: &str, line: u32, column: u32) {
    out.push_str("\"file\":");
    push_string(out, file);
    out.push_str(",\"line\":");
    push_number(out, line.into());
    out.push_str(",\"column\":");
    push_number(out, column.into());
}

pub(super) fn push_ancestors(
    writer: &mut ChunkedWriter<'_>,
    dump: &Dump,
    tables: &Tables,
) -> fmt::Result {
    push_table(writer, "ancestors", tables.nodes(dump), |out, node| {
        push_ancestor(out, dump, tables, &node);
    })
}

fn push_ancestor(out: &mut String, dump: &Dump, tables: &Tables, node: &Node) {
    out.push_str("{\"id\":");
    push_number(out, node.id);
    out.push_str(",\"role\":");
    push_string(out, dump.snapshot.role_of_node(node));
    out.push_str(",\"site\":");
    push_index(out, tables.site(node.site));
    out.push_str(",\"name\":");
    push_name(out, dump.snapshot.name_of_node(node).as_ref());
    out.push_str(",\"ancestor\":");
    push_index(out, tables.ancestor(node.parent));
    if node.elided > 0 {
        out.push_str(",\"elided\":");
        push_number(out, node.elided.into());
    }
    out.push('}');
}

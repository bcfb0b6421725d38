//! The text of leaks.

use std::fmt;

use birthmark_core::__reader::escape::escape;
use birthmark_core::__reader::source_path::from_package;
use birthmark_core::Kind;
use birthmark_dump::render::Group;
use birthmark_dump::{Dump, State};

/// Maximum number of groups that are listed.
const GROUPS: usize = 8;

/// Tasks that outlived the scope of a [`LeakCheck`](crate::LeakCheck).
///
/// `{}` writes the message of a test that fails: one line with the tasks in groups, and then their tree.
#[derive(Debug)]
pub struct Leaks {
    dump: Box<Dump>,
}

impl Leaks {
    pub(super) fn of(dump: Dump) -> Self {
        Leaks {
            dump: Box::new(dump),
        }
    }

    /// Returns the number of tasks.
    pub fn count(&self) -> usize {
        self.dump.len()
    }

    /// Returns the tasks as they were when the grace was over.
    pub fn dump(&self) -> &Dump {
        &self.dump
    }
}

impl std::error::Error for Leaks {}

impl fmt::Display for Leaks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.count();
        let tasks = if count == 1 { "task" } else { "tasks" };
        write!(f, "{count} {tasks} outlived the test: ")?;
        let groups = self.dump.groups();
        let groups = groups.list();
        let mut separator = "";
        for group in groups.iter().take(GROUPS) {
            f.write_str(separator)?;
            write_group(f, group)?;
            separator = "; ";
        }
        let more: usize = groups.iter().skip(GROUPS).map(Group::count).sum();
        if more > 0 {
            write!(f, "; {more} more")?;
        }
        let tree = self.dump.tree().to_string();
        // The heading is above the first empty line, and the coverage below the last one.
        let tree = tree.split_once("\n\n").map_or("", |(_, tree)| tree);
        let end = tree.find("\n\n").unwrap_or(tree.len());
        write!(f, "\n\n{}", tree[..end].trim_end())
    }
}

/// Writes `2 × conn::read_loop spawned at src/conn.rs:12:9, waiting at src/conn.rs:20:33 for socket.read`.
fn write_group(f: &mut fmt::Formatter<'_>, group: &Group) -> fmt::Result {
    write!(f, "{} × ", group.count())?;
    escape(group.role(), f)?;
    if group.kind() != Kind::Future {
        write!(f, " ({})", group.kind())?;
    }
    if let Some(site) = group.site() {
        write!(f, " spawned at {site}")?;
    }
    match group.state() {
        State::Running { .. } => f.write_str(", running")?,
        state => write!(f, ", {state}")?,
    }
    let frames = group.stack().frames();
    let Some(innermost) = frames.last() else {
        return Ok(());
    };
    let site = innermost.site();
    let file = from_package(site.file());
    write!(f, " at {file}:{}:{}", site.line(), site.column())?;
    match site.awaited() {
        "" => Ok(()),
        awaited => {
            f.write_str(" for ")?;
            escape(awaited, f)
        }
    }
}

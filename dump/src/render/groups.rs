//! Equal tasks, counted together. A leak is the first group.

mod group;

use std::fmt;

use super::awaits;
use super::busiest;
use super::delays;
use super::dropped;
use super::gone;
use super::palette::Palette;
use super::paths::Paths;
use super::summary::{write_coverage, Summary};
use super::threads;
use crate::Dump;

pub use group::Group;
pub(super) use group::{count, fold, Folds};

/// Displays a [`Dump`] by groups, largest first. A group is all tasks of the same site, role, state and frames.
/// Threads of pools that run no task come last.
///
/// Names and labels do not split a group, and a group shows a few of them. A [`Filter`](crate::Filter) counts the
/// tasks of one label.
#[derive(Clone, Debug)]
pub struct Groups<'a> {
    dump: &'a Dump,
    groups: Vec<Group>,
    palette: &'static Palette,
}

impl<'a> Groups<'a> {
    pub(super) fn new(dump: &'a Dump) -> Self {
        Groups {
            dump,
            groups: count(dump, dump.rows()),
            palette: Palette::new(false),
        }
    }

    /// Sets whether the output has colours; see [`should_colorize`](super::should_colorize).
    #[must_use]
    pub fn color(mut self, color: bool) -> Self {
        self.palette = Palette::new(color);
        self
    }

    /// Returns the groups, largest first.
    ///
    /// # Examples
    ///
    /// ```
    /// let dump = birthmark::dump();
    /// if let Some(largest) = dump.groups().list().first() {
    ///     println!("{} × {} {}", largest.count(), largest.role(), largest.state());
    /// }
    /// ```
    pub fn list(&self) -> &[Group] {
        &self.groups
    }
}

impl fmt::Display for Groups<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Summary(self.dump))?;
        let paths = Paths::of(&self.dump.snapshot);
        let mut out = String::new();
        for group in &self.groups {
            out.push('\n');
            group.push(&mut out, self.palette, self.dump, &paths);
            f.write_str(&out)?;
            out.clear();
        }
        busiest::write_section(f, self.dump, self.palette, &paths)?;
        delays::write_section(f, self.dump)?;
        gone::write_section(f, self.dump, self.palette)?;
        dropped::write_section(f, self.dump)?;
        threads::write_section(f, self.dump, self.palette)?;
        awaits::write_section(f, self.dump)?;
        write_coverage(f, self.dump)
    }
}

//! Tasks that are alike, counted together: the form in which a leak meets the eye.

mod group;

use std::fmt;

use super::busiest;
use super::heading::Heading;
use super::palette::Palette;
use super::threads;
use crate::dump::Dump;

pub(super) use group::count;
pub use group::Group;

/// Displays a [`Dump`] by groups: tasks of the same site, role and state that stand at the same place
/// are counted together, and the largest group comes first. Threads of pools that run no task come last. Names and labels do not tell them apart: some of
/// each are shown. To count the tasks of a label, [`Filter`](crate::Filter) the dump by it.
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

    /// Whether to use colours; see [`wants_color`](super::wants_color).
    #[must_use]
    pub fn color(mut self, color: bool) -> Self {
        self.palette = Palette::new(color);
        self
    }

    /// The groups, the largest first.
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
        write!(f, "{}", Heading(self.dump))?;
        let mut out = String::new();
        for group in &self.groups {
            out.push('\n');
            group.push(&mut out, self.palette);
            f.write_str(&out)?;
            out.clear();
        }
        busiest::write_section(f, self.dump, self.palette)?;
        threads::write_section(f, self.dump, self.palette)?;
        writeln!(f, "\n{}", self.dump.coverage)
    }
}

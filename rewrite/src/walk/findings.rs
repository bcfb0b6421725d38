//! The findings of a walk so far.

use crate::emit::wrap::SiteRef;
use crate::site::{FrameSite, Site, Uncovered};

/// The findings of a walk.
#[derive(Default)]
pub(super) struct Findings {
    pub sites: Vec<Site>,
    pub uncovered: Vec<Uncovered>,
    pub errors: Vec<syn::Error>,
    /// The tables that are being filled. There are none outside of modules and function bodies.
    tables: Option<Tables>,
}

/// The tables of a module, a function body, or one expression.
#[derive(Default)]
pub(super) struct Tables {
    /// Spawn sites, as indices into [`Findings::sites`].
    sites: Vec<usize>,
    /// Frame sites. An expression outside of function bodies has none.
    frames: Option<Vec<FrameSite>>,
}

impl Tables {
    /// Returns empty tables for a module or a function body.
    pub(super) fn of_items() -> Tables {
        Tables {
            sites: Vec::new(),
            frames: Some(Vec::new()),
        }
    }

    /// Returns the frame sites.
    pub(super) fn frames(&self) -> &[FrameSite] {
        self.frames.as_deref().unwrap_or_default()
    }
}

impl Findings {
    /// Adds a site, also to the table. Without a table, one for the expression begins.
    pub(super) fn add_site(&mut self, site: Site) -> SiteRef {
        let index = self.sites.len();
        self.sites.push(site);
        let table = &mut self.tables.get_or_insert_default().sites;
        table.push(index);
        let entry = table.len() - 1;
        SiteRef { index, entry }
    }

    /// Adds a frame site to the table. Returns its index there.
    pub(super) fn add_frame(&mut self, site: FrameSite) -> Option<usize> {
        let table = self.tables.as_mut()?.frames.as_mut()?;
        table.push(site);
        Some(table.len() - 1)
    }

    /// Returns `true` if there is no table for sites.
    pub(super) fn has_no_table(&self) -> bool {
        self.tables.is_none()
    }

    /// Returns `true` if there is a table for frame sites.
    pub(super) fn has_frame_table(&self) -> bool {
        let tables = self.tables.as_ref();
        tables.is_some_and(|tables| tables.frames.is_some())
    }

    /// Begins or resumes tables. Returns those that were being filled.
    pub(super) fn replace_tables(&mut self, tables: Option<Tables>) -> Option<Tables> {
        std::mem::replace(&mut self.tables, tables)
    }

    /// Returns the spawn sites of a table.
    pub(super) fn sites_of(&self, tables: &Tables) -> Vec<&Site> {
        let sites = tables.sites.iter();
        sites.map(|&index| &self.sites[index]).collect()
    }
}

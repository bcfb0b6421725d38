//! The place of each table of sites.
//!
//! Spawns refer to their site by a table and an index. The table has to be visible from the spawn, and it has to be
//! there whenever the spawn is. So a table is in the nearest of these:
//!
//! 1. The module, if the walk sees it.
//! 2. The function body, outside of a module, or if a `cfg` may remove the function from its module.
//! 3. A block with a glob import, because the glob may bring the table of another module, which would be nearer.
//! 4. A block around the expression, for a spawn in a `static` or `const`.

use syn::visit_mut::VisitMut;
use syn::{Block, Expr, Item};

use super::Walk;
use super::editor::Editor;
use super::findings::Tables;
use crate::emit::backend::Table;
use crate::emit::wrap::Wrap;

impl Walk<'_> {
    /// Visits the items of a module, which share tables.
    pub(super) fn module_items(&mut self, items: &mut Vec<Item>) {
        self.context.imports.enter_module(items);
        let module = self.context.item.for_module();
        let tables = self.with_tables(|walk| {
            walk.in_item(module, |walk| {
                items.iter_mut().for_each(|item| walk.visit_item_mut(item));
            });
        });
        self.context.imports.leave();
        self.put_tables(&tables, |editor, table| {
            editor.table_in_module(items, table)
        });
    }

    /// Visits the body of a function. It has tables of its own unless it shares those of the module.
    pub(super) fn body(&mut self, block: &mut Block) {
        if self.context.item.is_conditional || self.findings.has_no_table() {
            self.block_with_tables(block, Self::visit_block_mut);
        } else {
            self.visit_block_mut(block);
        }
    }

    /// Visits a block that has tables of its own.
    pub(super) fn block_with_tables(
        &mut self,
        block: &mut Block,
        visit: impl FnOnce(&mut Self, &mut Block),
    ) {
        let tables = self.with_tables(|walk| visit(walk, block));
        self.put_tables(&tables, |editor, table| editor.table_in_body(block, table));
    }

    /// Hands the tables that are not empty to `put`.
    fn put_tables(&mut self, tables: &Tables, mut put: impl FnMut(&mut Editor<'_>, Table<'_>)) {
        let sites = self.findings.sites_of(tables);
        if !sites.is_empty() {
            put(&mut self.editor, Table::Sites(&sites));
        }
        if !tables.frames().is_empty() {
            put(&mut self.editor, Table::Frames(tables.frames()));
        }
    }

    /// Collects the sites of a part of the walk in tables of their own.
    fn with_tables(&mut self, visit: impl FnOnce(&mut Self)) -> Tables {
        let outer = self.findings.replace_tables(Some(Tables::of_items()));
        visit(self);
        let own = self.findings.replace_tables(outer);
        own.unwrap_or_default()
    }

    /// Puts a block with the table around an expression outside of function bodies.
    pub(super) fn add_local_table(&mut self, expr: &mut Expr) {
        if let Some(tables) = self.findings.replace_tables(None) {
            let sites = self.findings.sites_of(&tables);
            self.editor.wrap(expr, &Wrap::Table(&sites));
        }
    }
}

//! The parts of the syntax tree that the walk enters, and the method for each.

use syn::visit_mut::{self, VisitMut};
use syn::{Attribute, Block, Expr, Pat, Stmt};

use super::Walk;
use super::exprs::Parent;
use super::names::imports_all;
use crate::site::Reason;

impl VisitMut for Walk<'_> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        self.expr(expr, Parent::default());
    }

    fn visit_expr_closure_mut(&mut self, closure: &mut syn::ExprClosure) {
        self.closure(closure, None);
    }

    fn visit_expr_async_mut(&mut self, block: &mut syn::ExprAsync) {
        self.in_async(true, |walk| walk.visit_block_mut(&mut block.block));
    }

    fn visit_stmt_mut(&mut self, stmt: &mut Stmt) {
        let guarded = match stmt {
            Stmt::Macro(call) => self.macro_statement(call),
            _ => None,
        };
        match guarded {
            Some(guarded) => *stmt = guarded,
            None => visit_mut::visit_stmt_mut(self, stmt),
        }
    }

    fn visit_block_mut(&mut self, block: &mut Block) {
        self.context.imports.enter_block(&block.stmts);
        let statements = |walk: &mut Self, block: &mut Block| {
            walk.in_block(|walk| visit_mut::visit_block_mut(walk, block));
        };
        if block.stmts.iter().any(imports_all) {
            self.block_with_tables(block, statements);
        } else {
            statements(self, block);
        }
        self.context.imports.leave();
    }

    fn visit_expr_match_mut(&mut self, branches: &mut syn::ExprMatch) {
        self.branches(branches);
    }

    fn visit_expr_let_mut(&mut self, condition: &mut syn::ExprLet) {
        let is_received = self.context.mentions_received(&condition.expr);
        self.bind_pattern(&condition.pat, is_received);
        self.visit_expr_mut(&mut condition.expr);
    }

    fn visit_expr_for_loop_mut(&mut self, each: &mut syn::ExprForLoop) {
        self.in_block(|walk| visit_mut::visit_expr_for_loop_mut(walk, each));
    }

    fn visit_local_mut(&mut self, local: &mut syn::Local) {
        self.local(local);
    }

    fn visit_pat_mut(&mut self, pat: &mut Pat) {
        self.bind_pattern(pat, false);
    }

    fn visit_item_fn_mut(&mut self, item: &mut syn::ItemFn) {
        self.function(item);
    }

    fn visit_impl_item_fn_mut(&mut self, item: &mut syn::ImplItemFn) {
        self.associated_function(&mut item.attrs, &item.sig, &mut item.block);
    }

    fn visit_trait_item_fn_mut(&mut self, item: &mut syn::TraitItemFn) {
        if let Some(block) = &mut item.default {
            self.associated_function(&mut item.attrs, &item.sig, block);
        }
    }

    fn visit_item_impl_mut(&mut self, item: &mut syn::ItemImpl) {
        self.implementation(item);
    }

    fn visit_item_trait_mut(&mut self, item: &mut syn::ItemTrait) {
        self.declared_trait(item);
    }

    fn visit_item_mod_mut(&mut self, item: &mut syn::ItemMod) {
        match &mut item.content {
            Some((_, items)) => self.item(&mut item.attrs, None, |walk| walk.module_items(items)),
            None => self.uncovered(item.ident.span(), item.ident.to_string(), Reason::Module),
        }
    }

    fn visit_item_static_mut(&mut self, item: &mut syn::ItemStatic) {
        self.constant(&mut item.attrs, &item.ident, &mut item.expr);
    }

    fn visit_item_const_mut(&mut self, item: &mut syn::ItemConst) {
        self.constant(&mut item.attrs, &item.ident, &mut item.expr);
    }

    fn visit_impl_item_const_mut(&mut self, item: &mut syn::ImplItemConst) {
        self.constant(&mut item.attrs, &item.ident, &mut item.expr);
    }

    fn visit_trait_item_const_mut(&mut self, item: &mut syn::TraitItemConst) {
        if let Some((_, expr)) = &mut item.default {
            self.constant(&mut item.attrs, &item.ident, expr);
        }
    }

    fn visit_macro_mut(&mut self, mac: &mut syn::Macro) {
        self.macro_call(mac);
    }

    // No spawn is in these.
    fn visit_attribute_mut(&mut self, _: &mut Attribute) {}
    fn visit_type_mut(&mut self, _: &mut syn::Type) {}
    fn visit_path_mut(&mut self, _: &mut syn::Path) {}
    fn visit_generics_mut(&mut self, _: &mut syn::Generics) {}
}

//! The walk over the syntax tree: which parts are gone into, and under which name and scope.

use syn::visit_mut::{self, VisitMut};
use syn::{Attribute, Block, Expr, Item, Pat, Stmt, UseTree};

use crate::callee::relay;
use crate::callee::spawn::{self, Callee};
use crate::lexical::locals::{self, Binding};
use crate::site::Reason;
use crate::syntax::shape;
use crate::walk::visitor::{Visitor, type_parameters};
use crate::walk::waits;

impl VisitMut for Visitor<'_> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        let operand = std::mem::take(&mut self.operand);
        let awaited = std::mem::replace(&mut self.awaited, matches!(expr, Expr::Await(_)));
        let found = Callee::of(expr).and_then(|(callee, args)| {
            self.report_values(args);
            self.recognise(&callee, args)
        });
        if let Some(mut spawn) = found {
            spawn.awaited = awaited;
            return self.spawn(expr, spawn, operand);
        }
        if self.frame_in(expr) || self.wait_in(expr) {
            return;
        }
        let inherits = !self.is_skipped() && !self.only_threads && spawn::inherits(expr);
        self.scope_parameter = spawn::opens_scope(expr)
            .filter(|_| !inherits)
            .or(self.scope_parameter);
        self.operand = shape::leading_operand(expr).is_some();
        visit_mut::visit_expr_mut(self, expr);
        self.operand = false;
        if inherits {
            self.inherit(expr);
        }
    }

    fn visit_expr_closure_mut(&mut self, closure: &mut syn::ExprClosure) {
        let scope = self.scope_parameter.take();
        let is_async = std::mem::replace(&mut self.is_async, closure.asyncness.is_some());
        self.in_scope(|visitor| {
            closure
                .inputs
                .iter_mut()
                .for_each(|input| visitor.visit_pat_mut(input));
            if let (Some(Pat::Ident(name)), true) = (closure.inputs.first(), scope.is_some()) {
                visitor.locals.bind(
                    name.ident.to_string(),
                    Binding {
                        thread_scope: scope,
                        ..Binding::default()
                    },
                );
            }
            visitor.visit_expr_mut(&mut closure.body);
        });
        self.is_async = is_async;
    }

    fn visit_expr_async_mut(&mut self, block: &mut syn::ExprAsync) {
        self.in_async(true, |visitor| visitor.visit_block_mut(&mut block.block));
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
        self.imports.enter_block(&block.stmts);
        // The glob may bring the table of another module, which would be nearer than the one around.
        if block.stmts.iter().any(imports_all) {
            self.block_with_tables(block, |visitor, block| {
                visitor.in_scope(|visitor| visit_mut::visit_block_mut(visitor, block));
            });
        } else {
            self.in_scope(|visitor| visit_mut::visit_block_mut(visitor, block));
        }
        self.imports.leave();
    }

    fn visit_expr_match_mut(&mut self, branches: &mut syn::ExprMatch) {
        let handed = self.mentions_received(&branches.expr);
        self.visit_expr_mut(&mut branches.expr);
        for arm in &mut branches.arms {
            self.in_scope(|visitor| {
                visitor.pattern(&mut arm.pat, handed);
                if let Some((_, guard)) = &mut arm.guard {
                    visitor.visit_expr_mut(guard);
                }
                visitor.visit_expr_mut(&mut arm.body);
            });
        }
    }

    fn visit_expr_let_mut(&mut self, condition: &mut syn::ExprLet) {
        let handed = self.mentions_received(&condition.expr);
        self.pattern(&mut condition.pat, handed);
        self.visit_expr_mut(&mut condition.expr);
    }

    fn visit_expr_for_loop_mut(&mut self, each: &mut syn::ExprForLoop) {
        self.in_scope(|visitor| visit_mut::visit_expr_for_loop_mut(visitor, each));
    }

    fn visit_local_mut(&mut self, local: &mut syn::Local) {
        let self_ty = self.self_ty.as_deref();
        let known = locals::local_name(local, self_ty).map(|(name, declared)| {
            let context = self.lexical();
            let init = local.init.as_ref().map(|init| &*init.expr);
            let ty = declared.or_else(|| locals::expr_type(init?, &self.locals, self_ty));
            (
                name,
                Binding {
                    ty,
                    role: init.and_then(|init| context.find(init)),
                    closure: shape::is_closure_variable(local),
                    thread_scope: None,
                    is_received: false,
                },
            )
        });
        let init = local.init.as_ref();
        let handed = init.is_some_and(|init| self.mentions_received(&init.expr));
        self.pattern(&mut local.pat, handed);
        if let Some(init) = &mut local.init {
            self.visit_expr_mut(&mut init.expr);
            if let Some((_, diverge)) = &mut init.diverge {
                self.visit_expr_mut(diverge);
            }
        }
        if let Some((name, binding)) = known {
            self.locals.bind(
                name,
                Binding {
                    is_received: handed,
                    ..binding
                },
            );
        }
    }

    fn visit_pat_ident_mut(&mut self, name: &mut syn::PatIdent) {
        let binding = Binding {
            is_received: self.handed,
            ..Binding::default()
        };
        self.locals.bind(name.ident.to_string(), binding);
    }

    fn visit_item_fn_mut(&mut self, item: &mut syn::ItemFn) {
        let is_entry = waits::is_entry(item);
        let (signature, block) = (&item.sig, &mut item.block);
        self.item(
            &mut item.attrs,
            Some(signature.ident.to_string()),
            |visitor| {
                visitor.function_item(signature, block);
                if is_entry {
                    visitor.wait_for_body(block);
                }
            },
        );
    }

    fn visit_impl_item_fn_mut(&mut self, item: &mut syn::ImplItemFn) {
        let (signature, block) = (&item.sig, &mut item.block);
        self.item(
            &mut item.attrs,
            Some(signature.ident.to_string()),
            |visitor| visitor.function_item(signature, block),
        );
    }

    fn visit_trait_item_fn_mut(&mut self, item: &mut syn::TraitItemFn) {
        let Some(block) = &mut item.default else {
            return;
        };
        let signature = &item.sig;
        self.item(
            &mut item.attrs,
            Some(signature.ident.to_string()),
            |visitor| visitor.function_item(signature, block),
        );
    }

    fn visit_item_impl_mut(&mut self, item: &mut syn::ItemImpl) {
        let name = locals::type_name(&item.self_ty, None);
        let items = &mut item.items;
        let parameters = type_parameters(&item.generics);
        let own = (!item.generics.params.is_empty()).then(|| item.generics.clone());
        let outer = std::mem::replace(&mut self.outer, own);
        self.item(&mut item.attrs, None, |visitor| {
            visitor.parameters.extend(parameters);
            visitor.fresh(name, |visitor| {
                items
                    .iter_mut()
                    .for_each(|item| visitor.visit_impl_item_mut(item))
            });
        });
        self.outer = outer;
    }

    fn visit_item_trait_mut(&mut self, item: &mut syn::ItemTrait) {
        let name = item.ident.to_string();
        let items = &mut item.items;
        self.item(&mut item.attrs, None, |visitor| {
            visitor.parameters.push(name.clone());
            visitor.fresh(Some(name), |visitor| {
                items
                    .iter_mut()
                    .for_each(|item| visitor.visit_trait_item_mut(item))
            });
        });
    }

    fn visit_item_mod_mut(&mut self, item: &mut syn::ItemMod) {
        let Some((_, items)) = &mut item.content else {
            return self.uncovered_at(item.ident.span(), item.ident.to_string(), Reason::Module);
        };
        self.item(&mut item.attrs, None, |visitor| visitor.module_items(items));
    }

    fn visit_item_static_mut(&mut self, item: &mut syn::ItemStatic) {
        let expr = &mut item.expr;
        self.item(&mut item.attrs, Some(item.ident.to_string()), |visitor| {
            visitor.visit_expr_mut(expr)
        });
    }

    fn visit_item_const_mut(&mut self, item: &mut syn::ItemConst) {
        let expr = &mut item.expr;
        self.item(&mut item.attrs, Some(item.ident.to_string()), |visitor| {
            visitor.visit_expr_mut(expr)
        });
    }

    fn visit_impl_item_const_mut(&mut self, item: &mut syn::ImplItemConst) {
        let expr = &mut item.expr;
        self.item(&mut item.attrs, Some(item.ident.to_string()), |visitor| {
            visitor.visit_expr_mut(expr)
        });
    }

    fn visit_trait_item_const_mut(&mut self, item: &mut syn::TraitItemConst) {
        let Some((_, expr)) = &mut item.default else {
            return;
        };
        self.item(&mut item.attrs, Some(item.ident.to_string()), |visitor| {
            visitor.visit_expr_mut(expr)
        });
    }

    fn visit_macro_mut(&mut self, mac: &mut syn::Macro) {
        self.macro_call(mac);
    }

    // No spawn stands in these.
    fn visit_attribute_mut(&mut self, _: &mut Attribute) {}
    fn visit_type_mut(&mut self, _: &mut syn::Type) {}
    fn visit_path_mut(&mut self, _: &mut syn::Path) {}
    fn visit_generics_mut(&mut self, _: &mut syn::Generics) {}
}

impl Visitor<'_> {
    fn mentions_received(&self, expr: &Expr) -> bool {
        relay::mentions_received(expr, &self.locals, &self.args.also)
    }

    /// Visits a pattern, whose names may stand for what the function was handed.
    fn pattern(&mut self, pat: &mut Pat, handed: bool) {
        self.handed = handed;
        self.visit_pat_mut(pat);
        self.handed = false;
    }
}

/// Returns `true` for `use path::*`, also in a group.
fn imports_all(statement: &Stmt) -> bool {
    fn is_glob(tree: &UseTree) -> bool {
        match tree {
            UseTree::Glob(_) => true,
            UseTree::Path(path) => is_glob(&path.tree),
            UseTree::Group(group) => group.items.iter().any(is_glob),
            UseTree::Name(_) | UseTree::Rename(_) => false,
        }
    }
    matches!(statement, Stmt::Item(Item::Use(item)) if is_glob(&item.tree))
}

//! Variables with guards: which of them still have their guard at an `.await`.
//!
//! The memory of a suspended function also has variables that were moved. So a reader of that memory cannot tell whether
//! `guard` in `let guard = accounts.lock().await;` was dropped. The source can tell.
//!
//! # When a variable has its guard
//!
//! A variable has its guard at an `.await` if all of this holds:
//!
//! - Each variable of its name in the function is bound by a `let` with a call that acquires a guard.
//! - The first such `let` ends before the `.await` in the source.
//! - No variable of its name is assigned to.
//! - No expression before the `.await` in the source may move a variable of its name.
//!
//! An expression behind the `.await` cannot have moved it, also in a loop, because the compiler refuses to move a variable
//! twice. What is not understood counts as a move.
//!
//! A variable was dropped before an `.await` if the only `let` of its name and a statement `drop(name);` in between are in
//! the same block. In all other cases nothing is known.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::{Block, Expr, ExprCall, FnArg, Member, Pat, Signature, Stmt};

use crate::known::{asides, guards};
use crate::site::{Locate, Position};

/// Line and column.
type Place = (usize, usize);

/// The variables with guards of a function.
#[derive(Default)]
pub(crate) struct Guards(Vec<Guard>);

struct Guard {
    name: String,
    bound: Place,
    /// The first expression that may move it.
    moved: Option<Place>,
    /// The statement that drops it, if it is reached from the `let` in any case.
    dropped: Option<Place>,
}

impl Guards {
    /// Returns the variables with guards of a function.
    pub(crate) fn of_function(signature: &Signature, body: &Block, locate: Locate<'_>) -> Guards {
        let mut uses = Uses::default();
        for parameter in &signature.inputs {
            if let FnArg::Typed(typed) = parameter {
                uses.visit_pat(&typed.pat);
            }
        }
        uses.visit_block(body);
        let place = |span: Span| place(&locate(span));
        let mut found: Vec<Guard> = Vec::new();
        for bound in &uses.bound {
            if uses.others.contains(&bound.name) {
                continue;
            }
            if let Some(first) = found.iter_mut().find(|it| it.name == bound.name) {
                first.dropped = None;
                continue;
            }
            let moves = uses.moved.iter().filter(|(moved, _)| *moved == bound.name);
            let is_drop = |it: &&InBlock| (&it.name, it.block) == (&bound.name, bound.block);
            let dropped = uses.dropped.iter().find(is_drop);
            found.push(Guard {
                name: bound.name.clone(),
                bound: place(bound.span),
                moved: moves.map(|(_, span)| place(*span)).min(),
                dropped: dropped.map(|it| place(it.span)),
            });
        }
        Guards(found)
    }

    /// Returns the names of variables that have their guards at a position of the same file, and behind a minus those that
    /// were dropped before, with a blank between them.
    pub(crate) fn at(&self, position: &Position) -> String {
        let at = place(position);
        let known = |of: &Guard| {
            let is_behind = of.bound < at;
            let was_dropped = of.dropped.is_some_and(|dropped| dropped < at);
            let may_be_moved = of.moved.is_some_and(|moved| moved < at);
            match () {
                () if is_behind && was_dropped => Some(format!("-{}", of.name)),
                () if is_behind && !may_be_moved => Some(of.name.clone()),
                () => None,
            }
        };
        let known: Vec<String> = self.0.iter().filter_map(known).collect();
        known.join(" ")
    }
}

fn place(position: &Position) -> Place {
    (position.line, position.column)
}

/// A name in a statement of a block.
struct InBlock {
    name: String,
    span: Span,
    /// Number of the block.
    block: usize,
}

/// The uses of local variables in a function.
#[derive(Default)]
struct Uses {
    /// Number of blocks so far.
    blocks: usize,
    /// Number of the innermost block.
    block: usize,
    /// Variables that a `let` binds to a guard.
    bound: Vec<InBlock>,
    /// Variables that a statement drops.
    dropped: Vec<InBlock>,
    /// Names of variables that are bound in another way, or assigned to.
    others: Vec<String>,
    /// Names in expressions that may move a variable.
    moved: Vec<(String, Span)>,
}

impl Uses {
    fn may_move(&mut self, name: &Ident) {
        self.moved.push((name.to_string(), name.span()));
    }

    fn in_block(&self, name: &Ident) -> InBlock {
        InBlock {
            name: name.to_string(),
            span: name.span(),
            block: self.block,
        }
    }

    /// Visits an expression whose value stays where it is.
    fn place(&mut self, expr: &Expr) {
        match expr {
            Expr::Path(path) if path.path.get_ident().is_some() => {}
            Expr::Paren(paren) => self.place(&paren.expr),
            Expr::Group(group) => self.place(&group.expr),
            Expr::Field(field) => self.place(&field.base),
            Expr::Index(index) => {
                self.place(&index.expr);
                self.visit_expr(&index.index);
            }
            _ => self.visit_expr(expr),
        }
    }

    /// Visits what is assigned to.
    fn target(&mut self, expr: &Expr) {
        match variable(expr) {
            Some(name) => self.others.push(name.to_string()),
            None => self.place(expr),
        }
    }

    /// Counts all names in a closure or block with the word `move` as moved, also those in texts, which may be formats.
    fn captures_all(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Ident(name) => self.may_move(&name),
                TokenTree::Group(group) => self.captures_all(group.stream()),
                TokenTree::Literal(literal) => {
                    let text = literal.to_string();
                    let names = text.split(|c: char| !c.is_alphanumeric() && c != '_');
                    let names = names.map(|name| (name.to_owned(), literal.span()));
                    self.moved.extend(names);
                }
                TokenTree::Punct(_) => {}
            }
        }
    }

    /// Visits the arguments of a macro. `is_list` says that the macro borrows what is between its commas.
    fn arguments(&mut self, tokens: TokenStream, is_list: bool) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let captures =
            |token: &TokenTree| matches!(token, TokenTree::Ident(name) if name == "move");
        if tokens.iter().any(captures) {
            self.captures_all(tokens.into_iter().collect());
            return;
        }
        let is = |at: Option<usize>, wanted: &[char]| {
            let token = at.and_then(|at| tokens.get(at));
            matches!(token, Some(TokenTree::Punct(punct)) if wanted.contains(&punct.as_char()))
        };
        let is_end = |at: Option<usize>| at.is_none_or(|at| at >= tokens.len());
        let is_name = |at: usize, wanted: &dyn Fn(&Ident) -> bool| matches!(tokens.get(at), Some(TokenTree::Ident(name)) if wanted(name));
        for (index, token) in tokens.iter().enumerate() {
            let name = match token {
                TokenTree::Group(group) => {
                    self.arguments(group.stream(), false);
                    continue;
                }
                TokenTree::Ident(name) => name,
                TokenTree::Literal(_) | TokenTree::Punct(_) => continue,
            };
            let (before, behind) = (index.checked_sub(1), Some(index + 1));
            let is_mut = before.is_some_and(|at| is_name(at, &|name| name == "mut"));
            let is_borrowed =
                is(before, &['&', '*', '.']) || is_mut && is(index.checked_sub(2), &['&']);
            let borrows = |method: &Ident| !guards::takes(&method.to_string());
            let is_receiver = is(behind, &['.']) && is_name(index + 2, &borrows);
            let is_argument = is_list
                && (is_end(before) || is(before, &[',', '=']))
                && (is_end(behind) || is(behind, &[',']));
            if !is_borrowed && !is_receiver && !is_argument {
                self.may_move(name);
            }
        }
    }
}

impl<'a> Visit<'a> for Uses {
    fn visit_block(&mut self, block: &'a Block) {
        self.blocks += 1;
        let outer = std::mem::replace(&mut self.block, self.blocks);
        visit::visit_block(self, block);
        self.block = outer;
    }

    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        if let Stmt::Expr(Expr::Call(call), Some(_)) = stmt
            && let Some(name) = dropped(call)
        {
            self.dropped.push(self.in_block(name));
        }
        visit::visit_stmt(self, stmt);
    }

    fn visit_local(&mut self, local: &'a syn::Local) {
        let init = local.init.as_ref();
        let is_guard = init.is_some_and(|init| init.diverge.is_none() && acquires(&init.expr));
        match bound_name(&local.pat) {
            // An `.await` in the `let` itself has no guard yet.
            Some(name) if is_guard => self.bound.push(InBlock {
                span: local.semi_token.span,
                ..self.in_block(name)
            }),
            _ => self.visit_pat(&local.pat),
        }
        if let Some(init) = init {
            self.visit_expr(&init.expr);
            if let Some((_, diverge)) = &init.diverge {
                self.visit_expr(diverge);
            }
        }
    }

    fn visit_pat_ident(&mut self, bound: &'a syn::PatIdent) {
        self.others.push(bound.ident.to_string());
        visit::visit_pat_ident(self, bound);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Path(path) => {
                if let Some(name) = path.path.get_ident() {
                    self.may_move(name);
                }
            }
            Expr::Field(_) | Expr::Index(_) => self.place(expr),
            Expr::Reference(reference) => self.place(&reference.expr),
            Expr::Unary(unary) if matches!(unary.op, syn::UnOp::Deref(_)) => {
                self.place(&unary.expr);
            }
            Expr::MethodCall(call) => {
                match variable(&call.receiver) {
                    Some(name) if guards::takes(&call.method.to_string()) => self.may_move(name),
                    Some(_) => {}
                    None => self.visit_expr(&call.receiver),
                }
                call.args.iter().for_each(|arg| self.visit_expr(arg));
            }
            Expr::Assign(assign) => {
                self.target(&assign.left);
                self.visit_expr(&assign.right);
            }
            Expr::Closure(closure) if closure.capture.is_some() => {
                self.captures_all(closure.to_token_stream());
            }
            Expr::Async(block) if block.capture.is_some() => {
                self.captures_all(block.to_token_stream());
            }
            Expr::Verbatim(tokens) => self.captures_all(tokens.clone()),
            _ => visit::visit_expr(self, expr),
        }
    }

    fn visit_macro(&mut self, mac: &'a syn::Macro) {
        let name = mac.path.segments.last();
        let borrows = name.is_some_and(|name| guards::borrows(&name.ident.to_string()));
        self.arguments(mac.tokens.clone(), borrows);
    }

    // No variable of the function is visible in an item, except in a macro that is defined here. None is moved in the others.
    fn visit_item(&mut self, item: &'a syn::Item) {
        if let syn::Item::Macro(defined) = item {
            self.captures_all(defined.mac.tokens.clone());
        }
    }
    fn visit_attribute(&mut self, _: &'a syn::Attribute) {}
    fn visit_type(&mut self, _: &'a syn::Type) {}
    fn visit_path(&mut self, _: &'a syn::Path) {}
    fn visit_member(&mut self, _: &'a Member) {}
}

/// Returns the variable that an expression is.
fn variable(expr: &Expr) -> Option<&Ident> {
    match expr {
        Expr::Path(path) => path.path.get_ident(),
        Expr::Paren(paren) => variable(&paren.expr),
        Expr::Group(group) => variable(&group.expr),
        _ => None,
    }
}

/// Returns the variable that a call drops.
fn dropped(call: &ExprCall) -> Option<&Ident> {
    let Expr::Path(path) = &*call.func else {
        return None;
    };
    let mut segments = path.path.segments.iter().rev();
    let function = segments.next()?.ident.to_string();
    // A function of this name in another module may keep its argument.
    let is_of_std = segments.next().is_none_or(|module| module.ident == "mem");
    let is_drop = asides::is_release(&function) && is_of_std && call.attrs.is_empty();
    let argument = call
        .args
        .first()
        .filter(|_| is_drop && call.args.len() == 1)?;
    variable(argument)
}

/// Returns the one name that a pattern binds by value.
fn bound_name(pat: &Pat) -> Option<&Ident> {
    match pat {
        Pat::Ident(bound) if bound.by_ref.is_none() && bound.subpat.is_none() => Some(&bound.ident),
        Pat::Type(typed) => bound_name(&typed.pat),
        _ => None,
    }
}

/// Returns `true` if the value of an expression is that of a method that acquires a guard.
fn acquires(expr: &Expr) -> bool {
    match expr {
        Expr::Paren(paren) => acquires(&paren.expr),
        Expr::Group(group) => acquires(&group.expr),
        Expr::Try(tried) => acquires(&tried.expr),
        Expr::Await(awaited) => acquires(&awaited.base),
        Expr::MethodCall(call) => {
            let method = call.method.to_string();
            guards::acquires(&method) || guards::unwraps(&method) && acquires(&call.receiver)
        }
        _ => false,
    }
}

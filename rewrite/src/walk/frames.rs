//! Frames: each `.await`, and each branch of a `join!` or `select!`, tells where the task stands.
//!
//! What is awaited goes through `frame`, which adds nothing but the frame to it. Where that cannot be done, for
//! `select!` and `join!` may be anybody's and expect what they like, a guard around the macro stands for all of it.

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit_mut::VisitMut;
use syn::{Expr, ExprAwait, Macro, Stmt};

use crate::emit::wrap::Wrap;
use crate::imports::KnownMacro;
use crate::known::macros::{self, Awaiting};
use crate::site::FrameSite;
use crate::walk::visitor::Visitor;

impl Visitor<'_> {
    /// Whether there are frames here, and a table for them.
    pub(crate) fn has_frames(&self) -> bool {
        self.frames.is_some() && !self.is_skipped() && self.args.frames != Some(false)
    }

    /// Goes into an expression that has a frame. Returns whether it has.
    pub(crate) fn frame_in(&mut self, expr: &mut Expr) -> bool {
        match expr {
            Expr::Await(awaited) if self.has_frames() => self.awaited(awaited),
            Expr::Macro(call) if call.attrs.is_empty() && self.needs_guard(&call.mac) => {
                self.visit_macro_mut(&mut call.mac);
                self.guard_macro(expr);
            }
            _ => return false,
        }
        true
    }

    /// Goes into an `.await`, and puts a frame around what is awaited.
    fn awaited(&mut self, awaited: &mut ExprAwait) {
        let user = awaited.base.span();
        let site = self.frame_site(&awaited.base, awaited.await_token.span);
        // As an argument it is no operand.
        self.operand = false;
        self.visit_expr_mut(&mut awaited.base);
        if let Some(entry) = self.enter_frame(site) {
            self.wrap_argument(&mut awaited.base, &Wrap::Frame { entry, user });
        }
    }

    /// Goes into a branch, and puts a frame around it.
    pub(crate) fn branch(&mut self, branch: &mut Expr) {
        let user = branch.span();
        let site = self.frame_site(branch, user);
        let temporaries = self.temporaries(branch);
        self.visit_expr_mut(branch);
        if temporaries == Temporaries::Unsure {
            return;
        }
        let extends = temporaries == Temporaries::Extended;
        if let Some(entry) = self.enter_frame(site) {
            let around = Wrap::Branch {
                entry,
                extends,
                user,
            };
            self.wrap_argument(branch, &around);
        }
    }

    /// Wraps what is inside of parentheses, or braces around nothing else: the compiler would complain about
    /// them where it is an argument.
    fn wrap_argument(&mut self, expr: &mut Expr, around: &Wrap) {
        match expr {
            Expr::Paren(paren) if paren.attrs.is_empty() => {
                self.wrap_argument(&mut paren.expr, around);
            }
            Expr::Block(block) if is_mere_block(block) => {
                if let Some(Stmt::Expr(tail, None)) = block.block.stmts.first_mut() {
                    self.wrap_argument(tail, around);
                }
            }
            expr => self.wrap(expr, around),
        }
    }

    /// Puts a guard around a macro call that awaits its arguments.
    fn guard_macro(&mut self, expr: &mut Expr) {
        let Expr::Macro(call) = &*expr else { return };
        let path = &call.mac.path;
        let Some(name) = path.segments.last() else {
            return;
        };
        let user = name.ident.span();
        let mut site = self.frame_site(expr, user);
        site.awaited = format!("{}!", name.ident);
        if let Some(entry) = self.enter_frame(site) {
            self.wrap(expr, &Wrap::FrameGuard { entry, user });
        }
    }

    fn frame_site(&self, awaited: &Expr, span: Span) -> FrameSite {
        let context = self.lexical();
        FrameSite {
            position: (self.locate)(span),
            awaited: context
                .find(awaited)
                .or_else(|| name(awaited))
                .unwrap_or_default(),
            function: context.function,
        }
    }

    fn enter_frame(&mut self, site: FrameSite) -> Option<usize> {
        let table = self.frames.as_mut()?;
        table.push(site);
        Some(table.len() - 1)
    }

    /// Goes into a macro call that is a statement. Returns what becomes of it where it gets a guard.
    pub(crate) fn macro_statement(&mut self, stmt: &syn::StmtMacro) -> Option<Stmt> {
        let mut expr = Expr::Macro(syn::ExprMacro {
            attrs: Vec::new(),
            mac: stmt.mac.clone(),
        });
        if !stmt.attrs.is_empty() || !self.needs_guard(&stmt.mac) {
            return None;
        }
        self.visit_expr_mut(&mut expr);
        Some(Stmt::Expr(expr, stmt.semi_token))
    }

    /// Whether a macro awaits its arguments and is to get a guard for all of them.
    fn needs_guard(&self, mac: &Macro) -> bool {
        let whole = |known: KnownMacro| {
            known.awaits == Some(Awaiting::Whole)
                || mentions_await(&mac.tokens) && self.keeps_condition(mac, known)
        };
        self.is_async && self.has_frames() && self.known_macro(mac).is_some_and(whole)
    }
}

/// How long the temporaries in a branch live. `tokio::select!` stores its branches by a `let`, which extends the lives
/// of temporaries that are borrowed there, but not of those in the argument of a call.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Temporaries {
    /// As long in an argument as by themselves.
    Same,
    /// As long as the branch, which is a future by itself: `&mut future()`, `pin!(future)`.
    Extended,
    /// As long as the branch, perhaps, of which nobody knows whether it is a future or becomes one.
    Unsure,
}

impl Visitor<'_> {
    fn temporaries(&self, branch: &Expr) -> Temporaries {
        let unsure = |mut exprs: &mut dyn Iterator<Item = &Expr>| {
            if Iterator::all(&mut exprs, |expr| {
                self.temporaries(expr) == Temporaries::Same
            }) {
                Temporaries::Same
            } else {
                Temporaries::Unsure
            }
        };
        match branch {
            Expr::Paren(paren) => self.temporaries(&paren.expr),
            Expr::Group(group) => self.temporaries(&group.expr),
            Expr::Reference(reference) if is_lasting(&reference.expr) => Temporaries::Same,
            Expr::Reference(_) => Temporaries::Extended,
            Expr::Macro(call) if self.extends_temporaries(&call.mac) => Temporaries::Extended,
            Expr::Macro(_) => Temporaries::Unsure,
            Expr::Block(block) if is_mere_block(block) => match &*block.block.stmts {
                [Stmt::Expr(tail, _)] => self.temporaries(tail),
                _ => Temporaries::Same,
            },
            Expr::Block(block) => unsure(&mut tail(&block.block).into_iter()),
            Expr::Unsafe(block) => unsure(&mut tail(&block.block).into_iter()),
            Expr::If(branch) => {
                let other = branch.else_branch.as_ref().map(|(_, other)| &**other);
                unsure(&mut tail(&branch.then_branch).into_iter().chain(other))
            }
            Expr::Match(branches) => unsure(&mut branches.arms.iter().map(|arm| &*arm.body)),
            Expr::Cast(cast) => unsure(&mut std::iter::once(&*cast.expr)),
            Expr::Struct(literal) => unsure(&mut literal.fields.iter().map(|field| &field.expr)),
            Expr::Tuple(tuple) => unsure(&mut tuple.elems.iter()),
            Expr::Array(array) => unsure(&mut array.elems.iter()),
            // `Some(&temporary())` extends it, too.
            Expr::Call(call) if is_constructor(call) => unsure(&mut call.args.iter()),
            _ => Temporaries::Same,
        }
    }

    fn extends_temporaries(&self, mac: &Macro) -> bool {
        let name = mac.path.segments.last().map(|last| last.ident.to_string());
        name.is_some_and(|name| macros::named(&name).any(|row| row.extends))
            && self.known_macro(mac).is_some()
    }
}

/// Whether what is borrowed lives on by itself: a variable, or a part of one.
fn is_lasting(expr: &Expr) -> bool {
    match expr {
        Expr::Path(_) => true,
        Expr::Field(field) => is_lasting(&field.base),
        Expr::Paren(paren) => is_lasting(&paren.expr),
        Expr::Group(group) => is_lasting(&group.expr),
        Expr::Unary(unary) => matches!(unary.op, syn::UnOp::Deref(_)) && is_lasting(&unary.expr),
        _ => false,
    }
}

fn tail(block: &syn::Block) -> Option<&Expr> {
    match block.stmts.last() {
        Some(Stmt::Expr(tail, None)) => Some(tail),
        _ => None,
    }
}

fn is_constructor(call: &syn::ExprCall) -> bool {
    let Expr::Path(path) = &*call.func else {
        return false;
    };
    let name = path.path.segments.last().map(|last| last.ident.to_string());
    name.is_some_and(|name| name.starts_with(char::is_uppercase))
}

/// The name of a variable or a field, of which nothing else is known.
fn name(awaited: &Expr) -> Option<String> {
    match awaited {
        Expr::Path(path) => path.path.get_ident().map(ToString::to_string),
        Expr::Field(field) => match &field.member {
            syn::Member::Named(name) => Some(name.to_string()),
            syn::Member::Unnamed(_) => name(&field.base),
        },
        Expr::Reference(reference) => name(&reference.expr),
        _ => None,
    }
}

fn is_mere_block(block: &syn::ExprBlock) -> bool {
    let bare = block.attrs.is_empty() && block.label.is_none();
    bare && matches!(block.block.stmts.as_slice(), [Stmt::Expr(_, None)])
}

/// Whether a look inside of a macro's arguments is worth the while.
pub(crate) fn mentions_await(tokens: &TokenStream) -> bool {
    tokens.clone().into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == "await",
        TokenTree::Group(group) => mentions_await(&group.stream()),
        _ => false,
    })
}

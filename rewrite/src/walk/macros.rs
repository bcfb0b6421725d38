//! Macro calls, whose arguments are tokens that may contain spawns and awaits.
//!
//! A macro may print its input, count its tokens or match on them. So the walk enters a macro only if the macro is known
//! to pass its arguments through. That is decided in this order:
//!
//! 1. A macro that `macros(…)` lists is entered.
//! 2. [`Imports::macro_at`] finds out which macro the name leads to. The macro is entered if the table has it
//!    (`known/macros.rs`).
//! 3. An `assert!` keeps its condition if its message would change ([`assert_message`]).
//! 4. Spawns in the arguments of any other macro are reported as uncovered, with the name of the macro
//!    ([`Reason::Macro`]).
//!
//! The arguments are read as one of three things: expressions between commas, the arms of a `select!`, or tokens
//! (`tokens.rs`).
//!
//! [`Imports::macro_at`]: crate::imports::Imports::macro_at

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::Parser;
use syn::visit_mut::VisitMut;
use syn::{Expr, Macro};

use super::Walk;
use super::context::Context;
use crate::callee::call::Arguments;
use crate::imports::KnownMacro;
use crate::known::macros::{self, Awaiting, Passes};
use crate::site::Reason;
use crate::syntax::assert_message;
use crate::syntax::naming::{self, Named};
use crate::syntax::select::{Arm, ArmStart, Select};
use crate::syntax::tokens;

const LONG_CONDITION: &str = "stands in the condition of an `assert!` whose message would change; give it a message of its own";

impl Context<'_> {
    /// Returns the known macro that a call leads to. `macros(…)` makes any macro a known one.
    pub(super) fn known_macro(&self, mac: &Macro) -> Option<KnownMacro> {
        let known = self.imports.macro_at(&mac.path);
        let name = name(mac)?;
        if !self.item.args.macros.contains(&name) {
            return known;
        }
        let listed = || KnownMacro {
            passes: Passes::Arms,
            awaits: macros::named(&name)
                .any(|row| row.awaits.is_some())
                .then_some(Awaiting::Whole),
        };
        let known = known.filter(|known| known.passes != Passes::Task);
        Some(known.unwrap_or_else(listed))
    }

    /// Returns the parts of a `named!` or `root!`.
    pub(super) fn naming(&self, mac: &Macro) -> Option<Named> {
        let known = self.known_macro(mac)?;
        (known.passes == Passes::Task).then(|| naming::parse(mac))?
    }
}

impl Walk<'_> {
    /// Rewrites the arguments of a macro call if that is safe.
    pub(super) fn macro_call(&mut self, mac: &mut Macro) {
        if !self.context.is_exempt() {
            let krate = self.context.item.args.krate.as_ref();
            self.findings.errors.extend(naming::misplaced(mac, krate));
        }
        let Some(name) = name(mac) else {
            return;
        };
        let spawns = tokens::mentions_a_callee(&mac.tokens, self.context.also());
        if !spawns && !self.has_frames() {
            return;
        }
        let known = self.context.known_macro(mac);
        let known = known.filter(|known| known.passes != Passes::Task);
        let awaits = known.is_some_and(|known| known.awaits.is_some());
        if spawns || awaits || tokens::mentions_polls(&mac.tokens) {
            self.enter_or_report(mac, name, known);
        }
    }

    fn enter_or_report(&mut self, mac: &mut Macro, name: String, known: Option<KnownMacro>) {
        match (self.context.exemption(), known) {
            (Some(reason), _) => self.report(&mac.tokens, &reason),
            (None, None) => self.report(&mac.tokens, &Reason::Macro(name)),
            (None, Some(known)) if self.keeps_condition(mac, known) => {
                self.report(&mac.tokens, &Reason::Shape(LONG_CONDITION));
            }
            (None, Some(known)) => self.rewrite_arguments(mac, known),
        }
    }

    /// Returns `true` for an `assert!` whose message may change if its condition does.
    pub(super) fn keeps_condition(&self, mac: &Macro, known: KnownMacro) -> bool {
        let exprs =
            (known.passes == Passes::Condition).then(|| parse_arguments(mac.tokens.clone()));
        let exprs = exprs.flatten();
        exprs.is_some_and(|exprs| exprs.len() == 1 && self.message(&exprs[0]).is_none())
    }

    /// Returns the message of an `assert!` with this condition.
    fn message(&self, condition: &Expr) -> Option<String> {
        assert_message::of(condition, &|tokens| self.editor.source_of(tokens))
    }

    /// Rewrites the arguments of a macro that passes them through.
    fn rewrite_arguments(&mut self, mac: &mut Macro, known: KnownMacro) {
        match parse_arguments(mac.tokens.clone()) {
            Some(exprs) => self.rewrite_exprs(mac, known, exprs),
            None => {
                let mut tokens = TokenStream::new();
                if self.changes(|walk| tokens = walk.other_arguments(mac, known)) {
                    mac.tokens = tokens;
                }
            }
        }
    }

    fn rewrite_exprs(&mut self, mac: &mut Macro, known: KnownMacro, mut exprs: Arguments) {
        let message = match known.passes {
            Passes::Condition if exprs.len() == 1 => self.message(&exprs[0]),
            _ => None,
        };
        let is_framed = self.frames_branches(known);
        let is_changed = self.changes(|walk| {
            let exprs = exprs.iter_mut();
            exprs.for_each(|expr| walk.macro_argument(expr, is_framed));
        });
        if !is_changed {
            return;
        }
        mac.tokens = exprs.to_token_stream();
        if let Some(message) = message {
            self.editor
                .assert_message(mac, &message, exprs.trailing_punct());
        }
    }

    /// Rewrites arguments that are no list of expressions.
    fn other_arguments(&mut self, mac: &Macro, known: KnownMacro) -> TokenStream {
        let select = (known.passes == Passes::Arms)
            .then(|| syn::parse2::<Select>(mac.tokens.clone()).ok())
            .flatten();
        let Some(mut select) = select else {
            return self.tokens(mac.tokens.clone());
        };
        let is_framed = self.frames_branches(known);
        for arm in &mut select.arms {
            self.in_block(|walk| walk.arm(arm, is_framed));
        }
        select.to_token_stream()
    }

    /// Visits an arm of a `select!`.
    fn arm(&mut self, arm: &mut Arm, is_framed: bool) {
        if let ArmStart::Branch(branch) = &mut arm.start {
            self.macro_argument(&mut branch.future, is_framed);
            if let Some((_, _, condition)) = &mut branch.condition {
                self.visit_expr_mut(condition);
            }
            self.bind_pattern(&branch.pattern, false);
        }
        self.visit_expr_mut(&mut arm.handler);
    }

    fn macro_argument(&mut self, expr: &mut Expr, is_framed: bool) {
        match is_framed {
            true => self.branch(expr),
            false => self.visit_expr_mut(expr),
        }
    }

    fn report(&mut self, tokens: &TokenStream, reason: &Reason) {
        for (span, callee) in tokens::callees(tokens, self.context.also()) {
            self.uncovered(span, callee, reason.clone());
        }
    }
}

/// Returns the name of a macro that is called.
fn name(mac: &Macro) -> Option<String> {
    Some(mac.path.segments.last()?.ident.unraw().to_string())
}

/// Parses tokens as expressions between commas.
pub(super) fn parse_arguments(tokens: TokenStream) -> Option<Arguments> {
    Arguments::parse_terminated.parse2(tokens).ok()
}

//! Macro calls: opaque to the visitor, and yet there are spawns in their arguments.
//!
//! A macro may print its input, count its tokens or match on them. So a macro is entered only if it is known to pass
//! expressions on (`known/macros.rs`), and is that macro as far as the code in sight tells (`imports.rs`), or if
//! `macros(…)` lists it. Spawns in any other are reported as uncovered.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::Parser;
use syn::visit_mut::VisitMut;
use syn::{Expr, Macro};

use crate::callee::spawn::Arguments;
use crate::imports::KnownMacro;
use crate::known::macros::{self, Awaiting, Passes};
use crate::site::Reason;
use crate::syntax::assert_message;
use crate::syntax::naming::{self, Named};
use crate::walk::frames;
use crate::walk::select::Select;
use crate::walk::tokens;
use crate::walk::visitor::Visitor;

const LONG_CONDITION: &str = "stands in the condition of an `assert!` whose message would change; give it a message of its own";

impl Visitor<'_> {
    /// Rewrites the arguments of a macro call where that is safe.
    pub(crate) fn macro_call(&mut self, mac: &mut Macro) {
        if !self.is_skipped() {
            self.errors
                .extend(naming::misplaced(mac, self.args.krate.as_ref()));
        }
        let Some(name) = name(mac) else {
            return;
        };
        let spawns = tokens::mentions_a_callee(&mac.tokens, &self.args.also);
        if !spawns && !self.has_frames() {
            return;
        }
        let known = self
            .known_macro(mac)
            .filter(|known| known.passes != Passes::Task);
        let awaits = known.is_some_and(|known| known.awaits.is_some());
        let polls = frames::mentions_await(&mac.tokens) || tokens::mentions_a_wait(&mac.tokens);
        if !spawns && !awaits && !polls {
            return;
        }
        match known {
            _ if self.is_skipped() => self.report(&mac.tokens, &self.skipped()),
            None => self.report(&mac.tokens, &Reason::Macro(name)),
            Some(known) if self.keeps_condition(mac, known) => {
                self.report(&mac.tokens, &Reason::Shape(LONG_CONDITION));
            }
            Some(known) => self.rewrite_arguments(mac, known),
        }
    }

    /// Whether the condition of an `assert!` stays as it is, because its message could be another one otherwise.
    pub(crate) fn keeps_condition(&self, mac: &Macro, known: KnownMacro) -> bool {
        let condition = || Arguments::parse_terminated.parse2(mac.tokens.clone()).ok();
        known.passes == Passes::Condition
            && condition()
                .is_some_and(|exprs| exprs.len() == 1 && self.message(&exprs[0]).is_none())
    }

    /// The message of an `assert!`.
    fn message(&self, condition: &Expr) -> Option<String> {
        assert_message::of(condition, &|tokens| self.backend.source_of(tokens))
    }

    /// The known macro that a call leads to, or what `macros(…)` says of it.
    pub(crate) fn known_macro(&self, mac: &Macro) -> Option<KnownMacro> {
        let known = self.imports.macro_at(&mac.path);
        let name = name(mac)?;
        if !self.args.macros.contains(&name) {
            return known;
        }
        known
            .filter(|known| known.passes != Passes::Task)
            .or_else(|| {
                let awaits = macros::named(&name).any(|row| row.awaits.is_some());
                Some(KnownMacro {
                    passes: Passes::Arms,
                    awaits: awaits.then_some(Awaiting::Whole),
                })
            })
    }

    /// Takes `named!` or `root!` apart.
    pub(crate) fn naming(&self, mac: &Macro) -> Option<Named> {
        let known = self.known_macro(mac)?;
        (known.passes == Passes::Task).then(|| naming::parse(mac))?
    }

    /// Takes the arguments for expressions, or else looks for calls among the tokens.
    fn rewrite_arguments(&mut self, mac: &mut Macro, known: KnownMacro) {
        let edits = self.edits;
        let Ok(mut exprs) = Arguments::parse_terminated.parse2(mac.tokens.clone()) else {
            let tokens = self.other_arguments(mac, known);
            if self.edits != edits {
                mac.tokens = tokens;
            }
            return;
        };
        let framed = self.has_frames() && known.awaits == Some(Awaiting::Branches);
        let message = match known.passes {
            Passes::Condition if exprs.len() == 1 => self.message(&exprs[0]),
            _ => None,
        };
        for expr in &mut exprs {
            if framed {
                self.branch(expr);
            } else {
                self.visit_expr_mut(expr);
            }
        }
        if self.edits == edits {
            return;
        }
        mac.tokens = exprs.to_token_stream();
        if let Some(message) = message {
            self.backend
                .assert_message(mac, &message, exprs.trailing_punct());
        }
    }

    /// Goes into arguments that are no list of expressions.
    fn other_arguments(&mut self, mac: &Macro, known: KnownMacro) -> TokenStream {
        if known.passes == Passes::Arms
            && let Ok(mut select) = syn::parse2::<Select>(mac.tokens.clone())
        {
            let framed = self.has_frames() && known.awaits == Some(Awaiting::Branches);
            self.select(&mut select, framed);
            return select.to_token_stream();
        }
        self.tokens(mac.tokens.clone())
    }

    fn report(&mut self, tokens: &TokenStream, reason: &Reason) {
        for (span, callee) in tokens::callees(tokens, &self.args.also) {
            self.uncovered_at(span, callee, reason.clone());
        }
    }
}

/// The name of a macro that is called.
fn name(mac: &Macro) -> Option<String> {
    Some(mac.path.segments.last()?.ident.unraw().to_string())
}

/// Parses what stands between a call's parentheses.
pub(crate) fn parse_arguments(tokens: TokenStream) -> Option<Arguments> {
    Arguments::parse_terminated.parse2(tokens).ok()
}

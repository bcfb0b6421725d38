//! Macro calls: opaque to the visitor, and yet there are spawns in their arguments.
//!
//! A macro may print its input, count its tokens or match on them. So only macros that are known to pass
//! expressions through are entered; spawns in any other are reported as uncovered.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::Macro;
use syn::parse::Parser;
use syn::visit_mut::VisitMut;

use crate::named;
use crate::site::Reason;
use crate::spawn::Arguments;
use crate::tokens;
use crate::visitor::Visitor;

/// Macros that leave the expressions in their input as they are, by the last segment of their path.
const TRANSPARENT: &[&[&str]] = &[
    // std
    &[
        "vec",
        "format",
        "print",
        "println",
        "eprint",
        "eprintln",
        "write",
        "writeln",
        "format_args",
        "matches",
    ],
    &[
        "panic",
        "todo",
        "unimplemented",
        "unreachable",
        "thread_local",
    ],
    &[
        "assert",
        "assert_eq",
        "assert_ne",
        "debug_assert",
        "debug_assert_eq",
        "debug_assert_ne",
    ],
    // tokio, futures, async-stream, smol
    &[
        "select",
        "select_biased",
        "join",
        "try_join",
        "pin",
        "pin_mut",
        "ready",
        "stream",
        "try_stream",
    ],
    // lazy_static, cfg-if, anyhow
    &["lazy_static", "cfg_if", "anyhow", "bail"],
    // log, tracing
    &["trace", "debug", "info", "warn", "error", "log", "event"],
];

impl Visitor<'_> {
    /// Rewrites the arguments of a macro call where that is safe.
    pub(crate) fn macro_call(&mut self, mac: &mut Macro) {
        if !self.is_skipped() {
            self.errors
                .extend(named::misplaced(&mac.path, self.args.krate.as_ref()));
        }
        let Some(name) = mac.path.segments.last().map(|last| last.ident.to_string()) else {
            return;
        };
        let naming = named::parse(mac).is_some();
        if !tokens::mentions_a_callee(&mac.tokens, &self.args.also) {
            return;
        }
        if self.is_skipped() {
            self.report(&mac.tokens, &Reason::Skipped);
        } else if naming || !self.is_transparent(&name) {
            self.report(&mac.tokens, &Reason::Macro(name));
        } else {
            self.rewrite_arguments(mac, name.ends_with("assert"));
        }
    }

    fn is_transparent(&self, name: &str) -> bool {
        TRANSPARENT.iter().any(|names| names.contains(&name))
            || self.args.macros.iter().any(|listed| listed == name)
    }

    /// Takes the arguments for expressions, or else looks for calls among the tokens.
    fn rewrite_arguments(&mut self, mac: &mut Macro, prints_condition: bool) {
        let original = mac.tokens.clone();
        let edits = self.edits;
        let Ok(mut exprs) = Arguments::parse_terminated.parse2(mac.tokens.clone()) else {
            let tokens = self.tokens(mac.tokens.clone());
            if self.edits != edits {
                mac.tokens = tokens;
            }
            return;
        };
        exprs.iter_mut().for_each(|expr| self.visit_expr_mut(expr));
        if self.edits == edits {
            return;
        }
        mac.tokens = exprs.to_token_stream();
        if prints_condition && exprs.len() == 1 {
            let condition = without_trailing_comma(&exprs, original);
            self.backend
                .assert_message(mac, &condition, exprs.trailing_punct());
        }
    }

    fn report(&mut self, tokens: &TokenStream, reason: &Reason) {
        for (span, callee) in tokens::callees(tokens, &self.args.also) {
            self.uncovered_at(span, callee, reason.clone());
        }
    }
}

/// The condition of an `assert!` as the user wrote it. A stream that is left whole keeps the spacing of its
/// tokens, which the message shows.
fn without_trailing_comma(exprs: &Arguments, original: TokenStream) -> TokenStream {
    if !exprs.trailing_punct() {
        return original;
    }
    let keep = original.clone().into_iter().count() - 1;
    original.into_iter().take(keep).collect()
}

/// Parses what stands between a call's parentheses.
pub(crate) fn parse_arguments(tokens: TokenStream) -> Option<Arguments> {
    Arguments::parse_terminated.parse2(tokens).ok()
}

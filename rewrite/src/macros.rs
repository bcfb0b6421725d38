//! Macro calls: opaque to the visitor, and yet there are spawns in their arguments.
//!
//! A macro may print its input, count its tokens or match on them. So only macros that are known to pass
//! expressions through are entered; spawns in any other are reported as uncovered.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::Macro;
use syn::parse::Parser;
use syn::visit_mut::VisitMut;

use crate::frames::{self, Awaiting};
use crate::named;
use crate::select::Select;
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
                .extend(named::misplaced(mac, self.args.krate.as_ref()));
        }
        let Some(name) = mac.path.segments.last().map(|last| last.ident.to_string()) else {
            return;
        };
        let opaque = named::parse(mac).is_some() || !self.is_transparent(&name);
        let spawns = tokens::mentions_a_callee(&mac.tokens, &self.args.also);
        if !spawns && (opaque || !self.may_have_frames(mac)) {
            return;
        }
        if self.is_skipped() {
            self.report(&mac.tokens, &Reason::Skipped);
        } else if opaque {
            self.report(&mac.tokens, &Reason::Macro(name));
        } else {
            self.rewrite_arguments(mac, &name);
        }
    }

    fn may_have_frames(&self, mac: &Macro) -> bool {
        self.has_frames() && (self.awaiting(mac).is_some() || frames::mentions_await(&mac.tokens))
    }

    fn is_transparent(&self, name: &str) -> bool {
        TRANSPARENT.iter().any(|names| names.contains(&name))
            || self.args.macros.iter().any(|listed| listed == name)
    }

    /// Takes the arguments for expressions, or else looks for calls among the tokens.
    fn rewrite_arguments(&mut self, mac: &mut Macro, name: &str) {
        let original = mac.tokens.clone();
        let edits = self.edits;
        let Ok(mut exprs) = Arguments::parse_terminated.parse2(mac.tokens.clone()) else {
            let tokens = self.other_arguments(mac, name);
            if self.edits != edits {
                mac.tokens = tokens;
            }
            return;
        };
        let framed = self.awaiting(mac) == Some(Awaiting::Branches);
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
        if name.ends_with("assert") && exprs.len() == 1 {
            let condition = without_trailing_comma(&exprs, original);
            self.backend
                .assert_message(mac, &condition, exprs.trailing_punct());
        }
    }

    /// Goes into arguments that are no list of expressions.
    fn other_arguments(&mut self, mac: &Macro, name: &str) -> TokenStream {
        if name.starts_with("select")
            && let Ok(mut select) = syn::parse2::<Select>(mac.tokens.clone())
        {
            self.select(&mut select, self.awaiting(mac) == Some(Awaiting::Branches));
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

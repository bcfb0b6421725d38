//! Spawns among tokens that are no list of expressions, such as the arguments of `cfg_if!`.
//!
//! Only what is surely code is parsed: a path with its arguments, the arguments of a method, and the statements in
//! braces. Everything else stays as it is, token by token. The expression that a call belongs to is unknown. So a call
//! by path that was changed gets parentheses, and of a method only the arguments are changed.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::Parser;
use syn::visit_mut::VisitMut;
use syn::{Block, Expr};

use super::Walk;
use super::macros::parse_arguments;
use crate::callee::call::Callee;
use crate::emit;
use crate::syntax::tokens::{
    arguments_at, is_call, is_cut, is_method, mentions_a_callee, mentions_polls, path_start,
};

impl Walk<'_> {
    /// Rewrites the spawns among tokens.
    pub(super) fn tokens(&mut self, tokens: TokenStream) -> TokenStream {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut output: Vec<TokenTree> = Vec::with_capacity(tokens.len());
        let mut index = 0;
        while index < tokens.len() {
            match (&tokens[index], self.end_of_call(&tokens, index)) {
                (TokenTree::Ident(name), Some(end)) => {
                    let start = path_start(&tokens, index);
                    output.truncate(output.len() - (index - start));
                    let is_part = is_method(&tokens, index) || is_cut(&tokens, start);
                    output.extend(self.call_in_tokens(&tokens[start..=end], name, is_part));
                    index = end;
                }
                (TokenTree::Group(group), _) => output.push(self.group(group).into()),
                (token, _) => output.push(token.clone()),
            }
            index += 1;
        }
        output.into_iter().collect()
    }

    /// Returns the index of the arguments, if a known callee is at `index`.
    fn end_of_call(&self, tokens: &[TokenTree], index: usize) -> Option<usize> {
        arguments_at(tokens, index).filter(|_| is_call(tokens, index, self.context.also()))
    }

    /// Rewrites a path or a name and the arguments behind it. `is_part` is `true` if the start of the call is unknown.
    fn call_in_tokens(&mut self, tokens: &[TokenTree], name: &Ident, is_part: bool) -> TokenStream {
        let call: TokenStream = tokens.iter().cloned().collect();
        match syn::parse2::<Expr>(call.clone()) {
            Ok(mut expr @ Expr::Call(_)) if !is_part => {
                self.visit_expr_mut(&mut expr);
                let is_changed = matches!(expr, Expr::Verbatim(_));
                let span = emit::generated(name.span());
                emit::parenthesized(is_changed, span, expr.to_token_stream())
            }
            _ => self.method(tokens, name).unwrap_or(call),
        }
    }

    /// Rewrites the arguments of a call whose receiver is unknown.
    fn method(&mut self, tokens: &[TokenTree], name: &Ident) -> Option<TokenStream> {
        let (TokenTree::Group(group), before) = tokens.split_last()? else {
            return None;
        };
        let mut args = parse_arguments(group.stream())?;
        match self.context.recognise(&Callee::of_method(name), &args) {
            Some(spawn) => {
                let index = spawn.index;
                let has_no_table = self.findings.has_no_table();
                let mut task = self.new_task(spawn);
                self.arguments(&mut args, &mut task);
                if has_no_table {
                    self.add_local_table(&mut args[index]);
                }
            }
            None => args.iter_mut().for_each(|arg| self.visit_expr_mut(arg)),
        }
        Some(with_arguments(before, group, args.to_token_stream()))
    }

    /// Rewrites inside of a group: as statements if it is a block, or else as tokens.
    fn group(&mut self, group: &Group) -> Group {
        let has_polls = self.has_frames() && mentions_polls(&group.stream());
        if !has_polls && !mentions_a_callee(&group.stream(), self.context.also()) {
            return group.clone();
        }
        let statements = match group.delimiter() {
            Delimiter::Brace => Block::parse_within.parse2(group.stream()).ok(),
            _ => None,
        };
        let Some(stmts) = statements else {
            return with_stream(group, self.tokens(group.stream()));
        };
        let mut block = Block {
            brace_token: syn::token::Brace(group.span()),
            stmts,
        };
        self.visit_block_mut(&mut block);
        let statements = block.stmts.iter().map(ToTokens::to_token_stream);
        with_stream(group, statements.collect())
    }
}

fn with_arguments(before: &[TokenTree], group: &Group, arguments: TokenStream) -> TokenStream {
    let group = TokenTree::from(with_stream(group, arguments));
    before.iter().cloned().chain([group]).collect()
}

fn with_stream(group: &Group, stream: TokenStream) -> Group {
    let mut changed = Group::new(group.delimiter(), stream);
    changed.set_span(group.span());
    changed
}

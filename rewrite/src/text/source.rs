//! The text of one file, and the offsets of its tokens.

use std::ops::Range;
use std::str::FromStr;

use proc_macro2::{Literal, Span, TokenStream, TokenTree};
use quote::ToTokens;

use super::Unparsed;

/// The mark that some editors put before the code.
pub(super) const BYTE_ORDER_MARK: &str = "\u{feff}";

/// The text of a file. Spans count from the start of its code.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    /// The whole of it.
    pub text: &'a str,
    /// The offset of the code, behind a byte order mark and a line for the system's loader.
    start: usize,
}

impl<'a> Source<'a> {
    pub(super) fn new(text: &'a str) -> Source<'a> {
        let code = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
        let start = text.len() - code.len() + shebang(code);
        Source { text, start }
    }

    /// Returns the offset of the first line of code.
    pub(super) fn first_line(&self) -> usize {
        self.start + usize::from(self.start > 0 && self.text[self.start..].starts_with('\n'))
    }

    /// Returns the tokens of the code. The first line keeps its number, even if only its end remains.
    pub(super) fn tokens(&self) -> Result<TokenStream, Unparsed> {
        let tokens = TokenStream::from_str(&self.text[self.start..]);
        tokens.map_err(|error| {
            Unparsed::new(
                error.span(),
                "the characters are no token that is known here",
            )
        })
    }

    /// Returns the range of tokens in the text, in bytes.
    pub(super) fn range(&self, tokens: &impl ToTokens) -> Option<Range<usize>> {
        let mut tokens = tokens.to_token_stream().into_iter();
        let first = tokens.next()?;
        let start = self.bytes(first.span()).start;
        let end = self.bytes(tokens.last().unwrap_or(first).span()).end;
        Some(start..end)
    }

    /// Returns the range of a span in the text, in bytes.
    pub(super) fn bytes(&self, span: Span) -> Range<usize> {
        let range = span.byte_range();
        range.start + self.start..range.end + self.start
    }

    /// Returns tokens of the file on one line. If they are on one line already, they are returned as they are.
    pub(super) fn one_line(&self, tokens: &TokenStream) -> String {
        let written = self.range(tokens).map(|range| &self.text[range]);
        match written {
            Some(text) if !text.contains(['\n', '\r']) => text.to_owned(),
            _ => tokens
                .clone()
                .into_iter()
                .map(unbroken)
                .collect::<TokenStream>()
                .to_string(),
        }
    }
}

/// Returns the length of a first line for the system's loader. `#![…]` is an attribute.
fn shebang(code: &str) -> usize {
    match code.strip_prefix("#!") {
        Some(rest) if !rest.trim_start().starts_with('[') => code.find('\n').unwrap_or(code.len()),
        _ => 0,
    }
}

/// Returns a token without a line break. In a literal, line breaks become escapes.
fn unbroken(token: TokenTree) -> TokenTree {
    match token {
        TokenTree::Group(group) => {
            let inner = group.stream().into_iter().map(unbroken).collect();
            proc_macro2::Group::new(group.delimiter(), inner).into()
        }
        TokenTree::Literal(literal) if literal.to_string().contains(['\n', '\r']) => {
            escaped(literal).into()
        }
        token => token,
    }
}

fn escaped(literal: Literal) -> Literal {
    match syn::Lit::new(literal.clone()) {
        syn::Lit::Str(text) => Literal::string(&text.value()),
        syn::Lit::ByteStr(bytes) => Literal::byte_string(&bytes.value()),
        syn::Lit::CStr(text) => Literal::c_string(&text.value()),
        _ => literal,
    }
}

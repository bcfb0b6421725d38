//! The macro that makes changes to the tokens of an item, so that no text is inserted on the lines on which
//! they stand. `cargo birthmark` compiles this file for the compiler that it works for; `columns.rs` of
//! birthmark-rewrite writes the calls.

extern crate proc_macro;

use std::iter::Peekable;

use proc_macro::{Delimiter, Group, Span, TokenStream, TokenTree};

/// The name that stands for the original expression in inserted code.
const HOLE: &str = "__birthmark_hole";

/// Makes changes to the tokens of an item: `#[edit(LINE COLUMN  LINE COLUMN LINE COLUMN { before __birthmark_hole
/// behind } …)]`.
///
/// The first place is that of the item behind its attributes. Each change has the places at which an expression begins
/// and ends, and the code around it. An outer expression precedes those inside of it.
#[proc_macro_attribute]
pub fn edit(changes: TokenStream, item: TokenStream) -> TokenStream {
    let item: Vec<TokenTree> = item.into_iter().collect();
    let mut changes = Changes::of(changes, bare(&item));
    let item = changes.make(item);
    match changes.left.peek() {
        None => item,
        // The crate is then compiled as it is, and the user hears of it.
        Some(_) => "::core::compile_error! { \"a change did not find its place\" }"
            .parse()
            .unwrap_or_default(),
    }
}

/// A line and a column.
type Place = (usize, usize);

struct Change {
    start: Place,
    end: Place,
    around: TokenStream,
}

/// The changes that are still to be made.
struct Changes {
    left: Peekable<std::vec::IntoIter<Change>>,
    /// The line on which the item begins, and how far this attribute has moved what stands on it.
    moved: Place,
}

impl Changes {
    fn of(tokens: TokenStream, item: Option<Span>) -> Changes {
        let mut tokens = tokens.into_iter();
        let (line, column) = place(&mut tokens).unwrap_or_default();
        let moved = item.map_or(0, |item| item.start().column().saturating_sub(column));
        let mut changes = Vec::new();
        while let Some(start) = place(&mut tokens) {
            if let (Some(end), Some(TokenTree::Group(around))) = (place(&mut tokens), tokens.next())
            {
                let around = around.stream();
                changes.push(Change { start, end, around });
            }
        }
        Changes {
            left: changes.into_iter().peekable(),
            moved: (line, moved),
        }
    }

    /// Where something stands in the original.
    fn place(&self, span: Span) -> Place {
        let (line, moved) = self.moved;
        let moved = if span.line() == line { moved } else { 0 };
        (span.line(), span.column().saturating_sub(moved))
    }

    /// Makes those that lie among these tokens.
    fn make(&mut self, tokens: Vec<TokenTree>) -> TokenStream {
        let mut made = TokenStream::new();
        let mut tokens = tokens.into_iter();
        while let Some(token) = tokens.next() {
            let start = self.place(token.span().start());
            match self.left.next_if(|change| change.start == start) {
                Some(change) => made.extend(self.change(change, token, &mut tokens)),
                None => made.extend([self.inside(token)]),
            }
        }
        made
    }

    /// Makes a change around some tokens, of which this is the first, and those inside.
    fn change(
        &mut self,
        change: Change,
        first: TokenTree,
        rest: &mut impl Iterator<Item = TokenTree>,
    ) -> TokenStream {
        let start = open(&first);
        let mut inside = vec![first];
        while self.place(end(&inside[inside.len() - 1])) < change.end {
            match rest.next() {
                Some(token) => inside.push(token),
                None => break,
            }
        }
        let around = Around {
            start,
            end: end(&inside[inside.len() - 1]),
            inside: self.make(inside),
        };
        around.fill(change.around)
    }

    /// Makes the changes within a group.
    fn inside(&mut self, token: TokenTree) -> TokenTree {
        let TokenTree::Group(group) = token else {
            return token;
        };
        // Nothing to do here keeps the group as it is, spans of both delimiters included.
        let last = self.place(group.span().end());
        if self.left.peek().is_none_or(|change| change.start > last) {
            return group.into();
        }
        let mut made = Group::new(
            group.delimiter(),
            self.make(group.stream().into_iter().collect()),
        );
        made.set_span(group.span());
        made.into()
    }
}

/// Where an item begins behind its attributes.
fn bare(item: &[TokenTree]) -> Option<Span> {
    let mut tokens = item.iter();
    loop {
        match tokens.next()? {
            TokenTree::Punct(hash) if hash.as_char() == '#' => drop(tokens.next()),
            token => return Some(token.span()),
        }
    }
}

/// Reads a line and a column.
fn place(tokens: &mut impl Iterator<Item = TokenTree>) -> Option<Place> {
    let mut number = || tokens.next()?.to_string().parse().ok();
    Some((number()?, number()?))
}

/// Where a token begins: of a group, its delimiter.
fn open(token: &TokenTree) -> Span {
    match token {
        TokenTree::Group(group) if group.delimiter() != Delimiter::None => group.span_open(),
        token => token.span(),
    }
}

/// Behind a token.
fn end(token: &TokenTree) -> Span {
    token.span().end()
}

/// Tokens, and where they begin and end. There stands what is put around them, so that it covers the same lines.
struct Around {
    start: Span,
    end: Span,
    inside: TokenStream,
}

impl Around {
    /// Puts the tokens into the place that is left for them.
    fn fill(&self, around: TokenStream) -> TokenStream {
        around
            .into_iter()
            .flat_map(|token| self.token(token))
            .collect()
    }

    fn token(&self, mut token: TokenTree) -> TokenStream {
        match &token {
            TokenTree::Ident(hole) if hole.to_string() == HOLE => return self.inside.clone(),
            TokenTree::Group(group) => {
                token = Group::new(group.delimiter(), self.fill(group.stream())).into();
                token.set_span(self.end);
            }
            _ => token.set_span(self.start),
        }
        token.into()
    }
}

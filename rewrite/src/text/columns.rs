//! Changes that leave every token of the user's in its column.
//!
//! What is inserted on a line moves what stands to its right, and with it the columns that panics,
//! `Location::caller()` and debuginfo tell. So the changes of an item are written as an attribute, put where
//! the token before the item ends, if nothing else stands on that line: `#[…::edit(…)]`. It is a macro that
//! does the same to the item's tokens, which keep their places. It is told the place of the item, that of each
//! expression, and what to put around it, with [`PLACEHOLDER`] for the expression.
//!
//! Where no line is free, the attribute stands in front of the item, and moves the rest of the item's first line.

use std::ops::Range;

use proc_macro2::TokenTree;
use quote::ToTokens;
use syn::{AttrStyle, Attribute, File, Item};

use super::edits::{self, Insertion, WrappedRange};
use super::source::{BYTE_ORDER_MARK, Source};

/// What stands for the expression.
const PLACEHOLDER: &str = "__birthmark_hole";

/// An item that can have an attribute.
#[derive(Debug)]
pub(super) struct AttributeTarget {
    /// Where the attribute is put.
    at: usize,
    /// The item, with its attributes.
    range: Range<usize>,
    /// Where it begins behind them: the compiler does not show a macro all of them.
    bare: usize,
}

/// The items of a file, also those in inline modules.
pub(super) fn targets(source: Source<'_>, file: &File) -> Vec<AttributeTarget> {
    let mut targets = Vec::new();
    let start = behind(source, &file.attrs, source.first_line());
    collect(source, &file.items, start, &mut targets);
    targets
}

/// Where inner attributes end, or what they follow.
fn behind(source: Source<'_>, attributes: &[Attribute], start: usize) -> usize {
    let inner = attributes
        .iter()
        .filter(|one| matches!(one.style, AttrStyle::Inner(_)));
    let ends = inner.filter_map(|one| Some(source.range(one)?.end));
    ends.fold(start, usize::max)
}

fn collect(source: Source<'_>, items: &[Item], mut end: usize, targets: &mut Vec<AttributeTarget>) {
    for item in items {
        let Some(range) = source.range(item) else {
            continue;
        };
        if let Item::Mod(module) = item {
            if let Some((brace, items)) = &module.content {
                let open = source.bytes(brace.span.open()).end;
                collect(source, items, behind(source, &module.attrs, open), targets);
            }
        } else {
            let at = free_line(source.text, end, range.start).unwrap_or(range.start);
            let bare = bare(source, item).unwrap_or(range.start);
            let range = range.clone();
            targets.push(AttributeTarget { at, range, bare });
        }
        end = range.end;
    }
}

/// Where an item begins behind its attributes.
fn bare(source: Source<'_>, item: &Item) -> Option<usize> {
    let mut tokens = item.to_token_stream().into_iter();
    loop {
        match tokens.next()? {
            TokenTree::Punct(hash) if hash.as_char() == '#' => drop(tokens.next()),
            token => return Some(source.bytes(token.span()).start),
        }
    }
}

/// Where in a gap between tokens something can be put that moves no token. There are only blanks and comments in
/// it. Where a line of documentation may go before, that is on the next line.
fn free_line(text: &str, end: usize, start: usize) -> Option<usize> {
    let line = text[..end].rfind('\n').map_or(0, |at| at + 1);
    let gap = text.get(end..start)?;
    if !text[line..end].contains("//") {
        return gap.contains('\n').then_some(end);
    }
    let next = gap.find('\n')? + 1;
    let is_free = gap[next..].contains('\n') && !gap[..next].contains("/*");
    is_free.then_some(end + next)
}

/// The text in which all changes of these items stand in attributes. `edit` is the path of the macro.
pub(super) fn apply(
    source: &str,
    insertions: &[Insertion],
    wrapped: &[WrappedRange],
    targets: &[AttributeTarget],
    edit: &str,
) -> String {
    let target = |wrap: &WrappedRange| {
        let after = targets.partition_point(|target| target.range.start <= wrap.range.start);
        let target = targets.get(after.checked_sub(1)?)?;
        (wrap.range.end <= target.range.end).then_some(after - 1)
    };
    let mut texts = vec![String::new(); targets.len()];
    let lines = LineIndex::of(source);
    for wrap in edits::outside_in(wrapped) {
        if let Some(target) = target(wrap) {
            texts[target] += &lines.encode(wrap);
        }
    }
    let inline = insertions.iter().filter(|one| {
        let wrap = one.wrapped.map(|wrap| &wrapped[wrap]);
        wrap.and_then(target).is_none()
    });
    let attributes = targets
        .iter()
        .zip(texts)
        .filter(|(_, text)| !text.is_empty());
    let attributes = attributes.map(|(target, text)| {
        let (line, column) = lines.of_byte(target.bare);
        Insertion {
            offset: target.at,
            text: format!(" #[{edit}({line} {column} {text})] "),
            ..Insertion::default()
        }
    });
    let mut all: Vec<Insertion> = inline.cloned().chain(attributes).collect();
    all.sort_by_key(|one| one.offset);
    edits::apply(source, &all)
}

/// Lines and columns of a text.
struct LineIndex<'a> {
    text: &'a str,
    lines: Vec<usize>,
}

impl<'a> LineIndex<'a> {
    fn of(text: &'a str) -> LineIndex<'a> {
        let breaks = text.match_indices('\n').map(|(at, _)| at + 1);
        LineIndex {
            text,
            lines: std::iter::once(0).chain(breaks).collect(),
        }
    }

    /// The line, and the column in characters, counted from 1.
    fn of_byte(&self, byte: usize) -> (usize, usize) {
        let line = self.lines.partition_point(|start| *start <= byte);
        let before = &self.text[self.lines[line - 1]..byte];
        // The compiler does not count it.
        let before = before.strip_prefix(BYTE_ORDER_MARK).unwrap_or(before);
        (line, before.chars().count() + 1)
    }

    /// A change as the macro is told it.
    fn encode(&self, wrap: &WrappedRange) -> String {
        let (line, column) = self.of_byte(wrap.range.start);
        let (last, end) = self.of_byte(wrap.range.end);
        let WrappedRange { head, tail, .. } = wrap;
        format!("{line} {column} {last} {end} {{ {head}{PLACEHOLDER}{tail} }} ")
    }
}

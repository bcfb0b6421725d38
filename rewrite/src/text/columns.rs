//! Changes that leave every token of the user's in its column.
//!
//! An insertion moves everything to its right. Panics, `Location::caller()` and debuginfo would then have other columns.
//! So the changes of an item are written as an attribute, `#[…::edit(…)]`, at the end of the line before the item. It is
//! a macro that makes the changes to the tokens of the item. The tokens keep their columns.
//!
//! The arguments of the attribute are the position of the item and its changes. A change is encoded as two positions,
//! and the new code between braces. [`PLACEHOLDER`] is where the old code goes:
//!
//! ```text
//! 12 5 12 9 { P::value!(SITES[0], __birthmark_hole) }
//! ```
//!
//! If something is on each line before the item, the attribute is in front of the item. The rest of the item's first
//! line then moves.

use std::ops::Range;

use proc_macro2::TokenTree;
use quote::ToTokens;
use syn::{AttrStyle, Attribute, File, Item};

use super::edits::{self, Insertion, WrappedRange};
use super::source::{BYTE_ORDER_MARK, Source};

/// The token that stands for the old code.
const PLACEHOLDER: &str = "__birthmark_hole";

/// An item that can have an attribute.
#[derive(Debug)]
pub(super) struct AttributeTarget {
    /// The offset at which the attribute is inserted.
    at: usize,
    /// The item, with its attributes.
    range: Range<usize>,
    /// The offset of the item behind its attributes. The compiler does not pass all attributes to a macro.
    bare: usize,
}

/// Returns the items of a file that can have an attribute, also in inline modules.
pub(super) fn targets(source: Source<'_>, file: &File) -> Vec<AttributeTarget> {
    let mut targets = Vec::new();
    let start = behind(source, &file.attrs, source.first_line());
    collect(source, &file.items, start, &mut targets);
    targets
}

/// Returns the offset behind inner attributes, or `start` if there are none.
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

/// Returns the offset of an item behind its attributes.
fn bare(source: Source<'_>, item: &Item) -> Option<usize> {
    let mut tokens = item.to_token_stream().into_iter();
    loop {
        match tokens.next()? {
            TokenTree::Punct(hash) if hash.as_char() == '#' => drop(tokens.next()),
            token => return Some(source.bytes(token.span()).start),
        }
    }
}

/// Returns an offset in a gap between tokens at which an insertion moves no token.
///
/// Only blanks and comments are in the gap. Behind a line of documentation, the offset is on the next line.
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

/// Returns the text with all changes of these items in attributes. `edit` is the path of the macro.
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

    /// Returns the line and the column of a byte, in characters, counted from 1.
    fn of_byte(&self, byte: usize) -> (usize, usize) {
        let line = self.lines.partition_point(|start| *start <= byte);
        let before = &self.text[self.lines[line - 1]..byte];
        // The compiler does not count it.
        let before = before.strip_prefix(BYTE_ORDER_MARK).unwrap_or(before);
        (line, before.chars().count() + 1)
    }

    /// Returns a change in the form that the macro reads.
    fn encode(&self, wrap: &WrappedRange) -> String {
        let (line, column) = self.of_byte(wrap.range.start);
        let (last, end) = self.of_byte(wrap.range.end);
        let WrappedRange { head, tail, .. } = wrap;
        format!("{line} {column} {last} {end} {{ {head}{PLACEHOLDER}{tail} }} ")
    }
}

//! Items and source files, also those that the parser refuses in part.
//!
//! The parser knows the syntax of the edition 2018 and later. Code of the edition 2015, or for a compiler newer than the
//! parser, may contain items that it refuses. A file is then parsed item by item. The members of an `impl`, a trait or
//! an inline module are parsed one by one. A refused item becomes tokens without structure, which the walk passes over.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Attribute, ImplItem, Item, TraitItem};

/// A source file, parsed as far as possible.
#[cfg(feature = "text")]
pub(crate) struct Parsed {
    /// Its items. A refused one is `Verbatim`.
    pub file: syn::File,
    /// The items that are refused.
    pub refused: Vec<Refused>,
}

/// An item that the parser refuses.
#[cfg_attr(not(feature = "text"), expect(dead_code))]
pub(crate) struct Refused {
    /// The item, with its attributes.
    pub tokens: TokenStream,
    /// Its attributes.
    pub attributes: Vec<Attribute>,
    /// The place of its first token behind attributes and visibility.
    pub at: Span,
    /// The words with which it begins, such as `fn go`.
    pub name: String,
    /// The error.
    pub error: syn::Error,
}

/// Parses an item, or the members of one that the parser refuses as a whole.
pub(crate) fn item(tokens: &TokenStream) -> Option<Item> {
    let whole = syn::parse2(tokens.clone()).ok();
    whole.or_else(|| {
        let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
        Partial::default().by_members(&tokens)
    })
}

/// Parses the tokens of a file.
#[cfg(feature = "text")]
pub(crate) fn file(tokens: TokenStream) -> Parsed {
    match syn::parse2(tokens.clone()) {
        Ok(file) => Parsed {
            file,
            refused: Vec::new(),
        },
        Err(_) => {
            let mut partial = Partial::default();
            let (attrs, items) = split_inner_attributes(tokens);
            let file = syn::File {
                shebang: None,
                attrs: Attribute::parse_inner.parse2(attrs).unwrap_or_default(),
                items: partial.items(items),
            };
            Parsed {
                file,
                refused: partial.refused,
            }
        }
    }
}

/// A parse item by item.
#[derive(Default)]
struct Partial {
    refused: Vec<Refused>,
}

impl Partial {
    fn items(&mut self, tokens: TokenStream) -> Vec<Item> {
        let items = split(tokens).into_iter();
        items
            .map(|item| {
                syn::parse2(stream(&item)).unwrap_or_else(|error| {
                    let members = self.by_members(&item);
                    members.unwrap_or_else(|| Item::Verbatim(self.refuse(&item, error)))
                })
            })
            .collect()
    }

    /// Parses an `impl`, a trait or an inline module. The type of an `impl` is unknown if the parser refuses it.
    fn by_members(&mut self, item: &[TokenTree]) -> Option<Item> {
        let (TokenTree::Group(body), head) = item.split_last()? else {
            return None;
        };
        let (attributes, members) = split_inner_attributes(body.stream());
        let mut emptied = Group::new(body.delimiter(), attributes);
        emptied.set_span(body.span());
        let with_head = |head: &[TokenTree]| {
            let head = head.iter().cloned();
            syn::parse2(head.chain([emptied.clone().into()]).collect()).ok()
        };
        let mut parsed = with_head(head).or_else(|| with_head(&without_type(head)?))?;
        match &mut parsed {
            Item::Mod(module) => module.content.as_mut()?.1 = self.items(members),
            Item::Impl(block) => block.items = self.members(members, ImplItem::Verbatim),
            Item::Trait(block) => block.items = self.members(members, TraitItem::Verbatim),
            _ => return None,
        }
        Some(parsed)
    }

    fn members<T: Parse>(
        &mut self,
        tokens: TokenStream,
        verbatim: impl Fn(TokenStream) -> T,
    ) -> Vec<T> {
        let members = split(tokens).into_iter();
        members
            .map(|member| {
                syn::parse2(stream(&member))
                    .unwrap_or_else(|error| verbatim(self.refuse(&member, error)))
            })
            .collect()
    }

    fn refuse(&mut self, item: &[TokenTree], error: syn::Error) -> TokenStream {
        let tokens = stream(item);
        let attributes = |input: ParseStream<'_>| {
            let attributes = input.call(Attribute::parse_outer)?;
            input.parse::<TokenStream>().map(|_| attributes)
        };
        let first = behind_attributes(item).first().or(item.first());
        self.refused.push(Refused {
            tokens: tokens.clone(),
            attributes: attributes.parse2(tokens.clone()).unwrap_or_default(),
            at: first.map_or_else(Span::call_site, TokenTree::span),
            name: name(item),
            error,
        });
        tokens
    }
}

fn stream(tokens: &[TokenTree]) -> TokenStream {
    tokens.iter().cloned().collect()
}

/// Splits a sequence of items. An item ends with a semicolon, or with the braces of its body.
fn split(tokens: TokenStream) -> Vec<Vec<TokenTree>> {
    let mut items = Vec::new();
    let mut item = Vec::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let is_body = match &token {
            // Braces inside of `<…>` are an argument.
            TokenTree::Group(group) => {
                group.delimiter() == Delimiter::Brace
                    && !has_value(&item)
                    && !tokens
                        .peek()
                        .is_some_and(|next| is(next, '>') || is(next, ','))
            }
            token => is(token, ';'),
        };
        item.push(token);
        if is_body {
            items.push(std::mem::take(&mut item));
        }
    }
    items.extend(Some(item).filter(|item| !item.is_empty()));
    items
}

/// Returns `true` if these tokens begin an item that ends with a semicolon even if braces stand in it.
fn has_value(item: &[TokenTree]) -> bool {
    let mut words = behind_attributes(item).iter().map(|token| match token {
        TokenTree::Ident(ident) => ident.to_string(),
        _ => String::new(),
    });
    let first = words.find(|word| !matches!(word.as_str(), "default" | "unsafe"));
    match first.as_deref() {
        Some("use" | "static" | "type") => true,
        Some("const") => !matches!(
            words.next().as_deref(),
            Some("fn" | "unsafe" | "extern" | "async")
        ),
        _ => false,
    }
}

/// Returns the tokens of an item behind its attributes and its visibility.
fn behind_attributes(item: &[TokenTree]) -> &[TokenTree] {
    let mut rest = item;
    loop {
        rest = match rest {
            [hash, TokenTree::Group(_), after @ ..] if is(hash, '#') => after,
            [TokenTree::Ident(word), after @ ..] if word == "pub" => match after {
                [TokenTree::Group(scope), after @ ..]
                    if scope.delimiter() == Delimiter::Parenthesis =>
                {
                    after
                }
                after => after,
            },
            rest => return rest,
        };
    }
}

/// Returns the words with which an item begins, such as `unsafe fn go`, or the keyword of an `impl`.
fn name(item: &[TokenTree]) -> String {
    let words = behind_attributes(item)
        .iter()
        .map_while(|token| match token {
            TokenTree::Ident(ident) => Some(ident.to_string()),
            _ => None,
        });
    words.collect::<Vec<_>>().join(" ")
}

/// Returns the head of an `impl`, with `_` in place of the rest behind the keyword.
fn without_type(head: &[TokenTree]) -> Option<Vec<TokenTree>> {
    let mut tokens = head.iter();
    let keyword = tokens.position(|token| matches!(token, TokenTree::Ident(it) if it == "impl"))?;
    let unknown = Ident::new("_", head[keyword].span());
    Some(
        head[..=keyword]
            .iter()
            .cloned()
            .chain([unknown.into()])
            .collect(),
    )
}

/// Splits off the inner attributes with which a body begins.
fn split_inner_attributes(tokens: TokenStream) -> (TokenStream, TokenStream) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let attributes = tokens.chunks_exact(3).take_while(
        |part| matches!(part, [hash, bang, TokenTree::Group(_)] if is(hash, '#') && is(bang, '!')),
    );
    let (attributes, rest) = tokens.split_at(3 * attributes.count());
    (stream(attributes), stream(rest))
}

fn is(token: &TokenTree, character: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == character)
}

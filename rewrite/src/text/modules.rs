//! The declarations `mod name;` of a file, which lead to further files.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::Attribute;
use syn::parse::Parser;

use crate::attribute::nested;

use super::Unparsed;
use super::source::Source;
use super::thread::on_parser_thread;

/// A `mod name;`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Module {
    /// Its name, without `r#`.
    pub name: String,
    /// The inline modules around it, outermost first.
    pub parents: Vec<Parent>,
    /// The paths in `#[path = "…"]`. There may be several, because a `cfg_attr` may contain them.
    pub paths: Vec<String>,
    /// `true` if a `cfg` may remove the module, so that its file may be missing.
    pub conditional: bool,
    /// `true` if the module is for tests only.
    pub for_tests: bool,
}

/// An inline module around a `mod name;`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parent {
    /// Its name, without `r#`.
    pub name: String,
    /// The paths in `#[path = "…"]`: directories of the modules inside.
    pub paths: Vec<String>,
}

/// Finds the `mod name;` of a file, also in the arguments of macros such as `cfg_if!`, where some may be none.
///
/// # Errors
///
/// If the file does not consist of tokens.
pub fn modules(source: &str) -> Result<Vec<Module>, Unparsed> {
    if !may_declare(source) {
        return Ok(Vec::new());
    }
    on_parser_thread(|| {
        let mut found = Vec::new();
        collect(Source::new(source).tokens()?, &mut Vec::new(), &mut found);
        Ok(found)
    })
}

/// Returns `true` if a `mod name;` may be in the text. The search spares most files a closer look. A module with a body
/// does not count.
fn may_declare(source: &str) -> bool {
    source.match_indices("mod").any(|(start, word)| {
        let rest = &source[start + word.len()..];
        let name = rest.trim_start();
        // A comment may be anywhere.
        name.starts_with('/')
            || name.len() < rest.len() && {
                let name = name.strip_prefix("r#").unwrap_or(name);
                let behind = name.trim_start_matches(|it: char| it.is_alphanumeric() || it == '_');
                behind.trim_start().starts_with([';', '/'])
            }
    })
}

fn collect(tokens: TokenStream, parents: &mut Vec<Parent>, found: &mut Vec<Module>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    for (index, token) in tokens.iter().enumerate() {
        let TokenTree::Group(group) = token else {
            found.extend(declared(&tokens, index, parents));
            continue;
        };
        let parent = (group.delimiter() == Delimiter::Brace)
            .then(|| name_before(&tokens, index))
            .flatten();
        let inside = parent.is_some();
        parents.extend(parent);
        collect(group.stream(), parents, found);
        if inside {
            parents.pop();
        }
    }
}

/// The module whose declaration ends with the semicolon at `index`.
fn declared(tokens: &[TokenTree], index: usize, parents: &[Parent]) -> Option<Module> {
    let semicolon = matches!(&tokens[index], TokenTree::Punct(punct) if punct.as_char() == ';');
    let Parent { name, paths } = semicolon.then(|| name_before(tokens, index)).flatten()?;
    let attributes = attributes_before(tokens, index - 2);
    let conditional = attributes
        .iter()
        .any(|one| one.path().is_ident("cfg") || one.path().is_ident("cfg_attr"));
    Some(Module {
        name,
        parents: parents.to_vec(),
        paths,
        conditional,
        for_tests: attributes.iter().any(nested::needs_tests),
    })
}

/// The name in `mod name` right before `index`, and its paths.
fn name_before(tokens: &[TokenTree], index: usize) -> Option<Parent> {
    let [TokenTree::Ident(keyword), TokenTree::Ident(name)] = &tokens[index.checked_sub(2)?..index]
    else {
        return None;
    };
    let name = name.to_string();
    (keyword == "mod").then(|| Parent {
        name: name.strip_prefix("r#").unwrap_or(&name).to_owned(),
        paths: attributes_before(tokens, index - 2)
            .iter()
            .flat_map(|one| paths(&one.meta))
            .collect(),
    })
}

/// Returns the attributes of the item whose keyword is at `index`.
pub(super) fn attributes_before(tokens: &[TokenTree], index: usize) -> Vec<Attribute> {
    let mut start = index;
    // `pub`, `pub(crate)`, `unsafe`.
    while start > 0 && is_modifier(&tokens[start - 1]) {
        start -= 1;
    }
    let end = start;
    while start >= 2 && is_attribute(&tokens[start - 2], &tokens[start - 1]) {
        start -= 2;
    }
    let attributes: TokenStream = tokens[start..end].iter().cloned().collect();
    Attribute::parse_outer
        .parse2(attributes)
        .unwrap_or_default()
}

fn is_modifier(token: &TokenTree) -> bool {
    match token {
        TokenTree::Ident(ident) => ident == "pub" || ident == "unsafe",
        TokenTree::Group(group) => group.delimiter() == Delimiter::Parenthesis,
        _ => false,
    }
}

fn is_attribute(hash: &TokenTree, group: &TokenTree) -> bool {
    matches!(hash, TokenTree::Punct(punct) if punct.as_char() == '#')
        && matches!(group, TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket)
}

/// Returns the paths in `path = "…"`, also inside of `cfg_attr`.
fn paths(meta: &syn::Meta) -> Vec<String> {
    match meta {
        syn::Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
            syn::Expr::Lit(syn::ExprLit {
                lit: syn::Lit::Str(text),
                ..
            }) => vec![text.value()],
            _ => Vec::new(),
        },
        syn::Meta::List(list) if list.path.is_ident("cfg_attr") => {
            let parser = syn::punctuated::Punctuated::<syn::Meta, syn::Token![,]>::parse_terminated;
            let parts = parser.parse2(list.tokens.clone()).unwrap_or_default();
            parts.iter().skip(1).flat_map(paths).collect()
        }
        _ => Vec::new(),
    }
}

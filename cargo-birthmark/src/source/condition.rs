//! Conditions of `cfg`, as far as the command line of the compiler decides them.

use birthmark_rewrite::text::{Head, NoStd};
use syn::punctuated::Punctuated;
use syn::{Expr, ExprLit, Lit, Meta, Token};

/// Returns `true` if a crate does without the standard library. `is_set` returns `true` for each option that is set.
pub fn is_no_std(head: &Head, is_set: &dyn Fn(&str, Option<&str>) -> bool) -> bool {
    let says_so = match &head.no_std {
        NoStd::No => false,
        NoStd::Always => true,
        NoStd::When(condition) => holds(condition, is_set),
    };
    let all_hold = |conditions: &Vec<String>| conditions.iter().all(|one| holds(one, is_set));
    says_so && !head.extern_std.iter().any(all_hold)
}

/// Returns `true` if a condition holds. `is_set` returns `true` for each option that is set. A condition that cannot be
/// parsed does not hold.
fn holds(condition: &str, is_set: &dyn Fn(&str, Option<&str>) -> bool) -> bool {
    syn::parse_str::<Meta>(condition).is_ok_and(|meta| meta_holds(&meta, is_set))
}

fn meta_holds(meta: &Meta, is_set: &dyn Fn(&str, Option<&str>) -> bool) -> bool {
    let name = meta
        .path()
        .get_ident()
        .map(ToString::to_string)
        .unwrap_or_default();
    match meta {
        Meta::Path(_) => is_set(&name, None),
        Meta::NameValue(pair) => match &pair.value {
            Expr::Lit(ExprLit {
                lit: Lit::Str(text),
                ..
            }) => is_set(&name, Some(&text.value())),
            _ => false,
        },
        Meta::List(list) => {
            let parser = Punctuated::<Meta, Token![,]>::parse_terminated;
            let parts = list.parse_args_with(parser).unwrap_or_default();
            let mut parts = parts.iter().map(|part| meta_holds(part, is_set));
            match &name[..] {
                "all" => parts.all(|holds| holds),
                "any" => parts.any(|holds| holds),
                "not" => !parts.next().unwrap_or(true),
                _ => false,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use birthmark_rewrite::text::head;

    use super::*;

    #[test]
    fn crate_that_declares_std_has_it_if_the_conditions_hold() {
        let std = |name: &str, value: Option<&str>| name == "feature" && value == Some("std");
        let no_std = |source: &str| is_no_std(&head(source).unwrap(), &std);
        assert!(no_std("#![no_std] extern crate alloc;"));
        assert!(!no_std("#![no_std] extern crate std;"));
        assert!(!no_std(
            "#![no_std]\n#![cfg_attr(docsrs, feature(doc_cfg))]\n#[cfg(feature = \"std\")]\n#[macro_use]\npub extern crate std as core_;"
        ));
        assert!(no_std(
            "#![no_std] #[cfg(test)] #[cfg(feature = \"std\")] extern crate std;"
        ));
        assert!(!no_std("#![cfg_attr(not(feature = \"std\"), no_std)]"));
        assert!(no_std(
            "#![cfg_attr(feature = \"std\", no_std)] mod m { extern crate std; }"
        ));
        // As in bevy_tasks, and as others write it.
        let in_macros = [
            "#![no_std] cfg::std! { extern crate std; } cfg::alloc! { extern crate alloc; }",
            "#![no_std] cfg_if! { if #[cfg(feature = \"std\")] { extern crate std; } }",
        ];
        for root in in_macros {
            assert!(!no_std(root));
            assert!(is_no_std(&head(root).unwrap(), &|_, _| false));
        }
        assert!(no_std("#![no_std] cfg::alloc! { extern crate alloc; }"));
    }

    #[test]
    fn conditions_are_decided_by_what_is_set() {
        let std = |name: &str, value: Option<&str>| name == "feature" && value == Some("std");
        assert!(!holds("not(feature = \"std\")", &std));
        assert!(holds("not(any(test, feature = \"alloc\"))", &std));
        assert!(holds("all(feature = \"std\", not(test))", &std));
        assert!(!holds("docsrs", &std));
    }
}

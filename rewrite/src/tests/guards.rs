//! Which variables have their guards at an `.await`, for readers of the memory of suspended functions.

use std::str::FromStr;

use proc_macro2::{Span, TokenStream};
use syn::visit::Visit;

use crate::lexical::guards::Guards;
use crate::site::Position;

/// Asserts which variables have their guards at the `here` of an async function.
#[track_caller]
fn guards_at(statements: &str, expected: &str) {
    let function = format!("async fn f(parameter: P) {{ {statements} }}");
    let tokens = TokenStream::from_str(&function).expect("the test's code consists of tokens");
    let function: syn::ItemFn = syn::parse2(tokens).expect("the test's code is a function");
    let guards = Guards::of_function(&function.sig, &function.block, &position);
    let mut here = Here(None);
    here.visit_item_fn(&function);
    let here = position(here.0.expect("the code says where"));
    assert_eq!(guards.at(&here), expected, "{statements}");
}

fn position(span: Span) -> Position {
    let start = span.start();
    Position {
        file: "x.rs".into(),
        line: start.line,
        column: start.column + 1,
    }
}

struct Here(Option<Span>);

impl Visit<'_> for Here {
    fn visit_ident(&mut self, name: &proc_macro2::Ident) {
        if name == "here" {
            self.0 = Some(name.span());
        }
    }
}

#[test]
fn bound_by_an_acquiring_call_and_only_borrowed() {
    for acquires in [
        "m.lock().await",
        "self.a.b.read().await",
        "m.write().await?",
        "m.lock().unwrap()",
        "m.lock().unwrap_or_else(E::into_inner)",
        "(s.clone().acquire_owned().await).expect(\"open\")",
    ] {
        guards_at(&format!("let g = {acquires}; here().await;"), "g");
        guards_at(
            &format!("let mut g: G<'_> = {acquires}; here().await;"),
            "g",
        );
    }
    for borrows in [
        "*g += 1;",
        "g.push(1);",
        "g.field = 1;",
        "let x = g.field + g.count;",
        "f(&g, &mut g, &*g, g[0], g.len());",
        "println!(\"{} {g}\", g);",
        "tracing::info!(count = g.len(), value = g);",
        "let x = || g.len();",
        "let x = async { g.len() };",
        "for x in g.iter() { y(x); }",
        "match &g { G => {} }",
        "if let Some(x) = g.get_mut() {}",
        "join!(f(&g), f(&mut g));",
        "let x = C { x: &g };",
    ] {
        guards_at(
            &format!("let g = m.lock().await; {borrows} here().await;"),
            "g",
        );
    }
}

#[test]
fn several_are_told_in_the_order_of_the_source() {
    let two = "let a = x.lock().await; let b = y.read().await;";
    guards_at(&format!("{two} here().await"), "a b");
    guards_at(&format!("{two} drop(a); here().await"), "-a b");
    guards_at(
        "let a = x.lock().await; here().await; let b = y.lock().await;",
        "a",
    );
}

#[test]
fn a_move_behind_the_await_is_none_before_it() {
    guards_at("let g = m.lock().await; here().await; drop(g);", "g");
    guards_at(
        "loop { let g = m.lock().await; here().await; drop(g); }",
        "g",
    );
    guards_at(
        "loop { let g = m.lock().await; drop(g); here().await; }",
        "-g",
    );
}

#[test]
fn a_statement_that_drops_it_in_any_case_is_told() {
    guards_at(
        "let g = m.lock().await; std::mem::drop(g); { here().await }",
        "-g",
    );
    guards_at(
        "let g = m.lock().await; if c { drop(g); here().await; }",
        "",
    );
    guards_at(
        "{ let g = m.lock().await; if c { drop(g); } } here().await;",
        "",
    );
    guards_at(
        "let g = m.lock().await; drop(g); let g = m.lock().await; here().await;",
        "",
    );
    guards_at("let g = m.lock().await; drop(g) == (); here().await;", "");
}

#[test]
fn whatever_may_move_it_counts() {
    for moves in [
        "(drop)(g);",
        "let x = g;",
        "let x = Some(g);",
        "let x = S { g };",
        "let x = [g];",
        "let x = (1, g);",
        "std::mem::forget(g);",
        "permits.merge(g);",
        "g.forget();",
        "let x = g.downgrade();",
        "let x = g.into_mapped();",
        "match g { x => drop(x) }",
        "if let x = g {}",
        "for x in g {}",
        "if c { drop(g); }",
        "let x = move || g.len();",
        "let x = async move { g.len() };",
        "let x = async move { println!(\"{g}\") };",
        "let x = || drop(g);",
        "let x = async { drop(g) };",
        "unknown!(g);",
        "macro_rules! finish { () => { drop(g) } } finish!();",
        "pool::drop(g);",
        "vec![g];",
        "println!(\"{}\", drop(g));",
        "println!(\"{}\", f(move || g.len()));",
        "select! { x = f(g) => {} }",
        "g = other;",
        "return f(g);",
        "x.push(g);",
    ] {
        guards_at(
            &format!("let g = m.lock().await; {moves} here().await;"),
            "",
        );
    }
}

#[test]
fn variables_that_are_bound_in_another_way_are_not_told() {
    guards_at("let g; if c { g = m.lock().await; } here().await;", "");
    guards_at(
        "let g = m.lock().await; { let g = other; here().await; }",
        "",
    );
    guards_at(
        "let g = m.lock().await; match x { Some(g) => here().await, _ => {} }",
        "",
    );
    guards_at("let g = m.lock().await; f(|g| g); here().await;", "");
    guards_at(
        "let Ok(g) = m.try_lock() else { return }; here().await;",
        "",
    );
    guards_at("let g = m.lock().await.data.clone(); here().await;", "");
    guards_at("let g = f(m.lock().await); here().await;", "");
    guards_at("let parameter = m.lock().await; here().await;", "");
    guards_at("here().await; let g = m.lock().await;", "");
    guards_at("let g = m.at(here().await).lock().await;", "");
    guards_at(
        "let mut g = m.lock().await; loop { here().await; g = m.lock().await; drop(g); }",
        "",
    );
}

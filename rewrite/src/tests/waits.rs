use super::{instrument, short};

/// Asserts what statements of a function become.
#[track_caller]
fn becomes(statements: &str, expected: &str) {
    let text = instrument("", &format!("fn f() {{ {statements} }}")).text;
    let expected = short(&format!("fn f() {{ {expected} }}"));
    assert_eq!(text, expected, "{statements}");
}

#[track_caller]
fn untouched(statements: &str) {
    becomes(statements, statements);
}

#[test]
fn polls_of_what_is_blocked_on_are_counted() {
    becomes(
        "rt.block_on(async { 1 });",
        "rt.block_on(P::Blocked::new(async { 1 }));",
    );
    becomes(
        "smol::block_on(async move { 1 })",
        "smol::block_on(P::Blocked::new(async move { 1 }))",
    );
    becomes(
        "return builder().build().expect(\"it\").block_on(body);",
        "return builder().build().expect(\"it\").block_on(P::blocked!(body));",
    );
    becomes(
        "block_on(&mut x.work()); block_on(&mut x.into())",
        "block_on(match &mut x.work() { __birthmark => P::blocked!(__birthmark) }); block_on(&mut x.into())",
    );
    becomes(
        "local.block_on(&rt, work())",
        "local.block_on(&rt, match work() { __birthmark => P::blocked!(__birthmark) })",
    );
    becomes(
        "LocalPool::new().run_until(x)",
        "LocalPool::new().run_until(P::blocked!(x))",
    );
}

#[test]
fn polls_are_counted_in_the_arguments_of_macros() {
    becomes(
        "println!(\"{}\", rt.block_on(x)); my_print!(rt.block_on(x));",
        "println!(\"{}\", rt.block_on(P::blocked!(x))); my_print!(rt.block_on(x));",
    );
    becomes(
        "cfg_if! { if #[cfg(a)] { rt.block_on(x); } }",
        "cfg_if! { if #[cfg(a)] { rt.block_on(P::blocked!(x)); } }",
    );
    becomes(
        "assert_eq!(block_on(async { 1 }), 1); assert!(block_on(x));",
        "assert_eq!(block_on(P::Blocked::new(async { 1 })), 1);
         assert!(block_on(P::blocked!(x)), \"{:}\", \"assertion failed: block_on(x)\");",
    );
}

#[test]
fn other_arguments_are_left_alone() {
    untouched("rt.block_on(x.into()); rt.block_on(|| 1); rt.block_on(1); rt.block_on();");
    untouched("set.run_until(x); run_until(x); block_on_all(x); unblock_on(x);");
}

#[test]
fn argument_whose_type_the_callee_names_is_left_alone() {
    let text = instrument(
        "",
        "mod m {
            fn block_on(future: &mut dyn Future<Output = ()>) {}
            fn f() { block_on(&mut x); block_on(x) }
        }",
    )
    .text;
    assert!(!text.contains("P::"), "{text}");
}

#[test]
fn attribute_that_leaves_awaits_alone_leaves_waits_alone() {
    for arguments in ["frames = false", "skip"] {
        let text = instrument(arguments, "fn f() { rt.block_on(x) }").text;
        assert_eq!(text, "fnf(){rt.block_on(x)}");
    }
}

#[test]
fn body_of_a_main_function_is_blocked_on() {
    let becomes = |item: &str, expected: &str| {
        assert_eq!(instrument("", item).text, short(expected), "{item}");
    };
    becomes(
        "#[tokio::main(flavor = \"x\")] async fn main() -> Result<(), E> { f()?; Ok(()) }",
        "#[tokio::main(flavor = \"x\")] async fn main() -> Result<(), E> {
            P::Blocked::new(async move { f()?; Ok(()) }).await
        }",
    );
    for other in [
        "async fn main() { f() }",
        "#[tokio::main] fn main() { f() }",
        "#[tokio::main] async fn main() {}",
        "#[tokio::main] async fn main() { #![allow(x)] f() }",
        "#[ntex::main] async fn main(x: u32) { f() }",
        "#[tokio::test] async fn main() { f() }",
    ] {
        becomes(other, other);
    }
}

#[test]
fn attribute_on_an_inner_item_does_not_count_polls_once_more() {
    let text = instrument(
        "",
        "mod m { #[birthmark::instrument] fn f() { block_on(x) } }",
    )
    .text;
    let done =
        "#[birthmark::instrument]#[rustfmt::__BIRTHMARKFRAMES]fnf(){block_on(P::blocked!(x))}";
    assert!(text.contains(done), "{text}");
    let again = text
        .strip_prefix("modm{#[birthmark::instrument]")
        .and_then(|text| text.strip_suffix('}'))
        .expect("it is a module");
    let again = again.replace("fnf", "fn f");
    assert_eq!(instrument("", &again).text, short(&again));
}

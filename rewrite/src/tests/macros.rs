use super::{becomes, body, instrument, reasons, untouched};
use crate::site::Reason;

const CALL: &str = "match spawn(P::adapt!(S0, x)) { __birthmark => P::settle!(S0, __birthmark) }";

#[test]
fn arguments_that_are_expressions() {
    for mac in [
        "vec![0, @]",
        "tokio::join!(@, b)",
        "println!(\"{}\", @)",
        "matches!(@, Ok(_))",
        "assert_eq!(@, 1)",
        "std::panic!(\"{}\", @)",
    ] {
        becomes(
            &format!("{};", mac.replace('@', "spawn(x)")),
            &format!("{};", mac.replace('@', CALL)),
        );
    }
}

#[test]
fn arguments_that_are_tokens() {
    let text = body(
        "tokio::select! { a = lib::spawn(x) => { let t = make(); spawn(t); } _ = set.spawn(async {}) => {} }",
    );
    assert!(
        text.contains(
            "a=matchlib::spawn(P::adapt!(S0,x)){__birthmark=>P::settle!(S0,__birthmark)}=>{"
        ),
        "{text}"
    );
    assert!(
        text.contains("matchspawn(P::adapt!(S1,t)){__birthmark=>P::settle!(S1,__birthmark)};"),
        "{text}"
    );
    assert!(
        text.contains("_=matchset.spawn(P::future_at(S2,async{})){__birthmark=>"),
        "{text}"
    );
    becomes(
        "vec![spawn::<_, T>(|| 1); 2];",
        &format!("vec![(spawn::<_, T>({})); 2];", closure()),
    );
    becomes(
        "vec![Set::<T>::spawn(|| 1); 2];",
        &format!("vec![Set::<T>::spawn({}); 2];", closure()),
    );
    untouched("matches!(x, Foo { spawn, .. } if a);");
}

fn closure() -> &'static str {
    "{ let (__birthmark, __birthmark_end) = P::record_spawn_at(S0).closure(); || {{ match __birthmark.enter_owned() { _birthmark => 1, _ => __birthmark_end.last_owned() } }} }"
}

#[test]
fn definitions_among_tokens_are_no_calls() {
    let run = instrument(
        "",
        "fn f() { cfg_if! { if #[cfg(a)] { fn spawn(x: u8) {} } else { fn g() { spawn(x); } } } }",
    );
    assert_eq!(run.sites.len(), 1);
    assert_eq!(run.sites[0].function, "f::g");
}

#[test]
fn unknown_macros_are_left_alone_and_reported() {
    for mac in ["quote", "stringify", "dbg", "ensure", "my_select"] {
        let item = format!("fn f() {{ {mac}!(tokio::spawn(x), a.spawn(y)); }}");
        let run = instrument("", &item);
        assert!(run.sites.is_empty());
        let reason = Reason::Macro(mac.to_owned());
        assert_eq!(
            reasons(&run),
            [("tokio::spawn", &reason), (".spawn", &reason)],
            "{mac}"
        );
    }
    assert_eq!(
        instrument("macros(my_select)", "fn f() { my_select!(spawn(x)); }")
            .sites
            .len(),
        1
    );
}

/// The macros by whose name a call is left alone, in a module with these items.
fn left_alone(args: &str, items: &str) -> Vec<String> {
    let run = instrument(args, &format!("mod m {{ {items} }}"));
    let names = run.uncovered.into_iter().map(|one| match one.reason {
        Reason::Macro(name) => name,
        reason => format!("{reason:?}"),
    });
    names.collect()
}

#[test]
fn macros_of_std_need_no_import() {
    let call =
        "fn f() { vec![spawn(a)]; std::format!(\"{}\", spawn(b)); ::core::matches!(spawn(c), d); }";
    for imports in [
        "",
        "use my::*;",
        "use std::vec;",
        "use std::fmt::format;",
        "use alloc::{format, vec};",
    ] {
        assert_eq!(
            left_alone("", &format!("{imports} {call}")),
            [""; 0],
            "{imports}"
        );
    }
    for imports in [
        "use my::vec;",
        "use super::{self as it, vec};",
        "use my::list as vec;",
        "macro_rules! vec { () => {} }",
        "#[macro_use] mod a { macro_rules! vec { () => {} } }",
        "#[macro_use] extern crate my;",
    ] {
        assert_eq!(
            left_alone("", &format!("{imports} {call}")),
            ["vec"],
            "{imports}"
        );
    }
}

#[test]
fn other_macros_are_known_by_their_import_or_path() {
    let call = "fn f() { info!(\"{}\", spawn(a)); }";
    for imports in [
        "use log::info;",
        "use tracing::{debug, info};",
        "use log::*;",
        "#[macro_use] extern crate log;",
    ] {
        assert_eq!(
            left_alone("", &format!("{imports} {call}")),
            [""; 0],
            "{imports}"
        );
    }
    for imports in [
        "",
        "use super::*;",
        "use my::*;",
        "use my::log::info;",
        "use log::warn as info_;",
    ] {
        assert_eq!(
            left_alone("", &format!("{imports} {call}")),
            ["info"],
            "{imports}"
        );
        assert_eq!(
            left_alone("macros(info)", &format!("{imports} {call}")),
            [""; 0]
        );
    }
    for glob in ["tokio_test", "crossbeam_utils", "async_lock"] {
        let beside =
            format!("use tokio::*; use {glob}::*; fn f() {{ select! {{ _ = spawn(a) => 1 }} }}");
        assert_eq!(left_alone("", &beside), [""; 0], "{glob}");
    }
    let asserting = "use tokio_test::*; fn f() { assert_ok!(spawn(a)); assert_ready!(spawn(b)); }";
    assert_eq!(left_alone("", asserting), [""; 0]);
    let channels =
        "use crossbeam_channel::*; async fn f() { select_biased!(recv(spawn(a)) -> x => 1); }";
    let run = instrument("", &format!("mod m {{ {channels} }}"));
    assert!(!run.text.contains("P::frame_guard"), "{}", run.text);
    let paths = "use std::task; use futures as f; fn f() { task::ready!(spawn(a)); f::ready!(spawn(a)); log::warn!(spawn(a)); g::ready!(spawn(a)); }";
    assert_eq!(left_alone("", paths), ["ready"]);
    let renamed = "use tracing::error as shout; fn f() { shout!(spawn(a)); }";
    assert_eq!(left_alone("", renamed), [""; 0]);
}

#[test]
fn a_listed_macro_is_entered_whatever_it_is() {
    let own = "macro_rules! vec { () => {} } macro_rules! root { () => {} } fn f() { vec![spawn(a)]; self::root!(spawn(b)); }";
    assert_eq!(left_alone("", own), ["vec", "root"]);
    assert_eq!(left_alone("macros(vec, root)", own), [""; 0]);
}

#[test]
fn an_assert_keeps_its_message() {
    becomes(
        "assert!(spawn(x));",
        &format!("assert!({CALL}, \"{{:}}\", \"assertion failed: spawn(x)\");"),
    );
    becomes(
        "assert!(spawn(x),);",
        &format!("assert!({CALL}, \"{{:}}\", \"assertion failed: spawn(x)\");"),
    );
    becomes(
        "assert!(spawn(x), \"a\");",
        &format!("assert!({CALL}, \"a\");"),
    );
    untouched("assert!(x == 3); debug_assert!(scope(spawn));");
}

#[test]
fn macros_outside_of_functions_use_the_table_of_the_module() {
    let run = instrument(
        "",
        "mod m { thread_local! { static A: T = spawn(|| 1); static B: T = a.spawn(move || 2); } }",
    );
    assert_eq!(run.sites.len(), 2);
    assert_eq!(run.text.matches("P::table!{__BIRTHMARK_SITES").count(), 1);
    assert_eq!(run.text.matches("P::record_spawn_at(S1)").count(), 1);
}

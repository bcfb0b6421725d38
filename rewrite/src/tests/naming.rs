use super::{becomes, instrument};

const SETTLE: &str = "{ __birthmark => P::settle!(S0, __birthmark) }";

#[test]
fn names_move_into_the_birth() {
    becomes(
        "tokio::spawn(birthmark::named!(\"conn {peer} {}\", a + 1 => serve(conn)));",
        &format!(
            "match tokio::spawn(birthmark::named!(\"\" => match (
                P::record_spawn_as!(S0, false, \"conn {{peer}} {{}}\", a + 1), serve(conn)) {{
                    (__birthmark_birth, __birthmark) => P::adapt!(__birthmark_birth, __birthmark) }})) {SETTLE};"
        ),
    );
}

#[test]
fn detached_and_named_nest_in_either_order() {
    let closure = |birth| {
        format!(
            "{{ let (__birthmark, __birthmark_end) = {birth}.closure(); move || {{{{ match __birthmark.enter_owned() {{ _birthmark => 1, _ => __birthmark_end.last_owned() }} }}}} }}"
        )
    };
    let named = closure("P::record_spawn_as!(S0, true, \"a\")");
    becomes(
        "thread::spawn(root!(move || 1));",
        &format!(
            "thread::spawn(root!({}));",
            closure("P::record_spawn_as!(S0, true)")
        ),
    );
    becomes(
        "thread::spawn(root!(named!(\"a\" => move || 1)));",
        &format!("thread::spawn(root!(named!(\"\" => {named})));"),
    );
    becomes(
        "thread::spawn(named!(\"a\" => root!(move || 1)));",
        &format!("thread::spawn(named!(\"\" => root!({named})));"),
    );
    becomes(
        "spawn_pinned(named!(\"a\" => || async {}));",
        &format!(
            "match spawn_pinned(named!(\"\" => P::future_fn(P::record_spawn_as!(S0, false, \"a\"), || async {{}}))) {SETTLE};"
        ),
    );
}

#[test]
fn a_name_elsewhere_is_an_error() {
    let run = instrument(
        "",
        "fn f() { launch(birthmark::named!(\"a\" => x)); let y = birthmark::root!(x); }",
    );
    assert_eq!(run.errors.len(), 2);
    assert!(run.errors[0].contains("`#[instrument(also(callee))]`"));
    assert!(
        instrument(
            "also(launch)",
            "fn f() { launch(birthmark::named!(\"a\" => x)); }"
        )
        .errors
        .is_empty()
    );
    assert_eq!(
        instrument(
            "crate = crate::bm",
            "fn f() { launch(crate::bm::named!(\"a\" => x)); }"
        )
        .errors
        .len(),
        1
    );
}

#[test]
fn another_macro_of_that_name_is_none_of_ours() {
    assert!(
        instrument("", "fn f() { named!(parser); let x = root!(y); }")
            .errors
            .is_empty()
    );
}

#[test]
fn text_beside_a_task_is_offered_as_its_name() {
    for call in [
        "executor.spawn(work(), \"notifier\")",
        "spawn(\"notifier\", work())",
        "spawn(|| format!(\"notifier\"), work())",
        "self.executor.spawn(&\"notifier\".to_owned(), work())",
        "spawn(String::from(\"notifier\"), 3, work())",
        "spawn(\"notifier\", async { a; b })",
        "spawn(\"notifier\", || { a; b })",
    ] {
        let text = instrument("", &format!("fn f() {{ {call}; }}")).text;
        assert!(
            text.contains("P::record_spawn_as!(S0,offered\"notifier\")"),
            "{call}: {text}"
        );
    }
}

#[test]
fn any_other_text_is_no_name() {
    for call in [
        "spawn(work())",
        "spawn(name, work())",
        "spawn(\"\", work())",
        "spawn(\"a\", \"b\", work())",
        "spawn(format!(\"{a}\"), work())",
        "spawn(|name| \"notifier\", work())",
        "tokio::spawn(work(), \"notifier\")",
        "thread::Builder::spawn(\"notifier\", work())",
        "spawn_critical(\"notifier\", work())",
        "spawn(\"notifier\", birthmark::named!(\"own\" => work()))",
        "spawn(\"notifier\", birthmark::root!(work()))",
    ] {
        let text = instrument("", &format!("fn f() {{ {call}; }}")).text;
        assert!(!text.contains("offered"), "{call}: {text}");
    }
    let received = "fn f(task: impl Future) { spawn(\"notifier\", task); }";
    assert!(!instrument("", received).text.contains("offered"));
}

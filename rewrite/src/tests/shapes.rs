use super::{becomes, body, instrument, reasons, untouched};
use crate::site::Reason;

const SETTLE: &str = "{ __birthmark => P::settle!(S0, __birthmark) }";

fn settled(call: &str) -> String {
    format!("match {call} {SETTLE};")
}

#[test]
fn closures_are_changed_in_place() {
    becomes(
        "rayon::spawn(|| work());",
        "rayon::spawn({ let (__birthmark, __birthmark_end) = P::record_spawn_at(S0).closure(); || {{ match __birthmark.enter_owned() { _birthmark => work(), _ => __birthmark_end.last_owned() } }} });",
    );
    becomes(
        "s.spawn(move |s, (a, b): (u8, u8)| -> u8 { a + b });",
        "s.spawn({ let (__birthmark, __birthmark_end) = P::record_spawn_at(S0).closure();
            move |s, (a, b): (u8, u8)| -> u8 {{ match __birthmark.enter() { _birthmark => ({ a + b }), _ => __birthmark_end.last() } }} });",
    );
    becomes(
        "rayon::spawn(move || work());",
        "rayon::spawn({ let (__birthmark, __birthmark_end) = P::record_spawn_at(S0).closure(); move || {{ match __birthmark.enter_owned() { _birthmark => work(), _ => __birthmark_end.last_owned() } }} });",
    );
    becomes(
        "spawn(|| unsafe { x }.y() + 1);",
        "spawn({ let (__birthmark, __birthmark_end) = P::record_spawn_at(S0).closure(); || {{ match __birthmark.enter_owned() { _birthmark => (unsafe { x }.y() + 1), _ => __birthmark_end.last_owned() } }} });",
    );
}

#[test]
fn async_blocks_are_wrapped() {
    becomes(
        "tokio::spawn(async move { 1 });",
        &settled("tokio::spawn(P::future_at(S0, async move { 1 }))"),
    );
}

#[test]
fn places_are_mentioned_by_the_adaptor() {
    for place in ["x", "lib::work", "self.x", "self.x.0", "work::<T>"] {
        becomes(
            &format!("spawn({place});"),
            &settled(&format!("spawn(P::adapt!(S0, {place}))")),
        );
    }
}

#[test]
fn other_values_are_adapted_by_value() {
    for value in [
        "work(a)?",
        "work().await",
        "a[0]",
        "*x",
        "&x",
        "server.run()",
        "self.make()()",
        "Thing(1)",
        "x as fn()",
    ] {
        becomes(
            &format!("spawn({value});"),
            &settled(&format!(
                "spawn(match {value} {{ __birthmark => P::adapt!(S0, __birthmark) }})"
            )),
        );
    }
    becomes(
        "spawn(Worker { a }.run());",
        &settled("spawn(match (Worker { a }.run()) { __birthmark => P::adapt!(S0, __birthmark) })"),
    );
}

#[test]
fn what_is_never_a_task() {
    for value in [
        "1",
        "\"a\"",
        "(A, B)",
        "[a]",
        "[a; 3]",
        "1..2",
        "a + b",
        "-x",
        "!x",
        "None",
        "Some(x)",
        "Default::default()",
        "T::default()",
        "x.into()",
        "x.try_into()?",
        "x.parse().unwrap()",
        "x.collect()",
        "x.sum()",
        "x.product()",
        "todo!()",
        "panic!(\"a\")",
        "return",
        "loop {}",
        "format!(\"a\")",
        "vec![x]",
        "&[a, b]",
        "&mut *x",
        "Vec::new()",
        "if a { b(); }",
        "From::from(x)",
    ] {
        untouched(&format!("spawn({value});"));
    }
}

#[test]
fn the_tail_of_a_block_is_the_task() {
    becomes(
        "spawn({ let tx = tx.clone(); async move { tx } });",
        &settled("spawn({ let tx = tx.clone(); P::future_at(S0, async move { tx }) })"),
    );
    becomes(
        "spawn(unsafe { (move || x) });",
        "spawn(unsafe { ({ let (__birthmark, __birthmark_end) = P::record_spawn_at(S0).closure(); move || {{ match __birthmark.enter() { _birthmark => x, _ => __birthmark_end.last() } }} }) });",
    );
}

#[test]
fn branches_become_one_type_before_they_are_adapted() {
    becomes(
        "spawn(if a { f } else { g });",
        &format!(
            "match spawn(match if a {{ f }} else {{ g }} {{ __birthmark => P::adapt!(S0, __birthmark) }}) {SETTLE};"
        ),
    );
}

/// The types of boxes differ until the type that the callee expects makes them one.
#[test]
fn each_branch_that_is_a_box_is_the_task() {
    let run = instrument(
        "",
        "fn f() { spawn(if a { Box::pin(b()) } else if c { Box::pin(async {}) } else { Box::pin(d) }); }",
    );
    assert_eq!(run.sites.len(), 1);
    assert_eq!(run.text.matches("P::adapt!(S0").count(), 2, "{}", run.text);
    assert!(run.text.contains("P::future_at("), "{}", run.text);
}

#[test]
fn boxes_are_entered() {
    let closure = "{ let (__birthmark, __birthmark_end) = P::record_spawn_at(S0).closure(); || {{ match __birthmark.enter_owned() { _birthmark => 1, _ => __birthmark_end.last_owned() } }} }";
    becomes(
        "spawn(Box::new(|| 1));",
        &format!("spawn(Box::new({closure}));"),
    );
    becomes(
        "spawn(Box::pin(async {}));",
        &settled("spawn(Box::pin(P::future_at(S0, async {})))"),
    );
    becomes(
        "spawn(Box::pin(async {}) as Task);",
        &settled("spawn(Box::pin(P::future_at(S0, async {})) as Task)"),
    );
    becomes(
        "spawn(Box::pin(x));",
        &settled("spawn(Box::pin(P::adapt!(S0, x)))"),
    );
    becomes(
        "spawn(Box::new(x));",
        &settled("spawn(match Box::new(x) { __birthmark => P::adapt!(S0, __birthmark) })"),
    );
}

#[test]
fn decorated_literals_are_entered() {
    becomes(
        "spawn(async {}.instrument(span).boxed());",
        &settled("spawn(P::future_at(S0, async {}).instrument(span).boxed())"),
    );
}

#[test]
fn async_closures_are_left_alone() {
    let run = instrument("", "fn f() { spawn(async || 1); }");
    assert_eq!(
        reasons(&run),
        [("spawn", &Reason::Shape("an async closure"))]
    );
    becomes(
        "pool.spawn_pinned(async || 1);",
        &settled("pool.spawn_pinned(P::future_fn(P::record_spawn_at(S0), async || 1))"),
    );
}

#[test]
fn a_call_that_goes_on_is_parenthesised() {
    let call = format!("(match spawn(P::adapt!(S0, x)) {SETTLE})");
    for rest in [".abort()", ".await", "?", ".id == 3", "as T", "[0]"] {
        becomes(&format!("spawn(x) {rest};"), &format!("{call} {rest};"));
    }
    becomes(
        "a(spawn(x), b);",
        &format!("a(match spawn(P::adapt!(S0, x)) {SETTLE}, b);"),
    );
    becomes(
        "let a = spawn(x);",
        &format!("let a = match spawn(P::adapt!(S0, x)) {SETTLE};"),
    );
}

#[test]
fn spawns_inside_of_spawns() {
    let run = instrument(
        "",
        "fn f() { spawn(async { spawn(async { spawn(|| 1) }) }); spawn(make(spawn(x))); }",
    );
    assert_eq!(run.sites.len(), 5);
    assert!(run.text.contains("P::future_at(S1,async{"), "{}", run.text);
}

#[test]
fn receivers_are_visited() {
    assert_eq!(
        instrument("", "fn f() { set(|| spawn(x)).spawn(y); }")
            .sites
            .len(),
        2
    );
}

#[test]
fn what_schedules_a_task_is_none() {
    let calls = [
        "async_task::spawn(future, |runnable| queue.push(runnable));",
        "Builder::new().spawn(|()| future, move |r| drop(r));",
    ];
    calls.into_iter().for_each(untouched);
    let scope = body("Scope::spawn(s, |s| work(s));");
    assert!(scope.contains("P::record_spawn"), "{scope}");
}

#[test]
fn a_bound_may_demand_the_very_type_of_the_task() {
    let items = [
        "impl<E: Executor<F>, F> Exec<F> for E { fn f(&self, task: F) { self.execute(task) } }",
        "fn f<E: Executor<F>, F>(executor: &E, task: F) { executor.execute(task) }",
        "impl<E> Outer<E> { fn execute<F>(&self, task: F) { self.inner.execute(task.in_span()) } }",
        "trait Exec { fn execute(&self, task: Task); fn f(&self, task: Task) { self.execute(task) } }",
    ];
    for item in items {
        let run = instrument("", item);
        assert!(run.sites.is_empty(), "{item}");
        assert_eq!(run.uncovered.len(), 1, "{item}");
    }
    assert_eq!(
        instrument("", "fn f<T>(e: E, t: T) { e.execute(t) }")
            .sites
            .len(),
        1
    );
}

#[test]
fn attributes_stay_in_front() {
    becomes(
        "#[cfg(a)] spawn(work());",
        &format!(
            "#[cfg(a)] {}",
            settled("spawn(match work() { __birthmark => P::adapt!(S0, __birthmark) })")
        ),
    );
}

#[test]
fn a_spawn_that_is_handed_on_is_reported() {
    let source = "fn f() { a.map(tokio::spawn); b(std::thread::spawn, 1); a.map(Command::spawn); a.map(spawn); c(db::execute); }";
    let run = instrument("", source);
    let callees: Vec<_> = reasons(&run)
        .into_iter()
        .map(|(callee, _)| callee)
        .collect();
    assert_eq!(callees, ["tokio::spawn", "std::thread::spawn"]);
    assert!(run.sites.is_empty());
    let closure = instrument("", "fn f() { a.map(|task| tokio::spawn(task)); }");
    assert_eq!((closure.sites.len(), closure.uncovered.len()), (1, 0));
    let listed = instrument("also(launch)", "fn f() { a.map(my::launch) }");
    assert_eq!(listed.uncovered.len(), 1);
}

#[test]
fn branches_of_which_one_is_no_task_are_left_alone() {
    untouched("spawn(match b { true => None, false => Some(Box::new(|| ())) })");
    untouched("spawn(if b { { None } } else if c { x } else { y })");
    untouched("spawn(if b { x } else { Default::default() })");
}

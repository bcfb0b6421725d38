use super::{becomes, instrument, reasons, untouched};
use crate::known::callees::{Form, Mode, TABLE};
use crate::site::{Kind, Reason};

/// Arguments `a0, …` with the task where the row says.
fn arguments(count: usize, from_end: usize, task: &str) -> String {
    let names = (0..count).map(|index| {
        if index + 1 + from_end == count {
            task.to_owned()
        } else {
            format!("{index}")
        }
    });
    names.collect::<Vec<_>>().join(", ")
}

#[test]
fn every_row_with_every_arity() {
    for row in TABLE {
        for count in row.least..=row.most {
            let args = arguments(count, row.from_end, "work(1)");
            for (form, call) in [
                (Form::Path, format!("lib::{}({args})", row.name)),
                (Form::Method, format!("pool.{}({args})", row.name)),
            ] {
                let run = instrument("", &format!("fn f() {{ {call}; }}"));
                let known = TABLE.iter().any(|other| {
                    other.name == row.name
                        && (other.form == Form::Any || other.form == form)
                        && (other.least..=other.most).contains(&count)
                });
                assert_eq!(run.sites.len(), usize::from(known), "{call}");
                assert!(run.text.contains("work(1)"), "{call}");
                assert_eq!(
                    run.text.contains(if row.mode == Mode::FutureFn {
                        "future_fn(P::record_spawn_at(S0),work(1))"
                    } else {
                        "matchwork(1){"
                    }),
                    known,
                    "{call}"
                );
            }
        }
    }
}

#[test]
fn every_row_with_a_closure() {
    for row in TABLE.iter().filter(|row| row.mode != Mode::FutureFn) {
        let args = arguments(row.least, row.from_end, "|| 1");
        let call = if row.form == Form::Path {
            format!("{}({args})", row.name)
        } else {
            format!("pool.{}({args})", row.name)
        };
        let run = instrument("", &format!("fn f() {{ {call}; }}"));
        assert_eq!(
            run.text.matches("match__birthmark.enter_owned(){").count(),
            1,
            "{call}"
        );
    }
}

#[test]
fn an_arity_outside_of_the_row_is_untouched() {
    untouched("command.spawn();");
    untouched("spawn(a, b, c, task);");
    untouched("connection.execute(sql, parameters);");
    untouched("unblock(a, work());");
    untouched("set.spawn_on(task);");
    untouched("pool.unblock(work);");
}

#[test]
fn spawn_that_gives_the_future_back_is_untouched() {
    untouched("tokio_test::task::spawn(work());");
    untouched("use tokio_test::task::spawn; let mut polled = spawn(work());");
    untouched("use tokio_test::task; let mut polled = task::spawn(work());");
    untouched("use tokio_test::*; let mut polled = task::spawn(work());");
    untouched("use tokio_test::task::*; let mut polled = spawn(work());");
}

#[test]
fn callees_that_are_not_in_the_table() {
    untouched(
        "rayon::join(|| 1, || 2); pool.spawn_broadcast(|_| 1); spawner.spawn_obj(task); launch(work());",
    );
}

#[test]
fn query_that_a_database_executes_is_no_spawn() {
    let sites =
        |call: &str| instrument("", &format!("async fn f(pool: &Pool) {{ {call}.await; }}")).sites;
    for call in [
        "sqlx::query(text).bind(1).execute(&pool)",
        "query.execute(&mut *transaction)",
        "query.execute(&mut connection)",
        "sqlx::query!(\"SELECT 1\").execute(&self.pool)",
    ] {
        assert!(sites(call).is_empty(), "{call}");
    }
    // A pool in a variable could be a task. The site counts once a task was spawned there.
    for call in ["query.execute(pool)", "query.execute(self.pool.clone())"] {
        assert!(sites(call).iter().all(|site| !site.certain), "{call}");
    }
}

#[test]
fn position_in_also_is_that_of_the_task() {
    let role = |args: &str, call: &str| {
        let run = instrument(args, &format!("fn f(a: A) {{ {call}; }}"));
        assert!(run.errors.is_empty(), "{:?}", run.errors);
        run.sites[0].role.clone()
    };
    assert_eq!(role("also(launch(1))", "launch(name(), work(), 3)"), "work");
    assert_eq!(
        role("also(launch(0), go)", "a.launch(work(), name())"),
        "work"
    );
    assert_eq!(role("also(go, launch)", "launch(name(), work())"), "work");
    assert_eq!(role("also(spawn(0))", "spawn(work(), options())"), "work");
    // Another function of that name may have fewer arguments.
    assert_eq!(role("also(launch(1))", "launch(work())"), "work");
    let inner =
        "mod m { #[birthmark::instrument(also(launch(0)))] fn f() { launch(work(), name()); } }";
    assert_eq!(instrument("also(launch(1))", inner).sites[0].role, "work");
}

#[test]
fn position_in_also_that_is_no_number_is_an_error() {
    for args in [
        "also(launch(a))",
        "also(launch())",
        "also(launch(1, 2))",
        "also(launch(-1))",
    ] {
        let run = instrument(args, "fn f() {}");
        assert!(
            run.errors[0].contains("`also(launch(1))`"),
            "{:?}",
            run.errors
        );
    }
}

#[test]
fn also_extends_the_table() {
    let run = instrument(
        "also(launch)",
        "fn f() { launch(1, 2, 3, 4, || work()); x.launch(a); launch(); }",
    );
    assert_eq!(run.sites.len(), 2);
    assert_eq!(run.sites[0].kind, Kind::Job);
}

#[test]
fn functions_for_methods_count_from_the_end() {
    becomes(
        "tokio::task::JoinSet::spawn(&mut set, fut);",
        "match tokio::task::JoinSet::spawn(&mut set, P::adapt!(S0, fut)) { __birthmark => P::settle!(S0, __birthmark) };",
    );
}

#[test]
fn execute_takes_a_borrowing_closure_only_from_a_pool() {
    for pool in [
        "pool",
        "self.thread_pool",
        "ThreadPool::new(4)",
        "workers.lock().unwrap()",
        "executor",
        "POOL",
    ] {
        let run = instrument("", &format!("fn f() {{ {pool}.execute(|| work()); }}"));
        assert_eq!(run.sites.len(), 1, "{pool}");
    }
    let run = instrument("", "fn f() { command.execute(|| work()); }");
    assert_eq!((run.sites.len(), run.uncovered.len()), (0, 1));
    assert_eq!(
        instrument("", "fn f() { command.execute(move || work()); }")
            .sites
            .len(),
        1
    );
}

#[test]
fn scopes_of_rayon_run_as_the_task_of_their_caller() {
    let inherited = "{ let (__birthmark, __birthmark_end) = P::borrow_parent().closure(); |s| {{ match __birthmark.enter_owned() { _birthmark => work(s), _ => __birthmark_end.last_owned() } }} }";
    becomes(
        "rayon::scope(|s| work(s));",
        &format!("rayon::scope({inherited});"),
    );
    becomes(
        "self.pool.install(|s| work(s));",
        &format!("self.pool.install({inherited});"),
    );
    untouched("std::thread::scope(|s| work(s));");
    untouched(
        "rayon::in_place_scope(|s| work(s)); package.install(|| work()); rayon::scope(work);",
    );
}

#[test]
fn kinds() {
    let kind = |call: &str| {
        instrument("", &format!("fn f() {{ {call}; }}"))
            .sites
            .last()
            .map(|site| site.kind)
    };
    for (call, expected) in [
        ("tokio::spawn(async {})", Kind::Future),
        ("tokio::spawn(work())", Kind::Unknown),
        ("std::thread::spawn(work)", Kind::Thread),
        ("thread::Builder::new().name(n).spawn(|| 1)", Kind::Thread),
        (
            "let builder = thread::Builder::new(); builder.spawn(|| 1)",
            Kind::Thread,
        ),
        ("tokio::task::Builder::new().spawn(work())", Kind::Unknown),
        ("tokio::task::spawn_blocking(work)", Kind::Blocking),
        ("unblock(|| 1)", Kind::Blocking),
        ("rayon::spawn(|| 1)", Kind::Job),
        ("rayon::scope(|s| s.spawn(|_| 1))", Kind::Job),
        ("thread::scope(|s| s.spawn(|| 1))", Kind::ScopedThread),
        ("thread::scope(|s| { s.spawn(work); })", Kind::ScopedThread),
        ("scope(|s| s.spawn(|| 1))", Kind::ScopedThread),
        ("scope(|s| s.spawn(|_| 1))", Kind::Job),
        (
            "crossbeam::scope(|s| { s.spawn(|s| { s.spawn(|_| 1); }); })",
            Kind::ScopedThread,
        ),
        ("builder.spawn_scoped(s, || 1)", Kind::ScopedThread),
        ("pool.spawn_pinned(|| async {})", Kind::Future),
    ] {
        assert_eq!(kind(call), Some(expected), "{call}");
    }
}

#[test]
fn builders_are_fallible() {
    let fallible = |call: &str| {
        instrument("", &format!("fn f() {{ {call}; }}"))
            .text
            .contains(",true,true)")
    };
    assert!(fallible("thread::Builder::new().spawn(|| 1)"));
    assert!(fallible(
        "let b = thread::Builder::new().name(n); b.spawn_scoped(s, || 1)"
    ));
    assert!(fallible(
        "tokio::task::Builder::new().name(n).spawn(async {})"
    ));
    assert!(!fallible("thread::spawn(|| 1)"));
}

#[test]
fn call_that_may_be_no_spawn_is_certain_by_its_argument_or_signature() {
    let certain =
        |call: &str| instrument("", &format!("fn f(pool: Pool) {{ {call}; }}")).sites[0].certain;
    for call in [
        "client.execute(request)",
        "client.execute(request())",
        "unblock(user)",
        "pool.execute(Box::new(job))",
    ] {
        assert!(!certain(call), "{call}");
    }
    for call in [
        "spawn(work)",
        "set.spawn(work())",
        "pool.execute(|| 1)",
        "executor.execute(async {})",
        "pool.execute(Box::new(|| 1))",
        "let job = || 1; pool.execute(job)",
        "blocking::unblock(|| 1)",
    ] {
        assert!(certain(call), "{call}");
    }
    let listed = instrument("also(launch)", "fn f() { launch(task); }");
    assert!(listed.sites[0].certain);
    let declared = "mod m { fn unblock(task: impl FnOnce()) {} fn f() { unblock(task); } }";
    assert!(instrument("", declared).sites[0].certain);
}

#[test]
fn callees_as_written() {
    let callee = |call: &str| {
        instrument("", &format!("fn f() {{ {call}; }}")).sites[0]
            .callee
            .clone()
    };
    for (call, expected) in [
        ("::tokio::spawn(x)", "tokio::spawn"),
        ("spawn::<_, T>(x)", "spawn"),
        ("self.pool.spawn(x)", "self.pool.spawn"),
        (
            "thread::Builder::new().name(n.into()).spawn(x)",
            "thread::Builder::new().name().spawn",
        ),
        ("(if a { b } else { c }).spawn(x)", ".spawn"),
        ("handle?.spawn(x)", "handle?.spawn"),
    ] {
        assert_eq!(callee(call), expected, "{call}");
    }
}

#[test]
fn own_function_in_sight_decides_how_its_argument_is_treated() {
    let table = [
        ("f: &dyn Fn()", "&|| 1", "a task that its callee borrows"),
        (
            "f: Ready<u8>",
            "ready(1)",
            "a task whose type its callee names",
        ),
        (
            "f: fn()",
            "work",
            "a task that its callee takes as a function pointer",
        ),
        (
            "f: impl FnOnce() + Clone",
            "|| 1",
            "a task with a bound that a changed one does not meet",
        ),
        (
            "f: impl Fn(u8)",
            "|n| n",
            "a closure with parameters, which its callee may call more than once",
        ),
        (
            "f: impl Fn()",
            "|| 1",
            "a closure without `move` that may be called more than once",
        ),
    ];
    for (parameter, argument, reason) in table {
        let item = format!("mod m {{ fn spawn({parameter}) {{}} fn f() {{ spawn({argument}) }} }}");
        let run = instrument("", &item);
        assert!(run.sites.is_empty(), "{item}");
        assert_eq!(reasons(&run), [("spawn", &Reason::Shape(reason))], "{item}");
    }
}

#[test]
fn task_before_a_text_is_the_task() {
    let calls = [
        "spawn(work(), \"name\")",
        "e.spawn(work(), &format!(\"{n}\"))",
    ];
    for call in calls {
        let run = instrument("", &format!("fn f() {{ {call}; }}"));
        assert_eq!(run.sites[0].role, "work", "{call}");
    }
}

#[test]
fn own_function_of_the_name_that_takes_no_task_is_no_callee() {
    let item = "mod m { fn spawn(n: usize) {} fn f() { spawn(number()) } }";
    let run = instrument("", item);
    assert!(run.sites.is_empty() && run.uncovered.is_empty());
}

#[test]
fn own_function_elsewhere_decides_nothing() {
    let items = [
        "mod m { mod own { fn spawn(n: usize) {} } mod user { use tokio::spawn; fn f() { spawn(work()) } } }",
        "mod m { mod own { fn spawn(n: usize) {} } fn f() { tokio::spawn(work()) } }",
        "mod m { impl Slab { fn spawn(&mut self, n: usize) {} } fn f(set: JoinSet) { set.spawn(work()) } }",
        "mod m { impl Slab { fn spawn(&mut self, n: usize) {} } fn f() { set().spawn(work()) } }",
        "mod m { impl Pool { fn spawn(&self, f: &dyn Fn()) {} } fn f() { set().spawn(async {}) } }",
    ];
    for item in items {
        assert_eq!(instrument("", item).sites.len(), 1, "{item}");
    }
}

#[test]
fn execute_on_a_borrowed_database_is_no_spawn() {
    for argument in ["&pool", "&mut *tx", "&self.pool"] {
        let run = instrument("", &format!("fn f() {{ query.execute({argument}); }}"));
        assert!(run.sites.is_empty(), "{argument}");
    }
}

use super::{instrument, short};

/// Returns the statements of an async function after the rewrite, with `F0` for the first frame of a table.
fn body(statements: &str) -> String {
    let item = format!("async fn f() {{ {statements} }}");
    let text = numbered(instrument("", &item).text);
    let (_, rest) = text
        .split_once(")}")
        .filter(|_| text.contains("P::frames!"))
        .unwrap_or(("", &text));
    let rest = rest.strip_suffix('}').expect("the function ends");
    rest.trim_start_matches("asyncfnf(){").to_owned()
}

fn numbered(mut text: String) -> String {
    for index in 0..10 {
        for entry in ["&__BIRTHMARKFRAMES[@]", "__BIRTHMARKFRAMES,@"] {
            let entry = entry.replace('@', &index.to_string());
            text = text.replace(&entry, &format!("F{index}"));
        }
    }
    text
}

#[track_caller]
fn becomes(statements: &str, expected: &str) {
    let expected = short(&format!("{{ {expected} }}"));
    assert_eq!(
        format!("{{{}}}", body(statements)),
        expected,
        "{statements}"
    );
}

#[test]
fn what_is_awaited_goes_through_a_frame() {
    becomes("a.await;", "(P::frame::<_, F0>(a)).await;");
    becomes(
        "a(b.await).await?;",
        "(P::frame::<_, F1>(a((P::frame::<_, F0>(b)).await))).await?;",
    );
    becomes(
        "let x = &mut y; x.await",
        "let x = &mut y; (P::frame::<_, F0>(x)).await",
    );
    becomes(
        "a().await.b().await",
        "(P::frame::<_, F1>((P::frame::<_, F0>(a())).await.b())).await",
    );
}

#[test]
fn parentheses_and_mere_braces_stay_outside() {
    becomes("(a + b).await;", "((P::frame::<_, F0>(a + b))).await;");
    becomes("((a)).await;", "(((P::frame::<_, F0>(a)))).await;");
    becomes(
        "let x = { a }.await;",
        "let x = { (P::frame::<_, F0>(a)) }.await;",
    );
    becomes(
        "let x = { b; a }.await;",
        "let x = (P::frame::<_, F0>({ b; a })).await;",
    );
    becomes(
        "let x = unsafe { a }.await;",
        "let x = (P::frame::<_, F0>(unsafe { a })).await;",
    );
}

#[test]
fn branches_of_known_macros_have_a_frame_each() {
    becomes(
        "tokio::join!(a(), b.c());",
        "tokio::join!(P::branch::<_, F0>(a()), P::branch::<_, F1>(b.c()));",
    );
    becomes(
        "futures::try_join!(a, b)?;",
        "futures::try_join!(P::branch::<_, F0>(a), P::branch::<_, F1>(b))?;",
    );
    becomes(
        "tokio::select! { biased; Some(x) = a(), if c => x.await, _ = &mut b => {} else => return }",
        "tokio::select! { biased; Some(x) = P::branch::<_, F0>(a()), if c => (P::frame::<_, F1>(x)).await,
            _ = P::branch::<_, F2>(&mut b) => {} else => return }",
    );
}

#[test]
fn a_branch_that_borrows_a_temporary_is_put_into_a_literal() {
    for (branch, held) in [
        ("&mut ready(())", true),
        ("(&mut f(&mut g()))", true),
        ("&mut a.lock().b", true),
        ("std::pin::pin!(g)", true),
        ("&mut a", false),
        ("(&mut *self.a.b)", false),
        ("f(&mut g())", false),
    ] {
        let text = body(&format!("tokio::select! {{ _ = {branch} => 1 }}"));
        assert_eq!(text.contains("P::Framed{future:"), held, "{text}");
        assert_eq!(text.contains("P::branch::<"), !held, "{text}");
    }
    for branch in [
        "make!(g)",
        "{ f(); &mut g() }",
        "if a { &mut f() } else { &mut b }",
        "Literal { future: &mut g() }",
    ] {
        let text = body(&format!("tokio::select! {{ _ = {branch} => 1 }}"));
        assert!(!text.contains("P::"), "{text}");
    }
}

#[test]
fn imports_tell_where_a_macro_comes_from() {
    let framed = |imports: &str| {
        let item = format!("mod m {{ {imports} async fn f() {{ join!(a); }} }}");
        instrument("", &item).text.contains("P::branch::<")
    };
    for imports in [
        "use tokio::join;",
        "use futures::{stream, join};",
        "use {std::thread, tokio::{select, join}};",
        "use tokio::*;",
        "use tokio::try_join as join;",
        "use futures::{future::join, join};",
        "#[macro_use(join)] extern crate tokio;",
        "use futures as tokio; use tokio::join;",
        "mod a { macro_rules! join { () => {} } } use tokio::join;",
    ] {
        assert!(framed(imports), "{imports}");
    }
    for imports in [
        "",
        "use my::*;",
        "use super::*;",
        "use futures::future::join;",
        "use my::join;",
        "use my::tokio::join;",
        "use tokio::macros::join;",
        "use my as tokio; use tokio::join;",
        "mod tokio {} use tokio::join;",
        "use tokio::join; macro_rules! join { () => {} }",
        "#[cfg(unix)] use tokio::join; #[cfg(not(unix))] use my::join;",
    ] {
        assert!(!framed(imports), "{imports}");
    }
    becomes(
        "use tokio::join; join!(a);",
        "use tokio::join; join!(P::branch::<_, F0>(a));",
    );
    let other = "mod m { use tokio::select; async fn f() { use futures::select; select! { _ = a => {} } } }";
    assert!(instrument("", other).text.contains("P::frame_guard("));
}

#[test]
fn other_macros_that_await_have_a_guard() {
    becomes(
        "select! { x = a => x.await, complete => break }",
        "match P::frame_guard(F1) { __birthmark_frame =>
            select! { x = a => (P::frame::<_, F0>(x)).await, complete => break } }",
    );
    becomes(
        "let x = futures::select_biased!(x = a => 1, default => 2);",
        "let x = match P::frame_guard(F0) { __birthmark_frame =>
            futures::select_biased!(x = a => 1, default => 2) };",
    );
    becomes(
        "my::join!(a, b.await); self::select!(a.await); $crate::join!(a.await)",
        "my::join!(a, b.await); self::select!(a.await); $crate::join!(a.await)",
    );
}

#[test]
fn a_macro_that_nothing_names_has_a_guard_only_if_imports_are_out_of_sight() {
    let guarded = |item: &str| instrument("", item).text.contains("P::frame_guard(");
    for item in [
        "async fn f() { join!(a); }",
        "impl A { async fn f() { select! { _ = a => {} } } }",
        "mod m { use super::*; async fn f() { join!(a); } }",
        "mod m { use crate::prelude::*; async fn f() { try_join!(a); } }",
    ] {
        assert!(guarded(item), "{item}");
    }
    for item in [
        "mod m { async fn f() { join!(a); } }",
        "mod m { use my::*; async fn f() { join!(a); } }",
        "mod m { use super::Kind::*; async fn f() { join!(a); } }",
        "mod m { use super::*; macro_rules! join { () => {} } async fn f() { join!(a); } }",
        "mod m { mod inner { use super::*; async fn f() { join!(a); } } }",
        "async fn f() { macro_rules! join { () => {} } join!(a); }",
    ] {
        assert!(!guarded(item), "{item}");
    }
}

#[test]
fn a_guard_stands_only_where_a_task_may_wait() {
    for item in [
        "fn f() { select! { recv(a) -> b => {} } }",
        "async fn f() { let g = || join!(a, b); }",
        "async fn f() { fn g() { join!(a, b); } }",
    ] {
        assert_eq!(instrument("", item).text, short(item));
    }
}

#[test]
fn awaits_in_the_arguments_of_macros() {
    becomes(
        "println!(\"{}\", a.await); quote!(a.await); b!(a.await);",
        "println!(\"{}\", (P::frame::<_, F0>(a)).await); quote!(a.await); b!(a.await);",
    );
    becomes("lazy! { { a.await } }", "lazy! { { a.await } }");
    becomes(
        "stream! { loop { yield a.await; } };",
        "stream! { loop { yield (P::frame::<_, F0>(a)).await; } };",
    );
}

#[test]
fn frames_can_be_switched_off_and_on() {
    let inner = |outer: &str, inner: &str| {
        let item = format!("mod m {{ {inner} async fn f() {{ a.await; }} }}");
        instrument(outer, &item).text.contains("P::frame")
    };
    assert!(inner("", ""));
    assert!(!inner("frames = false", ""));
    assert!(!inner("", "#[birthmark::instrument(frames = false)]"));
    assert!(inner(
        "frames = false",
        "#[birthmark::instrument(frames = true)]"
    ));
    assert!(!inner("", "#[birthmark::instrument(skip)]"));
}

#[test]
fn an_inner_attribute_takes_the_choice_over() {
    let inner = |attr: &str| {
        let item = format!("mod m {{ #[{attr}] async fn f() {{ a.await; }} }}");
        instrument("frames = false", &item).text
    };
    for attr in [
        "instrument",
        "birthmark::instrument(also(launch))",
        "cfg_attr(all(), birthmark::instrument)",
    ] {
        let text = inner(attr);
        assert!(!text.contains("::frame::<"), "{text}");
        let (_, rest) = text.split_once(&short(&format!("#[{attr}]"))).unwrap();
        let marked = "#[rustfmt::__BIRTHMARKFRAMES]asyncfnf()";
        assert!(rest.starts_with(marked), "{rest}");
    }
    assert!(inner("instrument(frames = true)").contains("::frame::<"));
    let done = "#[rustfmt::__BIRTHMARKFRAMES] async fn f() { a.await; }";
    assert_eq!(instrument("", done).text, short(done));
}

#[test]
fn what_is_done_is_not_done_again() {
    let once = instrument("", "async fn f() { a.await; }").text;
    assert_eq!(
        instrument("", &once.replace("P::", "p::")).text,
        once.replace("P::", "p::")
    );
}

/// Returns the text of what the last frame of a method of `Server` awaits.
fn awaited(statements: &str) -> String {
    let item = format!("impl Server {{ async fn run(&self, peer: Arc<Peer>) {{ {statements} }} }}");
    let text = instrument("", &item).text;
    let (_, rest) = text.split_once("P::frames!{").expect("there is a frame");
    let (table, _) = rest.split_once(")}").expect("the table ends");
    let (row, _guards) = table.rsplit_once("\",\"").expect("guards come last");
    let (_, awaited) = row.rsplit_once("\",\"").expect("they come behind it");
    awaited.to_owned()
}

#[test]
fn table_has_position_function_and_awaited_expression() {
    let run = instrument(
        "",
        "impl Server { async fn run(&self) { self.next().await; } }",
    );
    let entry = r#"P::frames!{__BIRTHMARKFRAMES1("x.rs",1,1,"Server::run","self.next","")}"#;
    assert!(run.text.contains(entry), "{}", run.text);
}

#[test]
fn awaited_expression_has_its_receiver_as_the_source_has_it() {
    for (statements, expected) in [
        ("self.accounts.read().await;", "self.accounts.read"),
        ("peer.send(message).await?;", "peer.send"),
        ("let peer = Peer::new(); peer.send(1).await;", "peer.send"),
        (
            "let send_task = tokio::spawn(f()); send_task.await;",
            "send_task",
        ),
        (
            "let a = tokio::spawn(f()); tokio::select! { _ = &mut a => {} }",
            "a",
        ),
        ("let fut = fetch(1); (&mut fut).await;", "fut"),
        ("self.handle.await;", "self.handle"),
        ("self.0.recv().await;", "self.0.recv"),
        ("(*self.rx).lock().await;", "self.rx.lock"),
        ("pool().acquire().await;", "pool().acquire"),
        (
            "self.pool(1, |x| y(x)).acquire().await;",
            "self.pool(..).acquire",
        ),
        ("self.map[&key(a)].lock().await;", "self.map[..].lock"),
        ("self.shards[3].lock().await;", "self.shards[3].lock"),
        ("lib::pool().get().await;", "lib::pool().get"),
        ("connect(a).await?.send(1).await;", "connect(..).await.send"),
        (
            "STATE.get().unwrap().tx.send(1).await;",
            "STATE.get().tx.send",
        ),
        (
            "self.tx.as_ref().expect(\"open\").send(1).await;",
            "self.tx.send",
        ),
        ("peer.clone().send(1).await;", "peer.send"),
        ("shared.clone().await;", "shared"),
        ("sleep.as_mut().await;", "sleep"),
        ("{ a; self.rx.recv() }.await;", "self.rx.recv"),
        ("(async { 1 }).await;", "Server::run::{async}"),
        ("if a { b } else { c }.await;", ""),
        ("(if a { b } else { c }).recv().await;", ".recv"),
    ] {
        assert_eq!(awaited(statements), expected, "{statements}");
    }
}

#[test]
fn awaited_call_of_a_function_has_its_name() {
    for (statements, expected) in [
        ("fetch(a, b).await;", "fetch"),
        ("tokio::time::sleep(a).await;", "sleep"),
        ("Self::run(a).await;", "Server::run"),
        ("<Peer as Send>::send(a).await;", "Peer::send"),
        ("(self.work)(1).await;", "self.work"),
        ("lib::actor!(a).await;", "actor!"),
    ] {
        assert_eq!(awaited(statements), expected, "{statements}");
    }
}

#[test]
fn awaited_expression_is_that_within_wrappers() {
    for statements in [
        "Box::pin(self.rx.recv()).await;",
        "tokio::time::timeout(limit, self.rx.recv()).await;",
        "self.rx.recv().instrument(span).boxed().fuse().await;",
        "birthmark::named!(\"a\" => self.rx.recv()).await;",
        "tokio::select! { _ = timeout(limit, self.rx.recv()) => {} }",
        "tokio::join!(a(), self.rx.recv());",
    ] {
        assert_eq!(awaited(statements), "self.rx.recv", "{statements}");
    }
}

#[test]
fn long_awaited_expression_loses_its_middle() {
    for (statements, expected) in [
        (
            "self.application.configuration.storage.connections.primary.acquire().await;",
            "self…storage.connections.primary.acquire",
        ),
        (
            "connection.with_an_extremely_long_name_of_a_method_that_is_awaited().await;",
            "connection.with_an_extremely_long_name_of_a_method_that_is_awaited",
        ),
        (
            "a_long_name_of_a_static_table_of_connections.b.c.d.e.lock_owned(1).await;",
            "a_long_name_of_a_static_table_of_connections…lock_owned",
        ),
    ] {
        assert_eq!(awaited(statements), expected, "{statements}");
    }
}

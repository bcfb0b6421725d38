use super::instrument;

/// The role of the last spawn in a method `accept` of `Server`.
fn role(statements: &str) -> String {
    let item = format!(
        "impl<T> lib::Server<T> {{ fn accept(&self, worker: Arc<lib::Worker<T>>, fut: T) {{ {statements}; }} }}"
    );
    instrument("", &item)
        .sites
        .pop()
        .expect("there is a spawn")
        .role
}

#[test]
fn roles() {
    for (statements, expected) in [
        ("tokio::spawn(send_email(a))", "send_email"),
        ("tokio::spawn(mail::send_email(a))", "send_email"),
        ("tokio::spawn(lib::Mailer::send(a))", "Mailer::send"),
        ("tokio::spawn(Self::run(a))", "Server::run"),
        ("tokio::spawn(<Mailer as Send>::send(a))", "Mailer::send"),
        ("tokio::spawn(self.run())", "Server::run"),
        ("tokio::spawn(self.clone().run())", "Server::run"),
        ("tokio::spawn(worker.run())", "Worker::run"),
        ("tokio::spawn(worker.clone().run())", "Worker::run"),
        ("tokio::spawn(self.worker.run())", "worker.run"),
        ("tokio::spawn(self.workers[1].clone().run())", "workers.run"),
        ("tokio::spawn(next().run())", "next.run"),
        (
            "tokio::spawn(client.get(url).header(a, b).send())",
            "client.send",
        ),
        ("tokio::spawn(make().await?.build().run())", "make.run"),
        ("tokio::spawn((|| a)().run())", ".run"),
        (
            "let a: Mailer = make(); tokio::spawn(a.run())",
            "Mailer::run",
        ),
        (
            "let a = Mailer::new(1); tokio::spawn(a.run())",
            "Mailer::run",
        ),
        (
            "let a = Mailer::bind(1).await?; tokio::spawn(a.run())",
            "Mailer::run",
        ),
        (
            "let a = Arc::new(Mailer { x }); tokio::spawn(a.run())",
            "Mailer::run",
        ),
        ("let a = Mailer(x); tokio::spawn(a.run())", "Mailer::run"),
        ("let a = make(); tokio::spawn(a.run())", "a.run"),
        ("tokio::spawn(Mailer::new(1).run())", "Mailer::run"),
        (
            "tokio::spawn(run().instrument(span).in_current_span().boxed().fuse())",
            "run",
        ),
        ("tokio::spawn(run().with_context(cx))", "run"),
        ("tokio::spawn(Box::pin(run()))", "run"),
        ("tokio::spawn(timeout(d, run()))", "run"),
        ("tokio::spawn(named!(\"a\" => run()))", "run"),
        ("tokio::spawn(root!((run()) as T))", "run"),
        ("thread::spawn(run)", "run"),
        ("thread::spawn(&run)", "run"),
        ("thread::spawn(move || 1)", "Server::accept::{closure}"),
        (
            "thread::spawn({ let a = 1; move || a })",
            "Server::accept::{closure}",
        ),
        ("tokio::spawn(async move {})", "Server::accept::{async}"),
        ("tokio::spawn(fut)", "Server::accept::{task}"),
        ("let fut = send_email(a); tokio::spawn(fut)", "send_email"),
        (
            "let (sender, conn) = http1::handshake(io).await?; tokio::spawn(conn)",
            "handshake",
        ),
        (
            "let (task, token): (A, B) = abortable(run()); tokio::spawn(task)",
            "abortable",
        ),
        (
            "let (task, token) = pair; tokio::spawn(task)",
            "Server::accept::{task}",
        ),
        (
            "let run = || 1; thread::spawn(run)",
            "Server::accept::{closure}",
        ),
        (
            "for run in runs { thread::spawn(run); }",
            "Server::accept::{task}",
        ),
        (
            "if let Some(run) = run { thread::spawn(run); }",
            "Server::accept::{task}",
        ),
        ("tokio::spawn(lib::actor!(a))", "actor!"),
        (
            "fn inner() { thread::spawn(|| 1); }",
            "Server::accept::inner::{closure}",
        ),
    ] {
        assert_eq!(role(statements), expected, "{statements}");
    }
}

#[test]
fn role_of_a_body_that_is_one_call_is_that_of_the_call() {
    for (task, expected) in [
        ("move || send_email(a)", "send_email"),
        ("|| { mail::send_email(a); }", "send_email"),
        ("|| Self::run(&a)", "Server::run"),
        ("move || worker.run()", "Worker::run"),
        ("move || self.store.compact(1)", "store.compact"),
        ("move |_| send_email(a)", "send_email"),
        ("async move { send_email(a).await }", "send_email"),
        ("async { send_email(a).await.unwrap(); }", "send_email"),
        ("async { send_email(a).await?; Ok(()) }", "send_email"),
        ("async { Ok(send_email(a).await) }", "send_email"),
        ("async move { let _ = send_email(a).await; }", "send_email"),
        ("async move { return send_email(a).await; }", "send_email"),
        (
            "async move { worker.run().await.map_err(log) }",
            "Worker::run",
        ),
        ("async move { Worker::new(1).run().await }", "Worker::run"),
        ("async move { { send_email(a) }.await }", "send_email"),
        (
            "async move { tokio::time::timeout(limit, send_email(a)).await }",
            "send_email",
        ),
        ("async move { Box::pin(send_email(a)).await }", "send_email"),
        (
            "async move { send_email(a).instrument(span).await }",
            "send_email",
        ),
        ("|| async move { send_email(a).await }", "send_email"),
        ("move || runtime.block_on(send_email(a))", "send_email"),
        (
            "move || runtime.block_on(async { send_email(a).await })",
            "send_email",
        ),
        (
            "async move { if let Err(error) = send_email(a).await { error!(\"{error}\") } drop(permit); }",
            "send_email",
        ),
        (
            "async { tracing::info!(\"begins\"); send_email(a).await; info!(\"ends\") }",
            "send_email",
        ),
        (
            "async { if let Err(e) = send_email(a).await { retry(e) } else { info!(\"sent\") } }",
            "send_email",
        ),
        (
            "async { match send_email(a).await { Ok(_) => {} Err(e) => { error!(\"{e}\"); return; } } }",
            "send_email",
        ),
        (
            "async { match send_email(a).await { Ok(()) => info!(\"sent\"), Err(e) => warn!(\"{e}\") } }",
            "send_email",
        ),
        (
            "async { send_email(a).await }.instrument(span).boxed()",
            "send_email",
        ),
        (
            "send_email(a).map(|_| ()).map_err(log).boxed_local()",
            "send_email",
        ),
        (
            "AssertUnwindSafe(send_email(a)).catch_unwind().map(|_| ())",
            "send_email",
        ),
        (
            "timeout(limit, async { send_email(a).await })",
            "send_email",
        ),
        ("async move { Some(send_email(a).await) }", "send_email"),
        (
            "async move { token.run_until_cancelled(send_email(a)).await }",
            "send_email",
        ),
        ("REQUEST.scope(id, send_email(a))", "send_email"),
        (
            "birthmark::with_name_async(name, send_email(a))",
            "send_email",
        ),
        (
            "|| birthmark::with_name(name, || send_email(a))",
            "send_email",
        ),
        (
            "birthmark::with_timeout(limit, send_email(a)).enforce()",
            "send_email",
        ),
        (
            "|| birthmark::with_deadline_blocking(at, || send_email(a))",
            "send_email",
        ),
        ("move || span.in_scope(|| send_email(a))", "send_email"),
    ] {
        assert_eq!(role(&format!("tokio::spawn({task})")), expected, "{task}");
    }
    assert_eq!(
        role("let work = move || send_email(a); thread::spawn(work)"),
        "send_email"
    );
}

#[test]
fn role_of_any_other_body_is_that_of_the_enclosing_function() {
    for (task, expected) in [
        ("|| { connect(); send_email(a) }", "{closure}"),
        ("|| { let a = 1; send_email(a) }", "{closure}"),
        ("|| loop { send_email(a) }", "{closure}"),
        ("|| if a { send_email(a) }", "{closure}"),
        ("|| Mail(a)", "{closure}"),
        ("|| thread::spawn(|| { a; b }).join()", "{closure}"),
        ("|| Ok(())", "{closure}"),
        ("|| drop(a)", "{closure}"),
        ("|| birthmark::with_name(name, || { a; b })", "{closure}"),
        ("|| println!()", "{closure}"),
        ("|| make().run()", "{closure}"),
        ("|worker| worker.run()", "{closure}"),
        ("|| thread::sleep(a)", "{closure}"),
        ("|| fut()", "{closure}"),
        ("async { std::future::pending::<()>().await }", "{async}"),
        ("async { rx.await }", "{async}"),
        (
            "async { if let Some(a) = find().await { send_email(a).await } }",
            "{async}",
        ),
        (
            "async { if let Err(e) = find().await { a } else { b } }",
            "{async}",
        ),
        ("async move { match find().await { _ => 1 } }", "{async}"),
        (
            "async { match find().await { Ok(a) => send_email(a).await, Err(e) => error!(\"{e}\") } }",
            "{async}",
        ),
        (
            "async { if let Some(a) = find().await { info!(\"{a}\") } else { send_email(a).await } }",
            "{async}",
        ),
        ("async {}", "{async}"),
    ] {
        let expected = format!("Server::accept::{expected}");
        assert_eq!(role(&format!("tokio::spawn({task})")), expected, "{task}");
    }
    assert_eq!(
        role("tokio::spawn(fut.map(drop))"),
        "Server::accept::{task}"
    );
}

#[test]
fn enclosing_functions() {
    for (item, expected) in [
        ("fn a() { spawn(x); }", "a"),
        ("fn a() { fn b() { spawn(x); } }", "a::b"),
        (
            "impl Run for &mut lib::Server<T> { fn a() { spawn(x); } }",
            "Server::a",
        ),
        ("trait Run { fn a() { spawn(x); } }", "Run::a"),
        ("mod m { mod n { fn a() { spawn(x); } } }", "a"),
        ("fn a() { impl B { fn c() { spawn(x); } } }", "B::c"),
        ("static A: T = T::new(|| spawn(x));", "A"),
        ("impl B { const A: T = T::new(|| spawn(x)); }", "B::A"),
    ] {
        assert_eq!(instrument("", item).sites[0].function, expected, "{item}");
    }
}

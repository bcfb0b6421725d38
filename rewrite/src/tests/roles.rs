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
        ("tokio::spawn(self.worker.run())", ".run"),
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
        ("let a = make(); tokio::spawn(a.run())", ".run"),
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

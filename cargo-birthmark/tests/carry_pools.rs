//! `carry` with clients that pool their connections: the connections outlive the request that opens them.

use birthmark_test_support as _;

mod support;

use support::Project;

const MANIFEST: &str = r#"
[dependencies]
reqwest = { version = "0.12", default-features = false }
sqlx = { version = "0.8", default-features = false, features = ["runtime-tokio", "sqlite"] }
tokio = { version = "1", features = ["macros", "rt-multi-thread"] }
tracing = { version = "0.1", default-features = false, features = ["std"] }
tracing-subscriber = { version = "0.3", default-features = false, features = ["fmt", "registry", "std"] }

[workspace]
"#;

/// Serves one request by `reqwest` and `sqlx`, and prints in which span the parts of it run and when the span closes.
const MAIN: &str = r#"
use std::io::{Read, Write};
use std::net::TcpListener;

use tracing::{Instrument, Level, info, info_span};
use tracing_subscriber::fmt::format::FmtSpan;

/// Answers each request on each connection, and keeps the connection.
fn serve(listener: TcpListener) {
    for stream in listener.incoming() {
        let mut stream = stream.unwrap();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while stream.read(&mut buffer).is_ok_and(|read| read > 0) {
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";
                stream.write_all(answer).unwrap();
            }
        });
    }
}

#[tokio::main(worker_threads = 2)]
async fn main() {
    tracing_subscriber::fmt()
        .with_ansi(false)
        .without_time()
        .with_level(false)
        .with_target(false)
        .with_max_level(Level::DEBUG)
        .with_span_events(FmtSpan::CLOSE)
        .with_writer(std::io::stdout)
        .init();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    std::thread::spawn(|| serve(listener));

    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let pool = async {
        let text = client.get(url).send().await.unwrap().text().await.unwrap();
        let options = sqlx::sqlite::SqlitePoolOptions::new().max_connections(1);
        let pool = options.connect("sqlite::memory:").await.unwrap();
        let (seven,): (i64,) = sqlx::query_as("select 7").fetch_one(&pool).await.unwrap();
        tokio::spawn(async move { info!("{text} {seven}") }).await.unwrap();
        pool
    };
    let pool = pool.instrument(info_span!("request", id = 7)).await;
    println!("pooled");
    pool.close().await;
    drop(client);
}
"#;

/// Returns what the program prints.
fn run(project: &Project, words: &str) -> String {
    let mut command = project.command("birthmark --deps run -q");
    let ran = project.run(command.env("BIRTHMARK", words)).ok();
    assert_eq!(ran.stderr, "");
    ran.stdout
}

#[test]
#[ignore = "compiles SQLite"]
fn connections_of_reqwest_and_sqlx_do_not_keep_the_span_of_a_request_open() {
    let project = Project::new(
        "carries-pools",
        &[("+Cargo.toml", MANIFEST), ("src/main.rs", MAIN)],
    );
    let plain = run(&project, "panic=off");
    assert!(plain.lines().any(|line| line == "hello 7"), "{plain}");

    let carried = run(&project, "carry=tracing");
    let line = |wanted: &dyn Fn(&str) -> bool| carried.lines().position(wanted);
    let at = |wanted: &dyn Fn(&str) -> bool| line(wanted).unwrap_or_else(|| panic!("{carried}"));
    let child = at(&|line| line == "request{id=7}: hello 7");
    let closed = at(&|line| line.starts_with("request{id=7}: close"));
    let pooled = at(&|line| line == "pooled");
    assert!(child < closed && closed < pooled, "{carried}");
    // The connections have spans of their own, which last as long as they do.
    for role in ["hyper client connection", "sqlx sqlite worker"] {
        let of_role = |line: &str| line.starts_with("task{") && line.contains(role);
        assert!(pooled < at(&of_role), "{carried}");
    }
}

//! The example serves its page, and the tasks of its shop.

use birthmark_examples::pages::{self, Page};
use birthmark_test_support as _;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Kills the program when dropped, also if the test fails.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_page_and_the_tasks_are_served() {
    let mut example = Running(start());
    let mut lines = BufReader::new(example.0.stdout.take().unwrap()).lines();
    let line = lines.next().expect("it says where the page is").unwrap();
    let url = line.strip_prefix("open http://").expect(&line);
    let address = url.strip_suffix("/debug/birthmark/").expect(url);

    let page = get(address, "/debug/birthmark/");
    assert!(page.contains("<!doctype html>"), "{page}");
    // The first order that is forgotten is the fifth.
    let forgotten = "/debug/birthmark/tree?role=courier&name=order%205";
    while !get(address, forgotten).contains("\"order 5\" courier  waiting") {}
    // The fifth, in the third of the districts.
    let text = get(
        address,
        "/debug/birthmark/text?role=courier&label=district=old*",
    );
    assert!(text.contains("district=\"old town\""), "{text}");
    let metrics = get(address, "/metrics");
    let orders = "birthmark_tasks_spawned_total{module=\"http_page::shop\",role=\"order\",kind=\"";
    assert!(metrics.contains(orders), "{metrics}");
}

/// A program that starts as the pages show continues if the port is in use.
#[test]
fn code_on_a_page_continues_without_the_server() {
    let pages = pages::all();
    let code = pages.iter().flat_map(Page::blocks).map(|(_, code)| code);
    let serving: Vec<&str> = code
        .filter_map(|code| code.split_once("birthmark_http::serve(\"127.0.0.1:6060\")"))
        .map(|(_, behind)| behind)
        .collect();
    assert!(!serving.is_empty());
    for behind in serving {
        assert!(behind.starts_with(" {\n"), "{behind}");
        assert!(behind.contains("Err(error) => eprintln!"), "{behind}");
    }
}

/// Names the package, because cargo would otherwise build the dependencies again with other features.
fn start() -> Child {
    Command::new(env!("CARGO"))
        .args(["run", "-q", "-p", "birthmark-examples"])
        .args(["--example", "http_page", "--", "127.0.0.1:0"])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap())
        .env_remove("BIRTHMARK")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

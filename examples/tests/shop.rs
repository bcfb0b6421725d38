//! The first screen of README: a service that does not mention birthmark, run by `cargo birthmark run --deps`.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use birthmark_examples::normal::{self, Ids, normalise};
use birthmark_examples::pages;
use birthmark_test_support as _;

/// A program that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
#[ignore = "compiles a service with all of its dependencies: `./test --long`"]
fn tree_of_an_unmodified_service_is_that_of_readme() {
    let tools = tools();
    let executable = build(&tools);
    let mut shop = Command::new(executable);
    let shop = shop.arg("127.0.0.1:0").stdout(Stdio::piped()).spawn();
    let mut shop = Running(shop.expect("the service starts"));
    let mut line = String::new();
    let output = shop.0.stdout.take().expect("output is piped");
    BufReader::new(output).read_line(&mut line).expect("a line");
    let address = line.trim_start_matches("http://").split('/').next();
    let _client = request(address.expect("an address"));
    let pid = shop.0.id().to_string();
    // The handler waits for both of its tasks, of which one ends.
    let tree = loop {
        let tree = tree(&tools, &pid);
        if tree.contains("awaits")
            && tree.contains("ask_warehouse")
            && !tree.contains("compute_price")
        {
            break tree;
        }
    };
    let readme = pages::read("README.md");
    let shown = readme.blocks().find_map(|(_, block)| {
        let (_, tree) = block.split_once("$ cargo birthmark tree shop\n")?;
        // This line stands for those that are left out.
        Some(tree.replace("\n…\n", "\n"))
    });
    let shown = shown.expect("README shows the tree");
    assert_eq!(
        normalise(&shown, &mut Ids::default()),
        normalise(&normal::excerpt(&tree, &shown), &mut Ids::default()),
        "the tree is now:\n{tree}"
    );
}

/// Compiles the two commands, and returns their folder.
fn tools() -> PathBuf {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args([
        "build",
        "-q",
        "-p",
        "cargo-birthmark",
        "-p",
        "birthmark-cli",
    ]);
    cargo
        .args(["--message-format", "json"])
        .current_dir(pages::root());
    let output = cargo.output().expect("cargo can be run");
    let messages = String::from_utf8(output.stdout).expect("messages are text");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let executable = messages
        .split("\"executable\":\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .find(|path| path.ends_with("cargo-birthmark"));
    let executable = Path::new(executable.expect("the command is compiled"));
    executable.parent().expect("it is in a folder").to_owned()
}

/// Compiles a copy of the service in which nothing is changed, with the versions of this repository.
fn build(tools: &Path) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("shop");
    fs::create_dir_all(folder.join("src")).expect("a folder can be made");
    for file in ["Cargo.toml", "src/main.rs"] {
        let from = pages::root().join("examples/shop").join(file);
        fs::copy(from, folder.join(file)).expect("a file can be copied");
    }
    let lock = pages::root().join("Cargo.lock");
    fs::copy(lock, folder.join("Cargo.lock")).expect("a file can be copied");
    let mut command = Command::new(tools.join("cargo-birthmark"));
    command.args(["birthmark", "build", "--deps", "-q"]);
    command.current_dir(&folder).env_remove("CARGO_TARGET_DIR");
    command.env("CARGO_BIRTHMARK_HOME", folder.join("home"));
    let output = command.output().expect("cargo-birthmark can be run");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    folder.join("target/birthmark/debug/shop")
}

/// Sends a request that is not answered.
fn request(address: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("the service listens");
    let head = "GET /quotes/7 HTTP/1.1\r\nHost: shop\r\n\r\n";
    stream
        .write_all(head.as_bytes())
        .expect("a request can be sent");
    stream
}

fn tree(tools: &Path, pid: &str) -> String {
    let mut command = Command::new(tools.join("birthmark"));
    let output = command
        .args(["tree", pid])
        .output()
        .expect("the command can be run");
    String::from_utf8(output.stdout).expect("a tree is text")
}

//! Columns are those of the original, wherever an item begins a line of its own.

use birthmark_test_support as _;

mod support;
use support::{Project, Ran};

/// Each way to tell a column, right of spawns and awaits on the same line.
const MAIN: &str = r##"//! Documentation, up to the item below.
fn first() { let _ = std::thread::spawn(|| here("single line")).join(); here("behind it"); }

use std::future::Future;
use std::panic::Location;
use std::pin::pin;
use std::task::{Context, Poll, Waker}; // and a comment

/// Prints where it is called.
#[track_caller]
fn here(what: &str) { println!("{what} {}", Location::caller()) }

fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        let mut context = Context::from_waker(Waker::noop());
        if let Poll::Ready(out) = future.as_mut().poll(&mut context) { return out }
    }
}

/* a comment /* within another */
   over two lines */ struct Place; impl Place { fn go() { std::thread::spawn(|| here("shared line")).join().unwrap(); } }

impl Place {
    /// Documented.
    async fn wait(&self) -> Result<u32, String> { Err("no".to_owned()) }

    #[inline]
    fn run(&self) {
        let t = std::thread::spawn(|| here("closure")); println!("{} {}", line!(), column!()); t.join().unwrap();
        std::thread::scope(|s| { s.spawn(|| here("scoped")).join().unwrap(); here("in scope") }); here("after scope");
    }
}

#[cfg(not(windows))] #[inline] fn conditional() { #[cfg(unix)] let _ = std::thread::spawn(|| here("conditional")).join(); here("behind cfg"); }

static LAZY: std::sync::LazyLock<()> = std::sync::LazyLock::new(|| { std::thread::spawn(|| here("static")).join().unwrap(); here("lazy") });

mod inner { #![allow(unused)]
    pub fn go(x: &str) { let ä = "ßß"; std::thread::spawn(|| super::here("umlauts")).join().unwrap(); super::here(x); }
    #[cfg(test)]
    mod tests { #[test] fn t() {} }
}

thread_local! {
    static LOCAL: () = { std::thread::spawn(|| here("thread local")).join().unwrap(); here("behind") };
}

macro_rules! spawns { ($x:expr) => { std::thread::spawn(|| here("macro")).join().map(|()| here($x)).unwrap() } }

async fn all() {
    let place = Place; let _ = place.wait().await.unwrap_or_else(|_| { here("awaited"); 1 }); here("after");
    let caught = std::panic::catch_unwind(|| block_on(async { Place.wait().await.unwrap() })); assert!(caught.is_err());
    let _ = std::panic::catch_unwind(|| { std::thread::spawn(|| panic!("in thread")).join().unwrap() });
    let v: Vec<u32> = vec![]; let _ = std::panic::catch_unwind(move || block_on(async move { std::thread::spawn(|| 1).join().unwrap() + v[Place.wait().await.unwrap_or(7) as usize] }));
    spawns!("expanded"); let () = *LAZY; LOCAL.with(|()| here("with"));
}

fn main() { first(); conditional(); Place::go(); Place.run(); inner::go("module"); block_on(all()); here("end") }
"##;

/// The output, and the places of panics.
fn told(ran: &Ran) -> Vec<&str> {
    let panics = ran
        .stderr
        .lines()
        .filter(|line| line.contains("panicked at"));
    let panics = panics.map(|line| line.split_once("panicked at").unwrap().1);
    ran.stdout.lines().chain(panics).collect()
}

#[test]
fn columns_are_those_of_the_original() {
    for edition in ["2021", "2024"] {
        let project = Project::new("columns", &[("src/main.rs", MAIN)]);
        project.write(
            "Cargo.toml",
            &project.read("Cargo.toml").replace("2024", edition),
        );
        let plain = project.cargo("run -q").ok();
        let instrumented = project.birthmark("--workspace run").ok();
        let summary = instrumented.summary();
        assert!(
            summary.starts_with("1 crate instrumented, 10 sites"),
            "{summary}{}",
            instrumented.stderr
        );
        let differ: Vec<_> = told(&plain)
            .into_iter()
            .zip(told(&instrumented))
            .filter(|(plain, instrumented)| plain != instrumented)
            .collect();
        // What shares its line with the end of another item, or with documentation of the crate, moves.
        let moved: Vec<_> = differ
            .iter()
            .map(|(plain, _)| plain.rsplit_once(' ').unwrap().0)
            .collect();
        assert_eq!(
            moved,
            ["single line", "behind it", "shared line"],
            "{differ:#?}"
        );
    }
}

#[test]
fn item_on_the_first_line_moves_that_line_only() {
    let main = "fn main() { std::thread::spawn(|| ()).join().unwrap(); main_(); }\nfn main_() {\n    let _ = std::thread::spawn(|| panic!(\"boom\")).join(); std::thread::spawn(|| panic!(\"again\")).join().unwrap_err(); }\n";
    let project = Project::new("first-line", &[("src/main.rs", main)]);
    let plain = project.cargo("run -q").ok();
    let instrumented = project.birthmark("--workspace run -q").ok();
    assert_eq!(told(&plain).len(), 2);
    assert_eq!(told(&instrumented), told(&plain));
}

/// A compiler that cannot compile the macro.
#[cfg(unix)]
#[test]
fn columns_move_without_the_macro() {
    use std::os::unix::fs::PermissionsExt;
    let main = "// A line of its own.\nfn main() {\n    let thread = std::thread::spawn(|| panic!());\n    thread.join().unwrap_err();\n}\n";
    let compiler = "#!/bin/sh\ncase \"$*\" in *\"--crate-name __birthmark_columns\"*) exit 1;; esac\nexec rustc \"$@\"\n";
    let project = Project::new(
        "macro-less",
        &[("src/main.rs", main), ("rustc.sh", compiler)],
    );
    let rustc = project.path().join("rustc.sh");
    std::fs::set_permissions(&rustc, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = project.command("birthmark --workspace run");
    command.env_remove("CARGO_TARGET_DIR").env("RUSTC", &rustc);
    let ran = project.run(&mut command).ok();
    assert_eq!(ran.summary(), "1 crate instrumented, 1 site");
    let panic = ran
        .stderr
        .lines()
        .find(|line| line.contains("panicked at src/main.rs:3:"));
    assert!(
        panic.is_some_and(|panic| !panic.ends_with(":40:")),
        "{}",
        ran.stderr
    );
}

//! Code that compiles as it is and not when it is rewritten: as little as possible is left as it is.

mod support;
use support::Project;

/// `spawn` takes a type of its own for which no wrapper can stand, and its signature is out of sight.
const POOL: &str = "\
pub trait Job { fn work(self) -> u32; }
impl Job for std::future::Ready<u32> { fn work(self) -> u32 { self.into_inner() } }
macro_rules! define { () => { pub fn spawn<J: Job>(job: J) -> u32 { job.work() } } }
define!();
";

const MAIN: &str = "\
mod pool;
mod fixed;
mod many;
use std::future::ready;

fn odd() -> u32 {
    pool::spawn(ready(1))
}

struct Server;
impl Server {
    fn accept(&self) -> u32 { pool::spawn(ready(2)) }
    fn serve(&self) { std::thread::spawn(|| panic!(\"in serve\")).join().unwrap_err(); }
}

fn main() {
    print!(\"{} {} {} {}\", odd(), Server.accept(), *fixed::FIXED, many::all());
    Server.serve();
}
";

/// No function holds the spawn.
const FIXED: &str = "\
use crate::pool;
pub static FIXED: std::sync::LazyLock<u32> = std::sync::LazyLock::new(|| pool::spawn(std::future::ready(4)));
";

/// More functions than there are attempts.
fn many() -> String {
    let functions = 0..20;
    let each =
        |it| format!("fn f{it}() -> u32 {{ crate::pool::spawn(std::future::ready({it})) }}\n");
    let calls: Vec<_> = functions.clone().map(|it| format!("f{it}()")).collect();
    let all = format!("pub fn all() -> u32 {{ {} }}\n", calls.join(" + "));
    functions.map(each).collect::<String>() + &all
}

#[test]
fn functions_and_files_that_do_not_compile_rewritten_are_left_alone() {
    let project = Project::new(
        "stubborn",
        &[
            ("src/main.rs", MAIN),
            ("src/pool.rs", POOL),
            ("src/fixed.rs", FIXED),
            ("src/many.rs", &many()),
        ],
    );
    let command = |args: &str| {
        let mut command = project.command(&format!("birthmark --workspace {args}"));
        command.env_remove("CARGO_TARGET_DIR");
        command
    };
    let ran = project.run(&mut command("run")).ok();
    assert_eq!(ran.stdout, "1 2 4 190");
    assert!(ran.stderr.contains("    by       1 main"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("error"), "{}", ran.stderr);
    assert_eq!(ran.summary(), "1 crate instrumented, 1 site");
    assert!(
        ran.stderr.contains("23 places left alone"),
        "{}",
        ran.stderr
    );
    let again = project.run(&mut command("build")).ok();
    assert!(!again.compiled("stubborn"), "{}", again.stderr);
    let seen = project.run(&mut command("doctor")).ok().stdout;
    for left in [
        "src/main.rs:6: `odd`: ",
        "src/main.rs:12: `Server::accept`: ",
        "src/fixed.rs: ",
        "src/many.rs:20: `f19`: ",
    ] {
        assert!(seen.contains(left), "{left}\n{seen}");
    }
    assert!(!seen.contains("`Server::serve`"), "{seen}");
}

#[test]
fn error_of_the_user_is_shown_once_and_as_it_is() {
    let main = MAIN.replace("Server.serve();", "Server.serve(1);");
    let project = Project::new(
        "erroneous",
        &[
            ("src/main.rs", &main),
            ("src/pool.rs", POOL),
            ("src/fixed.rs", FIXED),
            ("src/many.rs", &many()),
        ],
    );
    let (plain, ours) = (
        project.cargo("check"),
        project.birthmark("--workspace check"),
    );
    let error = |stderr: &str| stderr[stderr.find("error").unwrap()..].to_owned();
    assert_eq!(error(&plain.stderr), error(&ours.stderr));
}

/// A wrapper around a compiler that crashes on the rewritten spawn.
#[cfg(unix)]
const CRASHES: &str = "#!/bin/sh
case \"$*\" in *\"--crate-name frail \"*)
    for arg in \"$@\"; do case \"$arg\" in
        *mirror*main.rs) if grep -q 'closure!' \"$arg\"; then echo 'crashed' >&2; exit 101; fi;;
    esac; done;;
esac
exec \"$@\"
";

#[cfg(unix)]
#[test]
fn program_left_alone_is_set_up_nevertheless() {
    use std::os::unix::fs::PermissionsExt;
    let main = "fn main() {\n    std::thread::spawn(|| ()).join().unwrap();\n    panic!(\"at the end\");\n}\n";
    let project = Project::new("frail", &[("src/main.rs", main), ("crashes.sh", CRASHES)]);
    let wrapper = project.path().join("crashes.sh");
    std::fs::set_permissions(&wrapper, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = project.command("birthmark --workspace run");
    command
        .env_remove("CARGO_TARGET_DIR")
        .env("RUSTC_WRAPPER", &wrapper)
        .env("BIRTHMARK", "panic=all");
    let ran = project.run(&mut command);
    assert_eq!(ran.code, 101, "{}", ran.stderr);
    assert!(
        ran.summary().contains("1 crate left alone"),
        "{}",
        ran.stderr
    );
    // Both are printed by what the runtime sets up, though nothing is recorded.
    for said in ["  in no task: ", "\ncoverage: "] {
        assert!(ran.stderr.contains(said), "{}", ran.stderr);
    }
}

#[test]
fn signature_in_another_file_decides_so_that_nothing_is_left_alone() {
    let runtime = "\
use std::future::Ready;
pub fn spawn(f: &dyn Fn() -> u32) -> u32 { f() }
pub struct Pool(pub u32);
impl Pool {
    pub fn spawn<F: Fn() -> u32 + Copy>(&self, f: F) -> u32 { f() + f() + self.0 }
    pub fn execute(&self, f: Ready<u32>) -> u32 { f.into_inner() }
}
";
    let main = "\
mod rt;
mod work;
fn main() { print!(\"{:?}\", work::go()); }
";
    let work = "\
use crate::rt::{self, Pool, spawn};
use std::future::ready;
pub fn go() -> [u32; 5] {
    let three = || 3;
    let pool = Pool(1);
    let thread = std::thread::spawn(|| 7).join().unwrap();
    [spawn(&three), rt::spawn(&|| 4), Pool(5).spawn(|| 6), pool.execute(ready(8)), thread]
}
";
    let files = [
        ("src/main.rs", main),
        ("src/rt.rs", runtime),
        ("src/work.rs", work),
    ];
    let project = Project::new("elsewhere", &files);
    let ran = project.birthmark("--workspace run").ok();
    assert_eq!(ran.stdout, "[3, 4, 17, 8, 7]");
    assert_eq!(ran.summary(), "1 crate instrumented, 1 site");
    assert!(!ran.stderr.contains("left alone"), "{}", ran.stderr);
}

#[test]
fn crate_of_which_every_function_is_left_alone_is_counted() {
    let main = "mod pool;\nfn main() { print!(\"{}\", pool::spawn(std::future::ready(1))); }\n";
    let files = [("src/main.rs", main), ("src/pool.rs", POOL)];
    let project = Project::new("lone", &files);
    let ran = project.birthmark("--workspace run").ok();
    assert_eq!(ran.stdout, "1");
    assert_eq!(ran.summary(), "0 crates instrumented, 0 sites");
    assert!(ran.stderr.contains("1 place left alone"), "{}", ran.stderr);
}

//! A program's own macros with the names of known ones do what they do without birthmark.
//!
//! Both ways of rewriting are tested: the attribute on an inline module, and the text of files.

use std::collections::BTreeMap;
use std::process::Command;

use birthmark_integration_tests::project::Project;
use birthmark_rewrite::MacroNames;
use birthmark_rewrite::text::{Edition, File, Options, rewrite};

/// Modules whose macros look at what they are given. Each has a `go` whose result shows it.
const MODULES: &[(&str, &str)] = &[
    (
        "printed",
        "macro_rules! info { ($e:expr) => {{ let value = $e; format!(\"{} = {value}\", stringify!($e)) }} }
         pub fn go() -> String { info!(std::thread::spawn(|| 1).join().unwrap()) }",
    ),
    (
        "counted",
        "macro_rules! warn { ($($t:tt)*) => { [$(stringify!($t)),*].len().to_string() } }
         pub fn go() -> String { warn!(spawn(|| 1), later.await) }",
    ),
    (
        "matched",
        "macro_rules! event { (spawn($e:expr)) => { format!(\"spawn {}\", $e) }; ($($t:tt)*) => { String::new() } }
         pub fn go() -> String { event!(spawn(3)) }",
    ),
    (
        "asserted",
        "macro_rules! assert { ($e:expr) => { if $e { stringify!($e) } else { \"\" } } }
         pub fn go() -> String { assert!(std::thread::spawn(|| true).join().unwrap()).to_string() }",
    ),
    (
        "listed",
        "macro_rules! vec { ($($e:expr),*) => { [$(stringify!($e)),*].join(\"/\") } }
         pub fn go() -> String { vec![std::thread::spawn(|| 1), 2] }",
    ),
    (
        "joined",
        "macro_rules! try_join { ($($e:expr),*) => { concat!($(stringify!($e)),*).to_string() } }
         pub fn go() -> String { try_join!(a.b().await, c.await) }",
    ),
    (
        "armed",
        "macro_rules! select { ($x:ident = $e:expr => $h:expr) => { concat!(stringify!($e), stringify!($h)).to_string() } }
         pub fn go() -> String { select!(x = later().await => spawn(x).await) }",
    ),
    (
        "statement",
        "macro_rules! join { ($x:ident, $e:expr) => { let $x = $e; } }
         async fn later() -> u8 { join!(x, std::future::ready(7).await); x }
         pub fn go() -> String { crate::now(later()).to_string() }",
    ),
    (
        "in_a_body",
        "pub fn go() -> String { macro_rules! ready { ($e:expr) => { stringify!($e) } } ready!(spawn(a)).to_string() }",
    ),
    (
        "behind",
        "pub fn go() -> String { let x = { macro_rules! pin { ($e:expr) => { stringify!($e) } } pin!(spawn(a)) }; x.into() }",
    ),
    (
        "around",
        "macro_rules! format { ($($t:tt)*) => { stringify!($($t)*) } }
         mod inner { pub fn go() -> String { format!(\"{}\", spawn(|| 1)).to_string() } }
         pub use inner::go;",
    ),
    (
        "macro_use",
        "#[macro_use] mod inner { macro_rules! matches { ($($t:tt)*) => { stringify!($($t)*) } } }
         pub fn go() -> String { matches!(spawn(a), b).to_string() }",
    ),
    (
        "made",
        "macro_rules! make { ($d:tt) => { macro_rules! bail { ($d($d t:tt)*) => { stringify!($d($d t)*) } } } }
         make!($);
         pub fn go() -> String { bail!(spawn(a), b.await).to_string() }",
    ),
    (
        "imported",
        "use crate::own::shown as assert_eq;
         pub fn go() -> String { assert_eq!(spawn(a), b).to_string() }",
    ),
    (
        "imported_in_a_body",
        "pub fn go() -> String { use crate::own::{shown as panic}; panic!(spawn(a), b).to_string() }",
    ),
    (
        "by_path",
        "pub fn go() -> String { crate::own::select!(x = spawn(a) => y.await).to_string() }",
    ),
    (
        "by_module",
        "use crate::own as tokio;
         pub fn go() -> String { tokio::select!(x = spawn(a) => y.await).to_string() }",
    ),
    (
        "glob_of_the_parent",
        "use crate::own::shown as anyhow;
         mod tests { use super::*; pub fn go() -> String { anyhow!(spawn(a), b).to_string() } }
         pub use tests::go;",
    ),
    (
        "named",
        "macro_rules! named { ($a:expr => $b:expr) => { move || format!(\"{} {}\", stringify!($a => $b), $b()) } }
         pub fn go() -> String { std::thread::spawn(named!(\"a\" => || 1)).join().unwrap() }",
    ),
    (
        "root",
        "macro_rules! root { ($e:expr) => { move || format!(\"{} {}\", stringify!($e), $e()) } }
         pub fn go() -> String { std::thread::spawn(root!(|| 1)).join().unwrap() }",
    ),
    // Known macros next to them, which are entered.
    (
        "known",
        "use std::pin::pin;
         async fn sum() -> i32 { let x = pin!(async { std::thread::spawn(|| 1).join().unwrap() }); x.await }
         pub fn go() -> String { let v = std::vec![std::thread::spawn(|| 2).join().unwrap()]; std::format!(\"{v:?} {}\", crate::now(sum())) }",
    ),
];

/// Macros for the modules, and what they need.
const OWN: &str = "#[macro_use] #[allow(unused_macros)] mod own {
        macro_rules! shown { ($($t:tt)*) => { stringify!($($t)*) } }
        macro_rules! eprintln { ($($t:tt)*) => { stringify!($($t)*) } }
        pub(crate) use shown;
        pub(crate) use shown as select;
    }
    pub(crate) fn now<F: std::future::Future>(future: F) -> F::Output {
        let mut future = Box::pin(future);
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match future.as_mut().poll(&mut context) { std::task::Poll::Ready(out) => out, _ => unreachable!() }
    }";

/// A macro that another file defines.
const FROM_ANOTHER_FILE: (&str, &str) = (
    "from_another_file",
    "pub fn go() -> String { eprintln!(spawn(a), b).to_string() }",
);

/// Returns the result of each module.
fn results(name: &str, files: &[(&str, &str)]) -> BTreeMap<String, String> {
    let project = Project {
        tmp: env!("CARGO_TARGET_TMPDIR"),
        name,
        edition: "2021",
        runtime: "birthmark",
        manifest: "",
    };
    project.write(files);
    let output = Command::new(project.build()).output().expect("it starts");
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("it prints text");
    let lines = text.lines().filter_map(|line| line.split_once('\t'));
    lines
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// The root of a program with these modules.
fn root<'a>(modules: impl Iterator<Item = (&'a str, String)>) -> String {
    let (mut declared, mut called) = (String::new(), String::new());
    for (name, module) in modules {
        declared += &format!("#[allow(unused_imports, unused_macros, dead_code)] {module}\n");
        called += &format!("println!(\"{name}\\t{{}}\", {name}::go());\n");
    }
    // No module is called as a lint would have it, so that the names of files are those above.
    format!(
        "{OWN}\n{declared}\nfn main() {{ println!(\"sites\\t{{}}\", birthmark::sites().len()); {called} }}\n"
    )
}

#[test]
fn macros_of_the_same_name_are_the_same_under_the_attribute() {
    let main = |attribute: &str| {
        let modules = MODULES.iter();
        root(modules.map(|(name, items)| (*name, format!("{attribute} mod {name} {{ {items} }}"))))
    };
    let mut plain = results("own-macros", &[("main.rs", &main(""))]);
    let mut marked = results(
        "own-macros-marked",
        &[("main.rs", &main("#[birthmark::instrument]"))],
    );
    assert_eq!(plain.remove("sites").as_deref(), Some("0"));
    // One in each macro that passes on what it is given.
    assert_eq!(marked.remove("sites").as_deref(), Some("4"));
    assert_eq!(marked, plain);
}

#[test]
fn macros_of_the_same_name_are_the_same_in_text() {
    let modules: Vec<_> = MODULES.iter().chain([&FROM_ANOTHER_FILE]).collect();
    let main = root(
        modules
            .iter()
            .map(|(name, _)| (*name, format!("mod {name};"))),
    );
    let files = modules
        .iter()
        .map(|(name, text)| (format!("{name}.rs"), *text))
        .chain([("main.rs".to_owned(), main.as_str())]);
    let files: Vec<_> = files.collect();
    let mut macros = MacroNames::default();
    files.iter().for_each(|(_, text)| macros.add(text));
    let options = Options {
        runtime: "birthmark".to_owned(),
        edition: Edition::E2021,
        macros,
        ..Options::default()
    };
    let rewritten = files.iter().map(|(path, source)| {
        let rewritten = rewrite(File { source, path }, &options).expect("it parses");
        (path.as_str(), rewritten.text)
    });
    let rewritten: Vec<_> = rewritten.collect();
    let texts: Vec<_> = rewritten
        .iter()
        .map(|(path, text)| (*path, text.as_str()))
        .collect();
    let plain: Vec<_> = files
        .iter()
        .map(|(path, text)| (path.as_str(), *text))
        .collect();
    let mut plain = results("own-macros-plain", &plain);
    let mut changed = results("own-macros-text", &texts);
    plain.remove("sites");
    assert_eq!(changed.remove("sites").as_deref(), Some("4"));
    assert_eq!(changed, plain);
}

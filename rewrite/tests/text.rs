//! The front end for text: what it inserts, and where.
#![cfg(feature = "text")]

use birthmark_test_support as _;

mod common;

use birthmark_rewrite::Reason;
use birthmark_rewrite::text::{
    Annotation, Edition, File, Mistake, Module, NoStd, Options, Parent, Rewritten, Unparsed, head,
    may_spawn, modules, rewrite,
};

fn options() -> Options {
    Options {
        runtime: "B".to_owned(),
        ..Options::default()
    }
}

fn with(source: &str, options: &Options) -> Result<Rewritten, Unparsed> {
    let path = "src/x.rs";
    let rewritten = rewrite(File { source, path }, options)?;
    common::only_inserts(source, path, &rewritten);
    Ok(rewritten)
}

#[track_caller]
fn rewritten(source: &str) -> Rewritten {
    with(source, &options()).expect("the test's code parses")
}

/// The new text, `P::` for the path of what it calls, `S` for the table and `…` for what is in it.
#[track_caller]
fn short(source: &str) -> String {
    let text = rewritten(source).text;
    let text = text.replace("::B::__private::", "P::");
    let mut short = String::new();
    for (index, part) in text.split("P::table! {").enumerate() {
        let entries = part.find(") }").filter(|_| index > 0);
        short.push_str(if index > 0 { "P::table! {…}" } else { "" });
        short.push_str(entries.map_or(part, |end| &part[end + ") }".len()..]));
    }
    short
        .replace("__BIRTHMARK_SITES", "S")
        .replace("__BIRTHMARKFRAMES", "F")
        .replace("__birthmark", "b")
}

/// Where the sites are.
#[track_caller]
fn positions(source: &str) -> Vec<(usize, usize)> {
    let sites = rewritten(source).sites;
    let positions = sites
        .iter()
        .map(|site| (site.position.line, site.position.column));
    positions.collect()
}

#[test]
fn each_emission() {
    let cases = [
        (
            "tokio::spawn(|| 1)",
            "tokio::spawn(P::closure!(b b_end S[0], || P::enter_owned!(b b_end, 1)))",
        ),
        (
            "tokio::spawn(move || { 1 })",
            "tokio::spawn(P::closure!(b b_end S[0], move || P::enter!(b b_end, { 1 })))",
        ),
        (
            "tokio::spawn(|| -> u8 { 1 })",
            "tokio::spawn(P::closure!(b b_end S[0], || -> u8 { P::enter_owned!(b b_end, { 1 }) }))",
        ),
        (
            "tokio::spawn(async { 1 })",
            "P::settled!(S[0], tokio::spawn(P::task!(S[0], async { 1 })))",
        ),
        (
            "tokio::spawn(task)",
            "P::settled!(S[0], tokio::spawn(P::place!(S[0], task)))",
        ),
        (
            "tokio::spawn(work(1)).await?.x",
            "P::frame!(F[0], P::settled!(S[0], tokio::spawn(P::value!(S[0], work(1))))).await?.x",
        ),
        (
            "pool.spawn_pinned(work)",
            "P::settled!(S[0], P::returned!(S[0], pool.spawn_pinned(P::task_fn!(S[0](relayed false, false, true), work))))",
        ),
        (
            "Builder::new().spawn(|| 1)",
            "P::settled!(fallible S[0], Builder::new().spawn(P::closure!(b b_end S[0], || P::enter_owned!(b b_end, 1))))",
        ),
        (
            "tokio::spawn(B::named!(\"a {}\", x => work()))",
            "P::settled!(S[0], tokio::spawn(B::named!(@moved \"a {}\", x => P::value!(S[0](false, \"a {}\", x), work()))))",
        ),
        (
            "tokio::spawn(birthmark::root!(|| 1))",
            "tokio::spawn(birthmark::root!(P::closure!(b b_end S[0](true), || P::enter_owned!(b b_end, 1))))",
        ),
        (
            "assert!(tokio::spawn(f()).ok)",
            "assert!(P::settled!(S[0], tokio::spawn(P::value!(S[0], f()))).ok, \"{:}\", \"assertion failed: tokio::spawn(f()).ok\")",
        ),
        (
            "rt::spawn(B::named!(\"a\" => work())).await",
            "P::frame!(F[0], P::settled!(S[0], P::awaited!(S[0], rt::spawn(B::named!(@moved \"a\" => P::value!(S[0](announced false, \"a\"), work())))))).await",
        ),
        (
            "rayon::scope(|s| s.spawn(|_| 1))",
            "rayon::scope(P::borrow_parent!(b b_end, |s| P::enter_owned!(b b_end, s.spawn(P::closure!(b b_end S[0], |_| P::enter_owned!(b b_end, 1))))))",
        ),
    ];
    for (call, expected) in cases {
        let found = short(&format!("fn f() {{ {call}; }}"));
        let found = found.split(" P::frames!").next().unwrap_or_default();
        assert_eq!(found, format!("fn f() {{ {expected}; }} P::table! {{…}}"));
    }
}

#[test]
fn each_wait() {
    let cases = [
        (
            "fn f() { block_on(async { 1 }); }",
            "fn f() { block_on(P::Blocked::new(async { 1 })); }",
        ),
        (
            "fn f() { rt.block_on(body); }",
            "fn f() { rt.block_on(P::blocked!(body)); }",
        ),
        (
            "fn f() { rt.block_on(work()); }",
            "fn f() { rt.block_on(P::blocked_value!(work())); }",
        ),
        (
            "#[tokio::main]\nasync fn main() {\n    f().await?; // x\n}",
            "#[tokio::main]\nasync fn main() { P::Blocked::new(async move {\n    P::frame!(F[0], f()).await?; // x\n}).await }",
        ),
        (
            "#[B::instrument]\n#[tokio::main] async fn main() { f().await }",
            "#[B::instrument] #[rustfmt::F]\n#[tokio::main] async fn main() { P::Blocked::new(async move { P::frame!(F[0], f()).await }).await }",
        ),
    ];
    for (source, expected) in cases {
        let found = short(source);
        let found = found.split(" P::frames!").next().unwrap_or_default();
        assert_eq!(found, expected);
    }
}

#[test]
fn each_frame() {
    let cases = [
        ("(a + b).await", "(P::frame!(F[0], a + b)).await"),
        (
            "tokio::select! { x = a => x.await, else => 1 }",
            "tokio::select! { x = P::branch!(F[0], a) => P::frame!(F[1], x).await, else => 1 }",
        ),
        (
            "tokio::select! { x = &mut a() => 1 }",
            "tokio::select! { x = P::extending_branch!(F[0], &mut a()) => 1 }",
        ),
        (
            "let x = futures::select!(y = a => 1)",
            "let x = P::frame_guard! { F[0], futures::select!(y = a => 1) }",
        ),
    ];
    for (code, expected) in cases {
        let found = short(&format!("async fn f() {{ {code}; }}"));
        let (code, table) = found.split_once(" P::frames! ").expect("there is a table");
        assert_eq!(code, format!("async fn f() {{ {expected}; }}"));
        assert!(
            table.starts_with("{ here F ") && table.contains("(1, "),
            "{table}"
        );
    }
}

#[test]
fn table_of_frames_has_the_receivers_as_the_source_has_them() {
    let source =
        "async fn f(a: A) { a.map[&key].lock().await; tokio::join!(pool().get(1), &mut a.task); }";
    let found = short(source);
    let (_, table) = found.split_once(" P::frames! ").expect("there is a table");
    for awaited in ["a.map[..].lock", "pool().get", "a.task"] {
        assert!(
            table.contains(&format!("\"f\", \"{awaited}\", \"\")")),
            "{table}"
        );
    }
}

#[test]
fn the_table_stands_behind_the_last_item() {
    let (spawn, done) = (
        "tokio::spawn(|| 1);",
        "tokio::spawn(P::closure!(b b_end S[0], || P::enter_owned!(b b_end, 1)));",
    );
    let cases = [
        ("fn f() { @ }", "fn f() { @ } %"),
        ("fn f() { @ } // end", "fn f() { @ } % // end"),
        (
            "fn f() { @ }/* end\n */ // end",
            "fn f() { @ } %/* end\n */ // end",
        ),
        (
            "fn f() { @ }\nmod end;\n// end\n",
            "fn f() { @ }\nmod end; %\n// end\n",
        ),
        ("fn f() { @ }\nend! {}\n", "fn f() { @ }\nend! {} %\n"),
        ("fn f() { @ }\nend!(());\n", "fn f() { @ }\nend!(()); %\n"),
        (
            "mod m { fn f() { @ } }\nfn g() {}",
            "mod m { fn f() { @ } % }\nfn g() {}",
        ),
        // What a `cfg` may leave out brings its own, behind the brace or what has to stand there.
        ("#[cfg(x)] fn f() { @ }", "#[cfg(x)] fn f() { % @ }"),
        ("#[cfg(x)] fn f() {\n@\n}", "#[cfg(x)] fn f() { %\n@\n}"),
        (
            "#[cfg(x)] fn f() { #![y] @ }",
            "#[cfg(x)] fn f() { #![y] % @ }",
        ),
        (
            "#[cfg(x)] fn f() { // a\n@ }",
            "#[cfg(x)] fn f() { % // a\n@ }",
        ),
    ];
    for (source, expected) in cases {
        let expected = expected.replace('@', done).replace('%', "P::table! {…}");
        assert_eq!(short(&source.replace('@', spawn)), expected);
    }
}

#[test]
fn positions_are_those_of_the_original_in_characters() {
    assert_eq!(
        positions("fn f() { spawn(|| spawn(|| 1)) }"),
        [(1, 10), (1, 19)]
    );
    assert_eq!(
        positions("fn f() { /* äöü€𝄞 */ let ß = \"ä\"; spawn(|| 1) }"),
        [(1, 35)]
    );
    assert_eq!(positions("\u{feff}fn f() { spawn(|| 1) }"), [(1, 10)]);
    assert_eq!(
        positions("\u{feff}#!/bin/x\nfn f() { spawn(|| 1) }"),
        [(2, 10)]
    );
    assert_eq!(
        positions("#!/bin/x ä\r\nfn f() {\r\n\tspawn(|| 1)\r\n}"),
        [(3, 2)]
    );
    assert_eq!(positions("#![allow(x)] fn f() { spawn(|| 1) }"), [(1, 23)]);
    assert_eq!(
        positions("#! [allow(x)]\nfn f() { x\n  .spawn(|| 1) }"),
        [(3, 4)]
    );
    let long = format!("fn f() {{ g({}); spawn(|| 1) }}", "1, ".repeat(100_000));
    assert_eq!(positions(&long), [(1, 300_015)]);
}

#[test]
fn what_only_looks_like_a_spawn() {
    let sources = [
        "",
        "// spawn(|| 1)",
        "//! spawn(|| 1)\n#![allow(x)]",
        "#!/bin/spawn(",
        "/* spawn(|| 1) /* spawn(|| 2) */ */",
        "/// spawn(|| 1)\n#[doc = \"spawn(|| 1)\"] fn f() {}",
        "fn f() { r#\"spawn(|| 1) \" \"#; 'a'; b\"spawn(|| 1)\"; c\"spawn(|| 1)\"; }",
        "fn r#spawn(x: u8) {} fn f() { r#spawn(1); spawn (2); }",
        "macro_rules! m { ($x:expr) => { spawn($x); spawn(|| 1) } }",
    ];
    for source in sources {
        let rewritten = rewritten(source);
        assert_eq!(rewritten.text, source);
        assert!(rewritten.sites.is_empty(), "{source}");
    }
}

#[test]
fn a_name_with_line_breaks_is_repeated_without() {
    let source =
        "fn f() { tokio::spawn(birthmark::named!(\"a\n{}\", // b\r\n r\"c\nd\" => || 1)); }";
    let text = rewritten(source).text;
    assert!(
        text.contains(r#"[0](false, "a\n{}" , "c\nd"), || "#),
        "{text}"
    );
}

#[test]
fn a_condition_with_line_breaks_is_printed_on_one_line() {
    let text = rewritten("fn f() { assert!(spawn(f()) // b\n .ok(),); }").text;
    assert!(
        text.contains("// b\n .ok(), \"{:}\", \"assertion failed: spawn(f()).ok()\"); }"),
        "{text}"
    );
}

#[test]
fn what_the_macro_has_done_or_will_do_is_not_done_twice() {
    // The attribute recognises what is done by the name of the table.
    let own = rewritten("#[birthmark::instrument(also(go))] fn f() { go(|| 1) }");
    assert_eq!(own.sites.len(), 1);
    let again = with(&own.text, &options()).expect("it parses");
    assert_eq!(again.text, own.text);
    let skipped = rewritten("#[birthmark::instrument(skip)] fn f() { spawn(|| 1) }");
    assert!(skipped.insertions.is_empty());
    assert_eq!(skipped.uncovered[0].reason, Reason::Skipped);
}

#[test]
fn options_say_what_the_attribute_says() {
    let source = "fn f() { launch(|| 1); my!(spawn(|| 2)) }";
    let nothing = rewritten(source);
    assert_eq!((nothing.sites.len(), nothing.uncovered.len()), (0, 1));
    let mut options = options();
    options.annotation.also = vec!["launch".to_owned()];
    options.annotation.macros = vec!["my".to_owned()];
    assert_eq!(with(source, &options).map(|it| it.sites.len()), Ok(2));
    options.annotation.skip = true;
    let skipped = with(source, &options).expect("it parses");
    assert_eq!((skipped.sites.len(), skipped.uncovered.len()), (0, 2));
}

#[test]
fn in_the_first_edition_the_path_is_relative() {
    let options = Options {
        edition: Edition::E2015,
        ..options()
    };
    let text = with("fn f() { spawn(task) }", &options)
        .expect("it parses")
        .text;
    assert!(
        text.starts_with("fn f() { B::__private::settled!("),
        "{text}"
    );
}

#[test]
fn no_variable_of_the_user_s_is_captured() {
    let source =
        "fn f(__birthmark: u8) { let __birthmark_ = __birthmark; spawn(move || __birthmark_) }";
    let text = with(source, &options()).expect("it parses").text;
    assert!(
        text.contains("closure!(__birthmark__ ")
            && text.contains("enter!(__birthmark__ __birthmark_end__, "),
        "{text}"
    );
}

#[test]
fn file_without_tokens_is_an_error_with_its_place() {
    let cases = [
        ("fn f() { spawn(|| 1) ", (1, 8)),
        ("fn f() { spawn(|| 1) } \"", (1, 24)),
        ("\u{feff}\nfn ä() { spawn(1) } '", (2, 21)),
    ];
    for (source, position) in cases {
        let Err(Unparsed(Mistake {
            line,
            column,
            message,
        })) = with(source, &options())
        else {
            panic!("{source} consists of tokens");
        };
        assert_eq!((line, column), position, "{source}: {message}");
        assert!(!message.is_empty());
    }
}

/// The lines of the sites, and line and name of each item that is refused.
#[track_caller]
fn sites_and_refused(source: &str) -> (Vec<usize>, Vec<(usize, String)>) {
    let options = Options {
        annotation: Annotation {
            frames: Some(false),
            ..Annotation::default()
        },
        ..options()
    };
    let rewritten = with(source, &options).expect("it consists of tokens");
    let sites = rewritten.sites.iter().map(|site| site.position.line);
    let refused = rewritten.uncovered.iter().map(|one| {
        assert!(matches!(one.reason, Reason::Syntax { .. }), "{one:?}");
        (one.position.line, one.callee.clone())
    });
    (sites.collect(), refused.collect())
}

const GO: &str = "fn go() { spawn(|| 1); }";

#[test]
fn refused_item_without_a_spawn_leaves_those_around_it_recorded() {
    let items = [
        "pub type Job = Fn() + Send;",
        "type Job = Fn(); struct A;",
        "fn f(job: &(Fn() + Send)) { job() }",
        "fn f(job: Box<Fn() + Send>) -> Box<FnMut(u8) -> u8 + 'static> { x }",
        "impl Fn() + Send { fn f() {} }",
        "trait T { fn m(u8); fn n(&self, &str, Vec<u8>) -> u8; }",
        "trait T { fn m(u8) { 1 } const C: u8 = { 1 }; type T; fn n() {} }",
        "fn async() {} fn f() { async() }",
        "mod async { pub fn await() {} } use async::await;",
        "struct dyn { try: u8, await: u8, async: u8 }",
        "fn f(dyn: u8) -> u8 { let await = dyn; match await { 0...9 => 1, _ => 2 } }",
        "const C: [u8; 2] = { let async = 1; [async, 2] };",
        "static async: A<{ 1 }> = { A };",
        "use dyn::{self, a};",
        "impl A<{ let async = 1; async }, u8> for dyn { fn f() {} }",
        "#[doc = \"x\"] pub(crate) unsafe fn f() -> [u8; { 1 }] where A<{ async }>: B, { a }",
        "unknown syntax { of tomorrow }",
        "let x;",
        ";",
    ];
    for item in items {
        let source = format!("#![allow(x)]\n{GO}\n{item}\n{GO} {item} {GO}\n");
        let found = sites_and_refused(&source);
        assert_eq!(found, (vec![2, 4, 4], vec![]), "{item}");
        let nested = format!("mod m {{\n#![allow(x)] {GO}\n{item}\n{GO}\n}}\n{GO}");
        let found = sites_and_refused(&nested);
        assert_eq!(found, (vec![2, 4, 6], vec![]), "{item}");
    }
}

#[test]
fn refused_item_with_a_spawn_is_listed_by_its_line() {
    let source = "\
// The first line.
trait Runs {
    fn m(u8) {}
    /// Documentation.
    fn spawns(&self, u8) {
        spawn(|| 1);
    }
    fn n(&self) { spawn(|| 1); }
}
impl Fn() + Send { fn f() {
    spawn(|| 1); } }
impl A {
    pub unsafe fn old() { let async = 1; spawn(|| 1); } fn new() { spawn(|| 1); }
}
#[cfg(test)] fn tests(async: u8) { spawn(|| 1); }
fn last() { spawn(|| 1); }";
    let (sites, refused) = sites_and_refused(source);
    assert_eq!(sites, [8, 11, 13, 16]);
    let refused: Vec<_> = refused
        .iter()
        .map(|(line, name)| (*line, &name[..]))
        .collect();
    let expected = [(5, "fn spawns"), (13, "unsafe fn old"), (15, "fn tests")];
    assert_eq!(refused, expected);
    let untested = Options {
        without_tests: true,
        ..options()
    };
    let uncovered = with(source, &untested).expect("it is read").uncovered;
    assert_eq!(uncovered.len(), 2);
    let Reason::Syntax { line, error } = &uncovered[1].reason else {
        panic!("{:?}", uncovered[1]);
    };
    assert_eq!((*line, error.is_empty()), (13, false));
}

#[test]
fn positions_beside_a_refused_item_are_those_of_the_original() {
    let source =
        "\u{feff}trait ä { fn m(u8); fn n() { spawn(|| 1); } }\n fn f() { a::spawn(|| 1); }";
    assert_eq!(positions(source), [(1, 30), (2, 11)]);
    let text = rewritten(source).text;
    assert!(text.contains("(1, 30, "), "{text}");
    let kept = Options {
        edit: Some("::c::edit".to_owned()),
        ..options()
    };
    let path = "src/x.rs";
    let text = rewrite(File { source, path }, &kept)
        .expect("it is read")
        .text;
    assert!(
        text.contains(" #[::c::edit(1 1 1 30 ")
            && text.contains("{ fn m(u8); fn n() { spawn(|| 1); } }"),
        "{text}"
    );
}

#[test]
fn nesting_beyond_measure_is_no_end_of_the_tool() {
    let deep = format!(
        "fn f() {{ spawn({}1{}) }}",
        "(".repeat(3000),
        ")".repeat(3000)
    );
    // Whether it parses is a matter of the stack; that it comes back is not.
    let _ = with(&deep, &options());
}

#[test]
fn a_name_without_effect_is_a_mistake() {
    let mistakes =
        rewritten("fn f() { spawn(|| 1);\n  g(birthmark::named!(\"a\" => 1)) }").mistakes;
    assert_eq!(
        (mistakes[0].line, mistakes[0].column, mistakes.len()),
        (2, 5, 1)
    );
}

#[test]
fn the_head_of_a_crate() {
    let root = "#!/bin/x\n//! docs\n#![cfg_attr(birthmark, birthmark::instrument(also(go, run(1)), macros(m)))]\nfn f() {}";
    let annotation = Annotation {
        also: vec!["go".to_owned(), "run".to_owned()],
        positions: vec![("run".to_owned(), 1)],
        macros: vec!["m".to_owned()],
        ..Annotation::default()
    };
    assert_eq!(head(root).map(|head| head.annotation), Ok(Some(annotation)));
    let bare = head("#![cfg_attr(any(birthmark), birthmark::instrument)]");
    assert_eq!(
        bare.map(|head| head.annotation),
        Ok(Some(Annotation::default()))
    );
    assert_eq!(
        head("fn f() { this ; is + no = code }").map(|head| head.annotation),
        Ok(None)
    );

    let wrong = head("#![cfg_attr(birthmark, birthmark::instrument(alos(x)))]").expect("it parses");
    assert_eq!((wrong.mistakes[0].line, wrong.mistakes[0].column), (1, 46));

    let no_std = |source: &str| head(source).expect("it parses").no_std;
    assert_eq!(
        no_std("#![no_std] #[cfg_attr(birthmark, x)] mod y;"),
        NoStd::Always
    );
    assert_eq!(no_std("//! #![no_std]"), NoStd::No);
    let when = NoStd::When("not (feature = \"std\")".to_owned());
    assert_eq!(no_std("#![cfg_attr(not(feature = \"std\"), no_std)]"), when);
}

#[test]
fn modules_are_found_however_they_are_written() {
    for source in [
        "mod a;",
        "mod\ta ;",
        "mod/**/a;",
        "mod a/**/;",
        "mod // why\na;",
        "mod r#a;",
        "x! { mod a; }",
    ] {
        let found = modules(source).expect("tokens");
        assert_eq!(found.len(), 1, "{source}");
    }
    for source in ["mod a {}", "// mod a {}", "fn modern() {}", "amod a;"] {
        assert_eq!(modules(source), Ok(vec![]), "{source}");
    }
}

#[test]
fn the_modules_of_a_file() {
    let module = |name: &str| Module {
        name: name.to_owned(),
        ..Module::default()
    };
    let parent = |name: &str, paths: &[&str]| Parent {
        name: name.to_owned(),
        paths: paths.iter().map(|&path| path.to_owned()).collect(),
    };
    let source = "// mod no;\nmod a; pub(crate) mod r#b; fn f() { mod c; }\n\
        #[cfg(x)] /// doc\n pub mod d;\n\
        #[path = \"e/f.rs\"] mod e; #[cfg_attr(x, path = \"x.rs\")] #[cfg_attr(y, path = \"y.rs\")] mod g;\n\
        mod h { #[path = \"i\"] mod j { mod k; } const M: &str = \"mod no;\"; mod l; }\n\
        cfg_if! { if #[cfg(m)] { mod m; } } macro_rules! n { () => { mod $n; } }";
    let conditional = |paths: &[&str], name| Module {
        paths: paths.iter().map(|&path| path.to_owned()).collect(),
        conditional: true,
        ..module(name)
    };
    let expected = vec![
        module("a"),
        module("b"),
        module("c"),
        conditional(&[], "d"),
        Module {
            conditional: false,
            ..conditional(&["e/f.rs"], "e")
        },
        conditional(&["x.rs", "y.rs"], "g"),
        Module {
            parents: vec![parent("h", &[]), parent("j", &["i"])],
            ..module("k")
        },
        Module {
            parents: vec![parent("h", &[])],
            ..module("l")
        },
        module("m"),
    ];
    assert_eq!(modules(source), Ok(expected));
}

#[test]
fn offsets_lead_back() {
    let source = "fn ä() { spawn(é); } fn g() { spawn(h()) }";
    let rewritten = rewritten(source);
    for (old, _) in source.char_indices() {
        let before = rewritten.insertions.iter().filter(|one| one.offset <= old);
        let new = old + before.map(|one| one.text.len()).sum::<usize>();
        assert_eq!(rewritten.original(new), old);
        assert_eq!(
            rewritten.text[new..].chars().next(),
            source[old..].chars().next()
        );
    }
    let inside = rewritten.text.find("place!").expect("it is there");
    assert_eq!(
        rewritten.original(inside),
        source.find('é').expect("it is there")
    );
}

#[test]
fn what_the_filter_says_no_to_is_left_alone() {
    let nothing = Annotation::default();
    let mut also = nothing.clone();
    also.also = vec!["ausführen".to_owned()];
    assert!(!may_spawn("fn f() { ausführen(|| 1) }", &nothing));
    assert!(may_spawn("fn f() { ausführen(|| 1) }", &also));
    assert!(!may_spawn("fn f() { nicht_ausführen(|| 1) }", &also));
}

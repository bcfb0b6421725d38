//! The front end for text: what it inserts, and where.
#![cfg(feature = "text")]

use birthmark_rewrite::text::{self, File, Options, Rewritten};

fn rewrite(source: &str) -> Rewritten {
    let options = Options {
        runtime: "P".to_owned(),
        ..Options::default()
    };
    let path = "src/x.rs";
    text::rewrite(File { source, path }, &options).expect("the test's code parses")
}

#[test]
fn a_spawn_is_surrounded_on_its_line() {
    let rewritten = rewrite("fn f() {\n    spawn(g());\n} // the end");
    assert_eq!(
        rewritten.text,
        "fn f() {\n    ::P::__private::settled!(__BIRTHMARK_SITES[0], \
         spawn(::P::__private::value!(__BIRTHMARK_SITES[0], g())));\n\
         } ::P::__private::table! { __BIRTHMARK_SITES 1 (2, 5, \"f\", \"spawn\", \"g\", Unknown) } // the end"
    );
}

//! Functions of other files of the crate that are named like callees: their signatures decide.
#![cfg(feature = "text")]

use birthmark_test_support as _;

use birthmark_rewrite::CrateSignatures;
use birthmark_rewrite::text::{File, Options, rewrite};

/// The module `rt`, whose functions borrow their tasks, and the type `Pool`, which does as well.
const RT: &str = "\
pub fn spawn(f: &dyn Fn() -> u32) -> u32 { f() }
pub mod inner { pub fn spawn_local(f: fn() -> u32) {} }
pub struct Pool;
impl Pool {
    pub fn new() -> Pool { Pool }
    pub fn execute(&self, f: std::future::Ready<u8>) {}
    pub fn spawn(f: &mut dyn FnMut()) {}
}
";

/// The number of spawns that are recorded in a function with these imports and this body.
#[track_caller]
fn sites(imports: &str, body: &str) -> usize {
    let mut signatures = CrateSignatures::default();
    signatures.add("rt", RT, &[]);
    signatures.add("", "pub mod rt; mod other;", &[]);
    let options = Options {
        runtime: "B".to_owned(),
        signatures,
        ..Options::default()
    };
    let source = format!("{imports}\nfn go() {{ {body} }}");
    let path = "src/other.rs";
    let file = File {
        source: &source,
        path,
    };
    let rewritten = rewrite(file, &options).expect("it consists of tokens");
    rewritten.sites.len()
}

#[test]
fn callee_of_another_file_is_found_by_import_path_or_type() {
    let cases = [
        ("use crate::rt::spawn;", "spawn(&task);"),
        ("use crate::rt::{Pool, spawn};", "spawn(&task);"),
        ("use super::*;", "spawn(&task);"),
        ("use crate::spawn;", "spawn(&task);"),
        ("use crate::rt;", "rt::spawn(&task);"),
        ("use crate::{rt::{self}, other};", "rt::spawn(&task);"),
        ("", "crate::rt::spawn(&task);"),
        ("", "super::rt::inner::spawn_local(task);"),
        ("use crate::rt::inner::spawn_local;", "spawn_local(task);"),
        (
            "use crate::rt::Pool;",
            "let pool = Pool::new(); pool.execute(task);",
        ),
        ("use crate::rt::Pool;", "Pool::spawn(&mut task);"),
        ("", "crate::rt::Pool::spawn(&mut task);"),
    ];
    for (imports, body) in cases {
        assert_eq!(sites(imports, body), 0, "{imports} {body}");
    }
}

#[test]
fn callee_that_may_be_of_another_crate_is_taken_for_a_known_one() {
    let cases = [
        ("use tokio::spawn;", "spawn(task);"),
        ("use tokio::*; use crate::rt::*;", "spawn(task);"),
        ("", "tokio::spawn(task);"),
        ("", "rt::spawn(task);"),
        ("use smol::rt;", "rt::spawn(task);"),
        ("use crate::mine::spawn;", "spawn(task);"),
        ("", "pool.execute(task);"),
        ("use smol::Pool;", "Pool::spawn(task);"),
        ("use crate::rt::spawn;", "spawn(1, task);"),
        ("fn spawn<F: FnOnce()>(f: F) {}", "spawn(task);"),
    ];
    for (imports, body) in cases {
        assert_eq!(sites(imports, body), 1, "{imports} {body}");
    }
}

//! Valid in every edition, and full of what makes rewriting text hard.
#![deny(warnings, missing_docs, unused_qualifications, unused_lifetimes, unreachable_pub, elided_lifetimes_in_paths)]
#![deny(single_use_lifetimes, trivial_casts, unused_results, let_underscore_drop)]
#![forbid(unsafe_code)]

// A first comment with spawn(|| 1).
/* nested /* spawn(|| 2) */ comment */
mod bare;
mod crlf;
mod parts { pub(crate) mod inner; /* ends here */ }
use std::thread; use std::thread::spawn;

/// A doc comment: `spawn(|| 3)`.
#[doc = "spawn(|| 4)"]
macro_rules! in_a_macro {
    ($task:expr) => { spawn($task).join().unwrap() };
}

macro_rules! given { ($($call:tt)*) => { $($call)* }; }

mod shadows {
    mod std {}
    mod core { }
    mod birthmark {}
    mod option {}
    pub(crate) fn f(birthmark: i32) -> i32 { let __private = birthmark; ::std::thread::spawn(move || __private).join().unwrap() }
}

struct Ends<'a>(&'a str);

impl Drop for Ends<'_> {
    fn drop(&mut self) { assert!(__birthmark::sites().is_empty() || __birthmark::current().map_or(false, |task| task.site().map_or(false, |site| site.function() == "temporaries")), "{}", self.0); }
}

impl Ends<'_> {
    fn len(&self) -> usize { self.0.len() }
}

fn temporaries() -> usize {
    /* ä */ let text = "ß".to_owned(); let n = spawn(move || Ends(&text).len()); /* ü */ let m = spawn(|| { Ends("x").len() });
    n.join().unwrap() + m.join().unwrap()
}

#[allow(unused_variables)]
fn first() -> i32 { #![allow(dead_code)] spawn(|| 5).join().unwrap() }

fn nested() -> i32 {
    spawn(|| { let a = spawn(|| 6).join().unwrap(); let b = spawn(move || { let _birthmark = a; spawn(move || _birthmark + 1).join().unwrap() }); b.join().unwrap() }).join().unwrap()
}

fn typed(a: &str) -> usize {
    thread::scope(|s| -> usize { let h = s.spawn(|| -> usize { a.len() }); s.spawn(|| h.join().unwrap()).join().unwrap() })
}

fn job() -> i32 { 7 }

fn shapes(early: bool) -> Result<i32, std::io::Error> {
    let task = job; let boxed: Box<dyn FnOnce() -> i32 + Send> = Box::new(move || 1);
    let a = thread::Builder::new().name("n".to_owned()).spawn(task)?.join().unwrap();
    let b = spawn(boxed).join().unwrap() + spawn(job).join().unwrap();
    let c = if early { spawn(|| { return 1; }) } else { spawn(|| 2) }.join().unwrap();
    let d = spawn(__birthmark::named!("a \
        b {}", a => move || __birthmark::task_count() as i32)).join().unwrap();
    let e = spawn(__birthmark::root!({ let x = 1; move || x })).join().unwrap();
    let name = "moved".to_owned(); let f = spawn(__birthmark::named!("{}", own(name) => move || 1)).join().unwrap();
    #[cfg(not(windows))] drop(spawn(|| 1)); #[cfg(windows)] spawn(|| 1);
    assert!(spawn(|| true).join().unwrap()); assert!(spawn(|| true)
        .join().unwrap(),);
    println!("{:?}", [spawn(|| 1).join().unwrap(), in_a_macro!(|| 2), given!(spawn(|| 3).join().unwrap())]);
    let r = r#"spawn(|| ")") "#.len() as i32;
    let g = match spawn(|| loop { if r#true() { break } }).join() { Ok(()) => 0, Err(_) => 1 };
    Ok(a + b + c + d + e + f + g + r)
}

fn own(name: String) -> String { name }

fn r#true() -> bool { true }

#[cfg(any())] fn never() { spawn(|| this_is_not_here) }

fn lines() -> (u32, u32) {
    let told = spawn(|| line!()).join().unwrap(); (told, spawn(|| std::panic::Location::caller().line()).join().unwrap())
}

fn main() {
    print!("{} {} {} {} {:?} ", temporaries(), first(), nested(), typed("abc"), shapes(true).map(|n| n > 0));
    println!("{:?} {} {} {} {}", lines(), shadows::f(1), bare::f(), crlf::f(), parts::inner::f());
    for stats in __birthmark::sites() { let s = stats.site;
        println!("{}:{}:{} {} {} {} {:?}", s.file(), s.line(), s.column(), s.function(), s.callee(), s.role(), s.kind()); }
} // the end, without a line break
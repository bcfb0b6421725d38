use super::{instrument, reasons};
use crate::site::Reason;

#[test]
fn everything_inside_at_any_depth() {
    let run = instrument(
        "",
        "mod m {
            fn a<const N: usize>() { spawn(x); fn b() { spawn(x); } mod n { pub async fn c() { spawn(x); } } }
            impl<'a> T<'a> { async fn d(&'a self) { spawn(x); } const E: T = T::new(|| spawn(x)); }
            trait U { fn f(&self) { let g = || async { spawn(x) }; } fn h(); }
        }",
    );
    assert_eq!(run.sites.len(), 6);
}

#[test]
fn the_items_of_a_module_share_a_table() {
    let run = instrument(
        "",
        "mod m { fn a() { spawn(x); } mod n { fn b() { spawn(x); } fn c() { spawn(x); } } impl T { fn d() { spawn(x); } } }",
    );
    assert_eq!(run.sites.len(), 4);
    assert_eq!(run.text.matches("P::table!").count(), 2);
}

/// The table of a module would list spawns that are not in the program.
#[test]
fn what_a_cfg_may_leave_out_has_a_table_of_its_own() {
    let run = instrument(
        "",
        "mod m { #[cfg(a)] fn a() { spawn(x); } #[cfg(b)] mod n { fn b() { spawn(x); } fn c() { spawn(x); } }
            #[cfg_attr(c, cfg(d))] impl T { fn d() { spawn(x); } } fn e() { spawn(x); } }",
    );
    assert_eq!(run.sites.len(), 5);
    assert_eq!(run.text.matches("P::table!").count(), 4);
}

#[test]
fn an_item_without_spawns_is_untouched() {
    let run = instrument("", "fn f(a: u8,) { vec! [1 , 2]; }");
    assert_eq!(run.text, "fnf(a:u8,){vec![1,2];}");
}

#[test]
fn skip_leaves_an_item_alone() {
    let item = "fn f() { spawn(x); }";
    assert_eq!(instrument("skip", item).text, super::short(item));
    for attr in [
        "birthmark::instrument(skip)",
        "instrument(skip)",
        "cfg_attr(a, birthmark::instrument(skip))",
    ] {
        let item = format!("impl T {{ #[{attr}] fn a() {{ spawn(x); }} fn b() {{ spawn(x); }} }}");
        let run = instrument("", &item);
        assert_eq!(run.sites.len(), 1, "{attr}");
        assert_eq!(run.sites[0].function, "T::b");
        assert!(
            run.text
                .contains(&super::short(&format!("#[{attr}] fn a() {{ spawn(x); }}"))),
            "{}",
            run.text
        );
        assert_eq!(reasons(&run), [("spawn", &Reason::Skipped)]);
    }
}

#[test]
fn tracings_attribute_is_not_ours() {
    for attr in [
        "instrument",
        "tracing::instrument",
        "instrument(skip(a), fields(b = 1))",
        "tracing::instrument(skip_all)",
    ] {
        let run = instrument(
            "",
            &format!("impl T {{ #[{attr}] fn a() {{ spawn(x); }} }}"),
        );
        assert_eq!(run.sites.len(), 1, "{attr}");
        assert!(run.text.contains(&super::short(&format!("#[{attr}]"))));
    }
}

#[test]
fn an_inner_attribute_adds_its_arguments() {
    let run = instrument(
        "also(a)",
        "mod m { #[birthmark::instrument(also(b))] fn f() { a(x()); b(x()); } fn g() { b(x()); } }",
    );
    assert_eq!(run.sites.len(), 2);
}

#[test]
fn what_is_done_is_not_done_again() {
    for item in [
        "fn f() { spawn(async { spawn(|| 1) }); fn g() { spawn(birthmark::named!(\"a\" => x)).abort(); } }",
        "impl T { fn f() { vec![spawn(x)]; tokio::select! { a = spawn(b()) => {} } pool.install(|| 1); assert!(spawn(x)); } }",
        "static A: T = T::new(|| spawn(x));",
    ] {
        let once = instrument("", item);
        let twice = instrument(
            "",
            &once
                .text
                .replace('P', "::birthmark::__private")
                .replace("S0", "__BIRTHMARK_SITES.at(0)"),
        );
        assert!(!once.sites.is_empty());
        assert!(twice.sites.is_empty() && twice.errors.is_empty(), "{item}");
    }
}

#[test]
fn the_attribute_of_an_inner_item_runs_over_what_is_done() {
    let outer = "mod m { #[birthmark::instrument] fn f() { spawn(x); } }";
    let done = crate::instrument(Default::default(), outer.parse().unwrap(), &nowhere)
        .item
        .to_string();
    let inner = done
        .split_once("instrument]")
        .unwrap()
        .1
        .rsplit_once('}')
        .unwrap()
        .0;
    let output = crate::instrument(Default::default(), inner.parse().unwrap(), &nowhere);
    assert!(output.sites.is_empty() && output.errors.is_empty());
}

fn nowhere(_: proc_macro2::Span) -> crate::Position {
    crate::Position {
        file: String::new(),
        line: 1,
        column: 1,
    }
}

#[test]
fn the_path_of_the_runtime() {
    let run = instrument("crate = crate::re::birthmark", "fn f() { spawn(x); }");
    assert!(run.text.contains("crate::reP::adapt!"), "{}", run.text);
    assert_eq!(
        run.text.matches("P::").count(),
        run.text.matches("crate::reP::").count()
    );
}

#[test]
fn a_module_in_another_file_is_reported() {
    assert_eq!(
        reasons(&instrument("", "mod a { mod b; }")),
        [("b", &Reason::Module)]
    );
}

#[test]
fn the_table_tells_each_site() {
    let run = instrument("", "impl Server { fn accept() { tokio::spawn(run(1)); } }");
    let entry = "P::table!{__BIRTHMARK_SITES1(\"x.rs\",1,1,\"Server::accept\",\"tokio::spawn\",\"run\",Unknown,false,true)}";
    assert!(run.text.contains(entry), "{}", run.text);
}

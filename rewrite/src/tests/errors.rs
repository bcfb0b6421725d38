use super::instrument;

#[track_caller]
fn errors(args: &str, item: &str, expected: &[&str]) {
    let run = instrument(args, item);
    assert_eq!(
        run.text,
        super::short(item),
        "the item is emitted beside the error"
    );
    assert_eq!(run.errors.len(), expected.len(), "{:?}", run.errors);
    for (error, expected) in run.errors.iter().zip(expected) {
        assert!(error.contains(expected), "{error}");
        assert!(
            !error.ends_with('.') && !error.starts_with(char::is_uppercase),
            "{error}"
        );
    }
}

#[test]
fn wrong_arguments_are_all_reported() {
    errors(
        "also, alsoo(a), also(b::c), macros(), crate = 3, skip, 7",
        "fn f() {}",
        &[
            "`also(launch)`",
            "unknown argument `alsoo`",
            "given twice",
            "`macros()` names nothing",
            "`crate` takes the path",
            "`skip` leaves",
            "expected `also(…)`",
        ],
    );
    errors("crate", "fn f() {}", &["crate::reexports::birthmark"]);
    errors("skip = 3", "fn f() {}", &["unexpected token after `skip`"]);
    errors(
        "also(a::b)",
        "fn f() {}",
        &["the last segment of a path is enough"],
    );
}

#[test]
fn the_attribute_on_what_holds_no_spawn() {
    let file = "cannot see into `mod foo;`: an attribute is given the declaration without the file";
    errors("", "mod foo;", &[file]);
    let root = "cannot instrument a crate: an attribute sees the root without the files";
    errors("", "use a::b; fn f() {}", &[root]);
    for item in [
        "struct A;",
        "enum A {}",
        "union A { a: u8 }",
        "type A = B;",
        "use a::b;",
        "extern crate a;",
        "extern \"C\" {}",
        "macro_rules! a { () => {} }",
    ] {
        errors("", item, &["contains no spawn to instrument"]);
    }
}

#[test]
fn files_out_of_sight_name_the_command_that_reads_them() {
    for item in ["mod foo;", "#![cfg(x)] mod foo; fn f() {}"] {
        let errors = instrument("", item).errors;
        assert!(
            errors[0].contains("build with `cargo birthmark`"),
            "{errors:?}"
        );
    }
}

#[test]
fn what_does_not_parse_is_left_to_the_compiler() {
    errors("", "fn f() { let x = ; spawn(x); }", &[]);
    errors("", "fn f(&self);", &[]);
}

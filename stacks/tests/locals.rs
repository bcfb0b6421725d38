//! Local variables of suspended state machines.

mod support;

use birthmark_stacks::{Frame, Local, LocalValue, Locals, Options, Unchanging};
use support::{Program, build};

fn frames(label: &str, options: &Options) -> Vec<Frame> {
    let program = Program::start(&build(&[]), &[]);
    let mut info = program.debug_info();
    let root = program.task(label).by_function();
    info.stack(&program.memory(), &root, &Unchanging, options)
        .frames
}

fn value<'a>(locals: &'a [Local], name: &str) -> &'a LocalValue {
    let mut named = locals.iter().filter(|local| local.name == name);
    &named
        .next()
        .unwrap_or_else(|| panic!("{name} is missing: {locals:#?}"))
        .value
}

fn shown(text: &str) -> LocalValue {
    LocalValue::Shown(text.to_owned())
}

#[test]
fn values_are_shown_as_they_are_written() {
    let redacted = Locals::new().redact(|variable| variable.name == "password");
    let frames = frames("locals", &Options::new().locals(redacted));
    let locals = &frames[0].locals;
    let expected = [
        ("count", "42"),
        ("name", "\"crème\""),
        ("word", "\"static\""),
        ("ratio", "0.5"),
        ("letter", "'é'"),
        ("is_on", "true"),
        ("colour", "Green { shade: 9 }"),
        ("maybe", "Some(5)"),
        ("none", "None"),
        ("list", "[1, 2, 3]"),
    ];
    for (name, text) in expected {
        assert_eq!(*value(locals, name), shown(text), "{name}");
    }
    assert_eq!(*value(locals, "password"), LocalValue::Redacted);
    assert!(
        locals
            .iter()
            .all(|local| local.address > 0 && !local.type_name.is_empty())
    );
}

#[test]
fn values_are_not_shown_by_default() {
    assert!(frames("locals", &Options::new())[0].locals.is_empty());
}

#[test]
fn length_of_a_text_and_depth_of_a_value_are_bounded() {
    let bounded = Locals::new().length(3).depth(0);
    let frames = frames("locals", &Options::new().locals(bounded));
    let locals = &frames[0].locals;
    // The fourth byte is in the middle of a character.
    assert_eq!(*value(locals, "name"), shown("\"cr\"…"));
    assert_eq!(*value(locals, "word"), shown("\"sta\"…"));
    assert_eq!(*value(locals, "list"), shown("[…; 3]"));
    assert_eq!(*value(locals, "colour"), shown("Green { … }"));
}

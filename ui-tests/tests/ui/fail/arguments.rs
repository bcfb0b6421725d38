#[birthmark::instrument(alos(launch))]
fn unknown() {}

#[birthmark::instrument(also, macros = "x")]
fn not_a_list() {}

#[birthmark::instrument(also(a::launch), macros(), also(b))]
fn three_at_once() {}

#[birthmark::instrument(crate = "birthmark")]
fn not_a_path() {}

#[birthmark::instrument(skip, also(launch))]
fn skip_is_alone() {}

#[birthmark::instrument(frames)]
fn neither_on_nor_off() {}

#[birthmark::instrument(frames = 1)]
fn not_a_bool() {}

#[birthmark::instrument(42)]
fn not_a_name() {}

fn main() {
    unknown();
    not_a_list();
    three_at_once();
    not_a_path();
    skip_is_alone();
    neither_on_nor_off();
    not_a_bool();
    not_a_name();
}

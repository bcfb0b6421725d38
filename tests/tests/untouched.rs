//! Calls that look like spawns and are none: they do the same as without the attribute, and nothing is
//! recorded.

use birthmark_test_support as _;

use std::any::type_name_of_val;
use std::process::Command;

/// An entity-component world, after bevy's.
#[derive(Default)]
struct RegistryRef {
    spawned: Vec<String>,
}

#[derive(Clone, Copy, Debug)]
struct Position(#[expect(dead_code, reason = "it is shown")] i32);

#[derive(Debug, Default)]
struct Health {}

trait Bundle: std::fmt::Debug {}

impl Bundle for Position {}
impl Bundle for Health {}
impl Bundle for () {}
impl<A: Bundle, B: Bundle> Bundle for (A, B) {}

struct Commands<'w> {
    world: &'w mut RegistryRef,
}

struct Entity<'w>(&'w mut RegistryRef);

impl RegistryRef {
    fn spawn(&mut self, bundle: impl Bundle) -> Entity<'_> {
        let ty = type_name_of_val(&bundle).rsplit("::").next().unwrap();
        self.spawned.push(format!("{bundle:?} {ty}"));
        Entity(self)
    }

    fn commands(&mut self) -> Commands<'_> {
        Commands { world: self }
    }
}

impl Commands<'_> {
    fn spawn(&mut self, bundle: impl Bundle) -> Entity<'_> {
        self.world.spawn(bundle)
    }

    fn spawn_batch<B: Bundle>(&mut self, bundles: impl IntoIterator<Item = B>) {
        for bundle in bundles {
            self.spawn(bundle);
        }
    }
}

impl Entity<'_> {
    fn insert(self, bundle: impl Bundle) -> Self {
        self.0.spawned.push(format!("and {bundle:?}"));
        self
    }
}

/// A level that is spawned *into* a world, which is reborrowed for it.
struct Level;

impl Level {
    fn spawn(&self, world: &mut RegistryRef) -> usize {
        world.spawn(Position(0));
        world.spawned.len()
    }
}

fn spawn(world: &mut RegistryRef) -> usize {
    world.spawned.len()
}

/// Kinds of argument that are no task.
struct Nursery(Vec<String>);

impl Nursery {
    fn spawn(&mut self) -> &mut Self {
        self.0.push("nobody".into());
        self
    }

    fn spawn_local(&mut self, a: u32, b: u32, c: u32, d: u32) -> u32 {
        a + b + c + d
    }

    fn execute(&mut self, query: &str) -> usize {
        self.0.push(query.into());
        query.len()
    }

    fn spawn_on(&mut self, name: impl Into<String>, place: &str) -> String {
        format!("{} on {place}", name.into())
    }

    /// A handler is no task: it takes an argument.
    fn spawn_fn(&mut self, handler: impl Fn(u32) -> u32) -> u32 {
        handler(1)
    }

    fn spawn_with_handle<T>(&mut self, value: Option<T>) -> Option<T> {
        value
    }
}

macro_rules! twice {
    ($($items:tt)*) => {
        mod plain {
            use super::*;
            $($items)*
        }

        #[birthmark::instrument]
        mod instrumented {
            use super::*;
            $($items)*
        }
    };
}

twice! {
    pub fn bundles(world: &mut RegistryRef) {
        let mut commands = world.commands();
        commands.spawn(Position(1));
        commands.spawn((Position(2), Health {})).insert(Health {}).insert(());
        commands.spawn(());
        let bundle = (Position(3), ((), Health {}));
        commands.spawn(bundle);
        commands.spawn(Health::default());
        commands.spawn({ let number = 4; Position(number) });
        commands.spawn(if true { Position(5) } else { Position(6) });
        commands.spawn_batch([Position(7), Position(8)]);
        commands.spawn(make());
        commands.world.spawn(Position(9)).insert(Position(10));
    }

    fn make() -> impl Bundle {
        (Position(11), Health {})
    }

    pub fn reborrows(world: &mut RegistryRef) -> Vec<usize> {
        // The variable is used again: it was reborrowed, not moved.
        let first = spawn(world);
        let second = Level.spawn(world);
        let third = super::spawn(world);
        let again: &mut RegistryRef = world;
        vec![first, second, third, spawn(again), Level.spawn(again), spawn(world)]
    }

    pub fn fields(holder: &mut (RegistryRef, Nursery)) -> Vec<usize> {
        let world = &mut holder.0;
        vec![spawn(world), spawn(&mut holder.0), Level.spawn(&mut holder.0)]
    }

    pub fn processes() -> Vec<String> {
        let mut echo = Command::new("echo");
        let child = echo.arg("a process").stdout(std::process::Stdio::piped()).spawn().unwrap();
        let output = child.wait_with_output().unwrap();
        let missing = Command::new("/does/not/exist").spawn().map(drop).unwrap_err();
        vec![String::from_utf8(output.stdout).unwrap(), missing.kind().to_string()]
    }

    pub fn others(nursery: &mut Nursery) -> Vec<String> {
        let text = String::from("insert");
        let number = nursery.spawn().spawn().spawn_local(1, 2, 3, 4);
        let length = nursery.execute("select") + nursery.execute(&text);
        let place = nursery.spawn_on("a", "b") + &nursery.spawn_on(text, "c");
        let place = place + &nursery.spawn_on('d', "e") + &nursery.spawn_on("f".to_owned(), "g");
        let handled = nursery.spawn_fn(move |number| number + 1);
        let value = nursery.spawn_with_handle(Some(1)).or(nursery.spawn_with_handle(None));
        let parsed = nursery.spawn_with_handle("7".parse::<u8>().ok());
        vec![format!("{number} {length} {place} {handled} {value:?} {parsed:?}")]
    }
}

#[test]
fn call_that_is_no_spawn_is_unchanged() {
    let (mut plain, mut marked) = (RegistryRef::default(), RegistryRef::default());
    plain::bundles(&mut plain);
    instrumented::bundles(&mut marked);
    assert_eq!(marked.spawned, plain.spawned);
    assert_eq!(
        instrumented::reborrows(&mut marked),
        plain::reborrows(&mut plain)
    );
    let (mut plain, mut marked) = ((plain, Nursery(vec![])), (marked, Nursery(vec![])));
    assert_eq!(instrumented::fields(&mut marked), plain::fields(&mut plain));
    assert_eq!(
        instrumented::others(&mut marked.1),
        plain::others(&mut plain.1)
    );
    assert_eq!(marked.1.0, plain.1.0);
    assert_eq!(marked.0.spawned, plain.0.spawned);
    assert_eq!(instrumented::processes(), plain::processes());
    for stats in birthmark::sites() {
        let handler = stats.site.callee() == "nursery.spawn_fn";
        // A closure literal with a parameter may be a rayon job; this one is called and recorded.
        assert_eq!(stats.spawned(), u64::from(handler), "{stats:?}");
    }
}

// Spawns that are none: bundles, processes, a user's own `spawn` of other arity or argument kind.
#![deny(warnings)]

use std::fmt::Debug;

#[derive(Default)]
struct Commands(Vec<String>);

#[derive(Debug, Clone, Copy, PartialEq)]
struct Position(u32);

#[derive(Debug, Default, Clone)]
struct Bundle {
    position: u32,
}

struct World(u32);

struct Name(String);

impl From<&str> for Name {
    fn from(name: &str) -> Self {
        Name(name.to_owned())
    }
}

struct Entity<'a>(&'a mut Commands);

impl<'a> Entity<'a> {
    fn insert(self, component: impl Debug) -> Self {
        self.0.0.push(format!("{component:?}"));
        self
    }
}

impl Commands {
    fn spawn<B: Debug>(&mut self, bundle: B) -> Entity<'_> {
        self.0.push(format!("{bundle:?}"));
        Entity(self)
    }
    fn execute(&mut self, parameters: &[&dyn Debug]) -> usize {
        parameters.len()
    }
}

fn spawn(world: &mut World) {
    world.0 += 1;
}

struct Zoo;

impl Zoo {
    fn spawn(&self, name: Name, count: Option<u32>) -> usize {
        name.0.len() + count.unwrap_or(1) as usize
    }
    fn spawn_local(&self, names: Vec<String>) -> usize {
        names.len()
    }
    fn spawn_blocking(&self, text: &str) -> usize {
        text.len()
    }
    fn spawn_fifo(&self, values: &[u32]) -> usize {
        values.len()
    }
}

#[birthmark::instrument]
fn main() {
    let mut commands = Commands::default();
    let bundle = Bundle { position: 1 };
    commands.spawn((Position(1), "name"));
    commands.spawn(Position(2)).insert(3).insert("four");
    commands.spawn(bundle.clone());
    commands.spawn(Bundle { position: 5 }).insert(bundle.position);
    commands.spawn(Bundle { ..Default::default() });
    let many = (1..3).map(Position).collect::<Vec<_>>();
    for one in &many {
        commands.spawn(one);
        commands.spawn(*one);
        commands.spawn(many[0]);
    }
    assert_eq!(commands.0.len(), 14);
    assert_eq!(commands.execute(&[&1, &"two"]), 2);

    assert!(std::process::Command::new("true").spawn().unwrap().wait().unwrap().success());

    let mut world = World(0);
    let borrowed = &mut world;
    spawn(borrowed);
    spawn(borrowed);
    spawn(&mut world);
    assert_eq!(world.0, 3);

    let zoo = Zoo;
    let text = String::from("text");
    assert_eq!(zoo.spawn("lion".into(), None), 5);
    assert_eq!(zoo.spawn("lion".into(), Some(2)), 6);
    assert_eq!(zoo.spawn_local(vec!["a".into()]), 1);
    assert_eq!(zoo.spawn_local(["a", "b"].iter().map(ToString::to_string).collect()), 2);
    assert_eq!(zoo.spawn_local(Default::default()), 0);
    assert_eq!(zoo.spawn_local(Vec::new()), 0);
    assert_eq!(zoo.spawn_blocking(&text), 4);
    assert_eq!(zoo.spawn_fifo(&[1, 2]), 2);
    assert_eq!(zoo.spawn_fifo(&[]), 0);
    let values = vec![1, 2, 3];
    assert_eq!(zoo.spawn_fifo(&values), 3);
}

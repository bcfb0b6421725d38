//! Populations: properties that a million tasks may share and on which the memory of a dump depends.

use tokio::task::JoinHandle;

use crate::work::{Task, Waits};

/// How alike tasks are.
#[derive(Clone, Copy, Debug)]
pub enum Population {
    /// All have one parent, and no name.
    Alike,
    /// Each has a name of its own.
    Named,
    /// Half of them have a name of their own and a child, which are the other half.
    Related,
    /// Each has a parent of its own, which has ended.
    Orphans,
    /// Each is a child of the one before.
    Chain,
    /// Each is a child of the one before, and has a name of its own.
    NamedChain,
}

impl Population {
    /// All of them, by what they are called.
    pub const ALL: [(Population, &'static str); 6] = [
        (Population::Alike, "alike"),
        (Population::Named, "named"),
        (Population::Related, "related"),
        (Population::Orphans, "orphans"),
        (Population::Chain, "chain"),
        (Population::NamedChain, "named chain"),
    ];

    /// How many are to be spawned so that there are `count` in the end.
    pub fn to_spawn(self, count: usize) -> usize {
        match self {
            Population::Alike | Population::Named | Population::Orphans => count,
            Population::Related => count / 2,
            Population::Chain | Population::NamedChain => 1,
        }
    }

    /// Spawns the one with this number, of so many in the end.
    pub fn spawn(self, number: usize, count: usize) -> JoinHandle<()> {
        match self {
            Population::Alike => alike(),
            Population::Named => named(number),
            Population::Related => related(number),
            Population::Orphans => orphan(),
            Population::Chain => link(count - 1, false),
            Population::NamedChain => link(count - 1, true),
        }
    }
}

#[birthmark::instrument]
fn alike() -> JoinHandle<()> {
    tokio::spawn(wait())
}

#[birthmark::instrument]
fn named(number: usize) -> JoinHandle<()> {
    tokio::spawn(birthmark::named!("req-{number}" => wait()))
}

#[birthmark::instrument]
fn related(number: usize) -> JoinHandle<()> {
    tokio::spawn(birthmark::named!("req-{number}" => async {
        tokio::spawn(wait());
        wait().await;
    }))
}

#[birthmark::instrument]
fn orphan() -> JoinHandle<()> {
    tokio::spawn(async {
        tokio::spawn(wait());
    })
}

/// The first of a chain of which so many are still to come.
#[birthmark::instrument]
fn link(left: usize, named: bool) -> JoinHandle<()> {
    tokio::spawn(async move {
        if named {
            birthmark::set_name(format_args!("req-{left}"));
        }
        if left > 0 {
            link(left - 1, named);
        }
        wait().await;
    })
}

#[birthmark::instrument]
async fn wait() {
    Waits::<40>::new().await;
}

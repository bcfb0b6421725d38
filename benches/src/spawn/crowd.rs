//! What a million tasks may have in common, as far as it counts for the memory that a dump takes.

use tokio::task::JoinHandle;

use crate::work::{Task, Waits};

/// How alike tasks are.
#[derive(Clone, Copy, Debug)]
pub enum Crowd {
    /// All have one parent, and no name.
    Alike,
    /// Each has a name of its own.
    Named,
    /// Half of them have a name of their own and a child, which are the other half.
    Related,
}

impl Crowd {
    /// All of them, by what they are called.
    pub const ALL: [(Crowd, &'static str); 3] = [
        (Crowd::Alike, "alike"),
        (Crowd::Named, "named"),
        (Crowd::Related, "related"),
    ];

    /// How many tasks there are for each that is spawned.
    pub fn each(self) -> usize {
        match self {
            Crowd::Related => 2,
            _ => 1,
        }
    }

    /// Spawns the one with this number.
    pub fn spawn(self, number: usize) -> JoinHandle<()> {
        match self {
            Crowd::Alike => alike(),
            Crowd::Named => named(number),
            Crowd::Related => related(number),
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
async fn wait() {
    Waits::<40>::new().await;
}

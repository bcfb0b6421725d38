//! Tasks that wait for each other in a circle.

use std::collections::{BTreeMap, BTreeSet};

use super::{Edge, Needs, Reason, WaitGraph};
use crate::values::uses::ResourceUse;

/// A circle of tasks, each of which waits for the next one.
#[derive(Debug)]
pub(crate) struct Deadlock<'a> {
    pub(crate) circle: Vec<Step<'a>>,
    pub(crate) is_certain: bool,
    /// Number of tasks that wait for one of the circle.
    pub(crate) behind: usize,
}

/// A task of a circle, what it waits for, and why that needs the next task.
#[derive(Clone, Debug)]
pub(crate) struct Step<'a> {
    pub(crate) task: u64,
    pub(crate) wait: &'a ResourceUse,
    pub(crate) edge: Edge<'a>,
    /// All edges of the same wait.
    pub(crate) edges: Vec<Edge<'a>>,
    /// Nothing about the task's waits is guessed.
    pub(crate) is_certain: bool,
}

/// Returns all circles, those with the most tasks behind them first.
///
/// A circle that is only probable counts if `is_lasting` returns `true` for all its tasks. A program that is well has
/// short waits all the time.
pub(crate) fn deadlocks<'a>(
    graph: &WaitGraph<'a>,
    is_lasting: &dyn Fn(u64) -> bool,
) -> Vec<Deadlock<'a>> {
    let steps = stuck(graph);
    let mut found: Vec<Deadlock<'a>> = Vec::new();
    let mut circle_of: BTreeMap<u64, usize> = BTreeMap::new();
    for &start in steps.keys() {
        let (mut way, mut on_way) = (Vec::new(), BTreeSet::new());
        let mut at = start;
        while !circle_of.contains_key(&at) && on_way.insert(at) {
            way.push(at);
            at = steps[&at].edge.task;
        }
        let number = match circle_of.get(&at) {
            Some(&number) => number,
            None => {
                let first = way.iter().position(|task| *task == at).unwrap_or(0);
                let circle: Vec<_> = way
                    .drain(first..)
                    .map(|task| steps[&task].clone())
                    .collect();
                let number = found.len();
                circle_of.extend(circle.iter().map(|step| (step.task, number)));
                found.push(Deadlock {
                    is_certain: circle.iter().all(|step| step.is_certain),
                    circle,
                    behind: 0,
                });
                number
            }
        };
        found[number].behind += way.len();
        circle_of.extend(way.into_iter().map(|task| (task, number)));
    }
    found.retain(|deadlock| {
        deadlock.is_certain || deadlock.circle.iter().all(|step| is_lasting(step.task))
    });
    found.sort_by_key(|deadlock| std::cmp::Reverse((deadlock.is_certain, deadlock.behind)));
    found
}

impl Step<'_> {
    /// Returns `true` if the task waits for what its own futures have, which it keeps and does not poll.
    pub(crate) fn is_futurelock(&self) -> bool {
        self.edges.iter().all(|edge| {
            let is_kept = matches!(edge.reason, Reason::Holds(of) if of.is_kept);
            edge.task == self.task && is_kept
        })
    }
}

/// Returns the tasks that cannot go on, each with an edge to another one of them.
///
/// All tasks are candidates whose waits are all known. A task leaves them if one of its waits can end. What remains waits
/// for itself.
fn stuck<'a>(graph: &WaitGraph<'a>) -> BTreeMap<u64, Step<'a>> {
    type Waits<'a> = Vec<(&'a ResourceUse, Needs, Vec<Edge<'a>>)>;
    let mut candidates: BTreeMap<u64, Waits<'a>> = BTreeMap::new();
    let mut needed_by: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for &task in graph.uses.keys() {
        let Some(waits) = graph.all_waits(task) else {
            continue;
        };
        let waits: Waits<'a> = waits
            .into_iter()
            .map(|wait| {
                let (needs, edges) = graph.edges(task, wait);
                (wait, needs, edges)
            })
            .collect();
        for (_, _, edges) in &waits {
            for edge in edges {
                needed_by.entry(edge.task).or_default().push(task);
            }
        }
        candidates.insert(task, waits);
    }
    let is_stuck = |candidates: &BTreeMap<u64, Waits<'a>>, task: u64| {
        candidates[&task].iter().all(|(_, needs, edges)| {
            let has = |edge: &Edge<'_>| candidates.contains_key(&edge.task);
            if *needs == Needs::Others {
                return false;
            }
            let all = !edges.is_empty() && edges.iter().all(has);
            all || *needs == Needs::Any && edges.iter().any(|edge| edge.is_certain && has(edge))
        })
    };
    let mut open: Vec<u64> = candidates.keys().copied().collect();
    while let Some(task) = open.pop() {
        if candidates.contains_key(&task) && !is_stuck(&candidates, task) {
            candidates.remove(&task);
            open.extend(needed_by.get(&task).into_iter().flatten());
        }
    }
    let step = |(&task, waits): (&u64, &Waits<'a>)| {
        let each = waits
            .iter()
            .flat_map(|(wait, _, edges)| edges.iter().map(move |edge| (*wait, *edge, edges)));
        let each = each.filter(|(_, edge, _)| candidates.contains_key(&edge.task));
        let (wait, edge, edges) = each.max_by_key(|(_, edge, _)| edge.is_certain)?;
        let is_certain = waits.iter().all(|(_, needs, edges)| {
            let mut certain = edges
                .iter()
                .map(|edge| edge.is_certain && candidates.contains_key(&edge.task));
            match needs {
                Needs::Any => certain.any(|it| it),
                Needs::All => certain.all(|it| it),
                Needs::Others => false,
            }
        });
        Some((
            task,
            Step {
                task,
                wait,
                edge,
                edges: edges.clone(),
                is_certain,
            },
        ))
    };
    candidates.iter().filter_map(step).collect()
}

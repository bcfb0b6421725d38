//! Tasks that wait for each other in a circle.
//!
//! All tasks are candidates whose waits are all known. A task leaves them if one of its waits can end. What remains waits
//! for itself. Each group of a thing's uses counts those of candidates. So the work is proportional to the number of uses,
//! however many tasks wait for however many holders.

use std::cmp::Reverse;

use super::{is_queued_writer, Edge, Entry, Group, Needs, WaitGraph};
use crate::values::uses::ResourceUse;

/// A circle of tasks, each of which waits for the next one.
#[derive(Debug)]
pub(crate) struct Deadlock<'a> {
    pub(crate) circle: Vec<Step<'a>>,
    pub(crate) is_certain: bool,
    /// Number of tasks that wait for one of the circle.
    pub(crate) behind: usize,
    /// The place in the order in which circles were found.
    pub(crate) number: u32,
}

/// A task of a circle, what it waits for, and why that needs the next task.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step<'a> {
    pub(crate) task: u64,
    pub(crate) wait: &'a ResourceUse,
    pub(crate) edge: Edge<'a>,
    /// Nothing about the task's waits is guessed.
    pub(crate) is_certain: bool,
}

/// All circles, those with the most tasks behind them first.
#[derive(Debug, Default)]
pub(crate) struct Deadlocks<'a> {
    pub(crate) found: Vec<Deadlock<'a>>,
    /// Places by number of the circle, or [`NONE`] for circles that are left out.
    places: Vec<u32>,
    /// By number of the task, 1 more than that of the circle that it is in, or waits for. 0 for others.
    circle_of: Vec<u32>,
}

impl Deadlocks<'_> {
    /// Returns the circle that a task is in, or waits for.
    pub(crate) fn of_task(&self, graph: &WaitGraph<'_>, task: u64) -> Option<&Deadlock<'_>> {
        let circle = self.circle_of.get(graph.number(task)? as usize)?;
        let number = circle.checked_sub(1)?;
        let place = *self.places.get(number as usize)?;
        self.found.get(place as usize)
    }
}

/// Returns all circles.
///
/// A circle that is only probable counts if `is_lasting` returns `true` for all its tasks. A program that is well has
/// short waits all the time.
pub(crate) fn deadlocks<'a>(
    graph: &WaitGraph<'a>,
    is_lasting: &dyn Fn(u64) -> bool,
) -> Deadlocks<'a> {
    let mut search = Search::new(graph);
    search.remove_all();
    if search.stuck().next().is_none() {
        return Deadlocks::default();
    }
    let picks = search.picks();
    let mut found: Vec<Deadlock<'a>> = Vec::new();
    let mut circle_of = vec![0; graph.ids.len()];
    let mut is_on_way = vec![false; graph.ids.len()];
    for start in search.stuck() {
        let (mut way, mut at) = (Vec::new(), start);
        while circle_of[at as usize] == 0 && !std::mem::replace(&mut is_on_way[at as usize], true) {
            way.push(at);
            at = search.next(at, &picks).map_or(at, |next| next.to);
        }
        if circle_of[at as usize] == 0 {
            let first = way.iter().position(|task| *task == at).unwrap_or(0);
            let number = found.len() as u32;
            let circle = way.drain(first..).filter_map(|task| {
                circle_of[task as usize] = number + 1;
                search.step(task, search.next(task, &picks)?)
            });
            let circle: Vec<_> = circle.collect();
            found.push(Deadlock {
                is_certain: circle.iter().all(|step| step.is_certain),
                circle,
                behind: 0,
                number,
            });
        }
        let number = circle_of[at as usize];
        found[number as usize - 1].behind += way.len();
        for task in way {
            circle_of[task as usize] = number;
        }
    }
    let count = found.len();
    found.retain(|deadlock| {
        deadlock.is_certain || deadlock.circle.iter().all(|step| is_lasting(step.task))
    });
    found.sort_by_key(|deadlock| Reverse((deadlock.is_certain, deadlock.behind)));
    let mut places = vec![NONE; count];
    for (place, deadlock) in (0..).zip(&found) {
        places[deadlock.number as usize] = place;
    }
    Deadlocks {
        found,
        places,
        circle_of,
    }
}

/// The uses of a group of a thing, counted.
#[derive(Clone, Copy, Debug)]
struct Port {
    group: Group,
    /// The next port of the same thing, or [`NONE`].
    next: u32,
    total: u32,
    /// Number of uses by candidates.
    stuck: u32,
    /// Number of uses by candidates whose edges are certain.
    certain: u32,
}

/// No port, or no entry.
const NONE: u32 = u32::MAX;

/// A wait of a task that is stuck, and the task that it needs, which is stuck as well.
#[derive(Clone, Copy, Debug)]
struct Next {
    /// Place of the entry of the wait.
    wait: u32,
    /// Place of the entry by which the other task keeps it waiting, or [`NONE`] if it is awaited.
    by: u32,
    /// Number of the other task.
    to: u32,
}

/// The search for tasks that cannot go on.
struct Search<'g, 'a> {
    graph: &'g WaitGraph<'a>,
    is_candidate: Vec<bool>,
    ports: Vec<Port>,
    /// The first port of each thing, or [`NONE`]. Empty without any port.
    first_port: Vec<u32>,
    /// Numbers of tasks that are awaited, with those that await them. In ascending order.
    awaited: Vec<(u32, u32)>,
    /// Tasks that were candidates, and whose removal is not yet noted.
    open: Vec<u32>,
}

impl<'g, 'a> Search<'g, 'a> {
    fn new(graph: &'g WaitGraph<'a>) -> Self {
        let tasks = 0..graph.ids.len() as u32;
        let mut search = Search {
            graph,
            is_candidate: tasks
                .clone()
                .map(|task| graph.all_waits(task).is_some())
                .collect(),
            ports: Vec::new(),
            first_port: Vec::new(),
            awaited: Vec::new(),
            open: Vec::new(),
        };
        for task in tasks.clone() {
            // Empty for tasks that are no candidates.
            for wait in graph.all_waits(task).into_iter().flatten() {
                search.add_wait(task, wait);
            }
        }
        search.awaited.sort_unstable();
        for task in tasks {
            if search.is_candidate[task as usize] && !search.is_stuck(task) {
                search.remove(task);
            }
        }
        search
    }

    /// Adds the port of a wait, if there is none.
    fn add_wait(&mut self, task: u32, wait: &Entry<'a>) {
        let (graph, resource) = (self.graph, wait.resource);
        match graph.group_in(resource, wait.of) {
            Group::Joined => {
                let joined = wait.of.joined.and_then(|id| graph.number(id));
                self.awaited.extend(joined.map(|joined| (joined, task)));
            }
            group => {
                if group.needs() != Needs::Others && self.port(resource, group).is_none() {
                    let mut port = Port {
                        group,
                        next: self.first_port_of(resource),
                        total: 0,
                        stuck: 0,
                        certain: 0,
                    };
                    for (_, entry) in graph.entries_of_group(resource, group) {
                        let is_stuck = self.is_candidate[entry.task as usize];
                        port.total += 1;
                        port.stuck += u32::from(is_stuck);
                        port.certain += u32::from(is_stuck && group.is_certain(entry.of));
                    }
                    self.first_port.resize(graph.resources.len(), NONE);
                    self.first_port[resource as usize] = self.ports.len() as u32;
                    self.ports.push(port);
                }
            }
        }
    }

    fn first_port_of(&self, resource: u32) -> u32 {
        let first = self.first_port.get(resource as usize);
        first.copied().unwrap_or(NONE)
    }

    /// Returns the places of the ports of a thing.
    fn ports_of(&self, resource: u32) -> impl Iterator<Item = u32> + '_ {
        let some = |place: u32| (place != NONE).then_some(place);
        std::iter::successors(some(self.first_port_of(resource)), move |&place| {
            some(self.ports[place as usize].next)
        })
    }

    fn port(&self, resource: u32, group: Group) -> Option<&Port> {
        let mut ports = self
            .ports_of(resource)
            .map(|place| &self.ports[place as usize]);
        ports.find(|port| port.group == group)
    }

    /// Returns `true` if no wait of a candidate can end.
    fn is_stuck(&self, task: u32) -> bool {
        let mut waits = self.graph.all_waits(task).into_iter().flatten();
        waits.all(|wait| self.keeps_waiting(task, wait))
    }

    fn keeps_waiting(&self, task: u32, wait: &Entry<'a>) -> bool {
        let group = self.graph.group_in(wait.resource, wait.of);
        if group == Group::Joined {
            let joined = wait.of.joined.and_then(|id| self.graph.number(id));
            return joined.is_some_and(|joined| self.is_candidate[joined as usize]);
        }
        let Some(port) = self.port(wait.resource, group) else {
            return false;
        };
        let own = match group {
            Group::Writers => self.count_own(task, wait.resource),
            _ => 0,
        };
        let all = port.total > own && port.stuck == port.total;
        all || group.needs() == Needs::Any && port.certain > 0
    }

    /// Returns how often a task is queued as a writer.
    fn count_own(&self, task: u32, resource: u32) -> u32 {
        let entries = self.graph.entries_of(task);
        let own = entries.filter(|(_, it)| it.resource == resource && is_queued_writer(it.of));
        own.count() as u32
    }

    fn remove(&mut self, task: u32) {
        self.is_candidate[task as usize] = false;
        self.open.push(task);
    }

    /// Removes all tasks that one after the other can go on.
    fn remove_all(&mut self) {
        while let Some(task) = self.open.pop() {
            let first = self.awaited.partition_point(|(joined, _)| *joined < task);
            let mut place = first;
            while let Some(&(joined, waiter)) = self.awaited.get(place) {
                if joined != task {
                    break;
                }
                place += 1;
                if self.is_candidate[waiter as usize] {
                    self.remove(waiter);
                }
            }
            let graph = self.graph;
            for (_, entry) in graph.entries_of(task) {
                self.note_removal(entry);
            }
        }
    }

    /// Counts a use less, because its task can go on. Removes the tasks that can go on then.
    fn note_removal(&mut self, entry: &Entry<'a>) {
        let resource = &self.graph.resources[entry.resource as usize];
        let mut next = self.first_port_of(entry.resource);
        while let Some(port) = self.ports.get_mut(next as usize) {
            next = port.next;
            let group = port.group;
            if !group.has(entry.of, resource) {
                continue;
            }
            let had = (port.stuck == port.total, port.certain > 0);
            port.stuck -= 1;
            port.certain -= u32::from(group.is_certain(entry.of));
            let has = (port.stuck == port.total, port.certain > 0);
            if had != has {
                self.look_again(entry.resource, group);
            }
        }
    }

    /// Removes the tasks that can go on, of those that wait for a group.
    fn look_again(&mut self, resource: u32, group: Group) {
        let graph = self.graph;
        for entry in graph.entries_in(resource) {
            let is_wait = super::is_polled_wait(entry.of) && self.is_candidate[entry.task as usize];
            let is_of_group = is_wait && graph.group_in(resource, entry.of) == group;
            if is_of_group && !self.keeps_waiting(entry.task, entry) {
                self.remove(entry.task);
            }
        }
    }

    /// Returns the numbers of the tasks that are stuck.
    fn stuck(&self) -> impl Iterator<Item = u32> + '_ {
        let tasks = (0..).zip(&self.is_candidate);
        tasks
            .filter(|(_, is_stuck)| **is_stuck)
            .map(|(task, _)| task)
    }

    /// Returns the entries of [`Search::pick`] of each port.
    fn picks(&self) -> Vec<[u32; 2]> {
        let mut picks = vec![[NONE; 2]; self.ports.len()];
        for resource in 0..self.first_port.len() as u32 {
            for place in self.ports_of(resource) {
                picks[place as usize] = self.pick(resource, self.ports[place as usize].group);
            }
        }
        picks
    }

    /// Returns the entries of two different tasks of a group that are stuck, a certain one first.
    fn pick(&self, resource: u32, group: Group) -> [u32; 2] {
        let stuck = || {
            let entries = self.graph.entries_of_group(resource, group);
            entries.filter(|(_, entry)| self.is_candidate[entry.task as usize])
        };
        let certain = stuck().find(|(_, entry)| group.is_certain(entry.of));
        let Some((first, entry)) = certain.or_else(|| stuck().next()) else {
            return [NONE; 2];
        };
        let other = stuck().find(|(_, other)| other.task != entry.task);
        [first, other.map_or(NONE, |(place, _)| place)]
    }

    /// Returns another task that a stuck task needs. A certain edge comes before others.
    fn next(&self, task: u32, picks: &[[u32; 2]]) -> Option<Next> {
        let graph = self.graph;
        let mut next = None;
        for (place, entry) in graph.entries_of(task) {
            if !super::is_polled_wait(entry.of) {
                continue;
            }
            let group = graph.group_in(entry.resource, entry.of);
            let (by, to) = if group == Group::Joined {
                let joined = entry.of.joined.and_then(|id| graph.number(id));
                (NONE, joined?)
            } else {
                let mut ports = self.ports_of(entry.resource);
                let port = ports.find(|&it| self.ports[it as usize].group == group)?;
                let [first, other] = picks[port as usize];
                let is_own = |entry: &Entry<'a>| group == Group::Writers && entry.task == task;
                let by = match graph.entries.get(first as usize).is_some_and(is_own) {
                    true => other,
                    false => first,
                };
                let Some(by_entry) = graph.entries.get(by as usize) else {
                    continue;
                };
                (by, by_entry.task)
            };
            let candidate = Next {
                wait: place,
                by,
                to,
            };
            if self.is_certain_edge(group, by) {
                return Some(candidate);
            }
            next = next.or(Some(candidate));
        }
        next
    }

    fn is_certain_edge(&self, group: Group, by: u32) -> bool {
        match self.graph.entries.get(by as usize) {
            None => true,
            Some(entry) => group.is_certain(entry.of),
        }
    }

    /// Describes the step from a task to the next one.
    fn step(&self, task: u32, next: Next) -> Option<Step<'a>> {
        let graph = self.graph;
        let wait = graph.entries[next.wait as usize];
        let mut waits = graph.all_waits(task)?;
        let is_certain = waits.all(|wait| self.is_certain(task, wait));
        let to = graph.ids[next.to as usize];
        let mut edge = match graph.entries.get(next.by as usize) {
            Some(by) => graph.edge(graph.group_in(wait.resource, wait.of), by),
            None => Edge {
                task: to,
                reason: super::Reason::Joined,
                is_certain: true,
            },
        };
        edge.is_certain &= self.is_certain(task, &wait);
        Some(Step {
            task: graph.ids[task as usize],
            wait: wait.of,
            edge,
            is_certain,
        })
    }

    /// Returns `true` if nothing is guessed about why a wait does not end.
    fn is_certain(&self, task: u32, wait: &Entry<'a>) -> bool {
        let group = self.graph.group_in(wait.resource, wait.of);
        if group == Group::Joined {
            return true;
        }
        let Some(port) = self.port(wait.resource, group) else {
            return false;
        };
        match group {
            Group::OutWriters | Group::OutReaders => port.certain > 0,
            // A lock that no writer holds keeps readers waiting for a writer alone.
            Group::Writers => {
                let is_held = self.graph.resources[wait.resource as usize].is_held;
                let own = self.count_own(task, wait.resource);
                is_held && port.total - own == 1 && port.certain == port.total
            }
            _ => port.total > 0 && port.certain == port.total,
        }
    }
}

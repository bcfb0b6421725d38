//! Graphs of made-up uses.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::collections::BTreeSet;
use std::time::Instant;

use super::{deadlocks, polled_waits, Deadlock, Needs, Uses, WaitGraph};
use crate::values::uses::{Relation, ResourceKind, ResourceUse, TaskUses};

#[global_allocator]
static COUNTING: Counting = Counting;

/// The allocator of the system, with a count of the bytes that each thread has allocated and not freed, and its maximum.
struct Counting;

thread_local!(static IN_USE: Cell<(isize, isize)> = const { Cell::new((0, 0)) });

fn count(more: usize, less: usize) {
    let (in_use, peak) = IN_USE.get();
    let in_use = in_use + more as isize - less as isize;
    IN_USE.set((in_use, peak.max(in_use)));
}

// SAFETY: all work is that of the system's allocator. The counters do not allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        count(0, layout.size());
        // SAFETY: as above.
        unsafe { System.dealloc(place, layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size, layout.size());
        // SAFETY: as above.
        unsafe { System.realloc(place, layout, size) }
    }
}

/// Returns the maximum of bytes that `work` has in use.
fn peak(work: impl FnOnce()) -> usize {
    let (before, _) = IN_USE.get();
    IN_USE.set((before, before));
    work();
    (IN_USE.get().1 - before) as usize
}

fn of(relation: Relation, resource: ResourceKind, address: u64) -> ResourceUse {
    ResourceUse {
        relation,
        resource,
        value: 0,
        address,
        permits: None,
        senders: None,
        variable: None,
        function: String::new(),
        location: None,
        since: None,
        is_polled: relation.is_wait(),
        is_kept: false,
        kept_in: None,
        is_certain: true,
        is_certain_unless_moved: false,
        joined: None,
    }
}

fn waits(address: u64) -> ResourceUse {
    of(Relation::Waits, ResourceKind::Mutex, address)
}

fn holds(address: u64) -> ResourceUse {
    of(Relation::HoldsExclusively, ResourceKind::Mutex, address)
}

fn reads(address: u64) -> ResourceUse {
    ResourceUse {
        permits: Some(1),
        ..of(Relation::Waits, ResourceKind::RwLock, address)
    }
}

fn writes(address: u64) -> ResourceUse {
    ResourceUse {
        permits: Some(1 << 20),
        ..of(Relation::Waits, ResourceKind::RwLock, address)
    }
}

fn holds_shared(address: u64) -> ResourceUse {
    of(Relation::HoldsShared, ResourceKind::RwLock, address)
}

fn joins(task: u64) -> ResourceUse {
    ResourceUse {
        joined: Some(task),
        ..of(Relation::Waits, ResourceKind::Task, 0x1000 + 16 * task)
    }
}

fn guessed(of: ResourceUse) -> ResourceUse {
    ResourceUse {
        is_certain: false,
        ..of
    }
}

/// Makes tasks 1, 2, …
fn uses(tasks: impl IntoIterator<Item = Vec<ResourceUse>>) -> Uses {
    let of_task = |uses: Vec<ResourceUse>| TaskUses {
        leaves: uses.iter().filter(|of| of.is_polled).count().max(1),
        is_abandoned: false,
        uses,
    };
    (1..).zip(tasks.into_iter().map(of_task)).collect()
}

/// Returns each circle: whether it is certain, its tasks and the number of tasks behind it.
fn circles(uses: &Uses) -> Vec<(bool, Vec<u64>, usize)> {
    let graph = WaitGraph::new(uses);
    let describe = |deadlock: &Deadlock<'_>| {
        let mut tasks: Vec<u64> = deadlock.circle.iter().map(|step| step.task).collect();
        tasks.sort_unstable();
        (deadlock.is_certain, tasks, deadlock.behind)
    };
    let found = deadlocks(&graph, &|_| true).found;
    found.iter().map(describe).collect()
}

#[test]
fn crossed_mutexes_are_a_circle_with_those_behind_it() {
    let crossed = || {
        vec![
            vec![holds(1), waits(2)],
            vec![holds(2), waits(1)],
            vec![waits(1)],
            vec![holds(3), waits(2)],
            vec![waits(3)],
        ]
    };
    assert_eq!(circles(&uses(crossed())), [(true, vec![1, 2], 3)]);
    let mut probable = crossed();
    probable[0][0] = guessed(holds(1));
    assert_eq!(circles(&uses(probable)), [(false, vec![1, 2], 3)]);
}

#[test]
fn holder_that_can_go_on_frees_all_behind_it() {
    let tasks = vec![
        vec![holds(1)],
        vec![waits(1), holds(2)],
        vec![waits(2), holds(3)],
        vec![waits(3)],
    ];
    assert_eq!(circles(&uses(tasks)), []);
    // One of two holders is enough for a permit.
    let tasks = vec![
        vec![holds_shared(1), waits(1)],
        vec![holds_shared(1)],
        vec![waits(1)],
    ];
    assert_eq!(circles(&uses(tasks)), []);
    // A future that is not known may end.
    let mut unknown = uses(vec![vec![holds(1), waits(1)]]);
    unknown.get_mut(&1).unwrap().leaves = 2;
    assert_eq!(circles(&unknown), []);
}

#[test]
fn reader_behind_a_writer_waits_for_the_readers_before_it() {
    let tasks = || {
        vec![
            vec![holds_shared(1), reads(1)],
            vec![writes(1)],
            vec![reads(1)],
        ]
    };
    assert_eq!(circles(&uses(tasks())), [(true, vec![1, 2], 1)]);
    // One certain holder keeps a writer waiting, also if another one can go on.
    let mut with_other = tasks();
    with_other.push(vec![holds_shared(1)]);
    assert_eq!(circles(&uses(with_other)), [(true, vec![1, 2], 1)]);
    // Of two writers, either may be the one before the reader. A writer does not wait for itself.
    let mut two_writers = tasks();
    two_writers.push(vec![writes(1)]);
    assert_eq!(circles(&uses(two_writers)), [(false, vec![1, 2], 2)]);
    assert_eq!(circles(&uses(vec![vec![writes(1)]])), []);
}

#[test]
fn tasks_that_await_each_other_are_a_circle() {
    let tasks = vec![
        vec![joins(2)],
        vec![joins(3)],
        vec![joins(1)],
        vec![joins(1)],
    ];
    assert_eq!(circles(&uses(tasks)), [(true, vec![1, 2, 3], 1)]);
    let tasks = vec![vec![joins(2)], vec![joins(9)]];
    assert_eq!(circles(&uses(tasks)), []);
    // A task that awaits several goes on with the first of them.
    let tasks = vec![vec![joins(2), joins(3)], vec![joins(1)], vec![holds(1)]];
    assert_eq!(circles(&uses(tasks)), []);
}

#[test]
fn channels_are_circles_if_all_ends_are_known() {
    let receives = |senders| ResourceUse {
        senders: Some(senders),
        ..of(Relation::WaitsToReceive, ResourceKind::Channel, 1)
    };
    let sends = || of(Relation::Sends, ResourceKind::Channel, 1);
    assert_eq!(
        circles(&uses(vec![vec![receives(1), sends()]])),
        [(false, vec![1], 0)]
    );
    assert_eq!(circles(&uses(vec![vec![receives(2), sends()]])), []);
    let full = of(Relation::WaitsToSend, ResourceKind::Channel, 1);
    let receiver = of(Relation::Receives, ResourceKind::Channel, 1);
    let crossed = vec![vec![full, holds(2)], vec![receiver, waits(2)]];
    assert_eq!(circles(&uses(crossed)), [(false, vec![1, 2], 0)]);
}

/// Each holder may be one of a semaphore, so each waiter needs all of them. An edge for each pair would take gigabytes.
#[test]
fn waiters_and_holders_need_memory_for_each_and_not_for_each_pair() {
    const HOLDERS: usize = 1_000;
    const WAITERS: usize = 100_000;
    let holder = |_| vec![holds_shared(1), waits(2)];
    let waiter = |_| vec![waits(1)];
    let mut all: Vec<Vec<ResourceUse>> = (0..HOLDERS).map(holder).collect();
    all.extend((0..WAITERS).map(waiter));
    all.push(vec![holds(2), waits(1)]);
    assert_bounded(&uses(all), &|found| {
        assert_eq!(found.len(), 1);
        let [deadlock] = found else { return };
        assert_eq!(
            deadlock.circle.len() + deadlock.behind,
            HOLDERS + WAITERS + 1
        );
        assert!(deadlock.is_certain);
    });
}

#[test]
fn million_tasks_need_little_memory() {
    const TASKS: u64 = 1_000_000;
    // A thousand locks.
    let task = |number: u64| match number % 1_000 {
        0 => vec![holds(number / 1_000), waits((number / 1_000 + 1) % 1_000)],
        _ => vec![waits(number / 1_000)],
    };
    assert_bounded(&uses((0..TASKS).map(task)), &|found| {
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].circle.len(), found[0].behind), (1_000, 999_000));
    });
    // A oneshot channel for each task.
    let task = |number| vec![of(Relation::WaitsToReceive, ResourceKind::Oneshot, number)];
    assert_bounded(&uses((0..TASKS).map(task)), &|found| {
        assert!(found.is_empty())
    });
}

/// Checks that the graph and the search need at most 64 bytes a task, and prints the time.
fn assert_bounded(uses: &Uses, check: &dyn Fn(&[Deadlock<'_>])) {
    let start = Instant::now();
    let bytes = peak(|| {
        let graph = WaitGraph::new(uses);
        check(&deadlocks(&graph, &|_| true).found);
    });
    let of_task = bytes / uses.len();
    println!(
        "{} tasks: {:?}, {of_task} bytes a task",
        uses.len(),
        start.elapsed()
    );
    assert!(of_task <= 64, "{of_task} bytes a task");
}

/// The search finds the same tasks as one that looks at each edge, in random graphs.
#[test]
fn tasks_are_stuck_if_no_edge_leads_to_one_that_can_go_on() {
    let mut random = Random(1);
    for _ in 0..3_000 {
        let uses = random_uses(&mut random);
        let graph = WaitGraph::new(&uses);
        let found = deadlocks(&graph, &|_| true);
        let expected = stuck_by_edges(&graph, &uses);
        let is_stuck = |task: &u64| found.of_task(&graph, *task).is_some();
        let stuck: BTreeSet<u64> = uses.keys().copied().filter(is_stuck).collect();
        assert_eq!(stuck, expected, "{uses:#?}");
        for deadlock in &found.found {
            let next = deadlock.circle.iter().cycle().skip(1);
            for (step, next) in deadlock.circle.iter().zip(next) {
                assert_eq!(step.edge.task, next.task, "{uses:#?}");
            }
        }
    }
}

struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.0 >> 33) % end
    }
}

fn random_uses(random: &mut Random) -> Uses {
    let tasks = 1 + random.below(6);
    let mut all = uses((0..tasks).map(|_| {
        let count = random.below(4);
        (0..count).map(|_| random_use(random, tasks)).collect()
    }));
    // Some tasks have futures that are not known.
    if random.below(4) == 0 {
        all.values_mut().for_each(|of| of.leaves += 1);
    }
    all
}

fn random_use(random: &mut Random, tasks: u64) -> ResourceUse {
    let address = 1 + random.below(3);
    // A thing is of one kind.
    let of = match (address, random.below(5)) {
        (_, 4) => joins(1 + random.below(tasks + 1)),
        (1, 0 | 1) => holds(1),
        (1, _) => waits(1),
        (2, 0) => reads(2),
        (2, 1) => writes(2),
        (2, 2) => holds_shared(2),
        (2, _) => of(Relation::HoldsExclusively, ResourceKind::RwLock, 2),
        (_, 0) => of(Relation::Sends, ResourceKind::Channel, 3),
        (_, 1) => of(Relation::WaitsToSend, ResourceKind::Channel, 3),
        (_, 2) => of(Relation::Receives, ResourceKind::Channel, 3),
        _ => ResourceUse {
            senders: Some(random.below(3)),
            ..of(Relation::WaitsToReceive, ResourceKind::Channel, 3)
        },
    };
    match random.below(4) == 0 && !of.relation.is_wait() {
        true => guessed(of),
        false => of,
    }
}

fn stuck_by_edges(graph: &WaitGraph<'_>, uses: &Uses) -> BTreeSet<u64> {
    let is_known = |of: &TaskUses| {
        let waits = polled_waits(of).count();
        waits > 0 && waits == of.leaves
    };
    let candidates = uses.iter().filter(|(_, of)| is_known(of));
    let mut stuck: BTreeSet<u64> = candidates.map(|(&task, _)| task).collect();
    loop {
        let keeps_waiting = |task: u64, wait: &ResourceUse| {
            let needs = graph
                .group(wait)
                .map_or(Needs::Others, |(_, group)| group.needs());
            let edges = graph.edges(task, wait);
            let has = |task: &u64| stuck.contains(task);
            let all = !edges.is_empty() && edges.iter().all(|edge| has(&edge.task));
            let any = edges.iter().any(|edge| edge.is_certain && has(&edge.task));
            match needs {
                Needs::Others => false,
                Needs::Any => all || any,
                Needs::All => all,
            }
        };
        let can_go_on =
            |task: &&u64| polled_waits(&uses[task]).any(|wait| !keeps_waiting(**task, wait));
        let Some(&task) = stuck.iter().find(can_go_on) else {
            return stuck;
        };
        stuck.remove(&task);
    }
}

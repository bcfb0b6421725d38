//! The walks of the clock's thread.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::condition::{By, Subject};
use super::rule::{Rule, RuleSet, MAX_RULES};
use super::schedule::Schedule;
use super::timebox;
use crate::platform::cpu::thread_cpu_time;
use birthmark_dump::__private::{Seen, Site, Standstills, Watch, WatchFilter};

/// Maximum number of tasks that a rule follows. A rule that is about more tasks follows the first ones of the walk.
pub(super) const MAX_FOLLOWED: usize = 2048;

/// The sorts of passes, each with a schedule of its own.
pub(super) const SORTS: usize = 3;
/// The sort of the passes over running tasks.
const RUNNING: usize = 0;

/// Rules by what they need, as masks.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Masks {
    /// Rules of running tasks: few tasks run.
    pub(super) running: u64,
    /// Rules of tasks that a walk alone finds.
    pub(super) tasks: u64,
    /// Rules of numbers by site or role.
    pub(super) counts: u64,
    /// Rules that need names, labels or frames of all tasks. Their own thread walks.
    pub(super) deep: u64,
    /// Rules of findings. Their own thread takes dumps.
    pub(super) stuck: u64,
}

/// The result of a pass.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// The sorts of the pass, and the rules that it was for.
    pub(super) sorts: Vec<usize>,
    pub(super) evaluated: u64,
    /// The number of this evaluation, by the index of the rule.
    pub(super) numbers: Vec<u64>,
    pub(super) seen: Vec<Seen>,
    /// The rules that are about more tasks than those.
    pub(super) cut: u64,
    pub(super) timeboxes: Vec<timebox::Change>,
    /// The numbers of tasks by site, for the rules that count.
    pub(super) counts: Vec<(usize, Vec<(&'static Site, u64)>)>,
}

/// Returns the filters of rules, by their index.
pub(super) fn watch_of(set: &RuleSet) -> Watch {
    let filter = |rule: &&'static Rule| WatchFilter {
        filter: rule.condition.filter.clone(),
        has_no_waker: rule.condition.subject == Subject::Tasks { has_no_waker: true },
        counts_sites: counts_sites(rule),
    };
    let filters: Vec<WatchFilter> = set.all().iter().map(filter).collect();
    Watch::new(&filters)
}

fn counts_sites(rule: &Rule) -> bool {
    let by = match &rule.condition.subject {
        Subject::Count { by, .. } | Subject::Growth { by, .. } => by,
        _ => return false,
    };
    matches!(by, By::Site | By::Role)
}

impl Masks {
    pub(super) fn of(set: &RuleSet, watch: &Watch) -> Self {
        let (shallow, running) = (watch.shallow(), watch.running());
        let mut masks = Masks::default();
        for (index, rule) in set.all().iter().enumerate() {
            let bit = 1 << index;
            let mask = match &rule.condition.subject {
                Subject::Stuck { .. } => &mut masks.stuck,
                // No pass finds timeboxes.
                Subject::Timebox => continue,
                Subject::Tasks { .. } if running & bit != 0 => &mut masks.running,
                Subject::Tasks { .. } if shallow & bit != 0 => &mut masks.tasks,
                Subject::Count { .. } | Subject::Growth { .. }
                    if counts_sites(rule) && shallow & bit != 0 =>
                {
                    &mut masks.counts
                }
                _ => &mut masks.deep,
            };
            *mask |= bit;
        }
        masks
    }

    fn sorts(&self) -> [u64; SORTS] {
        [self.running, self.tasks, self.counts]
    }
}

/// The passes for one set of rules.
#[derive(Debug)]
pub(super) struct Passes {
    pub(super) set: &'static RuleSet,
    watch: Watch,
    pub(super) masks: Masks,
    schedules: [Schedule; SORTS],
    seen: Vec<Seen>,
    /// The CPU time of the last pass over running tasks alone.
    running_cost: Duration,
}

impl Passes {
    pub(super) fn new(set: &'static RuleSet) -> Self {
        let watch = watch_of(set);
        let second = Duration::from_secs(1);
        Passes {
            set,
            masks: Masks::of(set, &watch),
            watch,
            // Numbers change slowly.
            schedules: [Duration::ZERO, Duration::ZERO, second].map(Schedule::new),
            seen: Vec::new(),
            running_cost: Duration::ZERO,
        }
    }

    /// Makes the passes that are due. `further` returns the CPU time of the other thread for the last pass of a sort. Returns
    /// what the other thread has to look at.
    pub(super) fn run(
        &mut self,
        now: Instant,
        standstills: &Standstills,
        further: impl Fn(usize) -> Duration,
    ) -> Option<Batch> {
        let sorts = self.masks.sorts();
        let is_due = |sort: &usize| sorts[*sort] != 0 && self.schedules[*sort].is_due(now);
        let due: Vec<usize> = (0..SORTS).filter(is_due).collect();
        if due.is_empty() {
            return None;
        }
        let evaluated = due.iter().fold(0, |all, sort| all | sorts[*sort]);
        let start = cpu_time(now);
        let mut batch = self.walk(evaluated, standstills);
        let cost = cpu_time(now).saturating_sub(start);
        let passes = sorts.iter().filter(|mask| **mask != 0).count() as u32;
        if due == [RUNNING] {
            self.running_cost = cost;
        }
        for &sort in &due {
            // Passes of several sorts are one walk. Running tasks alone would have cost less.
            let cost = if sort == RUNNING {
                self.running_cost
            } else {
                cost
            };
            let cost = cost + further(sort);
            self.schedules[sort].has_run(now, cost, passes);
        }
        let concerns = |mask: u64, is: &dyn Fn(&Rule) -> bool| {
            let rules = self.set.all().iter().enumerate();
            let mut rules = rules.filter(|(index, _)| mask & 1 << index != 0);
            rules.any(|(_, rule)| is(rule))
        };
        let is_active = |rule: &Rule| rule.active.load(Ordering::Relaxed) > 0;
        let has_news = !batch.seen.is_empty()
            || evaluated & self.masks.counts != 0
            || concerns(evaluated, &is_active);
        batch.sorts = due;
        has_news.then_some(batch)
    }

    fn walk(&mut self, evaluated: u64, standstills: &Standstills) -> Batch {
        let numbers = number(self.set, evaluated);
        let (seen, mut room) = (&mut self.seen, Room::default());
        seen.clear();
        self.watch
            .walk(evaluated, standstills, &mut |record, mask| {
                let mask = room.take(mask);
                if mask != 0 {
                    let record = *record;
                    seen.push(Seen { record, mask });
                }
            });
        let counting = evaluated & self.masks.counts;
        let counting = (0..self.set.all().len()).filter(|index| counting & 1 << index != 0);
        Batch {
            sorts: Vec::new(),
            evaluated,
            numbers,
            seen: self.seen.clone(),
            cut: room.cut,
            timeboxes: Vec::new(),
            counts: counting
                .map(|index| (index, self.watch.counts(index)))
                .collect(),
        }
    }
}

impl Batch {
    /// Adds the numbers of further rules.
    pub(super) fn add_numbers(&mut self, further: &[u64]) {
        self.numbers.resize(further.len(), 0);
        for (number, further) in self.numbers.iter_mut().zip(further) {
            *number = (*number).max(*further);
        }
    }

    /// Returns the number of this evaluation of a rule.
    pub(super) fn number(&self, index: usize) -> u64 {
        self.numbers.get(index).copied().unwrap_or(0)
    }
}

/// Returns the rules of timeboxes.
pub(super) fn timeboxes_of(set: &RuleSet) -> u64 {
    let rules = set.all().iter().enumerate();
    let timeboxes = rules.filter(|(_, rule)| rule.condition.subject == Subject::Timebox);
    timeboxes.fold(0, |all, (index, _)| all | 1 << index)
}

/// Counts an evaluation of some rules, which begins. Returns the number of it for each rule of the set.
pub(super) fn number(set: &RuleSet, evaluated: u64) -> Vec<u64> {
    let rules = set.all().iter().enumerate();
    let number = |(index, rule): (usize, &&'static Rule)| match evaluated & 1 << index {
        0 => 0,
        _ if rule.defect.get().is_some() => 0,
        _ => rule.count_evaluation(),
    };
    rules.map(number).collect()
}

/// The room that each rule has for tasks in one walk.
pub(super) struct Room {
    taken: [usize; MAX_RULES],
    /// The rules that have met a task without room.
    pub(super) cut: u64,
}

impl Default for Room {
    fn default() -> Self {
        Room {
            taken: [0; MAX_RULES],
            cut: 0,
        }
    }
}

impl Room {
    /// Takes room for a task. Returns the rules that have some.
    pub(super) fn take(&mut self, mask: u64) -> u64 {
        let (mut left, mut has_room) = (mask, 0);
        while left != 0 {
            let bit = left & left.wrapping_neg();
            left &= !bit;
            let taken = &mut self.taken[bit.trailing_zeros() as usize];
            if *taken < MAX_FOLLOWED {
                *taken += 1;
                has_room |= bit;
            } else {
                self.cut |= bit;
            }
        }
        has_room
    }
}

/// Returns the CPU time of this thread, or else the time since `start`.
pub(super) fn cpu_time(start: Instant) -> Duration {
    thread_cpu_time().unwrap_or_else(|| start.elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_of_many_tasks_leaves_room_for_others() {
        let mut room = Room::default();
        for _ in 0..MAX_FOLLOWED {
            assert_eq!(room.take(0b1), 0b1);
        }
        assert_eq!((room.take(0b101), room.cut), (0b100, 0b1));
    }
}

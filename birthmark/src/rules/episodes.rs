//! The tasks for which a rule holds, from pass to pass.
//!
//! An *episode* is the time for which the rule holds for one task. Tasks of the same site at the same awaits are a *group*.
//! A rule reports once for a task at a place, and once for a group as long as an episode of the group lasts.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::time::Instant;

use super::limit::Limit;

/// A task for which the rule holds in this pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sighting {
    pub(super) task: u64,
    /// A number of where the task is.
    pub(super) place: u64,
    /// A number of the site and the place.
    pub(super) group: u64,
    /// The change of the state with which the episode began. 0 if the rule is not of a state.
    pub(super) occasion: u64,
}

/// An episode that has ended.
#[derive(Debug)]
pub(super) struct Ended<T> {
    pub(super) group: u64,
    /// The task that was reported first.
    pub(super) lead: T,
    /// Number of episodes of the group that were reported with it.
    pub(super) others: usize,
}

/// A group for which a rule begins to hold.
#[derive(Debug)]
pub(super) struct Began {
    pub(super) group: u64,
    /// The indices of its sightings.
    pub(super) indices: Vec<usize>,
}

/// The changes that a pass has shown.
#[derive(Debug)]
pub(super) struct Changes<T> {
    /// Groups to report.
    pub(super) began: Vec<Began>,
    /// Reported groups whose last episode is over.
    pub(super) ended: Vec<Ended<T>>,
    /// Number of sightings without a report of their own.
    pub(super) suppressed: u64,
}

struct Episode<T> {
    group: u64,
    occasion: u64,
    is_counted: bool,
    value: T,
}

struct Group<T> {
    open: usize,
    /// The first task, and the number of those that were reported with it. `None` until there was a report.
    reported: Option<(T, usize)>,
}

/// All episodes of a rule. `T` is what the caller wants back at the end.
pub(super) struct Episodes<T> {
    open: HashMap<u64, Episode<T>>,
    groups: HashMap<u64, Group<T>>,
    /// Tasks and places that were reported.
    fired: HashSet<(u64, u64)>,
}

/// Number of remembered tasks and places. Beyond that, the rule forgets all, and may report one again.
const MAX_FIRED: usize = 65_536;

impl<T: Copy> Episodes<T> {
    pub(super) fn new() -> Self {
        Episodes {
            open: HashMap::new(),
            groups: HashMap::new(),
            fired: HashSet::new(),
        }
    }

    /// Returns the number of episodes that last.
    pub(super) fn len(&self) -> usize {
        self.open.len()
    }

    /// Notes a pass with all sightings, each with the value that its end returns. `lasts` returns `true` for an episode that
    /// lasts without a sighting, because the pass has seen a part of the tasks.
    pub(super) fn note(
        &mut self,
        sightings: &[(Sighting, T)],
        lasts: impl Fn(&T) -> bool,
        limit: &mut Limit,
        now: Instant,
    ) -> Changes<T> {
        let mut changes = Changes {
            began: Vec::new(),
            ended: Vec::new(),
            suppressed: 0,
        };
        let seen: HashMap<u64, u64> = by_task(sightings, |it| it.occasion);
        let is_over = |task: &u64, it: &Episode<T>| match seen.get(task) {
            Some(occasion) => *occasion != it.occasion,
            None => !lasts(&it.value),
        };
        let over = self.open.iter().filter(|(task, it)| is_over(task, it));
        let over: Vec<u64> = over.map(|(task, _)| *task).collect();
        for task in over {
            self.end(task, &mut changes);
        }
        let mut waiting: HashMap<u64, Vec<usize>> = HashMap::new();
        let mut order = Vec::new();
        for (index, (it, value)) in sightings.iter().enumerate() {
            if !self.open.contains_key(&it.task) {
                self.begin(it, *value);
            }
            let Some(episode) = self.open.get_mut(&it.task) else {
                continue;
            };
            let is_silent = self
                .groups
                .get(&episode.group)
                .is_some_and(|it| it.reported.is_some())
                || self.fired.contains(&(it.task, it.place));
            if !is_silent {
                let indices = waiting.entry(episode.group).or_default();
                if indices.is_empty() {
                    order.push(episode.group);
                }
                indices.push(index);
            } else if !episode.is_counted {
                episode.is_counted = true;
                changes.suppressed += 1;
            }
        }
        for group in order {
            let indices = waiting.remove(&group).unwrap_or_default();
            if limit.admits(now) {
                self.report(group, &indices, sightings);
                changes.began.push(Began { group, indices });
                continue;
            }
            for index in indices {
                let episode = self.open.get_mut(&sightings[index].0.task);
                if let Some(episode) = episode.filter(|it| !it.is_counted) {
                    episode.is_counted = true;
                    changes.suppressed += 1;
                }
            }
        }
        changes
    }

    /// Takes back the report of a group, because it is about the program's intention. The first task has none from now on, and
    /// the others are looked at in the next pass.
    pub(super) fn take_back(&mut self, began: &Began, sightings: &[(Sighting, T)]) {
        if let Some(group) = self.groups.get_mut(&began.group) {
            group.reported = None;
        }
        for &index in began.indices.iter().skip(1) {
            let it = &sightings[index].0;
            self.fired.remove(&(it.task, it.place));
            if let Some(episode) = self.open.get_mut(&it.task) {
                episode.is_counted = false;
            }
        }
    }

    fn begin(&mut self, it: &Sighting, value: T) {
        let episode = Episode {
            group: it.group,
            occasion: it.occasion,
            is_counted: false,
            value,
        };
        self.open.insert(it.task, episode);
        let group = self.groups.entry(it.group).or_insert(Group {
            open: 0,
            reported: None,
        });
        group.open += 1;
    }

    fn report(&mut self, group: u64, indices: &[usize], sightings: &[(Sighting, T)]) {
        let Some((&first, others)) = indices.split_first() else {
            return;
        };
        if let Some(group) = self.groups.get_mut(&group) {
            group.reported = Some((sightings[first].1, others.len()));
        }
        if self.fired.len() + indices.len() > MAX_FIRED {
            self.fired.clear();
        }
        for &index in indices {
            let it = &sightings[index].0;
            self.fired.insert((it.task, it.place));
            if let Some(episode) = self.open.get_mut(&it.task) {
                episode.is_counted = true;
            }
        }
    }

    fn end(&mut self, task: u64, changes: &mut Changes<T>) {
        let Some(episode) = self.open.remove(&task) else {
            return;
        };
        let Some(group) = self.groups.get_mut(&episode.group) else {
            return;
        };
        group.open -= 1;
        if group.open == 0 {
            let group = self.groups.remove(&episode.group);
            let reported = group.and_then(|group| group.reported);
            changes.ended.extend(reported.map(|(lead, others)| Ended {
                group: episode.group,
                lead,
                others,
            }));
        }
    }
}

fn by_task<T, V: Eq + Hash>(
    sightings: &[(Sighting, T)],
    value: impl Fn(&Sighting) -> V,
) -> HashMap<u64, V> {
    let pairs = sightings.iter().map(|(it, _)| (it.task, value(it)));
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(task: u64, place: u64, occasion: u64) -> (Sighting, u64) {
        let sighting = Sighting {
            task,
            place,
            group: place,
            occasion,
        };
        (sighting, task)
    }

    struct Rule {
        episodes: Episodes<u64>,
        limit: Limit,
        now: Instant,
        /// A task for which the rule holds although the pass does not see it.
        unseen: Option<u64>,
    }

    impl Rule {
        fn new(at_most: usize) -> Self {
            Rule {
                episodes: Episodes::new(),
                limit: Limit::new(at_most),
                now: Instant::now(),
                unseen: None,
            }
        }

        /// Returns the first tasks of what began, those of what ended, and how many were suppressed.
        fn note(&mut self, sightings: &[(Sighting, u64)]) -> (Vec<u64>, Vec<u64>, u64) {
            let changes = {
                let lasts = |task: &u64| self.unseen == Some(*task);
                self.episodes
                    .note(sightings, lasts, &mut self.limit, self.now)
            };
            let began = changes
                .began
                .iter()
                .map(|it| sightings[it.indices[0]].0.task);
            let ended = changes.ended.iter().map(|it| it.lead);
            (began.collect(), ended.collect(), changes.suppressed)
        }
    }

    #[test]
    fn rule_fires_once_for_a_task_at_a_place_and_reports_its_end() {
        let mut rule = Rule::new(10);
        assert_eq!(rule.note(&[seen(1, 7, 1)]), (vec![1], vec![], 0));
        assert_eq!(rule.note(&[seen(1, 7, 1)]), (vec![], vec![], 0));
        assert_eq!(rule.note(&[]), (vec![], vec![1], 0));
        // Again at the same place, then at another one.
        assert_eq!(rule.note(&[seen(1, 7, 2)]), (vec![], vec![], 1));
        assert_eq!(rule.note(&[seen(1, 7, 2)]), (vec![], vec![], 0));
        assert_eq!(rule.note(&[seen(1, 8, 3)]), (vec![1], vec![], 0));
        assert_eq!(rule.note(&[]), (vec![], vec![1], 0));
        assert_eq!(rule.episodes.len(), 0);
    }

    #[test]
    fn other_poll_at_the_same_place_is_another_episode() {
        let mut rule = Rule::new(10);
        assert_eq!(rule.note(&[seen(1, 7, 1)]), (vec![1], vec![], 0));
        assert_eq!(rule.note(&[seen(1, 7, 2)]), (vec![], vec![1], 1));
    }

    #[test]
    fn rule_fires_once_for_a_group() {
        let mut rule = Rule::new(10);
        let all = [seen(1, 7, 1), seen(2, 7, 1), seen(3, 8, 1)];
        assert_eq!(rule.note(&all), (vec![1, 3], vec![], 0));
        let more = [seen(1, 7, 1), seen(2, 7, 1), seen(4, 7, 1)];
        assert_eq!(rule.note(&more), (vec![], vec![3], 1));
        assert_eq!(rule.note(&[seen(4, 7, 1)]), (vec![], vec![], 0));
        assert_eq!(rule.note(&[]), (vec![], vec![1], 0));
    }

    #[test]
    fn group_beyond_the_limit_is_counted_once_and_reported_when_there_is_room() {
        let mut rule = Rule::new(1);
        let both = [seen(1, 7, 1), seen(2, 8, 1)];
        assert_eq!(rule.note(&both), (vec![1], vec![], 1));
        assert_eq!(rule.note(&both), (vec![], vec![], 0));
        rule.now += std::time::Duration::from_secs(60);
        assert_eq!(rule.note(&both), (vec![2], vec![], 0));
        assert_eq!(rule.note(&[]).1.len(), 2);
    }

    #[test]
    fn task_that_leads_two_groups_has_an_end_in_each() {
        let mut rule = Rule::new(10);
        assert_eq!(rule.note(&[seen(1, 7, 1), seen(2, 7, 1)]).0, [1]);
        assert_eq!(rule.note(&[seen(1, 8, 2), seen(2, 7, 1)]).0, [1]);
        let limit = &mut rule.limit;
        let ended = rule.episodes.note(&[], |_| false, limit, rule.now).ended;
        let mut ended: Vec<_> = ended.iter().map(|it| (it.group, it.lead)).collect();
        ended.sort_unstable();
        assert_eq!(ended, [(7, 1), (8, 1)]);
    }

    #[test]
    fn intended_task_hides_no_other_one_of_its_group() {
        let mut rule = Rule::new(1);
        let all = [seen(1, 7, 1), seen(2, 7, 1), seen(3, 7, 1)];
        for first in 0..2 {
            let lasts = |_: &u64| false;
            let changes = (rule.episodes).note(&all, lasts, &mut rule.limit, rule.now);
            let [began] = &*changes.began else {
                panic!("{changes:?}");
            };
            assert_eq!(began.indices[0], first);
            rule.episodes.take_back(began, &all);
            rule.limit.take_back();
        }
        assert_eq!(rule.note(&all), (vec![3], vec![], 0));
        assert_eq!(rule.note(&all), (vec![], vec![], 0));
        assert_eq!(rule.note(&[]), (vec![], vec![3], 0));
    }

    #[test]
    fn unreported_episode_has_no_end() {
        let mut rule = Rule::new(1);
        rule.note(&[seen(1, 7, 1), seen(2, 8, 1)]);
        assert_eq!(rule.note(&[seen(1, 7, 1)]), (vec![], vec![], 0));
    }

    #[test]
    fn episode_that_a_pass_does_not_see_may_last() {
        let mut rule = Rule::new(10);
        rule.note(&[seen(1, 7, 1)]);
        rule.unseen = Some(1);
        assert_eq!(rule.note(&[]), (vec![], vec![], 0));
        rule.unseen = None;
        assert_eq!(rule.note(&[]), (vec![], vec![1], 0));
    }
}

//! The rules on their own thread: what is new, what is over, and what is done about it.

use std::collections::hash_map::DefaultHasher;
use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::atomic::Ordering;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::act::act;
use super::action::Step;
use super::condition::{By, Subject};
use super::counts::{Change, Counted, Groups, Noted};
use super::defects;
use super::episodes::{Began, Ended, Episodes, Sighting};
use super::findings::Findings;
use super::limit::Limit;
use super::passes::{cpu_time, number, watch_of, Batch, Masks, MAX_FOLLOWED};
use super::presets;
use super::report::{
    group_text, how_it_ended, push_escaped, who, RuleReport, Threaded, MAX_RUNNABLE, MAX_TASKS,
};
use super::rests::time_of;
use super::rule::{defect_text, Rule, RuleSet};
use super::schedule::Schedule;
use super::timebox;
use crate::threads;
use birthmark_core::__reader::clock;
use birthmark_core::__reader::record::read::Record;
use birthmark_core::Site;
use birthmark_dump::__private::{redacted_tasks, Matched, Runnable, Seen, Standstills, Watch};
use birthmark_dump::{Dump, State};

/// Number of tasks that are compared at once.
const CHUNK: usize = 4096;
/// Minimum time between two walks of this thread.
const LEAST: Duration = Duration::from_millis(500);
/// Minimum age of the dump with which a later one is compared.
const MIN_BASELINE: Duration = Duration::from_secs(60);

/// A task for which a rule holds, as long as it is followed.
#[derive(Clone, Copy, Debug)]
struct Followed {
    record: Record,
    /// The tick of the change of its state, in the upper half.
    changed: u64,
    /// The time from which the rule holds.
    began: Instant,
}

impl Followed {
    /// Returns `true` if the task is alive and, for a rule of its state, has not changed it.
    fn lasts(&self, is_of_state: bool) -> bool {
        let again = Record::read(self.record.slot).filter(|again| again.id == self.record.id);
        let again = again.filter(|again| again.is_live_task());
        let state = |it: &Record| (it.status, it.polls());
        again.is_some_and(|again| !is_of_state || state(&again) == state(&self.record))
    }
}

/// The state of one rule.
struct Following {
    limit: Limit,
    sort: Sort,
    baseline: Option<Baseline>,
    /// The number of the present evaluation.
    number: u64,
    /// The time of all standstills up to it.
    stood_still: Standstills,
}

enum Sort {
    Tasks {
        episodes: Episodes<Followed>,
        /// Text and state of the first task of each report, by group.
        leads: HashMap<u64, (String, State)>,
    },
    Groups(Groups),
    Findings {
        findings: Findings,
        next: Instant,
    },
    /// Timeboxes that were reported and last, by number: the text of each, and its start.
    Timeboxes(HashMap<u64, (String, Instant)>),
}

/// Dumps from before a rule holds.
struct Baseline {
    older: Option<Arc<Dump>>,
    newer: Option<Arc<Dump>>,
    next: Instant,
    every: Duration,
}

impl Baseline {
    fn before(&self) -> Option<Arc<Dump>> {
        self.older.as_ref().or(self.newer.as_ref()).cloned()
    }
}

/// All rules.
pub(super) struct Evaluation {
    set: Option<&'static RuleSet>,
    watch: Watch,
    masks: Masks,
    following: Vec<Following>,
    deep: Schedule,
}

impl Evaluation {
    pub(super) fn new() -> Self {
        Evaluation {
            set: None,
            watch: Watch::new(&[]),
            masks: Masks::default(),
            following: Vec::new(),
            deep: Schedule::new(LEAST),
        }
    }

    /// Takes over rules that were added.
    pub(super) fn refresh(&mut self) {
        let Some(set) = RuleSet::present().filter(|set| !set.is(self.set)) else {
            return;
        };
        self.set = Some(set);
        self.watch = watch_of(set);
        self.masks = Masks::of(set, &self.watch);
        let now = Instant::now();
        for rule in set.all().iter().skip(self.following.len()) {
            self.following.push(Following::new(rule, now));
        }
    }

    /// Returns the time at which this thread has something to do by itself.
    pub(super) fn next(&self) -> Option<Instant> {
        let deep = (self.masks.deep != 0).then(|| self.deep.next().unwrap_or_else(Instant::now));
        let rules = self.set.map_or(&[][..], RuleSet::all).iter();
        let others = rules.zip(&self.following);
        let others = others.filter(|(rule, _)| rule.defect.get().is_none());
        let others = others.filter_map(|(_, following)| following.next());
        deep.into_iter().chain(others).min()
    }

    /// Evaluates what a pass has found. Returns the CPU time without that of actions.
    pub(super) fn evaluate(&mut self, batch: &Batch, standstills: &Standstills) -> Duration {
        let Some(set) = self.set else {
            return Duration::ZERO;
        };
        let now = Instant::now();
        let start = cpu_time(now);
        let matched = self.watch.confirm(&batch.seen);
        let cost = cpu_time(now).saturating_sub(start);
        for (index, rule) in set.all().iter().enumerate() {
            self.for_rule(index, (batch.number(index), standstills), |following| {
                if !batch.timeboxes.is_empty() {
                    following.note_timeboxes(rule, &batch.timeboxes, now);
                }
                if batch.evaluated & 1 << index == 0 {
                    return;
                }
                let mut counts = batch.counts.iter();
                if let Some((_, counts)) = counts.find(|(counted, _)| *counted == index) {
                    following.note_counts(rule, &by_site(rule, counts), now);
                } else {
                    let sightings = sightings(rule, &matched, index, now);
                    let is_cut = batch.cut & 1 << index != 0;
                    following.note_tasks(rule, sightings, is_cut, now);
                }
            });
        }
        cost
    }

    /// Runs a part of the evaluation of one rule, which is that of this number. After a panic, the rule is compared no more.
    fn for_rule(
        &mut self,
        index: usize,
        (number, standstills): (u64, &Standstills),
        run: impl FnOnce(&mut Following),
    ) {
        let rules = self.set.map_or(&[][..], RuleSet::all);
        let (Some(rule), Some(following)) = (rules.get(index), self.following.get_mut(index))
        else {
            return;
        };
        if rule.defect.get().is_some() {
            return;
        }
        following.number = number;
        following.stood_still.clone_from(standstills);
        let Err(message) = defects::catch(|| run(following)) else {
            return;
        };
        *following = Following::new(rule, Instant::now());
        rule.active.store(0, Ordering::Relaxed);
        super::report_unusable("rule", &rule.text, &defect_text(&message));
        let _first = rule.defect.set(message);
    }

    /// Does what is due by the time alone.
    pub(super) fn run_due(&mut self, standstills: &Standstills) {
        let now = Instant::now();
        if self.masks.deep != 0 && self.deep.is_due(now) {
            let start = cpu_time(now);
            self.walk(now, standstills);
            let cost = cpu_time(now).saturating_sub(start);
            self.deep.has_run(now, cost, 1);
        }
        let Some(set) = self.set else { return };
        for (index, rule) in set.all().iter().enumerate() {
            self.for_rule(index, (0, standstills), |following| {
                following.look(rule, now)
            });
        }
    }

    /// Walks for the rules that need names, labels or frames.
    fn walk(&mut self, now: Instant, standstills: &Standstills) {
        let Some(set) = self.set else { return };
        let deep = self.masks.deep;
        let numbers = number(set, deep);
        let mut found = Found {
            set,
            mask: deep,
            sightings: vec![Vec::new(); set.all().len()],
            counted: vec![Counted::new(); set.all().len()],
            cut: 0,
        };
        // The walk borrows the watch that it counts in.
        let confirming = watch_of(set);
        let mut chunk: Vec<Seen> = Vec::with_capacity(CHUNK);
        self.watch.walk(deep, standstills, &mut |record, mask| {
            let record = *record;
            chunk.push(Seen { record, mask });
            if chunk.len() == CHUNK {
                found.add(&confirming.confirm(&chunk), now);
                chunk.clear();
            }
        });
        found.add(&confirming.confirm(&chunk), now);
        let parts = found.sightings.into_iter().zip(found.counted);
        for ((index, rule), (sightings, counted)) in set.all().iter().enumerate().zip(parts) {
            if deep & 1 << index == 0 {
                continue;
            }
            let is_cut = found.cut & 1 << index != 0;
            let number = numbers[index];
            self.for_rule(index, (number, standstills), |following| {
                match rule.condition.subject {
                    Subject::Tasks { .. } => following.note_tasks(rule, sightings, is_cut, now),
                    _ => following.note_counts(rule, &counted, now),
                }
            });
        }
    }
}

/// The result of a walk of this thread, by rule.
struct Found {
    set: &'static RuleSet,
    mask: u64,
    sightings: Vec<Vec<(Sighting, Followed)>>,
    counted: Vec<Counted>,
    /// The rules that are about more tasks than they follow.
    cut: u64,
}

impl Found {
    fn add(&mut self, matched: &Matched, now: Instant) {
        for (index, rule) in self.set.all().iter().enumerate() {
            if self.mask & 1 << index == 0 {
                continue;
            }
            let by = match &rule.condition.subject {
                Subject::Count { by, .. } | Subject::Growth { by, .. } => by,
                _ => {
                    let all = &mut self.sightings[index];
                    let new = sightings(rule, matched, index, now);
                    let room = MAX_FOLLOWED.saturating_sub(all.len()).min(new.len());
                    self.cut |= u64::from(room < new.len()) << index;
                    all.extend(&new[..room]);
                    continue;
                }
            };
            for hit in matched.hits(index) {
                let group = match by {
                    By::Site => at(hit.site),
                    By::Role => role(hit.site),
                    By::Name => group_text("name", matched.name(hit.index)),
                    By::Label(key) => {
                        let label = format!("{key}={}", matched.label(hit.index, key));
                        group_text("label", &label)
                    }
                };
                *self.counted[index].entry(group).or_insert(0) += 1;
            }
        }
    }
}

/// Returns the tasks of a pass for which a rule holds.
fn sightings(
    rule: &Rule,
    matched: &Matched,
    index: usize,
    now: Instant,
) -> Vec<(Sighting, Followed)> {
    let mut hits: Vec<_> = matched.hits(index).collect();
    // Those that have lasted longest come first.
    hits.sort_by_key(|hit| hit.changed);
    let sighting = |hit: birthmark_dump::__private::Hit| {
        let mut hasher = DefaultHasher::new();
        (hit.site.address(), hit.place).hash(&mut hasher);
        let sighting = Sighting {
            task: hit.record.id,
            place: hit.place,
            group: hasher.finish(),
            occasion: match rule.condition.is_of_state {
                true => hit.changed,
                false => 0,
            },
        };
        let in_state = hit.in_state.filter(|_| rule.condition.is_of_state);
        let began = now.checked_sub(in_state.unwrap_or(Duration::ZERO));
        let followed = Followed {
            record: hit.record,
            changed: hit.changed,
            began: began.unwrap_or(now),
        };
        (sighting, followed)
    };
    hits.into_iter().map(sighting).collect()
}

/// Returns the numbers of tasks by site or role.
fn by_site(rule: &Rule, counts: &[(&'static Site, u64)]) -> Counted {
    let (Subject::Count { by, .. } | Subject::Growth { by, .. }) = &rule.condition.subject else {
        return Counted::new();
    };
    let mut counted = Counted::new();
    for (site, count) in counts.iter().filter(|(site, _)| site.is_real()) {
        let group = if *by == By::Role {
            role(site)
        } else {
            at(site)
        };
        *counted.entry(group).or_insert(0) += count;
    }
    counted
}

/// Returns `handle spawned at src/main.rs:3:5`.
fn at(site: &'static Site) -> String {
    let mut out = String::new();
    push_escaped(&mut out, "", site.role());
    format!("{out} spawned at {site}")
}

/// Returns `with the role "handle"`.
fn role(site: &'static Site) -> String {
    group_text("role", site.role())
}

impl Following {
    fn new(rule: &Rule, now: Instant) -> Self {
        let sort = match &rule.condition.subject {
            Subject::Tasks { .. } => Sort::Tasks {
                episodes: Episodes::new(),
                leads: HashMap::new(),
            },
            Subject::Count { .. } | Subject::Growth { .. } => Sort::Groups(Groups::new()),
            Subject::Timebox => Sort::Timeboxes(HashMap::new()),
            Subject::Stuck { every, .. } => Sort::Findings {
                findings: Findings::default(),
                next: now + *every,
            },
        };
        let window = match &rule.condition.subject {
            Subject::Growth { window, .. } => *window,
            _ => Duration::ZERO,
        };
        let baseline = rule.action.has_diff().then(|| Baseline {
            older: None,
            newer: None,
            next: now,
            every: window.max(MIN_BASELINE),
        });
        Following {
            limit: Limit::new(rule.condition.at_most),
            sort,
            baseline,
            number: 0,
            stood_still: Standstills::default(),
        }
    }

    fn next(&self) -> Option<Instant> {
        let findings = match &self.sort {
            Sort::Findings { next, .. } => Some(*next),
            _ => None,
        };
        let baseline = self.baseline.as_ref().map(|baseline| baseline.next);
        findings.into_iter().chain(baseline).min()
    }

    /// Takes the dumps that are due.
    fn look(&mut self, rule: &'static Rule, now: Instant) {
        if let Some(baseline) = self.baseline.as_mut().filter(|it| now >= it.next) {
            let present = self.sort.active();
            // While the rule holds, the dump from before stays.
            if present == 0 {
                baseline.older = baseline.newer.replace(Arc::new(crate::dump()));
            }
            baseline.next = now + baseline.every;
        }
        let Sort::Findings { next, .. } = &mut self.sort else {
            return;
        };
        if now < *next {
            return;
        }
        let Subject::Stuck { every, lasts } = rule.condition.subject else {
            return;
        };
        let start = cpu_time(now);
        self.note_findings(rule, lasts, now);
        let cost = cpu_time(now).saturating_sub(start);
        if let Sort::Findings { next, .. } = &mut self.sort {
            *next = now + every.max(super::schedule::interval(cost, 1));
        }
    }

    fn before(&self) -> Option<Arc<Dump>> {
        self.baseline.as_ref()?.before()
    }

    fn note_findings(&mut self, rule: &'static Rule, lasts: Duration, now: Instant) {
        let number = rule.count_evaluation();
        let present = crate::dump().stuck_findings();
        let (Sort::Findings { findings, .. }, limit) = (&mut self.sort, &mut self.limit) else {
            return;
        };
        let is_reported = |kind: &str| !rule.is_preset || presets::is_reported(kind);
        let stood_still = time_of(self.stood_still.total());
        let present = present.iter().filter(|it| is_reported(it.kind));
        let news = findings.note(present, (lasts, stood_still), limit, now);
        let lasting = findings.len() as u64;
        rule.active.fetch_max(lasting, Ordering::Relaxed);
        rule.suppressed
            .fetch_add(news.suppressed, Ordering::Relaxed);
        for finding in &news.new {
            let report = RuleReport::of_finding(&rule.text, &finding.text);
            act(rule, report.in_evaluation(number), self.before());
        }
        for gone in &news.gone {
            let finding = gone.finding.text.lines().next().unwrap_or_default();
            let report = RuleReport::of_gone(&rule.text, finding, gone.lasted);
            act(rule, report.in_evaluation(number), None);
        }
        rule.active.store(lasting, Ordering::Relaxed);
    }

    fn note_timeboxes(&mut self, rule: &'static Rule, changes: &[timebox::Change], now: Instant) {
        let evaluation = self.number;
        let Sort::Timeboxes(open) = &mut self.sort else {
            return;
        };
        for change in changes {
            match change {
                timebox::Change::Exceeded(entry) => {
                    if !self.limit.admits(now) {
                        rule.suppressed.fetch_add(1, Ordering::Relaxed);
                        continue;
                    }
                    let (report, who) = exceeded(rule, entry, &self.stood_still);
                    open.insert(entry.number, (who, entry.began));
                    act(rule, report.in_evaluation(evaluation), None);
                }
                timebox::Change::Ended { number, at } => {
                    let Some((who, began)) = open.remove(number) else {
                        continue;
                    };
                    let after = at.saturating_duration_since(began);
                    let report = RuleReport::of_end(&rule.text, &who, 0, "ended", after);
                    act(rule, report.in_evaluation(evaluation), None);
                }
            }
        }
        rule.active.store(open.len() as u64, Ordering::Relaxed);
    }

    fn note_counts(&mut self, rule: &'static Rule, counted: &Counted, now: Instant) {
        let (Sort::Groups(groups), limit) = (&mut self.sort, &mut self.limit) else {
            return;
        };
        let Noted {
            changes,
            suppressed,
        } = match rule.condition.subject {
            Subject::Count { more_than, .. } => groups.note_counts(counted, more_than, limit, now),
            Subject::Growth {
                more_than,
                in_time,
                window,
                ..
            } => groups.note_growth(counted, (more_than, in_time, window), limit, now),
            _ => return,
        };
        let lasting = groups.len() as u64;
        rule.active.fetch_max(lasting, Ordering::Relaxed);
        rule.suppressed.fetch_add(suppressed, Ordering::Relaxed);
        for change in &changes {
            let before = match change {
                Change::Over { .. } => None,
                _ => self.before(),
            };
            let report = RuleReport::of_count(&rule.text, change);
            act(rule, report.in_evaluation(self.number), before);
        }
        rule.active.store(lasting, Ordering::Relaxed);
    }

    fn note_tasks(
        &mut self,
        rule: &'static Rule,
        sightings: Vec<(Sighting, Followed)>,
        is_cut: bool,
        now: Instant,
    ) {
        let Sort::Tasks { episodes, leads } = &mut self.sort else {
            return;
        };
        // If the pass has seen a part of the tasks, the others are looked at one by one.
        let is_of_state = rule.condition.is_of_state;
        let lasts = |it: &Followed| is_cut && it.lasts(is_of_state);
        let changes = episodes.note(&sightings, lasts, &mut self.limit, now);
        let lasting = episodes.len() as u64;
        rule.active.fetch_max(lasting, Ordering::Relaxed);
        rule.suppressed
            .fetch_add(changes.suppressed, Ordering::Relaxed);
        for ended in changes.ended {
            // What was left out of a report has no end.
            if let Some((lead, was)) = leads.remove(&ended.group) {
                let report = end(rule, &ended, &lead, was);
                act(rule, report.in_evaluation(self.number), None);
            }
        }
        for began in changes.began {
            let Began { group, indices } = &began;
            let records = indices.iter().map(|&index| sightings[index].1.record);
            let records: Vec<Record> = records.take(MAX_TASKS).collect();
            let begun = begin(rule, &records, indices.len(), &self.stood_still);
            let Some((report, who, state)) = begun else {
                episodes.take_back(&began, &sightings);
                self.limit.take_back();
                rule.suppressed.fetch_add(1, Ordering::Relaxed);
                continue;
            };
            leads.insert(*group, (who, state));
            act(
                rule,
                report.in_evaluation(self.number),
                self.baseline.as_ref().and_then(Baseline::before),
            );
        }
        rule.active.store(lasting, Ordering::Relaxed);
    }
}

impl Sort {
    /// Returns for how much the rule holds.
    fn active(&self) -> usize {
        match self {
            Sort::Tasks { episodes, .. } => episodes.len(),
            Sort::Groups(groups) => groups.len(),
            Sort::Findings { findings, .. } => findings.len(),
            Sort::Timeboxes(open) => open.len(),
        }
    }
}

/// Returns the report of tasks for which a rule begins to hold, with the first one's text and state. Returns `None` if `watch`
/// leaves it out.
fn begin(
    rule: &Rule,
    records: &[Record],
    count: usize,
    standstills: &Standstills,
) -> Option<(RuleReport, String, State)> {
    let tasks = redacted_tasks(records);
    let (task, record) = (tasks.first()?, records.first()?);
    let state = task.state();
    // The time of a runnable task begins with its wake.
    let stood_still = match state {
        State::Runnable => Duration::ZERO,
        _ => time_of(standstills.since(record.status.tick())),
    };
    let State::Running { thread } = state else {
        let who = who(task);
        let report = RuleReport::of_tasks(&rule.text, tasks, count, stood_still, None, None);
        return Some((report, who, state));
    };
    let mut steps = rule.action.steps().iter();
    let wants_stack = rule.is_preset || steps.any(|step| matches!(step, Step::Stacks));
    let thread = thread.filter(|_| wants_stack).map(|id| Threaded {
        id,
        stack: stack_of(record, id),
    });
    if rule.is_preset && thread.as_ref().is_some_and(gives_its_tasks_away) {
        return None;
    }
    let runnable = Runnable::now(MAX_RUNNABLE);
    let who = who(task);
    let (thread, runnable) = (thread.as_ref(), Some(&runnable));
    let report = RuleReport::of_tasks(&rule.text, tasks, count, stood_still, thread, runnable);
    Some((report, who, state))
}

/// Returns the report of a timebox whose time is over, with its text.
fn exceeded(
    rule: &Rule,
    entry: &timebox::Entry,
    standstills: &Standstills,
) -> (RuleReport, String) {
    let of = format!("the timebox at {}", entry.place);
    let again = entry.task.and_then(|task| {
        let again = Record::read(task.slot).filter(|again| again.id == task.id);
        again.filter(|again| again.is_live_task())
    });
    let described = again.and_then(|record| begin(rule, &[record], 1, standstills));
    let (report, of) = match described {
        Some((report, who, _)) => (report, format!("{of} in {who}")),
        None => (RuleReport::empty(&rule.text), of),
    };
    (report.exceeded(&of, entry.limit), of)
}

/// Takes the stack of the thread that runs a task. Returns `None` if the poll ended meanwhile.
fn stack_of(
    record: &Record,
    thread: u64,
) -> Option<Result<birthmark_dump::NativeStack, birthmark_dump::StackError>> {
    let stack = threads::stack_of(thread);
    let again = Record::read(record.slot)?;
    let poll = |it: &Record| (it.id, it.status, it.polls());
    (poll(&again) == poll(record)).then_some(stack)
}

fn gives_its_tasks_away(thread: &Threaded) -> bool {
    let Some(Ok(stack)) = &thread.stack else {
        return false;
    };
    let mut functions = stack.frames().iter().filter_map(|frame| frame.function());
    functions.any(presets::is_intended)
}

/// Returns the report of the end.
fn end(rule: &Rule, ended: &Ended<Followed>, lead: &str, was: State) -> RuleReport {
    let Followed {
        record,
        changed,
        began,
    } = ended.lead;
    let again = Record::read(record.slot).filter(|again| again.id == record.id);
    let again = again.filter(|again| again.is_live_task());
    let after = match &again {
        // The state has changed at this tick, or later.
        Some(again) if rule.condition.is_of_state => {
            clock::between(changed, u64::from(again.status.tick()) << 32)
        }
        _ => began.elapsed(),
    };
    let how = how_it_ended(was, again.is_some());
    RuleReport::of_end(&rule.text, lead, ended.others, how, after)
}

#[cfg(test)]
mod tests {
    use super::super::action::Action;
    use super::super::rule::NewRule;
    use super::*;

    /// A rule that is not compared any more has the reason, and the others go on.
    #[test]
    fn panic_in_the_evaluation_of_a_rule_ends_that_rule_alone() {
        let quiet = || Action::call(|_| ());
        let texts = ["role=none-a&older=1h", "stuck&every=1s", "name=none-b"];
        let rules = texts.map(|text| NewRule::new(text, quiet()).unwrap());
        assert!(RuleSet::add(rules.into()));
        let mut evaluation = Evaluation::new();
        evaluation.refresh();
        let of = |text: &str| {
            let mut rules = evaluation.set.unwrap().all().iter();
            rules.position(|rule| *rule.text == *text).unwrap()
        };
        let [first, stuck, last] = texts.map(of);
        let none = Standstills::default();
        for index in [first, stuck] {
            for _ in 0..3 {
                evaluation.for_rule(index, (1, &none), |_| panic!("number {index}"));
            }
        }
        let mut number = 0;
        evaluation.for_rule(last, (7, &none), |following| number = following.number);
        assert_eq!(number, 7);
        evaluation.for_rule(first, (8, &none), |following| number = following.number);
        assert_eq!(number, 7, "it is compared no more");
        let set = evaluation.set.unwrap();
        let problem = set.all()[first].stats().problem.unwrap();
        let start = format!("its evaluation has panicked: number {first}\nhelp: ");
        assert!(problem.starts_with(&start), "{problem}");
        let line = set.all()[first].stats().to_string();
        assert!(line.ends_with(&format!("; its evaluation has panicked: number {first}")));
        assert_eq!(set.all()[last].stats().problem, None);
        // A rule that is due by time is due no more.
        evaluation.masks.deep = 0;
        assert_eq!(evaluation.next(), None);
        // What is done for all rules goes on.
        let batch = Batch {
            evaluated: 1 << first | 1 << last,
            ..Batch::default()
        };
        evaluation.evaluate(&batch, &none);
        evaluation.run_due(&none);
        assert_eq!(set.all()[stuck].stats().evaluations, 0);
    }
}

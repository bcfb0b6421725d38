//! Dumps that were saved as JSON, compared.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use serde::Deserialize;

use crate::exit::Failure;

#[derive(Deserialize)]
struct Saved {
    format: String,
    version: u32,
    pid: u32,
    program: String,
    time: Option<String>,
    time_unix_ms: Option<i64>,
    sites: Vec<Site>,
    tasks: Vec<Task>,
}

#[derive(Deserialize)]
struct Site {
    file: String,
    line: u32,
    column: u32,
    role: String,
}

#[derive(Deserialize)]
struct Task {
    id: u64,
    site: Option<usize>,
    state: String,
    polls: Option<u64>,
    stack: Option<usize>,
}

/// Compares two files.
pub(super) fn compare(before: &Path, after: &Path) -> Result<String, Failure> {
    let [old, new] = [read(before)?, read(after)?];
    let mut out = heading(&old, &new);
    growth(&mut out, &old, &new);
    let (old_by, new_by) = (by_id(&old), by_id(&new));
    let is_unchanged = |task: &&Task| {
        let before = old_by.get(&task.id);
        before.is_some_and(|before| {
            before.is_same(task) && !["running", "blocked", "idle"].contains(&task.state.as_str())
        })
    };
    let new_tasks = new
        .tasks
        .iter()
        .filter(|task| !old_by.contains_key(&task.id));
    let gone = old
        .tasks
        .iter()
        .filter(|task| !new_by.contains_key(&task.id));
    section(&mut out, "new", &new, new_tasks);
    section(&mut out, "gone", &old, gone);
    let unchanged = new.tasks.iter().filter(is_unchanged);
    section(
        &mut out,
        "unchanged: neither polled nor in another state since",
        &new,
        unchanged,
    );
    Ok(out)
}

fn read(path: &Path) -> Result<Saved, Failure> {
    let failed = |cause: String| {
        Failure::Message(format!(
            "cannot read {}: {cause}\nhelp: save dumps with `birthmark dump PROCESS --format json -o FILE`",
            path.display()
        ))
    };
    let file = File::open(path).map_err(|error| failed(error.to_string()))?;
    let saved: Saved =
        serde_json::from_reader(BufReader::new(file)).map_err(|error| failed(error.to_string()))?;
    match (saved.format.as_str(), saved.version) {
        ("birthmark-dump", 1) => Ok(saved),
        ("birthmark-dump", version) => {
            Err(failed(format!("the format has version {version}, not 1")))
        }
        _ => Err(failed("the file is no dump".into())),
    }
}

fn by_id(saved: &Saved) -> BTreeMap<u64, &Task> {
    saved.tasks.iter().map(|task| (task.id, task)).collect()
}

impl Task {
    fn is_same(&self, other: &Task) -> bool {
        self.state == other.state
            && self.polls == other.polls
            && self.stack.is_some() == other.stack.is_some()
    }
}

fn heading(old: &Saved, new: &Saved) -> String {
    let mut out = format!("{} tasks before, {} now", old.tasks.len(), new.tasks.len());
    if let (Some(then), Some(now)) = (old.time_unix_ms, new.time_unix_ms) {
        let _ = write!(out, ", {} s later", (now - then) / 1000);
    }
    for saved in [old, new] {
        let time = saved.time.as_deref().unwrap_or("an unknown time");
        let (program, time) = (saved.program.escape_debug(), time.escape_debug());
        let _ = write!(out, "\nprogram {program}, process {}, at {time}", saved.pid);
    }
    if old.pid != new.pid || old.program != new.program {
        out += "\nnote: these are dumps of two processes, so equal ids are different tasks";
    }
    out.push('\n');
    out
}

/// A site, for people.
type Place = (String, u32, u32, String);

fn place(saved: &Saved, task: &Task) -> Option<Place> {
    let site = saved.sites.get(task.site?)?;
    let [file, role] = [&site.file, &site.role].map(|text| text.escape_debug().to_string());
    Some((file, site.line, site.column, role))
}

fn count<'a>(saved: &Saved, tasks: impl Iterator<Item = &'a Task>) -> BTreeMap<Place, i64> {
    let mut counts = BTreeMap::new();
    for place in tasks.filter_map(|task| place(saved, task)) {
        *counts.entry(place).or_default() += 1;
    }
    counts
}

fn growth(out: &mut String, old: &Saved, new: &Saved) {
    let before = count(old, old.tasks.iter());
    let after = count(new, new.tasks.iter());
    let places = before
        .keys()
        .chain(after.keys())
        .collect::<std::collections::BTreeSet<_>>();
    let numbers = |place: &Place| {
        let number = |counts: &BTreeMap<Place, i64>| counts.get(place).copied().unwrap_or(0);
        (number(&before), number(&after))
    };
    let mut changed: Vec<_> = places
        .into_iter()
        .map(|place| (numbers(place), place))
        .collect();
    changed.retain(|((before, after), _)| before != after);
    changed.sort_by_key(|((before, after), _)| before - after);
    if !changed.is_empty() {
        out.push_str("\ngrowth by site\n");
    }
    for ((before, after), (file, line, column, role)) in changed {
        let more = after - before;
        let _ = writeln!(
            out,
            "  {more:>+6}  {before} → {after}  {role} {file}:{line}:{column}"
        );
    }
}

fn section<'a>(
    out: &mut String,
    title: &str,
    saved: &Saved,
    tasks: impl Iterator<Item = &'a Task>,
) {
    let mut counts: Vec<_> = count(saved, tasks).into_iter().collect();
    counts.sort_by_key(|(_, count)| -count);
    if !counts.is_empty() {
        let _ = writeln!(out, "\n{title}");
    }
    for ((file, line, column, role), count) in counts {
        let _ = writeln!(out, "  {count:>6}  {role} {file}:{line}:{column}");
    }
}

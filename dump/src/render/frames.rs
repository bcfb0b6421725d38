//! The frames of a task as lines, the innermost first: what it awaits, and the awaits around that.

use super::field::Field;
use super::output::{escaped, push};
use super::paths::Paths;
use crate::values::plural::plural;
use crate::values::stack::{Frame, Stack};

/// The frames of a task by their place: those that it waits in, those around all of them, and those that it keeps.
struct Places<'a> {
    /// The paths from each innermost frame outwards, without the trunk.
    leaves: Vec<Vec<&'a Frame>>,
    /// The frames around all leaves, the innermost first.
    trunk: Vec<&'a Frame>,
    /// Futures that are not awaited now, from the innermost frame outwards.
    kept: Vec<Vec<&'a Frame>>,
}

impl<'a> Places<'a> {
    fn of(frames: &'a [Frame]) -> Self {
        let (mut awaited, mut kept) = (Vec::new(), Vec::new());
        let mut rest = frames;
        while let [frame, behind @ ..] = rest {
            let inside = behind.iter().take_while(|it| it.depth() > frame.depth());
            let end = 1 + inside.count();
            if frame.is_idle() {
                let subtree: Vec<_> = rest[..end].iter().collect();
                kept.extend(leaves(&subtree));
                rest = &rest[end..];
            } else {
                awaited.push(frame);
                rest = behind;
            }
        }
        let is_trunk = |place: &usize| {
            let frame: &Frame = awaited[*place];
            awaited[place + 1..]
                .iter()
                .all(|it| it.depth() > frame.depth())
        };
        let mut trunk = (0..awaited.len()).take_while(is_trunk).count();
        // The only leaf is no part of the trunk.
        trunk -= usize::from(trunk > 0 && trunk == awaited.len());
        let leaves = leaves(&awaited[trunk..]).collect();
        awaited.truncate(trunk);
        awaited.reverse();
        Places {
            leaves,
            trunk: awaited,
            kept,
        }
    }
}

/// Returns the path of each innermost frame outwards.
fn leaves<'a: 'b, 'b>(frames: &'b [&'a Frame]) -> impl Iterator<Item = Vec<&'a Frame>> + 'b {
    let is_leaf = |&place: &usize| {
        let inner = frames.get(place + 1);
        inner.is_none_or(|inner| inner.depth() <= frames[place].depth())
    };
    (0..frames.len()).filter(is_leaf).map(|place| {
        let mut path = vec![frames[place]];
        for &frame in frames[..place].iter().rev() {
            if path.last().is_some_and(|last| frame.depth() < last.depth()) {
                path.push(frame);
            }
        }
        path
    })
}

/// Returns the lines of a stack: `awaits`, `and` for further branches, `within`, and `keeps`.
pub(super) fn stack_lines(stack: &Stack, paths: &Paths) -> String {
    let mut out = String::new();
    let places = Places::of(stack.frames());
    let mut label = match (stack.is_unrecorded(), stack.may_be_stale()) {
        (true, _) => "polls",
        (false, true) => "awaited",
        (false, false) => "awaits",
    };
    let omitted = stack.omitted_frames();
    if omitted > 0 && places.leaves.is_empty() {
        let mut field = Field::new(&mut out, label);
        field.piece("", &omitted_text(omitted));
        field.end();
    }
    for (place, path) in places.leaves.iter().enumerate() {
        let deeper = if place == 0 { omitted } else { 0 };
        push_path(&mut out, label, path, deeper, paths);
        label = "and";
    }
    if !places.trunk.is_empty() {
        let mut inner = only(&places.leaves).and_then(|path| path.last().copied());
        let mut field = Field::new(&mut out, "within");
        for frame in &places.trunk {
            field.piece(" < ", &outer_text(frame, inner, paths));
            inner = Some(frame);
        }
        field.end();
    }
    for path in &places.kept {
        push_path(&mut out, "keeps", path, 0, paths);
    }
    out
}

fn only<T>(all: &[T]) -> Option<&T> {
    match all {
        [one] => Some(one),
        _ => None,
    }
}

fn push_path(out: &mut String, label: &str, path: &[&Frame], omitted: u32, paths: &Paths) {
    let mut field = Field::new(out, label);
    let mut inner: Option<&Frame> = None;
    for frame in path {
        match inner {
            None => field.piece("", &leaf_text(frame, omitted, "", paths)),
            Some(_) => field.piece(" < ", &outer_text(frame, inner, paths)),
        }
        inner = Some(frame);
    }
    field.end();
}

fn omitted_text(omitted: u32) -> String {
    format!("{omitted} frame{} deeper", plural(omitted as usize))
}

/// `client.send in fetch quotes.rs:24:28`
fn leaf_text(frame: &Frame, omitted: u32, role: &str, paths: &Paths) -> String {
    let mut out = String::new();
    if omitted > 0 {
        push(&mut out, format_args!("{} than ", omitted_text(omitted)));
    }
    let site = frame.site();
    if !site.awaited().is_empty() {
        push(&mut out, format_args!("{} ", escaped(site.awaited())));
    }
    if site.function() != role {
        push(&mut out, format_args!("in {} ", escaped(site.function())));
    }
    paths.push_frame(&mut out, site);
    out
}

/// `quote quotes.rs:13:65`, or `retry in quote quotes.rs:13:65` if it awaits something else than the function inside of
/// it.
fn outer_text(frame: &Frame, inner: Option<&Frame>, paths: &Paths) -> String {
    let site = frame.site();
    let awaited = site.awaited();
    let called = inner.map_or("", |inner| last_name(inner.site().function()));
    if awaited.is_empty() || last_name(awaited) == called {
        let mut out = format!("{} ", escaped(site.function()));
        paths.push_frame(&mut out, site);
        return out;
    }
    leaf_text(frame, 0, "", paths)
}

/// Returns the last name of a path or a method call.
fn last_name(path: &str) -> &str {
    path.rsplit(['.', ':']).next().unwrap_or(path)
}

/// Returns the innermost frames as fields of a line: `awaits client.send in fetch quotes.rs:24:28`. A future that is not
/// awaited has a field `keeps …`. Each field has the number of further branches. A function that is the role is left out.
pub(super) fn innermost(stack: &Stack, role: &str, paths: &Paths) -> Vec<String> {
    let places = Places::of(stack.frames());
    let omitted = stack.omitted_frames();
    let verb = match (stack.is_unrecorded(), stack.may_be_stale()) {
        (true, _) => "polls",
        (false, true) => "awaited",
        (false, false) => "awaits",
    };
    let mut fields = Vec::new();
    if places.leaves.is_empty() && omitted > 0 {
        fields.push(format!("{verb} {}", omitted_text(omitted)));
    }
    let branches = [(verb, &places.leaves, omitted), ("keeps", &places.kept, 0)];
    for (verb, paths_outwards, omitted) in branches {
        let Some((path, more)) = paths_outwards.split_last() else {
            continue;
        };
        let mut out = format!("{verb} {}", leaf_text(path[0], omitted, role, paths));
        if !more.is_empty() {
            push(&mut out, format_args!(" and {} more", more.len()));
        }
        fields.push(out);
    }
    fields
}

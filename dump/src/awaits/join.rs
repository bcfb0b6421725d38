//! Frames of instrumented code and frames out of debug information, in one tree.
//!
//! Both are trees of the same futures. Those of instrumented code have columns and the awaited expression. Those of debug
//! information also have what is not instrumented. A state machine is suspended at one `.await`, so two frames are the
//! same if they are of the same file and line, and the frames around them are.

use std::cmp::Reverse;

use crate::values::await_stack::AwaitFrame;
use crate::values::stack::Frame;
use birthmark_core::FrameSite;

/// A frame with those inside of it.
struct Tree<T> {
    frame: T,
    inside: Vec<Tree<T>>,
}

/// Joins the frames of a task. Both are lists with each frame before those inside of it, and so is the result.
pub(super) fn join(debug_info: Vec<AwaitFrame>, instrumented: &[Frame]) -> Vec<AwaitFrame> {
    let instrumented = trees(instrumented.to_vec(), Frame::depth);
    let mut joined = Vec::new();
    let debug_info = trees(debug_info, AwaitFrame::depth);
    add_inside(&mut joined, debug_info, instrumented, 0);
    joined
}

fn trees<T>(frames: Vec<T>, depth_of: fn(&T) -> usize) -> Vec<Tree<T>> {
    let mut open: Vec<(usize, Tree<T>)> = Vec::new();
    let mut roots = Vec::new();
    let mut close = |open: &mut Vec<(usize, Tree<T>)>| {
        let Some((_, tree)) = open.pop() else { return };
        match open.last_mut() {
            Some((_, outer)) => outer.inside.push(tree),
            None => roots.push(tree),
        }
    };
    for frame in frames {
        let depth = depth_of(&frame);
        while open.last().is_some_and(|(outer, _)| *outer >= depth) {
            close(&mut open);
        }
        let inside = Vec::new();
        open.push((depth, Tree { frame, inside }));
    }
    while !open.is_empty() {
        close(&mut open);
    }
    roots
}

/// Adds a frame of debug information, and those inside of it. `candidates` are the instrumented frames that may be the
/// same. A frame that is found is taken out.
fn add(
    joined: &mut Vec<AwaitFrame>,
    tree: Tree<AwaitFrame>,
    candidates: &mut Vec<Tree<Frame>>,
    depth: usize,
) {
    let mut frame = tree.frame;
    frame.depth = depth;
    let mut same = take_same(&frame, &tree.inside, candidates);
    if same.len() == 1 {
        let Tree {
            frame: same,
            inside,
        } = same.remove(0);
        frame.site = Some(same.site());
        frame.idle = same.is_idle();
        joined.push(frame);
        add_inside(joined, tree.inside, inside, depth + 1);
    } else if same.is_empty() {
        joined.push(frame);
        for inner in tree.inside {
            add(joined, inner, candidates, depth + 1);
        }
    } else {
        joined.push(frame);
        add_branches(joined, tree.inside, same, depth + 1);
    }
}

/// Adds the branches of a macro such as `join!`. It has one `.await` by debug information, and an instrumented frame for
/// each branch. Both are in the order of the source.
fn add_branches(
    joined: &mut Vec<AwaitFrame>,
    debug_info: Vec<Tree<AwaitFrame>>,
    branches: Vec<Tree<Frame>>,
    depth: usize,
) {
    if debug_info.len() != branches.len() {
        // Which belong together is not known, except by the frames inside of them.
        let (leaves, around): (Vec<_>, Vec<_>) = branches
            .into_iter()
            .partition(|branch| branch.inside.is_empty());
        let inside = around.into_iter().flat_map(|branch| branch.inside);
        return add_inside(joined, debug_info, inside.chain(leaves).collect(), depth);
    }
    for (inner, branch) in debug_info.into_iter().zip(branches) {
        joined.push(instrumented(&branch.frame, depth));
        add_inside(joined, vec![inner], branch.inside, depth + 1);
    }
}

fn add_inside(
    joined: &mut Vec<AwaitFrame>,
    debug_info: Vec<Tree<AwaitFrame>>,
    mut instrumented: Vec<Tree<Frame>>,
    depth: usize,
) {
    for inner in debug_info {
        add(joined, inner, &mut instrumented, depth);
    }
    add_rest(joined, instrumented, depth);
}

/// Adds instrumented frames that debug information does not have, such as those behind an `Arc`.
fn add_rest(joined: &mut Vec<AwaitFrame>, rest: Vec<Tree<Frame>>, depth: usize) {
    for tree in rest {
        joined.push(instrumented(&tree.frame, depth));
        add_rest(joined, tree.inside, depth + 1);
    }
}

fn instrumented(frame: &Frame, depth: usize) -> AwaitFrame {
    AwaitFrame {
        depth,
        name: frame.site().function().into(),
        site: Some(frame.site()),
        idle: frame.is_idle(),
        debug_info: None,
    }
}

/// Takes the instrumented frames out that are the same as one of debug information. There are several for a macro with
/// branches, each at a site of its own. If some are of a function with the same name, the others are not the same.
fn take_same(
    frame: &AwaitFrame,
    inside: &[Tree<AwaitFrame>],
    candidates: &mut Vec<Tree<Frame>>,
) -> Vec<Tree<Frame>> {
    let is_same = |tree: &Tree<Frame>| is_at(frame, tree.frame.site());
    let is_named = |tree: &Tree<Frame>| is_same(tree) && is_in(frame, tree.frame.site());
    let has_named = candidates.iter().any(is_named);
    let mut taken: Vec<Tree<Frame>> = Vec::new();
    let mut place = 0;
    while let Some(candidate) = candidates.get(place) {
        let is_wanted = match has_named {
            true => is_named(candidate),
            false => is_same(candidate),
        };
        let site = candidate.frame.site().address();
        if is_wanted && taken.iter().all(|it| it.frame.site().address() != site) {
            taken.push(candidates.remove(best(candidates, site, inside)));
        } else {
            place += 1;
        }
    }
    taken
}

/// Returns the place of the frame at a site whose inner frames are most like those of debug information. A collection has
/// several futures at one site.
fn best(candidates: &[Tree<Frame>], site: usize, inside: &[Tree<AwaitFrame>]) -> usize {
    let places = 0..candidates.len();
    let at_site = places.filter(|&place| candidates[place].frame.site().address() == site);
    // Of equal ones, the first.
    let likeness = |&place: &usize| (alike(inside, &candidates[place].inside), Reverse(place));
    at_site.max_by_key(likeness).unwrap_or(0)
}

/// Returns the number of instrumented frames that debug information has, or -1 if one is missing.
fn alike(debug_info: &[Tree<AwaitFrame>], instrumented: &[Tree<Frame>]) -> i32 {
    let counts = instrumented.iter().map(|inner| count(debug_info, inner));
    counts.fold(0, |sum, count| match (sum, count) {
        (-1, _) | (_, -1) => -1,
        (sum, count) => sum + count,
    })
}

/// Returns the number of frames of a tree if debug information has all of them.
fn count(debug_info: &[Tree<AwaitFrame>], instrumented: &Tree<Frame>) -> i32 {
    let counts = debug_info.iter().map(|tree| {
        let below = count(&tree.inside, instrumented);
        let here = match is_at(&tree.frame, instrumented.frame.site()) {
            true => alike(&tree.inside, &instrumented.inside),
            false => -1,
        };
        match here {
            -1 => below,
            here => here + 1,
        }
    });
    counts.max().unwrap_or(-1)
}

fn is_at(frame: &AwaitFrame, site: &FrameSite) -> bool {
    frame.location().is_some_and(|location| {
        let lines = location.line..=location.last_line.max(location.line);
        lines.contains(&site.line()) && is_same_file(&location.file, site.file())
    })
}

/// Returns `true` if one path ends with the other. The compiler's paths are relative, those of debug information may not
/// be.
fn is_same_file(one: &str, other: &str) -> bool {
    let (long, short) = match one.len() > other.len() {
        true => (one, other),
        false => (other, one),
    };
    let rest = long.strip_suffix(short);
    rest.is_some_and(|rest| rest.is_empty() || rest.ends_with(['/', '\\']))
}

fn is_in(frame: &AwaitFrame, site: &FrameSite) -> bool {
    let last = |path: &str| path.rsplit("::").next().unwrap_or_default().to_owned();
    last(&frame.name) == last(site.function())
}

#[cfg(test)]
mod tests {
    use super::is_same_file;

    #[test]
    fn paths_are_the_same_if_one_ends_with_the_other() {
        assert!(is_same_file("/home/me/app/src/main.rs", "src/main.rs"));
        assert!(is_same_file("src/main.rs", "src/main.rs"));
        assert!(!is_same_file(
            "/home/me/app/other_src/main.rs",
            "src/main.rs"
        ));
        assert!(!is_same_file("src/lib.rs", "src/main.rs"));
    }
}

//! Uses that other facts confirm or refute.

use std::collections::HashMap;

use birthmark_core::FrameSite;

use super::Uses;
use crate::values::stack::Stack;
use crate::values::uses::ResourceUse;

/// Removes uses that cannot be, and marks those as certain that other facts confirm.
///
/// - The frame of a function says of some variables whether they were moved, as the source shows.
/// - A value that two tasks seem to have is in one of them. The other one has a variable that was moved. A value that is
///   polled is where it seems to be.
/// - A future that is kept in a variable exists if instrumented code has a frame of it. A future that was dropped has none.
pub(crate) fn checked(mut uses: Uses, stack_of: &dyn Fn(u64) -> Stack) -> Uses {
    for (&task, of_task) in &mut uses {
        if of_task.uses.iter().any(is_unsure) {
            let stack = stack_of(task);
            of_task.uses.retain_mut(|of| {
                let exists = if is_unsure(of) {
                    exists(of, &stack)
                } else {
                    None
                };
                of.is_certain |= exists == Some(true);
                exists != Some(false)
            });
        }
    }
    let mut owners: HashMap<u64, (u64, bool)> = HashMap::new();
    for (&task, of_task) in &uses {
        for of in &of_task.uses {
            let is_sure = of.is_polled || of.is_certain;
            let owner = owners.entry(of.value).or_insert((task, is_sure));
            if is_sure && !owner.1 {
                *owner = (task, true);
            }
        }
    }
    for (&task, of_task) in &mut uses {
        of_task
            .uses
            .retain(|of| owners.get(&of.value).is_none_or(|owner| owner.0 == task));
    }
    uses
}

/// Returns `true` if frames of instrumented code can tell whether a value is there.
fn is_unsure(of: &ResourceUse) -> bool {
    !of.is_certain && (of.is_certain_unless_moved || of.is_kept && of.variable.is_none())
}

/// Returns whether a value is there, if the frames of instrumented code show it.
fn exists(of: &ResourceUse, stack: &Stack) -> Option<bool> {
    let sites = sites_around(stack, of);
    let (first, others) = sites.split_first()?;
    let Some(variable) = &of.variable else {
        return Some(true);
    };
    let exists = first.has_guard(variable);
    let agree = others.iter().all(|site| site.has_guard(variable) == exists);
    exists.filter(|_| agree)
}

/// Returns the sites of frames at the position of the function around a value.
fn sites_around(stack: &Stack, of: &ResourceUse) -> Vec<&'static FrameSite> {
    let Some(location) = &of.location else {
        return Vec::new();
    };
    let lines = location.line..=location.last_line;
    let is_there =
        |site: &&FrameSite| lines.contains(&site.line()) && location.file.ends_with(site.file());
    let sites = stack.frames().iter().map(|frame| frame.site());
    sites.filter(is_there).collect()
}

//! Uses that other facts confirm or refute.

use std::collections::HashMap;

use super::Uses;
use crate::values::stack::Stack;
use crate::values::uses::ResourceUse;

/// Removes uses that cannot be, and marks those as certain that other facts confirm.
///
/// - A value that two tasks seem to have is in one of them. The other one has a variable that was moved. A value that is
///   polled is where it seems to be.
/// - A future that is kept in a variable exists if instrumented code has a frame of it. A future that was dropped has none.
pub(crate) fn checked(mut uses: Uses, stack_of: &dyn Fn(u64) -> Stack) -> Uses {
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
        if of_task.uses.iter().any(|of| of.is_kept) {
            let stack = stack_of(task);
            for of in of_task.uses.iter_mut().filter(|of| of.is_kept) {
                of.is_certain |= of.variable.is_none() && has_frame(&stack, of);
            }
        }
    }
    uses
}

/// Returns `true` if a frame is at the position of the function around a value.
fn has_frame(stack: &Stack, of: &ResourceUse) -> bool {
    let Some(location) = &of.location else {
        return false;
    };
    stack.frames().iter().any(|frame| {
        let site = frame.site();
        let lines = location.line..=location.last_line;
        lines.contains(&site.line()) && location.file.ends_with(site.file())
    })
}

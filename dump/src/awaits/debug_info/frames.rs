//! Stacks in the form of dumps.

use birthmark_stacks::{Frame, Local, LocalValue, Location, Missing, Receiver, State};

use crate::values::await_stack::{
    AwaitFrame, AwaitLocation, AwaitReceiver, AwaitStack, DebugInfoFrame, LocalVariable,
    MissingFrames,
};

/// Returns the stack of a task.
pub(super) fn stack(read: super::Read) -> AwaitStack {
    let stack = match read {
        Ok(stack) => stack,
        Err(missing) => {
            return AwaitStack {
                missing: Some(missing),
                ..AwaitStack::default()
            }
        }
    };
    let mut frames = Vec::new();
    for root in stack.frames {
        add(&mut frames, root, 0);
    }
    AwaitStack {
        frames,
        missing: stack.missing.as_ref().map(missing),
        stale: false,
    }
}

/// Adds a frame and those inside of it. The depth is limited where the stack is read.
fn add(frames: &mut Vec<AwaitFrame>, frame: Frame, depth: usize) {
    let debug_info = DebugInfoFrame {
        type_name: frame.type_name,
        location: frame.location.map(location),
        state: state(frame.state),
        via: frame.via,
        receiver: frame.receiver.map(receiver),
        locals: frame.locals.into_iter().map(local).collect(),
        runtime_task: frame.task,
        missing: frame.missing.as_ref().map(missing),
    };
    frames.push(AwaitFrame {
        depth,
        name: frame.name.into(),
        site: None,
        idle: false,
        debug_info: Some(Box::new(debug_info)),
    });
    for child in frame.children {
        add(frames, child, depth + 1);
    }
}

fn state(state: State) -> Option<&'static str> {
    match state {
        State::NotStarted => Some("not started"),
        State::Returned => Some("returned"),
        State::Panicked => Some("panicked"),
        _ => None,
    }
}

pub(super) fn location(location: Location) -> AwaitLocation {
    AwaitLocation {
        file: location.file,
        line: location.line,
        last_line: location.last_line,
    }
}

fn receiver(receiver: Receiver) -> AwaitReceiver {
    AwaitReceiver {
        name: receiver.name,
        type_name: receiver.type_name,
        address: receiver.address,
    }
}

fn local(local: Local) -> LocalVariable {
    let redacted = local.value == LocalValue::Redacted;
    LocalVariable {
        name: local.name,
        type_name: local.type_name,
        value: match local.value {
            LocalValue::Shown(value) => Some(value),
            _ => None,
        },
        redacted,
    }
}

/// Returns a reason with its remedy.
pub(super) fn missing(missing: &Missing) -> MissingFrames {
    let of_program = matches!(
        missing,
        Missing::NoDebugInfo { .. } | Missing::OtherBuild { .. } | Missing::TypeNotFound { .. }
    );
    MissingFrames {
        of_program,
        ..MissingFrames::new(missing.to_string(), missing.remedy())
    }
}

//! Stacks of this process, and what is said if there are none.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};

use birthmark_stacks::{
    DebugInfo, Limits, Missing, Options, Root, Stack, State, ThisProcess, Unchanging,
};
use birthmark_test_support as _;

async fn outer() {
    inner(3).await;
}

async fn inner(number: u32) {
    std::future::pending::<()>().await;
    drop(Box::new(number));
}

/// Polls a future once, and reads its stack.
fn stack_of<F: Future>(future: F, change: impl FnOnce(Root) -> Root) -> Stack {
    let mut future = pin!(future);
    let _ = future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()));
    let mut info = DebugInfo::of_this_process().expect("the process is there");
    info.stack(
        &ThisProcess,
        &change(Root::of(&*future)),
        &Unchanging,
        &Options::new(),
    )
}

#[test]
fn own_stack_is_read() {
    let stack = stack_of(outer(), |root| root);
    assert_eq!(stack.missing, None);
    let names = |stack: &Stack| {
        let (mut names, mut frames) = (Vec::new(), &stack.frames);
        while let [frame] = &**frames {
            names.push(frame.name.clone());
            frames = &frame.children;
        }
        names
    };
    let expected = [
        "this_process::outer",
        "this_process::inner",
        "core::future::pending::Pending",
    ];
    assert_eq!(names(&stack), expected);
    assert_eq!(
        stack.frames[0].location.as_ref().map(|it| it.line),
        Some(line_of("inner(3).await"))
    );
}

/// Returns the first line with a text.
fn line_of(text: &str) -> u32 {
    let mut numbered = (1..).zip(include_str!("this_process.rs").lines());
    numbered
        .find(|(_, line)| line.contains(text))
        .expect("the text is there")
        .0
}

#[test]
fn future_that_was_not_polled_is_not_started() {
    let mut info = DebugInfo::of_this_process().expect("the process is there");
    let future = outer();
    let stack = info.stack(
        &ThisProcess,
        &Root::of(&future),
        &Unchanging,
        &Options::new(),
    );
    assert_eq!(stack.frames[0].state, State::NotStarted);
    assert_eq!(
        stack.frames[0].location.as_ref().map(|it| it.line),
        Some(line_of("async fn outer()"))
    );
}

#[test]
fn type_that_does_not_fit_is_not_shown() {
    let stack = stack_of(outer(), |root| root.with_size(1));
    assert!(
        matches!(
            stack.missing,
            Some(Missing::SizeDiffers { expected: 1, .. })
        ),
        "{stack}"
    );
    assert!(stack.frames.is_empty());
    let stack = stack_of(outer(), |root| {
        root.with_type_name("this_process::other::{{closure}}")
    });
    assert!(
        matches!(stack.missing, Some(Missing::NameDiffers { .. })),
        "{stack}"
    );
}

#[test]
fn address_that_leads_to_no_type_is_named() {
    let on_stack = 7_u64;
    let address = (&raw const on_stack).addr() as u64;
    let mut info = DebugInfo::of_this_process().expect("the process is there");
    let mut read = |root: &Root| {
        info.stack(&ThisProcess, root, &Unchanging, &Options::new())
            .missing
    };
    assert_eq!(
        read(&Root::by_vtable(address, 8)),
        Some(Missing::UnknownAddress { address: 8 })
    );
    let static_address = (&raw const LINE).addr() as u64;
    let missing = read(&Root::by_vtable(address, static_address));
    assert_eq!(
        missing,
        Some(Missing::TypeNotFound {
            address: static_address
        })
    );
    // The C library has no debug information of its own.
    let function = libc::getpid as *const () as usize as u64;
    let missing = read(&Root::by_function(address, function, "F"));
    assert!(
        matches!(
            missing,
            Some(Missing::NoDebugInfo { .. } | Missing::TypeNotFound { .. })
        ),
        "{missing:?}"
    );
}

static LINE: u32 = line!();

#[test]
fn task_that_is_always_polled_is_running() {
    let future = outer();
    let mut info = DebugInfo::of_this_process().expect("the process is there");
    let odd = || Some(1);
    let stack = info.stack(&ThisProcess, &Root::of(&future), &odd, &Options::new());
    assert_eq!(stack.missing, Some(Missing::Running));
    let count = std::cell::Cell::new(0_u64);
    let changing = || {
        count.set(count.get() + 2);
        Some(count.get())
    };
    let stack = info.stack(&ThisProcess, &Root::of(&future), &changing, &Options::new());
    assert_eq!(stack.missing, Some(Missing::Running));
    assert_eq!(count.get() / 4, Limits::default().attempts as u64);
}

async fn recursive(depth: usize) {
    match depth {
        0 => std::future::pending().await,
        depth => Box::pin(recursive(depth - 1)).await,
    }
    drop(Box::new(depth));
}

#[test]
fn recursion_deeper_than_the_limit_is_cut() {
    let stack = stack_of(recursive(400), |root| root);
    assert_eq!(stack.missing, Some(Missing::Limit));
    let count = stack.frames[0].count();
    assert!((200..=300).contains(&count), "{count} frames");
    assert!(stack.to_string().lines().count() > count);
}

#[test]
fn stacks_are_for_any_thread() {
    fn is_send<T: Send>() {}
    is_send::<DebugInfo>();
    is_send::<Stack>();
    is_send::<Root>();
}

#[test]
fn stack_that_may_read_no_debug_information_is_limited() {
    let future = outer();
    let mut info = DebugInfo::of_this_process().expect("the process is there");
    let mut limits = Limits::default();
    limits.entries = 1;
    let options = Options::new().limits(limits);
    let stack = info.stack(&ThisProcess, &Root::of(&future), &Unchanging, &options);
    assert!(stack.frames.is_empty(), "{stack}");
    assert_eq!(stack.missing, Some(Missing::Limit));
    // Nothing wrong was kept.
    let stack = info.stack(
        &ThisProcess,
        &Root::of(&future),
        &Unchanging,
        &Options::new(),
    );
    assert_eq!(stack.missing, None);
    assert_eq!(stack.frames[0].name, "this_process::outer");
}

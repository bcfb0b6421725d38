//! Panic hooks of other crates, with the task that panicked.
//!
//! Without any of these, `birthmark::install` writes the report behind the message of whatever hook there is. These hooks
//! put it where the crate writes.

use std::panic;

/// color-eyre: the report follows the message and precedes nothing else. Call it in place of `color_eyre::install`.
///
/// # Errors
///
/// Returns an error if a handler of eyre is set.
pub fn color_eyre_with_task() -> color_eyre::Result<()> {
    let (panics, errors) = color_eyre::config::HookBuilder::default().into_hooks();
    errors.install()?;
    panic::set_hook(Box::new(move |info| {
        let task = birthmark::report_panic(info);
        eprintln!("{}\n\n{task}", panics.panic_report(info));
    }));
    Ok(())
}

/// human-panic: users get its message and the path of its file, and the report is below. Call it in place of
/// `setup_panic!`, which does nothing in a debug build.
pub fn human_panic_with_task(metadata: human_panic::Metadata) {
    panic::set_hook(Box::new(move |info| {
        let file = human_panic::handle_dump(&metadata, info);
        // Fails if standard error is closed.
        let _ = human_panic::print_msg(file, &metadata);
        eprint!("{}", birthmark::report_panic(info));
    }));
}

/// tracing-panic: an event for the panic, and another one with the report. `birthmark-tracing` makes one event with
/// fields out of both.
pub fn tracing_panic_with_task() {
    panic::set_hook(Box::new(|info| {
        tracing_panic::panic_hook(info);
        tracing::error!(target: "panic", task = %birthmark::report_panic(info), "a task panicked");
    }));
}

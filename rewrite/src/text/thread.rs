//! The thread that parses.

use super::{Mistake, Unparsed};

/// The size of the thread's stack, in bytes. Nested expressions take as many calls as they are deep.
const STACK_SIZE: usize = 64 << 20;

/// Runs a function on a thread of its own.
///
/// The thread has a stack for code that no human wrote. With the thread ends the table of positions, which would
/// otherwise keep the text of each file.
pub(super) fn on_parser_thread<T: Send>(
    run: impl FnOnce() -> Result<T, Unparsed> + Send,
) -> Result<T, Unparsed> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK_SIZE);
        match thread.spawn_scoped(scope, run).map(|handle| handle.join()) {
            Ok(Ok(result)) => result,
            Ok(Err(_)) | Err(_) => Err(Unparsed(Mistake {
                line: 1,
                column: 1,
                message: "the parser gave up on this file".to_owned(),
            })),
        }
    })
}

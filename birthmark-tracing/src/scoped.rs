//! Recognises a dispatcher that is the default of one thread only.

use std::fmt::{self, Write};

use tracing::dispatcher::{self, Dispatch};

/// Returns the current dispatcher if it is scoped to this thread. The global one is everywhere already, and setting it
/// would slow down every event of the program.
pub(crate) fn scoped_dispatcher() -> Option<Dispatch> {
    dispatcher::get_default(|dispatch| {
        // `tracing` gives such an inner call no subscriber, unless no dispatcher in the process is scoped.
        let is_same = |inner: &Dispatch| std::ptr::eq(inner, dispatch);
        if dispatcher::get_default(is_same) {
            return None;
        }
        is_scoped(dispatch).then(|| dispatch.clone())
    })
}

/// `Dispatch` shows the difference only in its debug format, whose beginning this compares without formatting the rest. If
/// the format changes, every dispatcher counts as scoped, which is slower and also right.
fn is_scoped(dispatch: &Dispatch) -> bool {
    let mut start = Start { is_global: false };
    let _ = write!(start, "{dispatch:?}");
    !start.is_global
}

/// Reads the first piece of a text and no more.
struct Start {
    is_global: bool,
}

impl Write for Start {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        self.is_global = piece == "Dispatch::Global";
        Err(fmt::Error)
    }
}

#[cfg(test)]
mod tests {
    use tracing::dispatcher::{Dispatch, with_default};
    use tracing::subscriber::NoSubscriber;

    use super::{is_scoped, scoped_dispatcher};

    #[test]
    fn default_of_a_thread_is_told_from_the_global_one() {
        assert!(!is_scoped(&Dispatch::none()));
        assert!(scoped_dispatcher().is_none());
        let scoped = Dispatch::new(NoSubscriber::new());
        with_default(&scoped, || assert!(scoped_dispatcher().is_some()));
    }
}

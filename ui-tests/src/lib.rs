//! What compiles under `#[birthmark::instrument]`, what does not, and what the error says; see `tests/ui.rs`.

/// The same program text twice: as module `plain`, and as module `marked` with the attribute on it.
#[macro_export]
macro_rules! twice {
    ($($program:tt)*) => {
        mod plain {
            $($program)*
        }

        #[birthmark::instrument]
        mod marked {
            $($program)*
        }
    };
}

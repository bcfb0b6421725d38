//! Programs that compile under `#[birthmark::instrument]`, and the errors of those that do not; see `tests/ui.rs`.

/// Expands to the program text twice: as module `plain`, and as module `marked` with the attribute.
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

//! Signals on which there may be a dump.

use birthmark_core::__reader::named_enum;

named_enum! {
    /// A signal that can request a dump, because it has no other meaning to most programs.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    #[non_exhaustive]
    pub enum DumpSignal {
        /// Ctrl-\\ on a terminal. Without a dump, the signal ends the program.
        Quit = "QUIT",
        /// the first signal that programs may use as they like.
        Usr1 = "USR1",
        /// the second such signal.
        Usr2 = "USR2",
        /// the system also sends this signal when the terminal is closed.
        Hup = "HUP",
    }

    /// The error for a name that no [`DumpSignal`] has, with or without `SIG`.
    pub struct ParseSignalError for "signal", without "SIG";
}

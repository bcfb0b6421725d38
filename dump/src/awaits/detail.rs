//! The detail of a dump about awaits.

use birthmark_core::__reader::named_enum;

named_enum! {
    /// The detail of a dump about awaits. [`Dump::with_awaits`](crate::Dump::with_awaits), `Builder::dump_awaits` and
    /// `BIRTHMARK=stacks=…` set it.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    #[non_exhaustive]
    pub enum AwaitDetail {
        /// frames of instrumented code. This is the default.
        #[default]
        Instrumented = "instrumented",
        /// also frames out of debug information, down to the future that a task waits for. This needs the feature
        /// `debug-stacks`, debug information, and 64-bit Linux on a little-endian processor.
        DebugInfo = "debug-info",
        /// also the local variables that are alive across each `await`. They may be secrets, so they are never shown
        /// unless requested, and `Builder::redact_locals` hides some.
        Locals = "locals",
    }

    /// The error for a name that no [`AwaitDetail`] has.
    pub struct ParseAwaitDetailError for "stacks";
}

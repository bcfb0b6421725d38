//! Access rules of a program.

use crate::access::Access;
use crate::token::Token;

/// Access rules of a server or a router. The default allows clients on the same machine, and only requests that have
/// no effect on the program's threads.
#[derive(Clone, Debug, Default)]
pub struct Options {
    pub(crate) access: Access,
    pub(crate) native_stacks: bool,
    pub(crate) local_variables: bool,
}

impl Options {
    /// Returns the default: clients on the same machine are answered, [as far as the server can detect
    /// them](crate#access).
    pub fn new() -> Self {
        Options::default()
    }

    /// Answers every client that sends this token, from any machine.
    #[must_use]
    pub fn token(mut self, token: Token) -> Self {
        self.access = Access::Token(token);
        self
    }

    /// Answers every client that reaches the router, because code of the program checks access before it.
    ///
    /// This option applies to [`router_with`](crate::router_with) only. [`serve_with`](crate::serve_with) requires a
    /// token if other machines can reach it. Requests that a page of another origin causes are refused nevertheless.
    #[must_use]
    pub fn allow_unauthenticated(mut self) -> Self {
        self.access = Access::Anyone;
        self
    }

    /// Allows native stacks of OS threads, with `threads=stacks`.
    /// [`ThreadDetail::Stacks`](birthmark::ThreadDetail::Stacks) describes their effect on the program. They need the
    /// feature `native-stacks`.
    #[must_use]
    pub fn native_stacks(mut self) -> Self {
        self.native_stacks = true;
        self
    }

    /// Allows local variables of suspended tasks, with `awaits=locals`. They may be secrets, so
    /// [`redact_locals`](birthmark::Builder::redact_locals) should hide some.
    #[must_use]
    pub fn local_variables(mut self) -> Self {
        self.local_variables = true;
        self
    }
}

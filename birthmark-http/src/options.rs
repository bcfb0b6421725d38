//! What a program says of who may ask.

use crate::access::Access;
use crate::token::Token;

/// Who may ask. By default, clients on the same machine.
#[derive(Clone, Debug, Default)]
pub struct Options {
    pub(crate) access: Access,
}

impl Options {
    /// Clients on the same machine may ask.
    pub fn new() -> Self {
        Options::default()
    }

    /// Whoever knows this token may ask, from wherever.
    #[must_use]
    pub fn token(mut self, token: Token) -> Self {
        self.access = Access::Token(token);
        self
    }

    /// Whoever reaches the router may ask: something of the program's own stands before it. Of
    /// [`router_with`](crate::router_with) only; [`serve_with`](crate::serve_with) asks for a token if
    /// others can reach it.
    #[must_use]
    pub fn guarded_elsewhere(mut self) -> Self {
        self.access = Access::Anyone;
        self
    }
}

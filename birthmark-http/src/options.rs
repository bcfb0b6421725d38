//! What a program says of who may ask, and for what.

use crate::access::Access;
use crate::token::Token;

/// Who may ask, and for what. By default, clients on the same machine, for all that no thread notices.
#[derive(Clone, Debug, Default)]
pub struct Options {
    pub(crate) access: Access,
    pub(crate) native_stacks: bool,
}

impl Options {
    /// Clients on the same machine may ask, [as far as they can be told](crate#who-may-ask).
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
    /// others can reach it. What a browser asks because of a page of another origin is refused all the same.
    #[must_use]
    pub fn guarded_elsewhere(mut self) -> Self {
        self.access = Access::Anyone;
        self
    }

    /// Native stacks of OS threads may be asked for, with `threads=stacks`: those of
    /// [`ThreadReport::Stacks`](birthmark::ThreadReport::Stacks), which says what of it a program may
    /// notice. They need the feature `native-stacks`.
    #[must_use]
    pub fn native_stacks(mut self) -> Self {
        self.native_stacks = true;
        self
    }
}

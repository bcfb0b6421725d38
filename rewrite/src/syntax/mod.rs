//! Questions about syntax alone: what an expression, a macro call or a file looks like, whatever surrounds it.

pub(crate) mod assert_message;
pub(crate) mod naming;
pub(crate) mod parse;
pub(crate) mod paths;
pub(crate) mod select;
pub(crate) mod shape;
pub(crate) mod tokens;

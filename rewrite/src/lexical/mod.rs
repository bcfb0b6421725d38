//! The lexical context of a spawn: the function, its type and its local variables, and what they tell of a task.

pub(crate) mod locals;
pub(crate) mod role;

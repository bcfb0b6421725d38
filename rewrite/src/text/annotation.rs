//! The attribute's arguments as plain data, which can be sent, compared and put together.

use quote::ToTokens;

use crate::attribute::args::Args;

/// The arguments of `birthmark::instrument(…)` for a whole crate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Annotation {
    /// Further callees, by the last segment of their path or the name of the method.
    pub also: Vec<String>,
    /// The positions of the tasks among the arguments of further callees, counted from 0, as far as they are given.
    pub positions: Vec<(String, usize)>,
    /// Further macros whose arguments may be rewritten, by the last segment of their path.
    pub macros: Vec<String>,
    /// `false` if awaits have no frames. By default they have.
    pub frames: Option<bool>,
    /// The path under which the crate itself finds birthmark. Generated code does not need it.
    pub krate: Option<String>,
    /// `true` if everything is left alone.
    pub skip: bool,
    /// `true` if each test is a root, at whose end leaks are looked for.
    pub tests: bool,
}

impl From<Args> for Annotation {
    fn from(args: Args) -> Annotation {
        Annotation {
            also: args.also,
            positions: args.positions,
            macros: args.macros,
            frames: args.frames,
            krate: args
                .krate
                .map(|path| path.to_token_stream().to_string().replace(' ', "")),
            skip: args.skip,
            tests: false,
        }
    }
}

impl Annotation {
    /// Returns the arguments in the form of the engine.
    pub(super) fn args(&self) -> Args {
        Args {
            krate: self
                .krate
                .as_deref()
                .and_then(|path| syn::parse_str(path).ok()),
            also: self.also.clone(),
            positions: self.positions.clone(),
            macros: self.macros.clone(),
            frames: self.frames,
            skip: self.skip,
        }
    }
}

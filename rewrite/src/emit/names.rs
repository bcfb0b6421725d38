//! Names of the items that generated code adds to a module or a function body.

/// The static with the spawn sites.
pub(crate) const SITES: &str = "__BIRTHMARK_SITES";

/// The static with the frame sites, and the type by which a frame knows its site.
///
/// The name is one word. Lints want an underscore between the words of a static, and none between those of a type.
pub(crate) const FRAMES: &str = "__BIRTHMARKFRAMES";

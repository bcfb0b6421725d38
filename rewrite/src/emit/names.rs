//! Names of the items that generated code adds to a module or a function body.

/// The static that holds the spawn sites.
pub(crate) const SITES: &str = "__BIRTHMARK_SITES";

/// The static that holds the frame sites, and the type by which frames know it.
///
/// The name is one word. Lints want an underscore between the words of a static, and none between those of a type.
pub(crate) const FRAMES: &str = "__BIRTHMARKFRAMES";

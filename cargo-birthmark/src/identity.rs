//! Properties of a unit of cargo's that both cargo's unit graph and the command line of the compiler show.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Tells the units of one profile apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The root of the crate.
    pub root: PathBuf,
    /// `true` if the compiler makes a test harness of it.
    pub is_test: bool,
    /// `true` if the compiler checks it and makes no code.
    pub is_check: bool,
    /// The features of the package that are on.
    pub features: BTreeSet<String>,
    /// The target that `--target` names, if it does.
    pub platform: Option<String>,
}

//! Findings as values, for those who compare them with earlier ones.

use super::stuck::findings;
use crate::render::palette::Palette;
use crate::render::wrap::push_wrapped_lines;
use crate::wait_graph::WaitGraph;
use crate::Dump;

/// Tasks that cannot go on, and the reason.
#[doc(hidden)]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StuckFinding {
    /// The name of the kind, as in JSON.
    pub kind: &'static str,
    /// `true` if nothing about it is guessed.
    pub is_certain: bool,
    /// Ids of the tasks that the finding is about.
    pub tasks: Vec<u64>,
    /// Lines, as [`Dump::stuck`] shows them.
    pub text: String,
}

impl Dump {
    /// Returns the findings of [`Dump::stuck`].
    #[doc(hidden)]
    pub fn stuck_findings(&self) -> Vec<StuckFinding> {
        let graph = WaitGraph::new(self.uses());
        let findings = findings(self, Palette::new(false), &graph).into_iter();
        let finding = findings.map(|finding| {
            let mut text = String::new();
            push_wrapped_lines(&mut text, &finding.text);
            StuckFinding {
                kind: finding.kind.as_str(),
                is_certain: finding.is_certain,
                tasks: finding.tasks,
                text,
            }
        });
        finding.collect()
    }
}

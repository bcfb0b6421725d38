//! The diagnosis: all that the doctor prints.

use serde::Serialize;

/// All that was seen. `version` changes when the meaning of a field does.
#[derive(Debug, Serialize)]
pub struct Diagnosis {
    version: u32,
    /// The version of the tool.
    pub tool: &'static str,
    /// The version of the compiler.
    pub rustc: String,
    /// Which crates are chosen.
    pub chosen: String,
    /// Where the runtime comes from.
    pub runtime: String,
    /// The programs from cargo down to the compiler, each of which calls the next.
    pub chain: Vec<String>,
    /// The configuration file by which plain cargo instruments, if it does.
    pub plain: Option<String>,
    /// The packages that may spawn.
    pub packages: Vec<Row>,
    /// Problems and advice.
    pub findings: Vec<Finding>,
}

/// A package that may spawn.
#[derive(Debug, Serialize)]
pub struct Row {
    /// Its name.
    pub package: String,
    /// Its version.
    pub version: String,
    /// `true` if it is a member of the workspace.
    pub member: bool,
    /// `true` if items of it have the attribute, and it is not chosen as a whole.
    pub items: bool,
    /// `true` if it is a dependency that is left alone because only members are chosen.
    pub out_of_reach: bool,
    /// `true` if it is a dependency whose awaits are recorded. Members always have frames, unless they say otherwise.
    pub frames: bool,
    /// How many of its spawns are recorded; none if it is left alone.
    pub sites: Option<usize>,
    /// The number of its calls that may be no spawns.
    pub probable: usize,
    /// Why it is left alone.
    pub reason: Option<String>,
    /// Which of its spawns are not recorded, and why.
    pub uncovered: Vec<String>,
    /// The state of the package in the target directory.
    pub built: Built,
}

/// The state of a package in the target directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Built {
    /// Nothing.
    No,
    /// The package was built with the present choices.
    Fresh,
    /// The package was built with the present choices, and one of its crates could not be instrumented.
    LeftAlone,
    /// The package was built with other choices, which the text describes.
    Stale(String),
}

impl Built {
    /// Joins what was made of two crates of a package: a fault counts before what is fresh, and that before the rest.
    pub fn and(self, other: Built) -> Built {
        match (self, other) {
            (Built::LeftAlone, _) | (_, Built::LeftAlone) => Built::LeftAlone,
            (Built::Fresh, _) | (_, Built::Fresh) => Built::Fresh,
            (_, other) => other,
        }
    }
}

/// Something to act upon.
#[derive(Debug, Serialize)]
pub struct Finding {
    /// The kind of the finding.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The finding, as a sentence.
    pub what: String,
    /// The remedy.
    pub remedy: String,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Something that should work does not.
    Problem,
    /// Something might not be as it was meant.
    Advice,
}

impl Default for Diagnosis {
    fn default() -> Diagnosis {
        Diagnosis {
            version: 1,
            tool: env!("CARGO_PKG_VERSION"),
            rustc: String::new(),
            chosen: String::new(),
            runtime: String::new(),
            chain: Vec::new(),
            plain: None,
            packages: Vec::new(),
            findings: Vec::new(),
        }
    }
}

impl Diagnosis {
    /// Adds what is wrong.
    pub fn problem(&mut self, code: &'static str, what: String, remedy: &str) {
        self.find(code, Severity::Problem, what, remedy);
    }

    /// Adds what might be better.
    pub fn advice(&mut self, code: &'static str, what: String, remedy: &str) {
        self.find(code, Severity::Advice, what, remedy);
    }

    fn find(&mut self, code: &'static str, severity: Severity, what: String, remedy: &str) {
        self.findings.push(Finding {
            code,
            severity,
            what,
            remedy: remedy.to_owned(),
        });
    }

    /// How much is wrong.
    pub fn problems(&self) -> usize {
        let severities = self.findings.iter().map(|finding| finding.severity);
        severities.filter(|it| *it == Severity::Problem).count()
    }
}

//! The table of paths. The router, the list in an answer to an unknown path, and the errors of a query come from it.
//! The documentation is compared with it.

use birthmark::render::Format;

/// The start of all paths.
pub(crate) const ROOT: &str = "/debug/birthmark/";

/// A path below [`ROOT`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Path {
    pub name: &'static str,
    pub answer: Answer,
    pub summary: &'static str,
    /// `true` if the query may be a filter.
    pub is_filtered: bool,
    /// Parameters of the query besides a filter.
    pub parameters: &'static [Parameter],
}

/// The handler of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Page,
    Dump(Format),
    Diff,
    Metrics,
}

/// A parameter of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Parameter {
    pub name: &'static str,
    /// A value that it may have.
    pub example: &'static str,
    pub summary: &'static str,
}

pub(crate) const THREADS: Parameter = Parameter {
    name: "threads",
    example: "states",
    summary: "adds OS threads",
};

pub(crate) const AWAITS: Parameter = Parameter {
    name: "awaits",
    example: "debug-info",
    summary: "adds await stacks out of debug information",
};

pub(crate) const WAITS: Parameter = Parameter {
    name: "waits",
    example: "on",
    summary: "adds what tasks wait for, who has it, and stuck tasks",
};

pub(crate) const LIMIT: Parameter = Parameter {
    name: "limit",
    example: "1000",
    summary: "shows no more tasks, and all in groups",
};

pub(crate) const SECONDS: Parameter = Parameter {
    name: "seconds",
    example: "5",
    summary: "sets the time between the two dumps, 1 to 60",
};

const PAGE: Path = Path {
    name: "",
    answer: Answer::Page,
    summary: "the page: tree, table, groups, search, comparison, OS threads, stuck tasks",
    is_filtered: false,
    parameters: &[],
};

const DIFF: Path = Path {
    name: "diff",
    answer: Answer::Diff,
    summary: "the changes between two dumps",
    is_filtered: true,
    parameters: &[SECONDS],
};

const METRICS: Path = Path {
    name: "metrics",
    answer: Answer::Metrics,
    summary: "metrics for Prometheus; also at /metrics, only with serve",
    is_filtered: false,
    parameters: &[],
};

/// Returns all paths.
pub(crate) fn all() -> impl Iterator<Item = Path> {
    let dumps = Format::ALL.iter().map(|&format| dump(format));
    [PAGE].into_iter().chain(dumps).chain([DIFF, METRICS])
}

/// Returns the path of the dumps of a form.
pub(crate) fn dump(format: Format) -> Path {
    let (summary, parameters): (_, &[Parameter]) = match format {
        Format::Text => ("a paragraph for each task", &[THREADS, AWAITS]),
        Format::Tree => ("the tasks below their parents", &[THREADS, AWAITS]),
        Format::Groups => ("equal tasks, counted together", &[THREADS, AWAITS]),
        Format::Stuck => ("tasks that cannot go on, and why", &[]),
        Format::Resources => ("things that tasks share, the most waited for first", &[]),
        Format::Folded => ("stacks for flame graphs", &[AWAITS]),
        Format::Json => (
            "all of a dump, for programs",
            &[THREADS, AWAITS, WAITS, LIMIT],
        ),
        format if format.is_binary() => ("a profile for go tool pprof", &[AWAITS]),
        _ => ("a dump", &[]),
    };
    Path {
        name: format.as_str(),
        answer: Answer::Dump(format),
        summary,
        is_filtered: true,
        parameters,
    }
}

impl Path {
    /// Returns the whole path.
    pub(crate) fn full(self) -> String {
        format!("{ROOT}{}", self.name)
    }
}

/// Returns a list of the paths and their parameters.
pub(crate) fn list() -> String {
    let mut list = String::new();
    for path in all() {
        let parameter = match path.answer {
            Answer::Diff => format!("?{}={}", SECONDS.name, SECONDS.example),
            _ => String::new(),
        };
        list += &format!("\n{}{parameter}\n    {}", path.full(), path.summary);
    }
    let names = |takes: &dyn Fn(&Path) -> bool| {
        let names: Vec<&str> = all().filter(takes).map(|path| path.name).collect();
        names.join(", ")
    };
    let filtered = names(&|path| path.is_filtered);
    list += &format!("\n\n{filtered}: ?state=suspended&older=10s&under=42 selects tasks");
    for parameter in [THREADS, AWAITS, WAITS, LIMIT] {
        let Parameter {
            name,
            example,
            summary,
        } = parameter;
        let paths = names(&|path| path.parameters.contains(&parameter));
        list += &format!("\n{paths}: ?{name}={example} {summary}");
    }
    list
}

// The documentation has the path of a feature that is on by default.
#[cfg(all(test, feature = "pprof"))]
mod tests {
    use birthmark_test_support::documented::assert_table;

    use super::all;

    #[test]
    fn each_path_has_a_summary_of_its_own() {
        let mut summaries: Vec<_> = all().map(|path| path.summary).collect();
        let count = summaries.len();
        summaries.sort_unstable();
        summaries.dedup();
        assert_eq!(summaries.len(), count);
        assert!(!summaries.contains(&"a dump"), "a format has none");
    }

    #[test]
    fn paths_are_those_of_the_documentation() {
        let mut rows = Vec::new();
        for path in all() {
            let filter = path.is_filtered.then(|| "a filter".to_owned());
            let others = path.parameters.iter().map(|parameter| {
                let (name, example) = (parameter.name, parameter.example);
                format!("`{name}={example}` {}", parameter.summary)
            });
            let parameters: Vec<String> = filter.into_iter().chain(others).collect();
            let parameters = parameters.join("; ");
            rows.push(format!(
                "| `{}` | {} | {parameters} |",
                path.full(),
                path.summary
            ));
        }
        let root = env!("CARGO_MANIFEST_DIR");
        for file in ["src/lib.rs", "../docs/guide/http.md"] {
            assert_table(
                &format!("{root}/{file}"),
                "| path | answer | parameters |",
                &rows,
            );
        }
    }
}

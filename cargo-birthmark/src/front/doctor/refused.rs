//! A crate that compiles as it is and not when rewritten: what the compiler said, and whether that is a known limit.

use serde::Deserialize;

/// One error of the compiler.
#[derive(Debug)]
struct Mistake {
    code: String,
    text: String,
}

/// A limit that the documentation names, and the error by which it shows.
struct Limit {
    code: &'static str,
    word: &'static str,
    name: &'static str,
    remedy: &'static str,
}

const LIMITS: [Limit; 2] = [
    Limit {
        code: "E0525",
        word: "FnOnce",
        name: "a callee calls a closure more than once, which is a known limit",
        remedy: "write `move` before the closure",
    },
    Limit {
        code: "E0308",
        word: "fn pointer",
        name: "a callee takes a plain function pointer, which is a known limit",
        remedy: "write a closure in place of the function's name",
    },
];

/// A crate that the compiler refused, in words.
#[derive(Debug)]
pub struct Refused {
    /// The compiler's errors.
    pub what: String,
    /// The remedy.
    pub remedy: String,
    /// `true` if all errors are known limits.
    pub is_limit: bool,
}

/// Says what the compiler refused, and what to do. `said` is its standard error, which is JSON where cargo reads it.
pub fn explain(package: &str, said: &str) -> Refused {
    let mistakes: Vec<Mistake> = said.lines().filter_map(error).collect();
    let shown = match &mistakes[..] {
        [] => said.trim_end().to_owned(),
        some => some
            .iter()
            .map(|one| one.text.trim_end())
            .collect::<Vec<_>>()
            .join("\n"),
    };
    let mut limits = mistakes.iter().map(limit);
    let first = limits.next().flatten();
    let all_known = limits.all(|limit| limit.is_some());
    let spare = format!("`--exclude {package}` skips it");
    match first.filter(|_| all_known) {
        Some(limit) => Refused {
            what: format!("{}:\n{shown}", limit.name),
            remedy: format!("{}, or leave the crate as it is; {spare}", limit.remedy),
            is_limit: true,
        },
        None => Refused {
            what: format!("it compiles as it is, but not when rewritten:\n{shown}"),
            remedy: format!(
                "report it unless the guide lists the limit, https://github.com/birthmark-rs/birthmark/blob/main/docs/guide/limits.md; \
                 {spare}"
            ),
            is_limit: false,
        },
    }
}

fn limit(mistake: &Mistake) -> Option<&'static Limit> {
    LIMITS
        .iter()
        .find(|limit| limit.code == mistake.code && mistake.text.contains(limit.word))
}

/// Reads one line of the compiler's. Nothing if it is no error, or the last one, which only counts the others.
fn error(line: &str) -> Option<Mistake> {
    let message: Message = serde_json::from_str(line).ok()?;
    let is_error = message.level == "error" && !message.spans.is_empty();
    is_error.then(|| Mistake {
        code: message.code.map(|code| code.code).unwrap_or_default(),
        text: anstream::adapter::strip_str(&message.rendered).to_string(),
    })
}

#[derive(Deserialize)]
struct Message {
    level: String,
    rendered: String,
    code: Option<Code>,
    spans: Vec<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Code {
    code: String,
}

#[cfg(test)]
mod tests {
    use super::explain;

    fn line(level: &str, code: &str, rendered: &str, spans: usize) -> String {
        let spans = vec![serde_json::json!({}); spans];
        serde_json::json!({ "level": level, "code": { "code": code, "explanation": null },
            "rendered": format!("\u{1b}[1m{rendered}\u{1b}[0m\n"), "spans": spans })
        .to_string()
    }

    #[test]
    fn errors_are_shown_as_people_read_them() {
        let said = [
            line("warning", "W", "a warning", 1),
            line("error", "E0999", "error[E0999]: odd", 1),
            line("error", "", "error: aborting due to 1 previous error", 0),
        ];
        let refused = explain("app", &said.join("\n"));
        assert_eq!(
            refused.what,
            "it compiles as it is, but not when rewritten:\nerror[E0999]: odd"
        );
        assert!(
            refused.remedy.starts_with("report it") && refused.remedy.contains("`--exclude app`")
        );
        let plain = explain("app", "not JSON\n").what;
        assert!(plain.ends_with("rewritten:\nnot JSON"), "{plain}");
    }

    #[test]
    fn known_limit_is_not_called_a_fault() {
        let once = line("error", "E0525", "closure is `FnOnce`", 1);
        let odd = line("error", "E0999", "odd", 1);
        let refused = explain("app", &once);
        assert!(refused.is_limit && refused.remedy.starts_with("write `move`"));
        assert!(!explain("app", &format!("{once}\n{odd}")).is_limit);
    }
}

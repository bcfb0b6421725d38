//! The compiler, the wrappers around it, and the choices.

use std::path::Path;

use anyhow::{Context, Result};

use super::diagnosis::Diagnosis;
use crate::programs;
use crate::scope::{Frames, Reach, Scope};
use crate::session::{Session, Source};

/// The oldest compiler that the runtime and the tool are made for.
const OLDEST: &str = env!("CARGO_PKG_RUST_VERSION");

/// Looks at the compiler.
pub fn toolchain(diagnosis: &mut Diagnosis) -> Result<()> {
    let text = crate::toolchain::version(&crate::toolchain::rustc())?;
    let version = text.split_whitespace().nth(1).unwrap_or_default();
    if numbers(version) < numbers(OLDEST) {
        diagnosis.problem(
            "toolchain-too-old",
            format!("the compiler is {version}, and the runtime needs {OLDEST}"),
            "run `rustup update`",
        );
    }
    diagnosis.rustc = version.to_owned();
    Ok(())
}

fn numbers(version: &str) -> Vec<u32> {
    let numbers = version.split(['.', '-']).take(2);
    numbers.map_while(|number| number.parse().ok()).collect()
}

/// Looks at the wrappers around the compiler.
pub fn wrappers(inner: Option<&Path>, diagnosis: &mut Diagnosis) -> Result<()> {
    let config = cargo_config2::Config::load().context("read cargo's configuration")?;
    let workspace = config.build.rustc_workspace_wrapper;
    let workspace = workspace
        .as_deref()
        .filter(|path| !path.as_os_str().is_empty());
    let around = [
        ("rustc-wrapper", inner),
        ("rustc-workspace-wrapper", workspace),
    ];
    diagnosis.chain.push("cargo-birthmark".to_owned());
    for (key, wrapper) in around {
        let Some(wrapper) = wrapper else { continue };
        diagnosis.chain.push(wrapper.display().to_string());
        if !programs::find(wrapper).is_file() {
            diagnosis.problem(
                "wrapper-missing",
                format!("cannot find the compiler wrapper {}", wrapper.display()),
                &format!(
                    "install it, or remove `{key}` from the environment or cargo's configuration"
                ),
            );
        }
    }
    diagnosis.chain.push("rustc".to_owned());
    Ok(())
}

/// Says which crates are chosen, and which runtime they get.
pub fn choices(session: &Session, diagnosis: &mut Diagnosis) {
    diagnosis.chosen = chosen(&session.scope);
    diagnosis.runtime = match &session.runtime {
        Source::Embedded => "that of cargo-birthmark, because the program has none".into(),
        Source::Package { directory, .. } => {
            format!("the program's own, in {}", directory.display())
        }
    };
}

/// Which crates are chosen, in words.
pub fn chosen(scope: &Scope) -> String {
    let reach = match scope.reach {
        Reach::Annotated => "members that are annotated",
        Reach::Workspace => "all members",
        Reach::Deps => "all members and dependencies",
    };
    let list = |what: &str, patterns: &[String]| match patterns {
        [] => String::new(),
        patterns => format!("; {what} {}", patterns.join(", ")),
    };
    let (only, exclude) = (list("only", &scope.only), list("not", &scope.exclude));
    let features = list("a runtime with", &scope.runtime_features);
    let frames = match scope.reach {
        _ if scope.frames == Frames::DebugInfo => "; frames only without debug information",
        Reach::Deps if scope.frames == Frames::All => "; dependencies with frames",
        Reach::Deps if scope.frames == Frames::Members => {
            "; dependencies without frames, which --frames adds"
        }
        Reach::Deps | Reach::Annotated | Reach::Workspace => "",
    };
    let packages = list("frames in", scope.frames.patterns());
    let roots = list("pools in", &scope.roots);
    format!("{reach}{only}{exclude}{features}{frames}{packages}{roots}")
}

#[cfg(test)]
mod tests {
    use super::numbers;

    #[test]
    fn versions_are_compared_by_number() {
        assert!(numbers("1.88.0") >= numbers("1.88"));
        assert!(numbers("1.100.0-nightly") > numbers("1.99.0"));
        assert!(numbers("1.9.0") < numbers("1.88"));
    }
}

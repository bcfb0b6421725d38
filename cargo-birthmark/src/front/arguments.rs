//! Takes our own options out of the arguments of a cargo subcommand, and reads those of cargo's that
//! say where the program is.

use std::ffi::{OsStr, OsString};
use std::iter::Peekable;
use std::path::PathBuf;

use anyhow::Result;

use crate::remedy;
use crate::scope::{Frames, Reach, Scope};

/// The arguments of cargo without ours. Only `--deps`, `--frames`, `--spawn-stacks` and `--only` may stand among them:
/// `--workspace` and `--exclude` are options of cargo's. What follows `--` belongs to the program.
pub fn split(args: Vec<OsString>) -> Result<(Vec<OsString>, Scope)> {
    let mut cargo = Vec::new();
    let mut scope = Scope::default();
    let mut args = args.into_iter().peekable();
    while let Some(arg) = args.next() {
        if arg == "--" {
            cargo.push(arg);
            cargo.extend(args.by_ref());
        } else if arg == "--deps" {
            scope.reach = Reach::Deps;
        } else if let Some(patterns) = frames(&arg, &mut args) {
            scope.extend(Scope {
                frames: patterns?,
                ..Scope::default()
            });
        } else if let Some(patterns) = value(&arg, "--spawn-stacks", &mut args) {
            scope.spawn_stacks.extend(separated(&patterns?));
        } else if let Some(pattern) = value(&arg, "--only", &mut args) {
            scope.only.push(pattern?);
            scope.reach = Reach::Deps;
        } else {
            cargo.push(arg);
        }
    }
    Ok((cargo, scope))
}

/// Returns the packages that `--frames` chooses. Without a value, it chooses all of them.
fn frames(
    arg: &OsStr,
    rest: &mut Peekable<impl Iterator<Item = OsString>>,
) -> Option<Result<Frames>> {
    let is_option = |next: &OsString| next.as_encoded_bytes().starts_with(b"-");
    if arg == "--frames" && rest.peek().is_none_or(is_option) {
        return Some(Ok(Frames::All));
    }
    let patterns = value(arg, "--frames", rest)?;
    Some(patterns.map(|patterns| Frames::of_patterns(separated(&patterns))))
}

/// Returns the patterns of a list with commas.
pub fn separated(patterns: &str) -> Vec<String> {
    let patterns = patterns.split(',').map(str::trim);
    let patterns = patterns.filter(|pattern| !pattern.is_empty());
    patterns.map(str::to_owned).collect()
}

fn value(
    arg: &OsStr,
    option: &str,
    rest: &mut impl Iterator<Item = OsString>,
) -> Option<Result<String>> {
    let text = arg.to_str()?;
    let value = match text.strip_prefix(option)? {
        "" => rest.next().and_then(|value| value.into_string().ok()),
        attached => Some(attached.strip_prefix('=')?.to_owned()),
    };
    let missing = || {
        remedy::refusal(
            format!("read `{option}`: it has no value"),
            "write the name of a package after it",
        )
    };
    Some(value.ok_or_else(missing))
}

/// The options of a cargo subcommand that locate the program.
#[derive(Debug, Default)]
pub struct Locating {
    /// Options that `cargo metadata` gets, too.
    pub metadata: Vec<OsString>,
    /// `--manifest-path`.
    pub manifest: Option<PathBuf>,
    /// `--target-dir`: where in the arguments its value is, and whether `--target-dir=` precedes it.
    pub target_dir: Option<(usize, PathBuf)>,
}

/// Options that `cargo metadata` understands, too. The second ones take a value.
const FLAGS: &[&str] = &[
    "--locked",
    "--offline",
    "--frozen",
    "--all-features",
    "--no-default-features",
];
const VALUES: &[&str] = &[
    "--config",
    "-Z",
    "--manifest-path",
    "--target-dir",
    "--features",
    "-F",
];

impl Locating {
    /// Reads the arguments up to `--`.
    pub fn of(args: &[OsString]) -> Locating {
        let mut found = Locating::default();
        let mut index = 0;
        while index < args.len() && args[index] != "--" {
            index += found.option(args, index);
        }
        found
    }

    /// Returns `true` if cargo may not use the network.
    pub fn is_offline(&self) -> bool {
        let offline = |option: &OsString| option == "--offline" || option == "--frozen";
        self.metadata.iter().any(offline)
    }

    /// The files that `--config` names. A value without `=` is the path of one.
    pub fn config_files(&self) -> impl Iterator<Item = &OsStr> {
        let named = self
            .metadata
            .windows(2)
            .filter(|pair| pair[0] == "--config");
        let values = named.map(|pair| &*pair[1]);
        values.filter(|value| !value.as_encoded_bytes().contains(&b'='))
    }

    /// Reads one option and tells how many arguments it consists of.
    fn option(&mut self, args: &[OsString], index: usize) -> usize {
        let text = args[index].to_string_lossy();
        if FLAGS.contains(&&*text) {
            self.metadata.push(args[index].clone());
        }
        if let Some((name, value)) = text
            .split_once('=')
            .filter(|(name, _)| VALUES.contains(name))
        {
            self.value(name, value.into(), index);
        } else if let Some(value) = args.get(index + 1).filter(|_| VALUES.contains(&&*text)) {
            self.value(&text, value.clone(), index + 1);
            return 2;
        }
        1
    }

    fn value(&mut self, name: &str, value: OsString, index: usize) {
        match name {
            "--manifest-path" => self.manifest = Some(value.into()),
            "--target-dir" => self.target_dir = Some((index, value.into())),
            _ => self.metadata.extend([name.into(), value]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<OsString> {
        text.split_whitespace().map(OsString::from).collect()
    }

    #[test]
    fn our_options_are_taken_out_up_to_the_program_s_own() {
        let (cargo, scope) = split(words(
            "run --deps --frames -p x --only a* --only=b --exclude c -- --deps --frames --only d",
        ))
        .unwrap();
        assert_eq!(
            cargo,
            words("run -p x --exclude c -- --deps --frames --only d")
        );
        assert_eq!(scope.reach, Reach::Deps);
        assert_eq!(scope.frames, Frames::All);
        assert_eq!(scope.only, ["a*", "b"]);
        assert!(scope.exclude.is_empty());
    }

    #[test]
    fn frames_are_those_of_packages_or_of_all() {
        let frames = |text: &str| split(words(text)).unwrap();
        let (cargo, scope) = frames("run --frames sqlx-core,hyper* --frames=axum -p x");
        assert_eq!(cargo, words("run -p x"));
        assert_eq!(scope.frames.patterns(), ["sqlx-core", "hyper*", "axum"]);
        assert_eq!(frames("run --frames").1.frames, Frames::All);
        assert_eq!(frames("run --frames -- a").1.frames, Frames::All);
        assert_eq!(frames("run --frames *").1.frames, Frames::All);
        assert_eq!(frames("run --frames=").1.frames, Frames::Members);
        assert_eq!(frames("run --framesx").0, words("run --framesx"));
    }

    #[test]
    fn only_without_a_pattern_is_refused() {
        let error = split(words("run --only")).unwrap_err();
        assert_eq!(error.to_string(), "read `--only`: it has no value");
    }

    #[test]
    fn program_is_found_by_what_cargo_is_told() {
        let args = words(
            "build --offline --manifest-path a/Cargo.toml --target-dir=t --config k=1 -- --locked",
        );
        let found = Locating::of(&args);
        assert_eq!(found.metadata, words("--offline --config k=1"));
        assert_eq!(found.manifest, Some("a/Cargo.toml".into()));
        assert_eq!(found.target_dir, Some((4, "t".into())));
        assert!(found.is_offline());
        assert!(!Locating::of(&words("build --locked -- --offline")).is_offline());
    }
}

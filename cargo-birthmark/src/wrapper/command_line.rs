//! The command line of one call of rustc, as cargo makes it.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::identity::Identity;

/// The command line in parts.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// The compiler, behind a wrapper for workspaces if there is one.
    pub compiler: Vec<OsString>,
    /// The arguments of the compiler. The content of an `@file` stands in its place.
    pub args: Vec<OsString>,
    /// `true` if the arguments were too long for a command line.
    pub from_file: bool,
    options: Vec<(String, String)>,
    source: Option<(usize, PathBuf)>,
}

/// Options that take a value, attached by `=` or as the next argument. Of the short ones, all do.
const WITH_VALUE: &[&str] = &[
    "--crate-name",
    "--edition",
    "--error-format",
    "--json",
    "--crate-type",
    "--emit",
    "--cfg",
    "--check-cfg",
    "--extern",
    "--cap-lints",
    "--out-dir",
    "--target",
    "--remap-path-prefix",
    "--print",
    "--codegen",
    "--color",
    "--diagnostic-width",
    "--sysroot",
    "--allow",
    "--warn",
    "--force-warn",
    "--deny",
    "--forbid",
    "--explain",
    "--env-set",
    "--remap-path-scope",
];
const SHORT_WITH_VALUE: &[&str] = &["-C", "-L", "-Z", "-A", "-W", "-D", "-F", "-l", "-o"];

impl Invocation {
    /// Takes the arguments of the wrapper apart.
    pub fn parse(args: &[OsString]) -> Result<Invocation> {
        let compiler = args.iter().take_while(|arg| !starts_an_option(arg)).count();
        let (compiler, rest) = args.split_at(compiler);
        let mut invocation = Invocation {
            compiler: compiler.to_vec(),
            args: Vec::new(),
            from_file: false,
            options: Vec::new(),
            source: None,
        };
        for arg in rest {
            invocation.take_in(arg)?;
        }
        invocation.read_options();
        Ok(invocation)
    }

    fn take_in(&mut self, arg: &OsString) -> Result<()> {
        let Some(path) = arg.to_str().and_then(|arg| arg.strip_prefix('@')) else {
            self.args.push(arg.clone());
            return Ok(());
        };
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("read the compiler's arguments from {path}"))?;
        self.from_file = true;
        self.args.extend(text.lines().map(OsString::from));
        Ok(())
    }

    fn read_options(&mut self) {
        let mut index = 0;
        while index < self.args.len() {
            let arg = self.args[index].to_string_lossy().into_owned();
            let next = || {
                self.args
                    .get(index + 1)
                    .map(|next| next.to_string_lossy().into_owned())
            };
            let (option, length) = match split(&arg) {
                Split::Attached(name, value) => (Some((name, value)), 1),
                Split::Takes => (next().map(|value| (arg, value)), 2),
                Split::Flag => (Some((arg, String::new())), 1),
                Split::Positional => {
                    self.source = Some((index, arg.into()));
                    (None, 1)
                }
            };
            self.options.extend(option);
            index += length;
        }
    }

    /// The values of an option, in order.
    pub fn values<'a>(&'a self, name: &'a str) -> impl DoubleEndedIterator<Item = &'a str> {
        let named = self
            .options
            .iter()
            .filter(move |(option, _)| option == name);
        named.map(|(_, value)| &value[..])
    }

    /// The value of `-C name=value`.
    pub fn codegen<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        let values = self.values("-C").chain(self.values("--codegen"));
        values
            .filter_map(|value| value.split_once('='))
            .rfind(|(key, _)| *key == name)
            .map(|(_, value)| value)
    }

    /// The compiler itself.
    pub fn rustc(&self) -> &OsStr {
        let last = self.compiler.last();
        last.map_or(OsStr::new("rustc"), OsString::as_os_str)
    }

    /// Returns `true` if clippy takes the compiler's place. Its lints are for the text that the user wrote.
    fn is_clippy(&self) -> bool {
        let first = self.compiler.first().map(Path::new);
        first
            .and_then(Path::file_stem)
            .is_some_and(|stem| stem == "clippy-driver")
    }

    /// The crate that is compiled, if cargo compiles one for the program here: not for a probe, a build
    /// script, a procedural macro, or for clippy.
    pub fn unit(self) -> Option<Unit> {
        let name = self.values("--crate-name").next()?.to_owned();
        let host_only = name.starts_with("build_script_")
            || self.values("--crate-type").any(|it| it == "proc-macro");
        if self.is_clippy()
            || host_only
            || !self.emits("dep-info")
            || !self.emits("metadata") && !self.emits("link")
        {
            return None;
        }
        let (position, source) = self.source.clone()?;
        let directory = std::env::current_dir().ok()?;
        let deps = self
            .values("-L")
            .find_map(|value| value.strip_prefix("dependency="))?;
        let deps_dir = directory.join(deps);
        let out_dir = directory.join(self.values("--out-dir").next()?);
        Some(Unit {
            extra: self
                .codegen("extra-filename")
                .unwrap_or_default()
                .to_owned(),
            out_dir,
            deps_dir,
            package: Package::of_environment()?,
            position,
            name,
            source,
            directory,
            invocation: self,
        })
    }

    /// Returns `true` if the call makes output of this kind.
    pub fn emits(&self, what: &str) -> bool {
        let kinds = self.values("--emit").flat_map(|kinds| kinds.split(','));
        kinds
            .map(|kind| kind.split('=').next())
            .any(|kind| kind == Some(what))
    }
}

fn starts_an_option(arg: &OsString) -> bool {
    matches!(arg.as_encoded_bytes(), [b'-' | b'@', ..])
}

enum Split {
    Attached(String, String),
    Takes,
    Flag,
    Positional,
}

fn split(arg: &str) -> Split {
    if let Some((name, value)) = arg
        .split_once('=')
        .filter(|(name, _)| WITH_VALUE.contains(name))
    {
        return Split::Attached(name.into(), value.into());
    }
    if WITH_VALUE.contains(&arg) || SHORT_WITH_VALUE.contains(&arg) {
        return Split::Takes;
    }
    match arg.get(..2).filter(|name| SHORT_WITH_VALUE.contains(name)) {
        Some(name) => Split::Attached(name.into(), arg[2..].into()),
        None if arg.starts_with('-') && arg != "-" => Split::Flag,
        None => Split::Positional,
    }
}

/// One crate that cargo compiles.
#[derive(Clone, Debug)]
pub struct Unit {
    /// How the compiler was called.
    pub invocation: Invocation,
    /// The name of the crate.
    pub name: String,
    /// The suffix of file names by which cargo keeps units apart.
    pub extra: String,
    /// The root as it is given to the compiler.
    pub source: PathBuf,
    /// Which of the arguments that is.
    pub position: usize,
    /// Where the compiler runs.
    pub directory: PathBuf,
    /// Where its output goes.
    pub out_dir: PathBuf,
    /// Where the compiler finds the crates that others depend on.
    pub deps_dir: PathBuf,
    /// The package.
    pub package: Package,
}

/// The package, by the variables that cargo sets for the compiler.
#[derive(Clone, Debug)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The directory of its manifest.
    pub directory: PathBuf,
}

impl Package {
    fn of_environment() -> Option<Package> {
        Some(Package {
            name: std::env::var("CARGO_PKG_NAME").ok()?,
            version: std::env::var("CARGO_PKG_VERSION").ok()?,
            directory: std::env::var_os("CARGO_MANIFEST_DIR")?.into(),
        })
    }
}

impl Unit {
    /// A name that no other unit in the target directory has.
    pub fn id(&self) -> String {
        format!("{}{}", self.name, self.extra)
    }

    /// The root of the crate.
    pub fn root(&self) -> PathBuf {
        self.directory.join(&self.source)
    }

    /// Returns `true` if the result is a program.
    pub fn is_program(&self) -> bool {
        self.is_test()
            || self
                .invocation
                .values("--crate-type")
                .any(|kind| kind == "bin")
    }

    /// Returns `true` if the result is the library of its package, and no test of it.
    pub fn is_main_library(&self) -> bool {
        !self.is_program() && self.name == self.package.name.replace('-', "_")
    }

    /// Returns `true` if the result is a test harness.
    pub fn is_test(&self) -> bool {
        self.invocation.values("--test").next().is_some()
    }

    /// The properties by which cargo's unit graph tells it from others.
    pub fn identity(&self) -> Identity {
        let features = self.invocation.values("--cfg").filter_map(|cfg| {
            let value = cfg.strip_prefix("feature=\"")?;
            Some(value.strip_suffix('"')?.to_owned())
        });
        Identity {
            root: self.root(),
            is_test: self.is_test(),
            is_check: !self.invocation.emits("link"),
            features: features.collect(),
            platform: self
                .invocation
                .values("--target")
                .next_back()
                .map(str::to_owned),
        }
    }

    /// Returns `true` if the unit belongs to the standard library or its dependencies, under `-Z build-std`.
    pub fn is_of_std(&self) -> bool {
        let sources = Path::new("rustlib").join("src").join("rust");
        let mut above = self.package.directory.ancestors();
        above.any(|directory| directory.ends_with(&sources))
    }

    /// Returns `true` if the standard library is compiled along with the unit.
    pub fn has_own_std(&self) -> bool {
        let externs = self.invocation.values("--extern");
        let mut options = externs.filter_map(|value| Some(value.split_once(':')?.0));
        options.any(|options| options.split(',').any(|option| option == "noprelude"))
    }

    /// The edition.
    pub fn edition(&self) -> &str {
        self.invocation
            .values("--edition")
            .next_back()
            .unwrap_or("2015")
    }

    /// The file in which the compiler lists the files that it read.
    pub fn dep_info(&self) -> PathBuf {
        self.out_dir.join(format!("{}.d", self.id()))
    }

    /// The compiler, with its arguments changed by the caller.
    pub fn compiler(&self, inner: Option<&Path>) -> std::process::Command {
        let mut words = inner
            .map(Path::as_os_str)
            .into_iter()
            .chain(self.invocation.compiler.iter().map(OsString::as_os_str));
        let mut command = std::process::Command::new(words.next().unwrap_or(OsStr::new("rustc")));
        command.args(words);
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Invocation {
        Invocation::parse(
            &text
                .split_whitespace()
                .map(OsString::from)
                .collect::<Vec<_>>(),
        )
        .unwrap()
    }

    #[test]
    fn options_are_found_in_every_spelling() {
        let call = parse(
            "rustc --crate-name a --edition=2021 src/a.rs -C extra-filename=-1 -Copt-level=3 --test -L dependency=d",
        );
        assert_eq!(call.values("--crate-name").next(), Some("a"));
        assert_eq!(call.values("--edition").next(), Some("2021"));
        assert_eq!(call.codegen("extra-filename"), Some("-1"));
        assert_eq!(call.codegen("opt-level"), Some("3"));
        assert_eq!(call.source, Some((3, "src/a.rs".into())));
        assert!(call.values("--test").next().is_some());
    }

    #[test]
    fn workspace_wrapper_is_part_of_the_compiler() {
        let call = parse("clippy-driver rustc --crate-name a src/a.rs");
        assert_eq!(call.compiler, ["clippy-driver", "rustc"]);
        assert_eq!(call.rustc(), "rustc");
        assert!(call.unit().is_none());
    }

    #[test]
    fn standard_library_that_is_compiled_along_is_noticed() {
        let unit = |text: &str| Unit {
            name: String::new(),
            extra: String::new(),
            source: PathBuf::new(),
            position: 0,
            directory: PathBuf::new(),
            out_dir: PathBuf::new(),
            deps_dir: PathBuf::new(),
            package: Package {
                name: String::new(),
                version: String::new(),
                directory: PathBuf::from("/t/lib/rustlib/src/rust/library/std"),
            },
            invocation: parse(text),
        };
        assert!(unit("rustc --extern noprelude:std=d/libstd-1.rmeta").has_own_std());
        assert!(!unit("rustc --extern std=d/libstd-1.rmeta").has_own_std());
        assert!(unit("rustc").is_of_std());
    }

    #[test]
    fn probes_are_no_units() {
        assert!(parse("rustc -vV").unit().is_none());
        assert!(
            parse("rustc - --crate-name ___ --print=file-names --crate-type bin")
                .unit()
                .is_none()
        );
    }
}

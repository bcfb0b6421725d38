//! Packages that tests make, build and run.

use std::path::PathBuf;
use std::process::{Command, Output};

/// A package in a workspace of its own.
#[derive(Debug)]
pub struct Project<'a> {
    /// The directory for all projects of a test, and for what cargo makes of them.
    pub tmp: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Its edition.
    pub edition: &'a str,
    /// The name by which it depends on birthmark.
    pub runtime: &'a str,
    /// Lines of the manifest, behind the one that does.
    pub manifest: &'a str,
}

impl Project<'_> {
    /// Writes the manifest and the files, given by their path below `src`.
    ///
    /// # Panics
    ///
    /// If they cannot be written.
    pub fn write(&self, files: &[(&str, &str)]) {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
        let Project {
            name,
            edition,
            runtime,
            manifest,
            ..
        } = self;
        let manifest = format!(
            "[package]\nname = \"{name}\"\nedition = \"{edition}\"\n\n[workspace]\n\n\
             [dependencies]\n{runtime} = {{ path = \"{root}/birthmark\", package = \"birthmark\" }}\n{manifest}\n"
        );
        let files = files
            .iter()
            .map(|(path, text)| (format!("src/{path}"), *text));
        for (path, text) in files.chain([("Cargo.toml".to_owned(), manifest.as_str())]) {
            let path = self.folder().join(path);
            let folder = path.parent().expect("a file is in a folder");
            std::fs::create_dir_all(folder).expect("the folder can be made");
            std::fs::write(path, text).expect("it can be written");
        }
        // The same versions as here, so that nothing need be fetched.
        let _kept = std::fs::copy(
            format!("{root}/Cargo.lock"),
            self.folder().join("Cargo.lock"),
        );
    }

    fn folder(&self) -> PathBuf {
        [self.tmp, self.name].iter().collect()
    }

    /// Runs cargo in it.
    ///
    /// # Panics
    ///
    /// If cargo does not start.
    #[must_use]
    pub fn cargo(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO"))
            .args(["--quiet", "--offline"])
            .args(args)
            .current_dir(self.folder())
            // What the projects depend on is built once.
            .env("CARGO_TARGET_DIR", format!("{}/target", self.tmp))
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .output()
            .expect("cargo starts")
    }

    /// Builds it without a word from the compiler, and returns the path of its program.
    ///
    /// # Panics
    ///
    /// If it does not compile, or with warnings.
    #[must_use]
    pub fn build(&self) -> String {
        let output = self.cargo(&["build"]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success() && said.is_empty(),
            "{}:\n{said}",
            self.name
        );
        format!("{}/target/debug/{}", self.tmp, self.name)
    }
}

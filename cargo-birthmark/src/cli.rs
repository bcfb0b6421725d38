//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::exit;
use crate::front::{self, Request};
use crate::scope::{Reach, Scope};

const ABOUT: &str = "\
Records what spawned each thread and task of a program, where, and on whose behalf it runs.

Runs cargo so that the crates which you choose are compiled with every spawn in all of their files
recorded. A panic and a dump of the program then show the lineage of each task. No source is touched, and what it builds is kept apart, in target/birthmark.";

const EXAMPLES: &str = "\
Examples:
  cargo birthmark run --deps              a program that has never heard of birthmark
  cargo birthmark test -p server          crates that are annotated, see below
  cargo birthmark --workspace run         all members of the workspace
  cargo birthmark run --only 'hyper*'     these packages and no others
  cargo birthmark run --release -- --port 80
  cargo birthmark nextest run             any subcommand of cargo that compiles
  cargo birthmark sites --deps            what would be recorded, without building

A crate is annotated by this line in its main.rs or lib.rs, which a plain build ignores:
  #![cfg_attr(birthmark, birthmark::instrument)]

The same choices as in the options can be made for good, in Cargo.toml:
  [workspace.metadata.birthmark]
  reach = \"deps\"                          # or \"workspace\", \"annotated\"
  exclude = [\"openssl*\"]                  # each pattern has to match a package
  frames = true                           # as --frames
  runtime-features = [\"native-stacks\"]
  [package.metadata.birthmark]
  instrument = true                       # or false: as if annotated, or never

While the program runs, BIRTHMARK=off switches recording off, and BIRTHMARK=panic=all adds a dump of
all tasks to the report of a panic.

Exit codes: cargo's own; 96 if cargo birthmark itself fails, 97 if `sites --check` finds that the
sites are others, 98 if `doctor` finds that something is wrong.";

#[derive(Parser)]
#[command(name = "cargo birthmark", bin_name = "cargo birthmark", version, about = ABOUT, after_help = EXAMPLES)]
#[command(
    subcommand_help_heading = "Commands of its own",
    subcommand_value_name = "COMMAND"
)]
struct Cli {
    #[command(flatten)]
    scope: ScopeArgs,
    #[command(subcommand)]
    command: Command,
}

/// Which crates are instrumented. Before cargo's subcommand, all of these; behind it, those that cargo
/// has no use for itself.
#[derive(Args)]
#[command(next_help_heading = "Which crates")]
struct ScopeArgs {
    /// All members of the workspace; stands before cargo's subcommand
    #[arg(long, global = true)]
    workspace: bool,
    /// All members and all dependencies; may also stand behind cargo's subcommand. Dependencies get no
    /// frames unless --frames is there
    #[arg(long, global = true)]
    deps: bool,
    /// Frames in dependencies, too: where in a dependency a task awaits. More of their files are
    /// rewritten. May also stand behind cargo's subcommand
    #[arg(long, global = true)]
    frames: bool,
    /// Only packages of this name; `*` stands for any part, `name@1.*` for versions. May also stand
    /// behind cargo's subcommand. Takes dependencies, too
    #[arg(long, global = true, value_name = "PATTERN")]
    only: Vec<String>,
    /// No package of this name; stands before cargo's subcommand. Each pattern has to match a package
    #[arg(long, global = true, value_name = "PATTERN")]
    exclude: Vec<String>,
    /// What the runtime can do beyond the usual: `native-stacks`, for BIRTHMARK=threads=stacks, or `pprof`, for
    /// BIRTHMARK=format=pprof; stands before cargo's subcommand
    #[arg(long, global = true, value_name = "FEATURES", value_delimiter = ',')]
    runtime_features: Vec<String>,
    /// The manifest of the package
    #[arg(long, global = true, value_name = "FILE")]
    manifest_path: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Command {
    /// Any subcommand of cargo that compiles, with all of its own options
    #[command(external_subcommand)]
    Cargo(Vec<OsString>),
    /// Make plain cargo and the editor instrument, by entries in .cargo/config.toml
    Init {
        /// Remove the entries
        #[arg(long)]
        undo: bool,
        #[command(flatten)]
        cargo: CargoArgs,
    },
    /// List the spawn calls of the chosen crates without building them
    Sites {
        /// How to print
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
        /// Compare with a list that was printed before; exits with 97 if they differ
        #[arg(long, value_name = "FILE")]
        check: Option<PathBuf>,
        #[command(flatten)]
        cargo: CargoArgs,
    },
    /// Show what is inserted into the chosen crates
    Diff {
        /// Only this package
        #[arg(value_name = "CRATE")]
        package: Option<String>,
        #[command(flatten)]
        cargo: CargoArgs,
    },
    /// Explain what is and is not instrumented, and why; exits with 98 if something is wrong
    Doctor {
        /// How to print
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
        #[command(flatten)]
        cargo: CargoArgs,
    },
}

/// Options of cargo's that change what the program consists of.
#[derive(Args, Default)]
#[command(next_help_heading = "Options of cargo's")]
struct CargoArgs {
    /// Without the network
    #[arg(long)]
    offline: bool,
    /// With the lock file as it is
    #[arg(long)]
    locked: bool,
    /// Both
    #[arg(long)]
    frozen: bool,
    /// With these features
    #[arg(long, short = 'F', value_name = "FEATURES")]
    features: Vec<String>,
    /// With all features
    #[arg(long)]
    all_features: bool,
    /// Without the feature `default`
    #[arg(long)]
    no_default_features: bool,
    /// With this configuration
    #[arg(long, value_name = "KEY=VALUE|FILE")]
    config: Vec<String>,
}

/// How `sites` and `doctor` print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Text,
    /// One JSON document
    Json,
}

/// Runs the command line; what cargo passes to a subcommand first, its name, is left out.
pub fn main(mut args: Vec<OsString>) -> ExitCode {
    if args.get(1).is_some_and(|arg| arg == "birthmark") {
        args.remove(1);
    }
    match run(Cli::parse_from(args)) {
        Ok(code) => code,
        Err(error) => exit::failed(&error),
    }
}

fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let manifest = cli.scope.manifest_path.clone();
    let mut scope = cli.scope.into_scope();
    let request = |scope, cargo: CargoArgs| Request {
        manifest: manifest.clone(),
        scope,
        metadata: cargo.into_options(),
    };
    match cli.command {
        Command::Cargo(args) => {
            let (mut args, behind) = front::arguments::split(args)?;
            scope.extend(behind);
            if let Some(manifest) = manifest {
                // Cargo takes it behind its subcommand.
                args.splice(1..1, ["--manifest-path".into(), manifest.into()]);
            }
            front::build::run(&args, scope)
        }
        Command::Init { undo, cargo } => front::init::run(request(scope, cargo), undo),
        Command::Sites {
            format,
            check,
            cargo,
        } => front::sites::run(request(scope, cargo), format, check),
        Command::Diff { package, cargo } => front::diff::run(request(scope, cargo), package),
        Command::Doctor { format, cargo } => front::doctor::run(request(scope, cargo), format),
    }
}

impl CargoArgs {
    /// As `cargo metadata` is given them.
    fn into_options(self) -> Vec<OsString> {
        let flags = [
            ("--offline", self.offline),
            ("--locked", self.locked),
            ("--frozen", self.frozen),
            ("--all-features", self.all_features),
            ("--no-default-features", self.no_default_features),
        ];
        let flags = flags.into_iter().filter(|(_, set)| *set);
        let features = self
            .features
            .into_iter()
            .map(|it| ["--features".into(), it]);
        let config = self.config.into_iter().map(|it| ["--config".into(), it]);
        flags
            .map(|(flag, _)| flag.to_owned())
            .chain(features.chain(config).flatten())
            .map(OsString::from)
            .collect()
    }
}

impl ScopeArgs {
    fn into_scope(self) -> Scope {
        let reach = if self.deps || !self.only.is_empty() {
            Reach::Deps
        } else if self.workspace {
            Reach::Workspace
        } else {
            Reach::Annotated
        };
        Scope {
            reach,
            only: self.only,
            exclude: self.exclude,
            runtime_features: self.runtime_features,
            frames: self.frames,
        }
    }
}

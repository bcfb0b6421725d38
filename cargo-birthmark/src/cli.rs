//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::exit;
use crate::front::{self, Request};
use crate::output::Format;
use crate::scope::{Frames, Reach, Scope};

// A paragraph is one line, because clap wraps it to the width of the terminal.
const ABOUT: &str = "\
Records what spawned each thread and task of a program, where, and on whose behalf it runs.

Runs cargo with a compiler wrapper that records every spawn in all files of the chosen crates. \
A panic and a dump of the program then show the lineage of each task. No source file changes. \
The output is kept apart, in target/birthmark.";

const EXAMPLES: &str = "\
Examples:
  cargo birthmark run --deps              a program without birthmark, and all of its dependencies
  cargo birthmark test -p server          crates that are annotated, see below
  cargo birthmark --workspace run         all members of the workspace
  cargo birthmark run --only 'hyper*'     these packages and no others
  cargo birthmark run --release -- --port 80
  cargo birthmark nextest run             any subcommand of cargo that compiles
  cargo birthmark sites --deps            a list of all spawn calls, without a build
  cargo birthmark tree 4711               the tasks of a running program; also ps, groups, stuck,
                                          threads, dump, top and list, by the command `birthmark`

This line in its main.rs or lib.rs annotates a crate. A plain build ignores it:
  #![cfg_attr(birthmark, birthmark::instrument)]

Cargo.toml can make the choices of the options permanent:
  [workspace.metadata.birthmark]
  reach = \"deps\"                          # or \"workspace\", \"annotated\"
  exclude = [\"openssl*\"]                  # each pattern must match a package
  frames = [\"sqlx-core\", \"hyper*\"]        # as --frames; or true, or \"debug-info\"
  spawn-stacks = [\"reqwest*\"]             # as --spawn-stacks
  roots = [\"hyper-util:client\"]           # pools, whose tasks inherit nothing
  runtime-features = [\"native-stacks\"]
  carry = [\"tracing\"]                     # child tasks get the span of their spawner
  rules = [\"watch\"]                       # reports, as rule=… and watch in BIRTHMARK
  [package.metadata.birthmark]
  instrument = true                       # as if annotated; false: never

BIRTHMARK in the environment configures the program. BIRTHMARK=off switches recording off, \
and BIRTHMARK=panic=all adds a dump of all tasks to panic reports.

Exit codes: cargo's own; 96 if cargo birthmark itself fails, 97 if `sites --check` finds a \
difference, 98 if `doctor` finds a problem.";

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

/// The choice of the crates to instrument. All options may precede the subcommand of cargo. Options that cargo does
/// not use itself may also follow it.
#[derive(Args)]
#[command(next_help_heading = "Which crates")]
struct ScopeArgs {
    /// Instrument all members of the workspace; must precede the subcommand of cargo
    #[arg(long, global = true)]
    workspace: bool,
    /// Instrument all members and all dependencies; may also follow the subcommand of cargo.
    /// Dependencies get frames only with --frames
    #[arg(long, global = true)]
    deps: bool,
    /// Record awaits in matching dependencies, too, as in `hyper*,axum`; `*` matches all; may also
    /// follow the subcommand of cargo. More of their files are rewritten
    #[arg(long, global = true, value_name = "PATTERNS", value_delimiter = ',')]
    frames: Vec<String>,
    /// Keep the stack of each spawn in matching crates, modules or functions, as in
    /// `reqwest*,hyper_util::client*`; may also follow the subcommand of cargo
    #[arg(long, global = true, value_name = "PATTERNS", value_delimiter = ',')]
    spawn_stacks: Vec<String>,
    /// Instrument only matching packages, dependencies included; may also follow the subcommand of
    /// cargo. `*` matches any text, and `name@1.*` matches versions
    #[arg(long, global = true, value_name = "PATTERN")]
    only: Vec<String>,
    /// Leave matching packages alone; must precede the subcommand of cargo. Each pattern must match a
    /// package
    #[arg(long, global = true, value_name = "PATTERN")]
    exclude: Vec<String>,
    /// Enable features of the runtime; must precede the subcommand of cargo: `debug-stacks`, for
    /// BIRTHMARK=stacks=debug-info, `native-stacks`, for BIRTHMARK=threads=stacks, or `pprof`, for
    /// BIRTHMARK=format=pprof
    #[arg(long, global = true, value_name = "FEATURES", value_delimiter = ',')]
    runtime_features: Vec<String>,
    /// Path of the manifest
    #[arg(long, global = true, value_name = "FILE")]
    manifest_path: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Command {
    /// Run any subcommand of cargo that compiles, with all of its own options
    #[command(external_subcommand)]
    Cargo(Vec<OsString>),
    /// Make plain cargo and the editor instrument, through entries in .cargo/config.toml
    Init {
        /// Remove the entries
        #[arg(long)]
        undo: bool,
        #[command(flatten)]
        cargo: CargoArgs,
    },
    /// List the spawn calls of the chosen crates without a build
    Sites {
        /// Output format
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
        /// Compare with an earlier list; exits with 97 if they differ
        #[arg(long, value_name = "FILE")]
        check: Option<PathBuf>,
        #[command(flatten)]
        cargo: CargoArgs,
    },
    /// Show the inserted code of the chosen crates
    Diff {
        /// Show only this package
        #[arg(value_name = "CRATE")]
        package: Option<String>,
        #[command(flatten)]
        cargo: CargoArgs,
    },
    /// Explain what is and is not instrumented, and why; exits with 98 if it finds a problem
    Doctor {
        /// Output format
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
        /// List each dependency that is left alone
        #[arg(long, short)]
        verbose: bool,
        #[command(flatten)]
        cargo: CargoArgs,
    },
}

/// Options of cargo that change the packages of the program.
#[derive(Args, Default)]
#[command(next_help_heading = "Options of cargo")]
struct CargoArgs {
    /// Run without the network
    #[arg(long)]
    offline: bool,
    /// Require an up-to-date lock file
    #[arg(long)]
    locked: bool,
    /// Apply --offline and --locked
    #[arg(long)]
    frozen: bool,
    /// Enable these features
    #[arg(long, short = 'F', value_name = "FEATURES")]
    features: Vec<String>,
    /// Enable all features
    #[arg(long)]
    all_features: bool,
    /// Disable the feature `default`
    #[arg(long)]
    no_default_features: bool,
    /// Override a configuration value
    #[arg(long, value_name = "KEY=VALUE|FILE")]
    config: Vec<String>,
}

/// Runs the command line. The name of the subcommand, which cargo passes first, is left out.
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
        Command::Cargo(args) if args.first().is_some_and(|it| front::outside::is_one(it)) => {
            front::outside::run(&args)
        }
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
        Command::Doctor {
            format,
            verbose,
            cargo,
        } => front::doctor::run(request(scope, cargo), format, verbose),
    }
}

impl CargoArgs {
    /// Returns the options as arguments of `cargo metadata`.
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
            frames: Frames::of_patterns(self.frames),
            roots: Vec::new(),
            carry: Vec::new(),
            rules: Vec::new(),
            spawn_stacks: self.spawn_stacks,
        }
    }
}

//! A survey of the crates of the program: what the engine would make of each, or why it is skipped. Nothing is built.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use anyhow::Result;
use birthmark_rewrite::text::Head;
use birthmark_rewrite::{packages, roles};
use cargo_metadata::{DependencyKind, Edition, Package, PackageId, Target};

use super::Request;
use super::project::{Project, directory};
use crate::selection::{self, Candidate, ExcludedBy};
use crate::session::Session;
use crate::source::engine::{Krate, Recipe};
use crate::source::{condition, search};
use crate::toolchain;

/// The program as it is for this machine.
pub fn for_host(request: &Request) -> Result<Project> {
    let host = toolchain::host(&toolchain::rustc())?;
    let mut options = vec![format!("--filter-platform={host}").into()];
    options.extend_from_slice(&request.metadata);
    Project::load(request.manifest.as_deref(), &options)
}

/// A crate, and what would be done with it.
pub struct Surveyed<'a> {
    /// Its package.
    pub package: &'a Package,
    /// Which of the package's crates it is.
    pub target: &'a Target,
    /// The attributes of the crate's root.
    pub head: Head,
    /// The crate as the engine has rewritten it, or the reason for which it is left alone.
    pub found: Result<Krate, SkipReason>,
}

/// Why a crate is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SkipReason {
    /// The crate was not chosen.
    NotSelected(ExcludedBy),
    /// The crate has no spawn.
    NoSpawn,
    /// The crate does without the standard library.
    NoStd,
}

impl std::fmt::Display for SkipReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            SkipReason::NotSelected(why) => why.fmt(f),
            SkipReason::NoSpawn => f.write_str("has no spawn"),
            SkipReason::NoStd => f.write_str(
                "it does without the standard library (`no_std`), which the runtime needs",
            ),
        }
    }
}

impl Surveyed<'_> {
    /// Returns `true` if spawns of the crate are recorded.
    pub fn holds_sites(&self) -> bool {
        let krate = self.found.as_ref().ok();
        krate.is_some_and(|krate| krate.sites().next().is_some())
    }

    /// Returns `true` if the crate has spawns, none of which is recorded.
    pub fn holds_uncovered_only(&self) -> bool {
        let krate = self.found.as_ref().ok();
        krate.is_some_and(|krate| {
            krate.sites().next().is_none() && krate.uncovered().next().is_some()
        })
    }

    /// Returns `true` if the package of the crate is a member of the workspace.
    pub fn is_member(&self, session: &Session) -> bool {
        session.members.contains_key(&directory(self.package))
    }
}

/// The treatment of code that members compile for tests only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tests {
    /// Tests count.
    Included,
    /// Tests do not count.
    LeftOut,
}

/// Looks at all crates that the program is made of.
pub fn survey<'a>(project: &'a Project, session: &Session, tests: Tests) -> Vec<Surveyed<'a>> {
    let view = View {
        project,
        session,
        tests,
    };
    let mut surveyed = Vec::new();
    for package in reachable(project) {
        let shown = shown(project, package);
        let mut seen = BTreeSet::new();
        let targets = package.targets.iter();
        for target in targets.filter(|target| is_compiled(target, package, session)) {
            let root = search::read(target.src_path.as_std_path()).unwrap_or_default();
            let head = selection::head(&root);
            let mut found = view.rewrite(package, target, &head, &shown);
            if let Ok(krate) = &mut found {
                krate.files.retain(|path, _| seen.insert(path.clone()));
            }
            surveyed.push(Surveyed {
                package,
                target,
                head,
                found,
            });
        }
    }
    surveyed
}

/// Returns the members and their dependencies, except those of build scripts.
fn reachable(project: &Project) -> Vec<&Package> {
    let nodes = project
        .metadata
        .resolve
        .iter()
        .flat_map(|resolve| &resolve.nodes);
    let nodes: HashMap<&PackageId, _> = nodes.map(|node| (&node.id, node)).collect();
    let mut found = BTreeSet::new();
    let mut pending: Vec<&PackageId> = project.metadata.workspace_members.iter().collect();
    while let Some(id) = pending.pop() {
        if !found.insert(id) {
            continue;
        }
        let dependencies = nodes.get(id).into_iter().flat_map(|node| &node.deps);
        let linked = dependencies.filter(|dependency| {
            dependency
                .dep_kinds
                .iter()
                .any(|kind| kind.kind != DependencyKind::Build)
        });
        pending.extend(linked.map(|dependency| &dependency.pkg));
    }
    let mut packages: Vec<&Package> = found.into_iter().map(|id| &project.metadata[id]).collect();
    packages.sort_by_key(|package| {
        (
            !is_member(project, package),
            &package.name,
            &package.version,
        )
    });
    packages
}

fn is_member(project: &Project, package: &Package) -> bool {
    project.metadata.workspace_members.contains(&package.id)
}

/// Of a dependency, the library; of a member, all but its build script.
fn is_compiled(target: &Target, package: &Package, session: &Session) -> bool {
    let is_for_host = target.is_custom_build() || target.is_proc_macro();
    let is_library = target.is_lib()
        || target
            .kind
            .iter()
            .any(|kind| kind.to_string().contains("lib"));
    !is_for_host && (is_library || session.members.contains_key(&directory(package)))
}

/// The parameters of a survey.
#[derive(Clone, Copy)]
struct View<'a> {
    project: &'a Project,
    session: &'a Session,
    tests: Tests,
}

impl View<'_> {
    fn rewrite(
        self,
        package: &Package,
        target: &Target,
        head: &Head,
        shown: &dyn Fn(&Path) -> String,
    ) -> Result<Krate, SkipReason> {
        let root = PathBuf::from(&target.src_path);
        let version = package.version.to_string();
        let settings = self.session.members.get(&directory(package));
        let candidate = Candidate {
            name: &package.name,
            version: &version,
            settings,
            has_debug_info: false,
        };
        let annotation = selection::annotation(self.session, candidate, head);
        let annotation = annotation.map_err(SkipReason::NotSelected)?;
        let may_spawn = |text: &str| birthmark_rewrite::text::may_spawn(text, &annotation);
        if !search::any_file(&root, may_spawn) {
            return Err(SkipReason::NoSpawn);
        }
        let recipe = Recipe {
            annotation,
            columns: false,
            policy: packages::policy_of(&package.name, &target.name),
            roles: roles::of(&package.name, &target.name),
            roots: self.session.scope.roots_of(&package.name, &version),
            tests: settings.is_some() && self.tests == Tests::Included,
            without_await: target.edition == Edition::E2015,
        };
        let krate = recipe.rewrite(&root, shown);
        match is_no_std(self.project, package, head) {
            false => Ok(krate),
            true if krate.sites().next().is_none() => Err(SkipReason::NoSpawn),
            true => Err(SkipReason::NoStd),
        }
    }
}

/// Returns `true` if a crate does without the standard library, with the features that it has in the program.
fn is_no_std(project: &Project, package: &Package, head: &Head) -> bool {
    let features = || {
        let nodes = project.metadata.resolve.iter().flat_map(|it| &it.nodes);
        let node = nodes.into_iter().find(|node| node.id == package.id);
        node.map(|node| &node.features[..]).unwrap_or_default()
    };
    condition::is_no_std(head, &|name, value| {
        name == "feature" && features().iter().any(|feature| Some(&***feature) == value)
    })
}

/// Paths as they are the same on every machine: from the workspace, or from the package of a dependency.
pub fn shown(project: &Project, package: &Package) -> impl Fn(&Path) -> String {
    let workspace = PathBuf::from(&project.metadata.workspace_root);
    let package_directory = directory(package);
    let prefix = PathBuf::from(format!("{}-{}", package.name, package.version));
    let member = is_member(project, package);
    move |path| {
        let shown = if member {
            path.strip_prefix(&workspace).map(Path::to_owned)
        } else {
            path.strip_prefix(&package_directory)
                .map(|inside| prefix.join(inside))
        };
        shown
            .unwrap_or_else(|_| path.to_owned())
            .display()
            .to_string()
    }
}

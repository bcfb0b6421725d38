//! The crates of the program as they would be instrumented, without building any.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use cargo_metadata::{DependencyKind, Package, PackageId, Target};

use super::project::{Project, directory};
use crate::choice::{self, Candidate};
use crate::scope::Scope;
use crate::session::Session;
use crate::source::engine::{self, Krate, Recipe};
use crate::source::{policy, search};

/// One crate, and what the engine would make of it.
pub struct Listed {
    /// The name of its package.
    pub package: String,
    /// Its version.
    pub version: String,
    /// What the engine makes of it.
    pub krate: Krate,
}

/// All crates that would be instrumented. Targets of one package share files, and each file counts once.
pub fn list(manifest: Option<&Path>, scope: Scope) -> Result<Vec<Listed>> {
    let host = format!("--filter-platform={}", host()?);
    let project = Project::load(manifest, &[host.into()])?;
    let session = project.session(scope, None)?;
    let mut listed = Vec::new();
    for package in reachable(&project) {
        let shown = shown(&project, package);
        let mut seen = BTreeSet::new();
        for target in package
            .targets
            .iter()
            .filter(|target| is_compiled(target, package, &session))
        {
            let Some(mut krate) = rewrite(package, target, &session, &shown) else {
                continue;
            };
            krate.files.retain(|path, _| seen.insert(path.clone()));
            let (package, version) = (package.name.to_string(), package.version.to_string());
            listed.push(Listed {
                package,
                version,
                krate,
            });
        }
    }
    Ok(listed)
}

fn host() -> Result<String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc)
        .arg("-vV")
        .output()
        .context("run rustc; is it installed?")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(String::from)
        .context("find the host in what rustc says of itself")
}

/// The members and what they depend on, but for what only build scripts do.
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

fn rewrite(
    package: &Package,
    target: &Target,
    session: &Session,
    shown: &dyn Fn(&Path) -> String,
) -> Option<Krate> {
    let root = PathBuf::from(&target.src_path);
    let head = choice::head(&search::read(&root)?);
    let version = package.version.to_string();
    let settings = session.members.get(&directory(package));
    let candidate = Candidate {
        name: &package.name,
        version: &version,
        settings,
    };
    let annotation = choice::annotation(session, candidate, &head)?;
    if !search::any_file(&root, |text| {
        birthmark_rewrite::text::may_spawn(text, &annotation)
    }) {
        return None;
    }
    let recipe = Recipe {
        annotation,
        edition: engine::edition(target.edition.as_str()),
        policy: policy::of(&package.name),
        tests: settings.is_some(),
    };
    Some(recipe.rewrite(&root, shown))
}

/// Paths as they are the same on every machine: from the workspace, or from the package of a dependency.
fn shown(project: &Project, package: &Package) -> impl Fn(&Path) -> String {
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

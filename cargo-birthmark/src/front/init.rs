//! `cargo birthmark init`: makes plain cargo, and an editor that runs it, instrument.
//!
//! `init` enters the wrapper, the session and our target directory into the configuration of cargo. Cargo does not know
//! which wrapper compiled a crate. In the target directory of plain builds, it would take their crates for fresh.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use toml_edit::{DocumentMut, InlineTable, Item, Table, value};

use super::Request;
use super::{hidden, overridden};
use crate::remedy::{self, Advise};
use crate::session::{Session, VARIABLE, replace};
use crate::toolchain::{inner_wrapper, this_binary};

/// The keys that are entered, by section.
const ENTRIES: [(&str, &str); 4] = [
    ("build", "rustc-wrapper"),
    ("build", "target-dir"),
    ("build", "build-dir"),
    ("env", VARIABLE),
];

/// Where the session of plain cargo lies, from the root of the workspace: not in the target directory, which
/// `cargo clean` removes.
const STATE: &str = ".cargo/birthmark";

/// Writes the entries, or removes them.
pub fn run(request: Request, undo: bool) -> Result<ExitCode> {
    let project = request.project()?;
    let workspace = project.metadata.workspace_root.as_std_path();
    let file = config_file(workspace);
    let mut config = read(&file)?;
    if undo {
        remove(&mut config);
        save(&file, &config)?;
        // The directory may be missing.
        let _ = std::fs::remove_dir_all(workspace.join(STATE));
        hidden::undo(&file);
        println!("Removed the entries of birthmark from {}.", file.display());
        return Ok(ExitCode::SUCCESS);
    }
    let session = project.session(request.scope, inner_wrapper()?)?;
    let state = workspace.join(STATE);
    replace(&state.join(".gitignore"), b"*\n")?;
    let written = session.write(&state)?;
    enter(&mut config, &session, &written)?;
    let is_hidden = hidden::hide(&file)?;
    save(&file, &config)?;
    tell(&file, &config, &session);
    if !is_hidden {
        println!("{}", hidden::SHIPPED);
    }
    for one in overridden::find() {
        println!("warning: {}\nhelp: {}", one.what(), one.help());
    }
    Ok(ExitCode::SUCCESS)
}

fn tell(file: &Path, config: &DocumentMut, session: &Session) {
    let is_entered = |&(section, key): &(&str, &str)| {
        let section = config.get(section);
        section.and_then(|section| section.get(key)).is_some()
    };
    let entered = ENTRIES.into_iter().filter(is_entered);
    let keys: Vec<String> = entered
        .map(|(section, key)| format!("{section}.{key}"))
        .collect();
    println!("Wrote {} into {}.", keys.join(", "), file.display());
    println!(
        "Plain cargo and the editor now instrument, and build in {}.",
        inside(&session.target_dir, &session.workspace)
    );
    println!(
        "Do not commit the entries, which are for this checkout. A team shares the choice of crates in Cargo.toml, see --help."
    );
    println!(
        "Run `cargo birthmark init` again when the members or dependencies of the workspace change."
    );
    println!("`cargo birthmark init --undo` removes the entries.");
}

/// Where cargo looks for the configuration of a workspace.
fn config_file(workspace: &Path) -> PathBuf {
    let old = workspace.join(".cargo/config");
    if old.is_file() {
        old
    } else {
        workspace.join(".cargo/config.toml")
    }
}

/// The entries, as they stand in the configuration.
pub struct Entered {
    /// The file in which they are.
    pub file: PathBuf,
    /// The wrapper.
    pub wrapper: PathBuf,
    /// The session.
    pub session: PathBuf,
}

/// Finds the entries.
pub fn entered(workspace: &Path) -> Result<Option<Entered>> {
    let file = config_file(workspace);
    let config = read(&file)?;
    if !is_ours(&config) {
        return Ok(None);
    }
    let text = |item: Option<&Item>| item.and_then(Item::as_str).unwrap_or_default().to_owned();
    let wrapper = config.get("build").and_then(|it| it.get("rustc-wrapper"));
    let session = config["env"][VARIABLE].get("value");
    Ok(Some(Entered {
        wrapper: text(wrapper).into(),
        session: workspace.join(text(session)),
        file,
    }))
}

/// Returns `true` if the entries are there.
pub fn is_entered(workspace: &Path) -> bool {
    entered(workspace).is_ok_and(|entered| entered.is_some())
}

fn read(file: &Path) -> Result<DocumentMut> {
    let text = match std::fs::read_to_string(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        // Taken for an empty one, it would be written anew without what is in it.
        text => text.advise(format!("read {}", file.display()), MEND)?,
    };
    text.parse()
        .advise(format!("parse {}", file.display()), MEND)
}

const MEND: &str = "mend the file, and run the command again";

fn enter(config: &mut DocumentMut, session: &Session, written: &Path) -> Result<()> {
    let wrapper = this_binary()?.display().to_string();
    let target_dir = inside(&session.target_dir, &session.workspace);
    let mut variable = InlineTable::new();
    variable.insert("value", inside(written, &session.workspace).into());
    variable.insert("relative", true.into());
    let build_dir = session.build_dir.as_ref();
    let build_dir = build_dir.map(|directory| value(inside(directory, &session.workspace)));
    let values = [
        Some(value(wrapper)),
        Some(value(target_dir)),
        build_dir,
        Some(value(variable)),
    ];
    let is_ours = is_ours(config);
    for ((section, key), value) in ENTRIES.into_iter().zip(values) {
        let Some(value) = value else { continue };
        let table = config.entry(section).or_insert_with(table);
        if let Some(other) = table.get(key).filter(|_| !is_ours) {
            return Err(remedy::refusal(
                format!("enter {section}.{key}: it is already set to{other}"),
                "remove it, or use `cargo birthmark build` without `init`",
            ));
        }
        table[key] = value;
    }
    Ok(())
}

/// A path as it is written into a file that may move with the workspace.
fn inside(path: &Path, workspace: &Path) -> String {
    path.strip_prefix(workspace)
        .unwrap_or(path)
        .display()
        .to_string()
}

fn is_ours(config: &DocumentMut) -> bool {
    config
        .get("env")
        .is_some_and(|env| env.get(VARIABLE).is_some())
}

fn table() -> Item {
    Item::Table(Table::new())
}

fn remove(config: &mut DocumentMut) {
    if !is_ours(config) {
        return;
    }
    for (section, key) in ENTRIES {
        if let Some(table) = config.get_mut(section).and_then(Item::as_table_like_mut) {
            table.remove(key);
            if table.is_empty() {
                config.remove(section);
            }
        }
    }
}

/// Writes the configuration, or removes a file in which nothing is left. A link stays one: the file is elsewhere.
fn save(file: &Path, config: &DocumentMut) -> Result<()> {
    let text = config.to_string();
    if text.trim().is_empty() && !file.is_symlink() {
        let _ = std::fs::remove_file(file);
        return Ok(());
    }
    let linked = std::fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    replace(&linked, text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> Session {
        let text = r#"{"tool": "", "scope": {}, "workspace": "/w", "target-dir": "/w/target/birthmark",
            "members": {}, "runtime": "embedded", "inner": null}"#;
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn user_s_own_entries_stay_as_they_are() {
        let before = "# mine\n[build]\njobs = 2 # few\n";
        let mut config: DocumentMut = before.parse().unwrap();
        enter(&mut config, &session(), Path::new("/w/s.json")).unwrap();
        let text = config.to_string();
        assert!(
            text.starts_with(before) && text.contains("target-dir = \"target/birthmark\""),
            "{text}"
        );
        remove(&mut config);
        assert_eq!(config.to_string(), before);
    }

    #[test]
    fn unreadable_file_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("config.toml");
        assert!(read(&file).unwrap().is_empty());
        std::fs::write(&file, b"# caf\xe9\n").unwrap();
        let error = read(&file).unwrap_err();
        assert!(error.to_string().starts_with("read "), "{error}");
        assert_eq!(remedy::of(&error), Some(MEND));
    }

    #[cfg(unix)]
    #[test]
    fn symbolic_link_stays_a_link() {
        let directory = tempfile::tempdir().unwrap();
        let [shared, file] = ["shared.toml", "config.toml"].map(|it| directory.path().join(it));
        std::fs::write(&shared, "[build]\njobs = 2\n").unwrap();
        std::os::unix::fs::symlink(&shared, &file).unwrap();
        for text in ["[build]\njobs = 3\n", ""] {
            save(&file, &text.parse().unwrap()).unwrap();
            assert!(file.is_symlink());
            assert_eq!(std::fs::read_to_string(&shared).unwrap(), text);
        }
    }

    #[test]
    fn another_wrapper_is_not_replaced() {
        let before = "[build]\nrustc-wrapper = \"other\"\n";
        let mut config: DocumentMut = before.parse().unwrap();
        let error = enter(&mut config, &session(), Path::new("/w/s.json")).unwrap_err();
        assert!(error.to_string().contains("\"other\""), "{error}");
        remove(&mut config);
        assert_eq!(config.to_string(), before);
    }
}

//! Frames of birthmark itself in native stacks.

use super::stack::package_of;
use super::NativeFrame;

/// A crate of birthmark.
#[derive(Clone, Copy, Debug)]
pub struct Crate {
    /// Name of the crate, followed by `::`.
    pub name: &'static str,
    /// Name of the package.
    pub package: &'static str,
    /// Folder of the manifest when the crate was built.
    pub directory: &'static str,
}

impl Crate {
    /// Returns the paths within this crate that a frame has: of its function, and of its file. Sparse debug information
    /// has only the last part of a function's path, but the whole path of the file.
    pub fn paths<'a>(&self, frame: &'a NativeFrame) -> impl Iterator<Item = &'a str> {
        let function = frame.function().unwrap_or("").trim_start_matches('<');
        let file = frame.file().unwrap_or("");
        let here = || {
            let rest = file.strip_prefix(self.directory)?;
            rest.strip_prefix("/src/")
        };
        // The program may have been built on another machine.
        let in_registry = || {
            let (_, in_package) = file.split_once("/registry/src/")?;
            let (_, path) = in_package.split_once("/src/")?;
            (package_of(file) == Some(self.package)).then_some(path)
        };
        let in_sources = here().or_else(in_registry);
        let in_crate = function.strip_prefix(self.name);
        in_crate.into_iter().chain(in_sources)
    }
}

/// Removes the innermost frames of a stack that was taken in a spawn: those of these crates, of which the first one records
/// spawns, and those of std among them.
pub fn without_spawn(frames: &mut Vec<NativeFrame>, crates: &[Crate]) {
    let is_own = |frame: &NativeFrame| crates.iter().any(|it| it.paths(frame).next().is_some());
    let records = |path: &str| path.starts_with("task::spawn") || path.starts_with("task/spawn");
    let records = |frame: &NativeFrame| {
        let core = crates.first();
        core.is_some_and(|core| core.paths(frame).any(records))
    };
    let record = frames.iter().position(records).unwrap_or(0);
    let inside = |frame: &&NativeFrame| is_own(frame) || frame.is_of_std();
    let around = frames[record..].iter().take_while(inside).count();
    frames.drain(..record + around);
}

/// Removes the frames of these crates, of which the first one has the wrappers around tasks. Returns the number of frames
/// within the innermost task, if its wrapper is known.
pub fn without_wrappers(frames: &mut Vec<NativeFrame>, crates: &[Crate]) -> Option<usize> {
    let is_own = |frame: &NativeFrame| crates.iter().any(|it| it.paths(frame).next().is_some());
    let runs_task = |frame: &NativeFrame| {
        let core = crates.first();
        core.is_some_and(|core| core.paths(frame).any(|path| path.starts_with("task")))
    };
    let wrapper = frames.iter().position(runs_task);
    let within = wrapper.map(|wrapper| {
        let frames = frames[..wrapper].iter();
        frames.filter(|frame| !is_own(frame)).count()
    });
    frames.retain(|frame| !is_own(frame));
    within
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn frames_of_birthmark_are_left_out() {
        let frame = |function: &str, file: &str| NativeFrame {
            address: 0,
            function: Some(Arc::from(function)),
            file: Some(Arc::from(file)),
            line: None,
            column: None,
            inlined: false,
        };
        let core = Crate {
            name: "birthmark_core::",
            package: "birthmark-core",
            directory: "/work/core",
        };
        let registry = "/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f";
        let mut frames = vec![
            frame("shop::pay", "/app/src/main.rs"),
            frame(
                "poll",
                &format!("{registry}/birthmark-core-0.1.0/src/frame/entry.rs"),
            ),
            frame("shop::run", "/app/src/main.rs"),
            frame(
                "<birthmark_core::task::future::Task<F> as Future>::poll",
                "",
            ),
            frame(
                "tokio::run",
                &format!("{registry}/tokio-1.0.0/src/task/mod.rs"),
            ),
            frame("poll", "/work/core/src/task/enter.rs"),
        ];
        assert_eq!(without_wrappers(&mut frames, &[core]), Some(2));
        let left: Vec<_> = frames.iter().filter_map(NativeFrame::function).collect();
        assert_eq!(left, ["shop::pay", "shop::run", "tokio::run"]);
    }
}

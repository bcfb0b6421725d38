//! How fast the front end for text is, over the source files below some directories:
//! `cargo run --release -p birthmark-rewrite --features text --example speed -- ~/.cargo/registry/src`

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{env, fs};

use birthmark_rewrite::text::{self, Annotation, File, Options};

fn main() {
    let mut files = Vec::new();
    env::args()
        .skip(1)
        .for_each(|root| collect(Path::new(&root), &mut files));
    let sources: Vec<String> = files.iter().flat_map(fs::read_to_string).collect();
    let nothing = Annotation::default();

    let mut spawning: Vec<&String> = Vec::new();
    let filter = timed(|| {
        spawning = sources
            .iter()
            .filter(|text| text::may_spawn(text, &nothing))
            .collect()
    });
    report("may_spawn", sources.iter(), filter);

    let options = Options {
        runtime: "__birthmark".to_owned(),
        ..Options::default()
    };
    let mut sites = 0;
    let rewrite = timed(|| {
        for source in &spawning {
            let rewritten = text::rewrite(
                File {
                    source,
                    path: "x.rs",
                },
                &options,
            );
            sites += rewritten.map_or(0, |rewritten| rewritten.sites.len());
        }
    });
    report("rewrite", spawning.iter().copied(), rewrite);
    println!("{sites} sites");
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) {
    if path.extension().is_some_and(|extension| extension == "rs") {
        files.push(path.to_owned());
    }
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        collect(&entry.path(), files);
    }
}

fn timed(run: impl FnOnce()) -> Duration {
    let start = Instant::now();
    run();
    start.elapsed()
}

fn report<'a>(what: &str, sources: impl Iterator<Item = &'a String>, time: Duration) {
    let (files, bytes) = sources.fold((0, 0), |(files, bytes), one| (files + 1, bytes + one.len()));
    let megabytes = bytes as f64 / 1e6;
    let speed = megabytes / time.as_secs_f64();
    println!(
        "{what}: {files} files, {megabytes:.1} MB in {:.2} s: {speed:.1} MB/s",
        time.as_secs_f64()
    );
}

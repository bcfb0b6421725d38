//! Measures everything, or the sections that are named on the command line.

use birthmark_benches::report;
use birthmark_benches::run::{self, Malloc};

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let names = report::SECTIONS.map(|(name, _)| name);
    if let Some(unknown) = wanted.iter().find(|name| !names.contains(&name.as_str())) {
        eprintln!(
            "there is no section {unknown:?}; there are {}",
            names.join(", ")
        );
        std::process::exit(2);
    }
    run::build_cases(&Malloc::ALL);
    for (name, section) in report::SECTIONS {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
            section();
        }
    }
}

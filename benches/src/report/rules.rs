//! The cost of rules.

use crate::run::{self, Malloc};

/// Prints the section.
pub(super) fn section() {
    println!("\n## CPU time of birthmark's threads with twenty rules, in percent of a core\n");
    println!(
        "| live tasks | clock without rules | clock with rules | thread of rules | a blocked worker is reported after, in ms |"
    );
    println!("| --- | --- | --- | --- | --- |");
    for tasks in ["100000", "1000000"] {
        let shares = run::case(Malloc::Glibc, &["rules", tasks]);
        print!("| {tasks} |");
        shares.iter().for_each(|share| print!(" {share:.2} |"));
        println!();
    }
}

//! The cost of each form of a dump. Time is taken with mimalloc. Memory is taken with glibc's malloc, which keeps
//! little memory for itself.

use crate::case::FORMS;
use crate::run::{self, Malloc};
use crate::spawn::Population;

/// Prints the section.
pub(super) fn section() {
    println!("\n## Forms of a dump of a million live tasks that await at one level\n");
    println!(
        "The tasks are alike; or each has a name of its own; or half of them have one, and a child; or \
         each has a parent of its own that has ended; or each is a child of the one before.\n"
    );
    println!(
        "| tasks | form | snapshot, ms | form, ms | MB | MB/s | peak bytes a task, with both |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    let mut peaks = Vec::new();
    for (_, population) in Population::ALL {
        for form in FORMS {
            let [fast, small] = [Malloc::Mimalloc, Malloc::Glibc]
                .map(|malloc| run::case(malloc, &["render", form, population]));
            let [snapshot, ms, mb, _] = fast[..] else {
                unreachable!("cases of this name print four values")
            };
            let bytes = small[3];
            peaks.push(bytes);
            let speed = mb / ms * 1e3;
            println!(
                "| {population} | {form} | {snapshot:.0} | {ms:.0} | {mb:.1} | {speed:.0} | {bytes:.1} |"
            );
        }
    }
    peaks_by_kind(&peaks);
}

/// Prints the peaks again, with a line for each population and a column for each form.
fn peaks_by_kind(peaks: &[f64]) {
    println!("\n| peak bytes a task | {} |", FORMS.join(" | "));
    println!("| --- |{}", " --- |".repeat(FORMS.len()));
    for ((_, population), peaks) in Population::ALL.iter().zip(peaks.chunks(FORMS.len())) {
        print!("| {population} |");
        peaks.iter().for_each(|bytes| print!(" {bytes:.1} |"));
        println!();
    }
}

//! Fails if birthmark costs more instructions than [the budgets](birthmark_benches::budgets) allow, and
//! says which of their goals are not reached yet.

use std::process::ExitCode;

use birthmark_benches::budgets::{self, Measured};
use birthmark_benches::run::{self, Malloc};

fn main() -> ExitCode {
    run::build_cases(&[Malloc::Mimalloc]);
    let measured = budgets::measure();
    println!(
        "instructions a unit, by callgrind, mimalloc, profile {}",
        run::profile()
    );
    println!(
        "{:<26} {:<16} {:>8} {:>8} {:>8} {:>8} {:>6}",
        "", "", "raw", "added", "worst", "allowed", "goal"
    );
    measured.iter().for_each(row);
    let failed = measured.iter().filter(|one| !one.holds()).count();
    println!("{} passed, {failed} failed", measured.len() - failed);
    if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn row(one: &Measured) {
    let verdict = match (one.holds(), one.reaches_goal()) {
        (false, _) => "TOO MUCH",
        (true, false) => "goal not reached",
        (true, true) => "ok",
    };
    println!(
        "{:<26} {:<16} {:>8.1} {:>+8.1} {:>+8.1} {:>8} {:>6} {verdict}",
        one.budget.unit,
        one.budget.variant,
        one.raw,
        one.added.median(),
        one.added.quantile(1.0),
        one.allowed,
        one.budget.goal,
    );
}

//! The test suites of runtimes and libraries, with rules that look for stuck tasks and for tasks that nothing can wake: what
//! is reported as certain is true. Each suite takes minutes: `./test --subjects`.

use birthmark_test_support as _;

mod support;

use support::published::published;

/// Looks each second. A task has no waker for two seconds, in which many a short test ends.
const RULES: &str = "rule=stuck&every=1s&at-most=600/min:stuck,\
                     rule=no-waker&kind=future&for=2s&at-most=600/min:log";

/// Declares a test for each suite: package, version, arguments of `cargo test`, and texts of reports that are true.
macro_rules! suites {
    ($($test:ident: $package:literal, $version:literal, $args:literal, $true_ones:expr;)*) => {$(
        #[test]
        #[ignore = "takes minutes"]
        fn $test() {
            assert_no_alarm($package, $version, $args, &$true_ones);
        }
    )*};
}

suites! {
    crossbeam_channel: "crossbeam-channel", "0.5.17", "--tests", [];
    hyper_util: "hyper-util", "0.1.21", "--tests --features full", [];
    tokio: "tokio", "1.54.1", "--features full,test-util --test sync_* --test task_* --test rt_*", [];
    tower: "tower", "0.5.3", "--tests --all-features", [];
}

fn assert_no_alarm(package: &str, version: &str, args: &str, true_ones: &[&str]) {
    let project = published(package, version);
    let args =
        format!("birthmark --runtime-features debug-stacks test --deps --no-fail-fast {args}");
    eprintln!("  {}: cargo {args}", project.path().display());
    let ran = project.run(project.command(&args).env("BIRTHMARK", RULES));
    let passed = ran.stdout.lines().filter(|line| line.ends_with(" ... ok"));
    let passed = passed.count();
    assert!(passed > 0, "{}\n{}", ran.stdout, ran.stderr);
    let reports = reports(&ran.stderr);
    eprintln!("  {passed} tests pass, {} reports", reports.len());
    for report in &reports {
        eprintln!("{report}");
    }
    // A test that blocks its thread for a second is one of blocking.
    let is_false = |report: &&String| {
        !report.contains(", probable")
            && !report.contains(" has been in one poll for ")
            && !true_ones.iter().any(|text| report.contains(text))
    };
    let alarms: Vec<_> = reports.iter().filter(is_false).collect();
    assert!(alarms.is_empty(), "{alarms:#?}");
}

/// Returns the reports of rules. The lines of a report that follow its first one begin with a blank.
fn reports(errors: &str) -> Vec<String> {
    let mut reports: Vec<String> = Vec::new();
    for line in errors.lines() {
        if line.starts_with("birthmark: rule ") {
            reports.push(line.to_owned());
        } else if line.starts_with("  ")
            && let Some(report) = reports.last_mut()
        {
            report.push('\n');
            report.push_str(line);
        }
    }
    reports
}

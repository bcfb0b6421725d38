//! Where a panic report goes in a test: to where libtest has the panic's message.

use birthmark_integration_tests::project::Project;

const TESTS: &str = r#"
#[cfg(test)]
#[birthmark::instrument]
mod tests {
    #[test]
    fn fails() {
        birthmark::install();
        println!("the test says hello");
        std::thread::spawn(|| panic!("deep")).join().unwrap_err();
        panic!("on purpose");
    }

    #[test]
    #[should_panic]
    fn passes() {
        birthmark::install();
        std::thread::spawn(|| panic!("expected")).join().unwrap();
    }

    #[test]
    fn catches() {
        birthmark::install();
        let caught = std::thread::spawn(|| panic!("caught")).join();
        assert!(caught.is_err());
    }

    /// Hangs if the report consumes the token.
    #[test]
    fn keeps_its_unpark() {
        birthmark::install();
        let parked = std::thread::spawn(|| {
            std::thread::current().unpark();
            assert!(std::panic::catch_unwind(|| panic!("caught")).is_err());
            std::thread::park();
        });
        parked.join().unwrap();
    }
}
"#;

#[test]
fn report_in_a_test_is_captured_with_its_message() {
    let project = Project {
        tmp: env!("CARGO_TARGET_TMPDIR"),
        name: "captured",
        edition: "2024",
        runtime: "birthmark",
        manifest: "[lib]\ndoctest = false",
    };
    project.write(&[("lib.rs", TESTS)]);
    let output = project.cargo(&["test"]);
    assert!(!output.status.success(), "one test fails");
    let stderr = String::from_utf8(output.stderr).unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(!stderr.contains("in task"), "nothing strays: {stderr}");
    assert_eq!(stdout.matches("\n  in task ").count(), 2, "{stdout}");
    let parts = [
        "---- tests::fails stdout ----",
        "the test says hello",
        "\ndeep\n",
        "\n  in task ",
        "    by ",
        "\non purpose\n",
        "\n  in task ",
        "failures:\n    tests::fails\n",
    ];
    let mut rest = stdout.as_str();
    for part in parts {
        let at = rest.find(part);
        let at = at.unwrap_or_else(|| panic!("no {part:?}, or not in its place, in:\n{stdout}"));
        rest = &rest[at + part.len()..];
    }

    // As it goes to standard error, also if nobody captures it.
    let output = project.cargo(&["test", "--", "--nocapture", "--test-threads=1", "catches"]);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{stderr}");
    assert!(stderr.contains("\ncaught\n"), "{stderr}");
    assert!(stderr.contains("\n  in task "), "{stderr}");
}

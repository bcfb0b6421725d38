//! Roles in dumps: with their module where roles of several modules would be alike.

use birthmark::Filter;
use birthmark_integration_tests as _;
use birthmark_test_support as _;

#[birthmark::instrument]
mod services {
    pub mod worker {
        pub fn start() -> tokio::task::JoinHandle<()> {
            tokio::spawn(async {
                let child = tokio::spawn(super::wait_for_ever());
                let _ = child.await;
            })
        }
    }

    pub mod pricing {
        pub fn start() -> tokio::task::JoinHandle<()> {
            tokio::spawn(async {
                let child = tokio::spawn(super::wait_for_ever());
                let _ = child.await;
            })
        }
    }

    pub async fn wait_for_ever() {
        let forever = std::future::pending();
        let () = forever.await;
    }

    pub fn alone() -> tokio::task::JoinHandle<()> {
        tokio::spawn(async {
            let forever = std::future::pending();
            let () = forever.await;
        })
    }
}

#[test]
fn role_that_several_modules_share_has_its_module_in_each_form() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let _inside = runtime.enter();
    let _tasks = [
        services::worker::start(),
        services::pricing::start(),
        services::alone(),
    ];
    // Each task has spawned its child after the first turn.
    runtime.block_on(async {
        for _ in 0..9 {
            tokio::task::yield_now().await;
        }
    });
    let dump = birthmark::dump();
    let (text, tree, groups) = (
        dump.to_string(),
        dump.tree().to_string(),
        dump.groups().to_string(),
    );
    for module in ["worker", "pricing"] {
        assert!(
            text.contains(&format!(" {module}::start::{{async}} ")),
            "{text}"
        );
        assert!(
            tree.contains(&format!(" {module}::start::{{async}} ")),
            "{tree}"
        );
        assert!(
            groups.contains(&format!("1 × {module}::start::{{async}} ")),
            "{groups}"
        );
        let role = format!("{module}::start*");
        assert_eq!(
            birthmark::dump()
                .filter(&Filter::new().role(&role))
                .tasks()
                .count(),
            1
        );
    }
    assert!(text.contains(" worker::wait_for_ever "), "{text}");
    assert!(
        text.contains("    by       2 worker::start::{async} < "),
        "{text}"
    );
    assert!(tree.contains(" alone::{async}  waiting"), "{tree}");
}

//! The span of a task is below the span of its spawner.

use birthmark_log_tests::fastrace::add_spans;
use birthmark_test_support as _;
use fastrace::Span;
use fastrace::collector::{Config, SpanContext, TestReporter};
use fastrace::local::LocalSpan;

#[birthmark::instrument]
#[test]
fn span_of_a_task_is_below_that_of_its_spawner() {
    fn worker() {
        let _span = LocalSpan::enter_with_local_parent("inner");
    }
    let (reporter, records) = TestReporter::new();
    fastrace::set_reporter(reporter, Config::default());
    let hook = add_spans();
    {
        let root = Span::root("request", SpanContext::random());
        let _parent = root.set_local_parent();
        std::thread::spawn(worker).join().unwrap();
    }
    hook.remove();
    fastrace::flush();
    let records = records.lock();
    let find = |name: &str| records.iter().find(|it| it.name == name).unwrap();
    let (request, task, inner) = (find("request"), find("worker"), find("inner"));
    assert_eq!(task.parent_id, request.span_id);
    assert_eq!(inner.parent_id, task.span_id);
    assert_eq!(task.trace_id, request.trace_id);
    assert!(task.properties.iter().any(|(key, _)| key == "task.id"));
}

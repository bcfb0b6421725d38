//! Records of a log have the task.

use birthmark_opentelemetry::TaskLogProcessor;
use birthmark_test_support as _;
use opentelemetry::logs::{AnyValue, LogRecord as _, Logger, LoggerProvider};
use opentelemetry_sdk::logs::{InMemoryLogExporter, SdkLoggerProvider};

#[birthmark::instrument]
#[test]
fn record_has_the_task_that_emits_it() {
    let exporter = InMemoryLogExporter::default();
    let provider = SdkLoggerProvider::builder()
        .with_log_processor(TaskLogProcessor)
        .with_simple_exporter(exporter.clone())
        .build();
    let logger = provider.logger("test");
    let serve = move || {
        birthmark::set_name("req-7");
        let mut record = logger.create_log_record();
        record.set_body("served".into());
        logger.emit(record);
    };
    std::thread::spawn(serve).join().unwrap();
    let logs = exporter.get_emitted_logs().unwrap();
    let value = |key: &str| {
        let mut attributes = logs[0].record.attributes_iter();
        let found = attributes.find(|(name, _)| name.as_str() == key);
        found.map(|(_, value)| value.clone())
    };
    assert_eq!(value("task.name"), Some(AnyValue::from("req-7")));
    assert!(matches!(value("task.id"), Some(AnyValue::Int(_))));
}

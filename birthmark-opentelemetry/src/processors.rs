//! Processors of the SDK that add the current task.

use std::time::Duration;

use birthmark::extension::{Identity, remaining_ms};
use opentelemetry_sdk::error::OTelSdkResult;

use crate::hook::attributes;

/// Adds the current task to each span at its start: `task.id`, `task.role`, and `task.name` if the task has one. Names
/// are redacted, as in a dump. `task.remaining_ms` is the time until the [deadline](birthmark::with_deadline) of the task.
/// The attribute is negative after the deadline, and absent if the task has none.
///
/// # Examples
///
/// ```
/// use opentelemetry_sdk::trace::SdkTracerProvider;
///
/// let provider = SdkTracerProvider::builder()
///     .with_span_processor(birthmark_opentelemetry::TaskSpanProcessor)
///     .build();
/// # drop(provider);
/// ```
#[cfg(feature = "sdk")]
#[derive(Clone, Copy, Debug, Default)]
pub struct TaskSpanProcessor;

#[cfg(feature = "sdk")]
impl opentelemetry_sdk::trace::SpanProcessor for TaskSpanProcessor {
    fn on_start(&self, span: &mut opentelemetry_sdk::trace::Span, _: &opentelemetry::Context) {
        use opentelemetry::trace::Span as _;

        if let Some(task) = Identity::current() {
            span.set_attributes(attributes(&task, remaining_ms()));
        }
    }

    fn on_end(&self, _span: opentelemetry_sdk::trace::SpanData) {}

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }
}

/// Adds the current task to each record of a log, with the attributes of [`TaskSpanProcessor`]. The processor comes
/// before the one that exports.
///
/// # Examples
///
/// ```
/// use opentelemetry_sdk::logs::SdkLoggerProvider;
///
/// let provider = SdkLoggerProvider::builder()
///     .with_log_processor(birthmark_opentelemetry::TaskLogProcessor)
///     .build();
/// # drop(provider);
/// ```
#[cfg(feature = "logs")]
#[derive(Clone, Copy, Debug, Default)]
pub struct TaskLogProcessor;

#[cfg(feature = "logs")]
impl opentelemetry_sdk::logs::LogProcessor for TaskLogProcessor {
    fn emit(
        &self,
        data: &mut opentelemetry_sdk::logs::SdkLogRecord,
        _scope: &opentelemetry::InstrumentationScope,
    ) {
        use opentelemetry::logs::LogRecord as _;

        if let Some(task) = Identity::current() {
            for attribute in attributes(&task, remaining_ms()) {
                data.add_attribute(attribute.key, any_value(attribute.value));
            }
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }
}

#[cfg(feature = "logs")]
fn any_value(value: opentelemetry::Value) -> opentelemetry::logs::AnyValue {
    match value {
        opentelemetry::Value::I64(number) => number.into(),
        other => other.as_str().into_owned().into(),
    }
}

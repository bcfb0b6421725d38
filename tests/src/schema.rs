//! The schema of a dump as JSON.

use jsonschema::Validator;
use serde_json::Value;

const SCHEMA: &str = include_str!("../../dump/schema/dump-1.schema.json");

/// Asserts that the schema describes a dump.
#[track_caller]
pub fn assert_valid(dump: &Value) {
    let schema = serde_json::from_str(SCHEMA).expect("the schema is JSON");
    let validator: Validator = jsonschema::draft202012::new(&schema).expect("the schema is valid");
    let errors: Vec<_> = validator.iter_errors(dump).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

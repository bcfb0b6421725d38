//! The numbers of fields in `profile.proto`.

/// Of a `Profile`.
pub(super) mod profile {
    pub(in super::super) const SAMPLE_TYPE: u64 = 1;
    pub(in super::super) const SAMPLE: u64 = 2;
    pub(in super::super) const LOCATION: u64 = 4;
    pub(in super::super) const FUNCTION: u64 = 5;
    pub(in super::super) const STRING: u64 = 6;
    pub(in super::super) const TIME_NANOS: u64 = 9;
    pub(in super::super) const COMMENT: u64 = 13;
}

/// Of a `ValueType`.
pub(super) mod value_type {
    pub(in super::super) const TYPE: u64 = 1;
    pub(in super::super) const UNIT: u64 = 2;
}

/// Of a `Sample`.
pub(super) mod sample {
    pub(in super::super) const LOCATION_ID: u64 = 1;
    pub(in super::super) const VALUE: u64 = 2;
    pub(in super::super) const LABEL: u64 = 3;
}

/// Of a `Label`.
pub(super) mod label {
    pub(in super::super) const KEY: u64 = 1;
    pub(in super::super) const STR: u64 = 2;
}

/// Of a `Location`.
pub(super) mod location {
    pub(in super::super) const ID: u64 = 1;
    pub(in super::super) const LINE: u64 = 4;
}

/// Of a `Line`.
pub(super) mod line {
    pub(in super::super) const FUNCTION_ID: u64 = 1;
    pub(in super::super) const LINE: u64 = 2;
}

/// Of a `Function`.
pub(super) mod function {
    pub(in super::super) const ID: u64 = 1;
    pub(in super::super) const NAME: u64 = 2;
    pub(in super::super) const SYSTEM_NAME: u64 = 3;
    pub(in super::super) const FILENAME: u64 = 4;
}

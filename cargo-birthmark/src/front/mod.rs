//! The front end: what a person runs.

mod answer;
pub mod arguments;
pub mod build;
pub mod diff;
pub mod doctor;
mod hidden;
pub mod init;
mod inputs;
mod listing;
mod names;
mod nothing;
mod overridden;
mod patterns;
mod project;
mod request;
mod signals;
pub mod sites;
mod stamp;
mod summary;
mod units;

pub use request::Request;

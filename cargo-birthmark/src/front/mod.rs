//! The front end: what a person runs.

pub mod arguments;
pub mod build;
pub mod diff;
pub mod doctor;
mod hidden;
pub mod init;
mod listing;
mod names;
mod nothing;
pub mod outside;
mod overridden;
mod patterns;
mod project;
mod request;
mod signals;
pub mod sites;
mod summary;
mod survey;
mod units;

pub use request::Request;

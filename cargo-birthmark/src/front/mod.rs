//! The front end: what a person runs.

pub mod arguments;
pub mod build;
mod cache;
pub mod diff;
pub mod doctor;
pub mod init;
mod listing;
mod project;
mod signals;
pub mod sites;
mod summary;

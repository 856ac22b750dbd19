//! Does every alert, dashboard and runbook look at a metric that something really emits?
//!
//! Everything impure stands in this crate: arguments, configuration, discovery, the terminal and the exit code.
//! It contains no analysis; [`pipeline::run`] is where the other crates meet, and it is pure.

#![expect(
    clippy::disallowed_methods,
    reason = "this is the crate that touches files, environment and clock"
)]

pub mod arguments;
pub mod baseline;
pub mod change;
mod charts;
pub mod clock;
pub mod command;
pub mod config;
pub mod crash;
pub mod deliveries;
pub mod discovery;
pub mod earlier;
pub mod encoding;
pub mod exit;
pub mod fix;
pub mod git;
pub mod init;
pub mod names;
pub mod outside;
pub mod owners;
pub mod pipeline;
pub mod reading;
pub mod repository;
pub mod review;
pub mod root;
mod rounds;
pub mod server;
pub mod terminal;

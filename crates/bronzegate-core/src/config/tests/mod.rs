//! Whole files: what is read, and what is said about files that are wrong.

mod apis;
mod auth;
mod bodies;
mod branches;
mod identity;
mod incremental;
mod job;
mod literal;
mod mistakes;
mod output;
mod reading;
mod schema;
mod templates;
mod tls;
mod yaml;

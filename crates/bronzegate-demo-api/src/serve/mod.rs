//! The server: connections, routes, and the way of a request from its first check to its last byte.

mod answer;
mod assertion;
mod body;
mod call;
mod control;
mod cut;
mod guard;
mod headers;
mod jobs;
mod list;
mod oauth;
mod point;
mod reply;
mod route;
mod server;
mod state;
mod stats;
mod steps;
#[cfg(test)]
mod tests;

pub use server::{DemoApi, Running};
pub use stats::{Stats, StreamStats, TokenStats};

pub(crate) use call::Call;
pub(crate) use headers::Headers;

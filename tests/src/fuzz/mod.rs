//! Hostile inputs, drawn from a seed: bodies, headers, source files, templates, events, files of the log, and
//! answers that repeat a secret.
//!
//! Whatever comes in: no panic, at most 64 MiB of memory, an end within the deadline, and no secret in what is told,
//! logged or saved. A body that the engine accepts has to be what another parser reads. A case is a function of its
//! seed, so a failure can be repeated alone.

mod answers;
mod bodies;
mod campaign;
mod events;
mod headers;
mod log_files;
mod markup;
mod memory;
mod mutation;
mod sources;
mod told;
mod writings;

pub use campaign::{Campaign, Failure, Summary};
pub use told::Told;

use fastrand::Rng;
use futures::future::BoxFuture;

/// What is fuzzed.
#[derive(Debug)]
pub struct Target {
    /// Its name for the command line.
    pub name: &'static str,
    run: fn(Rng, Told) -> BoxFuture<'static, Outcome>,
}

/// What one case came to, in a word, or what is wrong.
type Outcome = Result<&'static str, String>;

/// All targets.
pub const TARGETS: [Target; 8] = [
    Target { name: "bodies", run: |random, told| Box::pin(bodies::case(random, told)) },
    Target { name: "xml", run: |random, told| Box::pin(markup::case(random, told)) },
    Target { name: "headers", run: |random, told| Box::pin(headers::case(random, told)) },
    Target { name: "secrets", run: |random, told| Box::pin(answers::case(random, told)) },
    Target { name: "sources", run: |random, told| Box::pin(sources::file(random, told)) },
    Target { name: "templates", run: |random, told| Box::pin(sources::template(random, told)) },
    Target { name: "events", run: |random, _| Box::pin(events::case(random)) },
    Target { name: "logs", run: |random, told| Box::pin(log_files::case(random, told)) },
];

impl Target {
    /// The target of this name.
    ///
    /// # Errors
    /// There is none.
    pub fn named(name: &str) -> Result<&'static Self, String> {
        let known = || TARGETS.iter().map(|target| target.name).collect::<Vec<_>>().join(", ");
        TARGETS
            .iter()
            .find(|target| target.name == name)
            .ok_or_else(|| format!("the targets are: {}", known()))
    }
}

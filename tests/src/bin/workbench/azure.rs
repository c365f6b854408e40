//! Reads a blob as a function app or somebody's shell would: with the identity that the environment
//! of the process offers. The SDK reads some of it by itself, so the tests need a process for it.

use std::sync::Arc;

use bronzegate_azure::{Azure, Transport, TransportOptions};
use bronzegate_core::clock::SystemClock;

use super::{Outcome, output};

/// Prints the content of `path` under `target`; `roots` is a file of certificates to trust.
pub(super) fn run(roots: &str, target: &str, path: &str) -> Outcome {
    let extra_roots = std::fs::read(roots)?;
    let transport = Transport::new(&TransportOptions { extra_roots, ..TransportOptions::default() })?;
    let azure = Azure::connect_over(transport, variable, Arc::new(SystemClock::default()))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let content = runtime.block_on(async { azure.store(target)?.get(path).await.map_err(Into::into) });
    let content = content.map_err(|error: bronzegate_core::error::Error| error.to_string())?;
    output::say(&String::from_utf8_lossy(&content.ok_or("there is no such blob")?));
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "these commands are about the environment of their process")]
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

//! The options of every client: one place for retries and the user agent.

use azure_core::http::{ClientOptions, ExponentialRetryOptions, RetryOptions, UserAgentOptions};
use azure_core::time::Duration;

use super::transport::Transport;

/// How a client of the SDK is made.
///
/// A call is tried six times within about 30 s: 408, 429, 500, 502, 503, 504, connections refused or cut,
/// and answers cut short. The waits double from 0.2 s; a `Retry-After` of a 429 or 503 is obeyed. The
/// SDK's own default goes on for more than a minute, longer than a run keeps back for committing.
pub(crate) fn client_options(transport: Transport) -> ClientOptions {
    let retry = ExponentialRetryOptions {
        initial_delay: Duration::milliseconds(100),
        max_retries: 5,
        max_total_elapsed: Duration::seconds(30),
        max_delay: Duration::seconds(5),
    };
    ClientOptions {
        retry: RetryOptions::exponential(retry),
        transport: Some(transport.into()),
        user_agent: UserAgentOptions { application_id: Some(application_id()) },
        ..ClientOptions::default()
    }
}

/// `bronzegate/<version>`, but for the slash: the SDK takes one token, of 24 characters at most.
fn application_id() -> String {
    let mut id = format!("bronzegate-{}", env!("CARGO_PKG_VERSION"));
    id.truncate(24);
    id
}

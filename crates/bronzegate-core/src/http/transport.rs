//! What every HTTP client of the engine has in common.

use std::time::Duration;

use super::egress::{Egress, GuardedResolver};
use super::proxy::Way;
use crate::config::Timeout;

/// The most headers of a response over HTTP/1; libraries stop at 100, and gateways add their own.
const MOST_HEADERS: usize = 1_000;
/// Pings on an idle HTTP/2 or TCP connection, so that a dead one is noticed.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// A client without redirects, retries and `Referer`, whose names are resolved under the rules of
/// `egress`, but for that of a proxy. Who uses it does the rest, where it can be seen.
pub(super) fn builder(way: Way, timeout: &Timeout, egress: &Egress) -> reqwest::ClientBuilder {
    let resolver = match way {
        Way::Direct => egress.resolver(),
        Way::ByProxy => GuardedResolver::open(),
    };
    reqwest::Client::builder()
        .user_agent(concat!("bronzegate/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .connect_timeout(timeout.connect)
        .read_timeout(timeout.read)
        .timeout(timeout.total)
        .tcp_nodelay(true)
        .tcp_keepalive(KEEP_ALIVE)
        .http1_max_headers(MOST_HEADERS)
        .http2_adaptive_window(true)
        .http2_keep_alive_interval(KEEP_ALIVE)
        .dns_resolver(resolver)
}

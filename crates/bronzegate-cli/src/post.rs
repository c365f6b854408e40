//! One POST of a JSON text to an address of whoever runs the command, by the proxies that there are.

use std::time::Duration;

use bronzegate_core::proxy::{Proxies, Routes};
use reqwest::Url;

/// How long the address may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whether an address is on this machine.
pub(crate) fn is_local(address: &Url) -> bool {
    matches!(address.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"))
}

/// Sends a text with these headers, and returns the status of the answer. What went wrong does not quote the address, which
/// may be a secret.
pub(crate) async fn json(
    address: Url,
    proxies: &Proxies,
    headers: &[(String, String)],
    text: String,
) -> Result<u16, &'static str> {
    let builder = |_| {
        let client = reqwest::Client::builder()
            .user_agent(concat!("bronzegate/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .timeout(PATIENCE);
        if is_local(&address) { client.tls_certs_only([]) } else { client }
    };
    let routes = Routes::new(proxies, PATIENCE, builder).map_err(|_| "TLS cannot be set up")?;
    let mut request = routes.to(&address).post(address.clone()).header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(name, value);
    }
    match request.body(text).send().await {
        Ok(response) => Ok(response.status().as_u16()),
        Err(error) if error.is_timeout() => Err("there was no answer in time"),
        Err(error) if error.is_connect() => Err("the address cannot be reached"),
        Err(_) => Err("the request failed"),
    }
}

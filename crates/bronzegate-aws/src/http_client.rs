//! The SDK's HTTP client where there are proxies: the SDK's own connectors, one for each way.

use std::time::Duration;

use aws_sdk_s3::config::http::HttpRequest;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use bronzegate_core::proxy::{Proxies, ProxyFault, ProxyServer};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::ExposeSecret as _;
use url::Url;

/// The longest that a proxy is asked why it has let nothing through.
const PATIENCE: Duration = Duration::from_secs(3);

const TLS: Provider = Provider::Rustls(CryptoMode::AwsLc);

/// The client for these proxies; without any, the SDK's own is good.
pub(crate) fn http_client(proxies: &Proxies) -> Option<SharedHttpClient> {
    if proxies.is_empty() {
        return None;
    }
    let direct = Builder::new().tls_provider(TLS).build_https();
    // Plain http is never sent by a proxy, because every request is signed.
    let by_proxy = proxies.https().map(|server| {
        let config = proxy_config(server);
        Builder::new().build_with_connector_fn(move |settings, components| {
            let mut builder = Connector::builder().tls_provider(TLS).proxy_config(config.clone());
            builder.set_connector_settings(settings.cloned());
            builder.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
            builder.build()
        })
    });
    Some(SharedHttpClient::new(TwoWays { direct, by_proxy, proxies: proxies.clone() }))
}

fn proxy_config(server: &ProxyServer) -> ProxyConfig {
    // The SDK puts both into a URL as they are, from which its matcher decodes them.
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let config = ProxyConfig::https(server.to_string()).expect("it was parsed before");
    match server.user() {
        Some((name, password)) => config.with_basic_auth(encoded(name), encoded(password.expose_secret())),
        None => config,
    }
}

/// The clients of the two ways.
#[derive(Debug)]
struct TwoWays {
    direct: SharedHttpClient,
    by_proxy: Option<SharedHttpClient>,
    proxies: Proxies,
}

impl HttpClient for TwoWays {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let by_proxy = self.by_proxy.as_ref().map(|client| client.http_connector(settings, components));
        SharedHttpConnector::new(Connectors {
            direct: self.direct.http_connector(settings, components),
            by_proxy,
            proxies: self.proxies.clone(),
        })
    }
}

/// The connectors of the two ways.
#[derive(Debug)]
struct Connectors {
    direct: SharedHttpConnector,
    by_proxy: Option<SharedHttpConnector>,
    proxies: Proxies,
}

impl HttpConnector for Connectors {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Ok(url) = Url::parse(request.uri()) else { return self.direct.call(request) };
        let Some(server) = self.proxies.of(&url).cloned() else { return self.direct.call(request) };
        let by_proxy = match (server.reads(&url), &self.by_proxy) {
            (None, Some(by_proxy)) => by_proxy.clone(),
            (Some(fault), _) => return HttpConnectorFuture::ready(Err(failed(fault))),
            (None, None) => return self.direct.call(request),
        };
        HttpConnectorFuture::new(async move {
            let error = match by_proxy.call(request).await {
                Ok(response) => return Ok(response),
                Err(error) => error,
            };
            // What was sent needs no explanation, and what took too long would take as long again.
            if error.is_timeout() || error.is_user() {
                return Err(error);
            }
            Err(server.fault(&url, PATIENCE).await.map_or(error, failed))
        })
    }
}

/// The SDK tries again what is an error of I/O.
fn failed(fault: ProxyFault) -> ConnectorError {
    if fault.is_transient() {
        ConnectorError::io(fault.into())
    } else {
        ConnectorError::other(fault.into(), None)
    }
}

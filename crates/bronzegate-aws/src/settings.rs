//! The SDK's settings: where they are read, and the limits of a call.

use std::time::Duration;

use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, SdkConfig};
use aws_types::service_config::ServiceConfigKey;
use bronzegate_core::error::Result;
use bronzegate_core::proxy::Proxies;
use url::Url;

use crate::http_client::http_client;

/// The time for a connection, TLS included.
const CONNECT: Duration = Duration::from_secs(3);

/// The time until the first byte of the answer to one attempt.
const READ: Duration = Duration::from_secs(20);

/// Attempts of one call, the first included.
const ATTEMPTS: u32 = 5;

/// The wait before the second attempt is drawn from 0 to this; it doubles with each further one.
const FIRST_BACKOFF: Duration = Duration::from_millis(200);

/// The longest wait between attempts.
const LONGEST_BACKOFF: Duration = Duration::from_secs(5);

/// The proxies on the way to AWS. Where a container or a machine gets its credentials from is called directly.
///
/// # Errors
/// [`ErrorKind::Config`](bronzegate_core::error::ErrorKind::Config) when a variable is malformed.
pub fn proxies(look_up: &dyn Fn(&str) -> Option<String>) -> Result<Proxies> {
    const DIRECT: [&str; 2] = ["AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_EC2_METADATA_SERVICE_ENDPOINT"];
    let direct = DIRECT.into_iter().filter_map(look_up);
    Ok(direct.fold(Proxies::read(look_up)?, |proxies, url| proxies.with_direct(&url)))
}

/// Reads the settings of the environment and the profile files, SSO and assumed roles included.
///
/// The region is looked for there alone: the SDK's own way ends with a call to the machine's metadata
/// service, which takes seconds where there is none.
pub async fn sdk_config(proxies: &Proxies) -> SdkConfig {
    let region = RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new())
        .or_else(ProfileFileRegionProvider::new());
    let retries = RetryConfig::standard()
        .with_max_attempts(ATTEMPTS)
        .with_initial_backoff(FIRST_BACKOFF)
        .with_max_backoff(LONGEST_BACKOFF);
    let timeouts = TimeoutConfig::builder().connect_timeout(CONNECT).read_timeout(READ).build();
    let mut loader = aws_config::defaults(BehaviorVersion::latest());
    if let Some(client) = http_client(proxies) {
        loader = loader.http_client(client);
    }
    loader
        .region(region)
        .retry_config(retries)
        .timeout_config(timeouts)
        .stalled_stream_protection(StalledStreamProtectionConfig::enabled().build())
        .app_name(app_name())
        .load()
        .await
}

/// The settings of an S3 client: buckets are named in the path where the endpoint is not one of AWS.
pub fn s3_config(sdk: &SdkConfig) -> aws_sdk_s3::Config {
    let foreign = s3_endpoint(sdk).is_some_and(|endpoint| !is_amazons(&endpoint));
    aws_sdk_s3::config::Builder::from(sdk).force_path_style(foreign).build()
}

/// The endpoint that replaces S3's own: of the code that made the settings, of `AWS_ENDPOINT_URL_S3` or
/// the profile's `services` section, or of all services. The S3 client finds it in the same order.
fn s3_endpoint(sdk: &SdkConfig) -> Option<String> {
    let key = ServiceConfigKey::builder()
        .service_id("S3")
        .env("AWS_ENDPOINT_URL")
        .profile("endpoint_url")
        .build()
        .expect("all three members are set");
    let global = sdk.endpoint_url().map(str::to_owned);
    if sdk.get_origin("endpoint_url").is_client_config() {
        return global;
    }
    sdk.service_config().and_then(|settings| settings.load_config(key)).or(global)
}

fn is_amazons(endpoint: &str) -> bool {
    let host = Url::parse(endpoint).ok().and_then(|url| url.host_str().map(str::to_owned));
    host.is_some_and(|host| host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn"))
}

/// How the requests name themselves in logs of AWS; a slash is not allowed there.
fn app_name() -> AppName {
    AppName::new(concat!("bronzegate-", env!("CARGO_PKG_VERSION")))
        .expect("letters, digits, dots and hyphens are allowed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_endpoints_of_aws_take_the_bucket_as_a_host() {
        for (endpoint, amazons) in [
            ("https://s3.eu-central-1.amazonaws.com", true),
            ("https://vpce-1.s3.cn-north-1.vpce.amazonaws.com.cn", true),
            ("http://127.0.0.1:5000", false),
            ("http://localhost:9000", false),
            ("https://amazonaws.com.example.org", false),
        ] {
            assert_eq!(is_amazons(endpoint), amazons, "{endpoint}");
        }
    }
}

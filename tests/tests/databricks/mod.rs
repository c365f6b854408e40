//! Databricks, played over TLS: its secrets, its identities, its tables.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bronzegate_azure::{AzureIdentity, TransportOptions};
use bronzegate_core::clock::{Clock, SystemClock, TestClock};
use bronzegate_core::error::Result;
use bronzegate_core::secret::SecretStore;
use bronzegate_core::service::ServiceOptions;
use bronzegate_databricks::{Databricks, FromOthers};
use bronzegate_tests::azure::Certificates;

// Which identity calls, and what becomes of its tokens.
mod identity;
// The program `bronzegate` with secrets of a scope.
mod program;
// A scope as a secret store.
mod secrets;
// Tables: loaded once, whatever happens.
mod tables;
// Tables that are not as they should be.
mod tables_refused;

/// A clock whose sleeps are over at once.
fn clock() -> Arc<TestClock> {
    Arc::new(TestClock::at(SystemClock::default().now()))
}

/// Connects as these variables say, with identities of Azure at hand, and trust in the played servers.
fn connect(variables: BTreeMap<String, String>, clock: Arc<dyn Clock>) -> Result<Databricks> {
    connect_with(variables, clock, None)
}

/// The same with a vault for the principal's secret.
fn connect_with(
    variables: BTreeMap<String, String>,
    clock: Arc<dyn Clock>,
    vault: Option<Arc<dyn SecretStore>>,
) -> Result<Databricks> {
    let extra_roots = Certificates::shared().authority.clone().into_bytes();
    let options = ServiceOptions { read: Duration::from_secs(20), extra_roots, ..ServiceOptions::default() };
    let look_up = move |name: &str| variables.get(name).cloned();
    let look_up: bronzegate_core::doors::LookUp = Arc::new(look_up);
    let (own, time) = (Arc::clone(&look_up), Arc::clone(&clock));
    let azure = move |kind| -> Arc<dyn bronzegate_core::doors::IdentityTokens> {
        let transport = Certificates::shared().transport(&TransportOptions::default());
        Arc::new(AzureIdentity::new(Arc::clone(&own), Arc::clone(&time), kind).over(transport))
    };
    let others = FromOthers { azure: Some(&azure), vault };
    Databricks::connect_over(&options, look_up, clock, &others)
}

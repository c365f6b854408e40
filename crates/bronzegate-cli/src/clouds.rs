//! The clouds that this build has: the features `aws`, `azure`, `databricks` and `delta`.

use std::sync::Arc;

use bronzegate_core::clock::Clock;
use bronzegate_core::doors::{Clouds, LookUp};

/// No cloud is connected before a setting names it.
pub(crate) fn clouds(look_up: LookUp, clock: &Arc<dyn Clock>) -> Clouds {
    let clouds = Clouds::new(move |name| look_up(name), clock.clone());
    #[cfg(feature = "aws")]
    let clouds = clouds.with(bronzegate_aws::AwsCloud::new);
    #[cfg(not(feature = "aws"))]
    let clouds = clouds.noting("this build has no AWS (feature `aws`)");
    #[cfg(feature = "azure")]
    let clouds = clouds.with(bronzegate_azure::AzureCloud::new);
    #[cfg(not(feature = "azure"))]
    let clouds = clouds.noting("this build has no Azure (feature `azure`)");
    #[cfg(feature = "databricks")]
    let clouds = clouds.with(databricks);
    #[cfg(feature = "delta")]
    let clouds = clouds.with_folder_tables(bronzegate_delta::folder_tables);
    #[cfg(not(feature = "databricks"))]
    let clouds = clouds.noting("this build has no Databricks (feature `databricks`)");
    clouds
}

/// Databricks takes identities of Azure, where this build has them.
#[cfg(feature = "databricks")]
fn databricks(look_up: LookUp, clock: Arc<dyn Clock>) -> bronzegate_databricks::DatabricksCloud {
    let databricks = bronzegate_databricks::DatabricksCloud::new(Arc::clone(&look_up), Arc::clone(&clock));
    #[cfg(feature = "azure")]
    let databricks = databricks.with_azure(move |kind| {
        Arc::new(bronzegate_azure::AzureIdentity::new(Arc::clone(&look_up), Arc::clone(&clock), kind))
    });
    databricks
}

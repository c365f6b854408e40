//! The AWS door of bronzegate: Secrets Manager and S3 behind the core's ports, and the Lambda handler.
#![warn(missing_docs)]

mod aws;
mod cloud;
mod http_client;
mod s3;
mod secrets;
mod service_error;
mod settings;
mod signer;

pub use aws::Aws;
pub use cloud::AwsCloud;
pub use s3::{S3Settings, S3Store, S3Target};
pub use secrets::SecretsManager;
pub use service_error::ServiceError;
pub use settings::{proxies, s3_config, sdk_config};
pub use signer::AwsSigner;

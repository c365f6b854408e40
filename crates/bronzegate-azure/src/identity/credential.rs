//! The credential of the chosen identity.

use std::path::PathBuf;
use std::sync::Arc;

use azure_core::cloud::CustomConfiguration;
use azure_core::credentials::{Secret, TokenCredential};
use azure_core::http::ClientOptions;
use azure_identity::{
    ClientAssertionCredentialOptions, ClientSecretCredential, ClientSecretCredentialOptions,
    DeveloperToolsCredential, ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId,
    WorkloadIdentityCredential, WorkloadIdentityCredentialOptions,
};
use bronzegate_core::clock::Clock;
use bronzegate_core::error::{Error, ErrorKind};

use super::choice::{Choice, Identity, choose};
use super::tokens::Tokens;
use crate::clients::chain;

/// Another authority than the public cloud's, for the clouds of China and of the US government.
const AUTHORITY_HOST: &str = "AZURE_AUTHORITY_HOST";

/// Makes the credential that the environment offers. No token is asked for yet.
///
/// # Errors
/// [`ErrorKind::Config`] when variables are missing or malformed, or the token file cannot be read.
pub(crate) fn credential(
    look_up: &dyn Fn(&str) -> Option<String>,
    options: &ClientOptions,
    clock: Arc<dyn Clock>,
) -> Result<Arc<dyn TokenCredential>, Error> {
    let Choice { identity, passed_over } = choose(look_up)?;
    let mut options = options.clone();
    if let Some(host) = look_up(AUTHORITY_HOST).filter(|host| !host.is_empty()) {
        let mut cloud = CustomConfiguration::default();
        cloud.authority_host = host;
        options.cloud = Some(Arc::new(cloud.into()));
    }
    let name = identity.name();
    tracing::info!(identity = name, "the identity in Azure is chosen");
    let made = make(identity, options);
    let made = made.map_err(|error| {
        Error::new(ErrorKind::Config, format!("{name} cannot be used: {}", chain(&error)))
    })?;
    Ok(Arc::new(Tokens::new(made, name, passed_over, clock)))
}

fn make(identity: Identity, client_options: ClientOptions) -> azure_core::Result<Arc<dyn TokenCredential>> {
    Ok(match identity {
        Identity::Managed { client_id } => {
            let user_assigned_id = client_id.map(UserAssignedId::ClientId);
            let options = ManagedIdentityCredentialOptions { user_assigned_id, client_options };
            ManagedIdentityCredential::new(Some(options))?
        }
        Identity::Workload { tenant_id, client_id, token_file } => {
            let options = WorkloadIdentityCredentialOptions {
                credential_options: ClientAssertionCredentialOptions { client_options },
                client_id: Some(client_id),
                tenant_id: Some(tenant_id),
                token_file_path: Some(PathBuf::from(token_file)),
            };
            WorkloadIdentityCredential::new(Some(options))?
        }
        Identity::ClientSecret { tenant_id, client_id, client_secret } => {
            let options = ClientSecretCredentialOptions { client_options };
            ClientSecretCredential::new(&tenant_id, client_id, Secret::new(client_secret), Some(options))?
        }
        Identity::Developer => DeveloperToolsCredential::new(None)?,
    })
}

//! The bronze stores (a folder, S3, Azure) and the vaults (Secrets Manager, Key Vault) behind the core's ports.

// The store contract on Azurite, and what is particular to the store of OneLake and ADLS.
mod azure_contract;
// The Blob service fails at every call, before or after the call is done.
mod azure_faults;
// How the store of Azure finds the uploads of runs that died.
mod azure_pending;
// Key Vault as a secret store.
mod key_vault;
// The store contract on a local folder.
mod local_contract;
// A local store fails, or the run is killed, at every call.
mod local_faults;
// The store contract on moto's S3.
mod s3_contract;
// S3 fails at every call.
mod s3_faults;
// What S3 sees of uploads and listings.
mod s3_uploads;
// Secrets Manager as a secret store.
mod secrets_manager;
// A secret is replaced in either vault only if nobody else has changed it.
mod secrets_replaced;
// A store that is slower than the API holds the fetching back.
mod slow;

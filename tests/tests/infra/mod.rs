//! The Terraform modules of `infra/`.

// The module for AWS, applied on moto: its state machine and its policy fit the handler.
mod aws;
// The module for Azure: names that it shares with the code are the same.
mod azure;

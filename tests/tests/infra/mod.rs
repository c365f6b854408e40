//! The Terraform modules of `infra/`.

// The module for AWS, applied on moto: its state machine fits the handler.
mod aws;
// Hundreds of sources are inside of what AWS takes.
mod aws_limits;
// Its policy is enough for the handler, and for nothing else.
mod aws_policy;
// The module for Azure: names that it shares with the code are the same.
mod azure;

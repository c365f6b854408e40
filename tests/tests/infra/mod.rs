//! The Terraform modules of `infra/`.

// The modules from a repository of git, by their address.
mod addresses;
// The module for AWS, applied on moto: its state machine fits the handler.
mod aws;
// Hundreds of sources are inside of what AWS takes.
mod aws_limits;
// Its policy is enough for the handler, and for nothing else.
mod aws_policy;
// The commands that it prints for secrets, run by a shell.
mod aws_secrets;
// The module for Azure: names that it shares with the code are the same.
mod azure;

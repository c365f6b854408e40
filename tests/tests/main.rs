//! The one integration binary: each module is a part of the product seen from outside.

mod aws_handler;
mod azure_faults;
mod azure_identity;
mod azure_secrets;
mod azure_store;
mod cli_commands;
mod cli_exit_codes;
mod cli_full_disk;
mod cli_interrupt;
mod cli_kill;
mod cli_readers;
mod cli_secrets;
mod egress;
mod faults;
mod paginations;
mod progress;
mod roles;
mod s3_contract;
mod s3_faults;
mod s3_uploads;
mod secrets_manager;
mod segments;
mod shapes;
mod store_contract;

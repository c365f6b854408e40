//! The one integration binary: each module is a part of the product seen from outside.

mod cli_backfill;
mod cli_commands;
mod cli_exit_codes;
mod cli_full_disk;
mod cli_interrupt;
mod cli_kill;
mod cli_readers;
mod cli_secrets;
mod egress;
mod faults;
mod incremental;
mod paginations;
mod progress;
mod roles;
mod segments;
mod shapes;
mod store_contract;
mod windows;

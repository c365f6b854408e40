//! What the integration tests share. `tests/README.md` explains it for people.
//!
//! | module | is |
//! |---|---|
//! | `bench`, `timed_bench` | one source for the engine in this process: the demo API, a source file, a bronze folder |
//! | `vendor` | a source file of the repository, and the demo API that plays the vendor |
//! | `streams` | streams that several tests read |
//! | `command_line`, `program`, `terminal`, `child_process` | `bronzegate` and the other programs as processes, also on a terminal |
//! | `faulty_store`, `memory_vault` | a store that fails at its n-th call, a vault without a lock |
//! | `log_tables` | tables in their simplest form: a create-only log in a store |
//! | `manual_clock`, `shifted_clock` | a clock that only the test moves, the machine's clock at another time |
//! | `store_contract` | the contract of the bronze store port, for any adapter |
//! | `moto`, `lambda_runtime`, `aws_deployment` | AWS on this machine, Lambda's Runtime API, and both with the real handler |
//! | `azure`, `functions_host`, `functions_outputs`, `azure_deployment` | Azure on this machine, the Functions host, and both with the real handler |
//! | `signed_api` | an API in Python that checks signatures with oauthlib, botocore and PyJWT |
//! | `databricks` | a workspace of Databricks, with tables that delta-rs writes |
//! | `forward_proxy` | a proxy of companies (proxy.py), and TLS in front of a plain server |
//! | `spoiling_proxy` | a proxy before moto that spoils chosen requests |
//! | `delta` | tables beside other readers and writers (delta-rs, Polars, `DuckDB`), and trials of exactness of their log |
//! | `terraform`, `browser` | Terraform led to moto, and a headless Chromium |
//! | `torture` | seeded random trials of exactness |
//! | `scale` | what streams ask of a store by the length of their logs |
//! | `fuzz` | hostile inputs, drawn from a seed |
//! | `key_tables`, `marked_tables` | the tables of keys in `docs/source-files`, made from the schema; tables of a page that a program writes |

pub mod aws_deployment;
pub mod azure;
pub mod azure_deployment;
mod bench;
pub mod browser;
mod child_process;
pub mod command_line;
pub mod databricks;
pub mod delta;
mod faulty_store;
pub mod forward_proxy;
pub mod functions_host;
mod functions_outputs;
pub mod fuzz;
pub mod key_tables;
pub mod lambda_runtime;
mod log_tables;
mod manual_clock;
pub mod marked_tables;
mod memory_vault;
pub mod moto;
mod program;
mod python_server;
pub mod scale;
mod shifted_clock;
mod signed_api;
pub mod spoiling_proxy;
pub mod store_contract;
pub mod streams;
pub mod terminal;
pub mod terraform;
mod timed_bench;
pub mod torture;
mod vendor;

pub use bench::{
    Bench, SCHEDULED, SEED, TOKEN, assert_complete, expected, failure, lines, one_stream, parts, request,
    test_clock, without_metadata,
};
/// The repository's root.
///
/// # Panics
/// Never: this package is a folder of it.
pub fn repository() -> &'static std::path::Path {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("this package is a folder of the repository")
}

pub use faulty_store::{Failing, FaultyStore};
pub use log_tables::{LogTables, LoggedRow, logged_rows};
pub use manual_clock::ManualClock;
pub use memory_vault::MemoryVault;
pub use shifted_clock::ShiftedClock;
pub use signed_api::{SignedApi, TlsFiles};
pub use timed_bench::TimedBench;
pub use vendor::{Row, Vendor, row_of};

//! The one integration binary, `it`: each folder looks at one part of the product from outside.
//!
//! `tests/README.md` explains the folders, the services that the tests play, and how to run one test.

// The Lambda handler, on a played Lambda with moto as its backend.
mod aws;
// The Functions handler, on a played Functions host with Azurite as its backend.
mod azure;
// The program `bronzegate`, as a process of its own.
mod cli;
// Databricks, played over TLS: its secrets, its identities, its tables.
mod databricks;
// Delta tables beside other readers and writers.
mod delta;
// The engine in this process: the demo API on one side, a bronze folder on the other.
mod engine;
// Hostile inputs of every kind.
mod fuzz;
// The Terraform modules.
mod infra;
// The bronze stores and the vaults: what they promise, and what they do when their service fails.
mod stores;
// Seeded random trials: bronze is exact whatever happens.
mod torture;

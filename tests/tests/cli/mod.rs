//! The program `bronzegate`, as a person or a scheduler runs it.

// Target, vault and source files on Azure, with an application's secret as identity.
mod azure;
// `backfill`: every window once, whatever interrupts it.
mod backfill;
// What `check` warns of: what every run would fail by, or lose.
mod check;
// Target, vault and source files on the clouds, with a developer's credentials.
mod clouds;
// `check`, `sample`, `runs`, `schema`, and the forms of `run`'s output.
mod commands;
// Every exit code, with its message and its report.
mod exit_codes;
// A full disk: the run fails with 7, and completes once there is space.
mod full_disk;
// Ctrl-C and SIGTERM: what is whole is committed, and the same command resumes.
mod interrupt;
// SIGKILL at any moment, and copies of a run at the same time.
mod kill;
// Bronze read with DuckDB.
mod readers;
// Refresh tokens in the vault that a process leaves, killed or not.
mod refresh_tokens;
// What a refused command leaves, and what ends a process otherwise.
mod refused;
// `runs`: what is marked, what is missing, and the page in a browser.
mod runs;
// No secret in output, logs, reports or bronze.
mod secrets;

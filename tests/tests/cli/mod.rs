//! The program `bronzegate`, as somebody or a scheduler runs it.

// The snippets of the pages about running it anywhere, and about the command line.
mod anywhere;
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
// The demo, as `make demo` runs it.
mod demo;
// `run --due`, several names, patterns and `--all`.
mod due;
// Every exit code, with its message and its report.
mod exit_codes;
// `explain`: what streams do, by their file alone.
mod explain;
// The first half hour: what a newcomer writes, and the lines that answer it.
mod first_half_hour;
// A full disk: the run fails with 7, and completes once there is space.
mod full_disk;
// A process with the note of a run in flight, stopped and killed.
mod in_flight;
// Ctrl-C and SIGTERM: what is whole is committed, and the same command resumes.
mod interrupt;
// SIGKILL at any moment, and copies of a run at the same time.
mod kill;
// `BRONZEGATE_NOTIFY`: a message when a run fails or breaches, and a run that never fails by it.
mod notify;
// `OTEL_EXPORTER_OTLP_ENDPOINT`: metrics and traces for a collector.
mod otlp;
// Proxies, as the environment names them: APIs and clouds through proxy.py.
mod proxies;
// `new` and `import`: source files from a curl line and from a manifest.
mod new;
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
// Delta tables: runs, columns, files that become rows, and what other readers find.
mod tables;
// Where settings and secrets come from: flags, variables, and `.env` beside the sources.
mod settings;
// Completions, manual pages, the version.
mod shell;
// The pages about source files: tables of keys, examples.
mod source_pages;
// `state`: the marks of the log, and commits that set them.
mod state;
// Every help, and the errors that are met most, as a reader reviews them.
mod words;
// The wheel of `make wheel`: installed by pip and run, the same bytes each time.
mod wheel;

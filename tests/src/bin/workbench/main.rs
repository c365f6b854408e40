//! The workbench: `invoke-aws` runs one event through the Lambda handler, `invoke-azure` one through the Functions
//! handler; `bench`, `bench-aws` and `bench-azure` measure them, and `yardstick` is what `bench` measures against. `torture`
//! runs trials of exactness, `airbyte` compares imported manifests with Airbyte's own runner, `fuzz` hostile inputs, `smoke-azure` the checks that need a subscription. `key-tables` writes the tables of keys in
//! `docs/source-files`. `azure-get`, `measured` and
//! `torture-doomed` are processes that tests and measurements need. Started by the Makefile.

mod airbyte;
mod azure;
mod bare_upload;
mod bench;
mod bench_amplified;
mod bench_aws;
mod bench_azure;
mod bench_twins;
mod figures;
mod fuzz;
mod invoke;
mod invoke_aws;
mod invoke_azure;
mod key_tables;
mod output;
mod process;
mod scale;
mod smoke_azure;
mod sources;
mod splice;
mod torture;
mod torture_delta;
mod yardstick;

use std::process::ExitCode;

/// What a command of the workbench returns: an error is shown and ends the process with 1.
type Outcome = Result<(), Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments[..] {
        ["airbyte", python] => airbyte::run(python),
        ["azure-get", roots, target, path] => azure::run(roots, target, path),
        ["bench"] => bench::run(),
        ["bench-aws"] => bench_aws::run(),
        ["bench-azure"] => bench_azure::run(),
        ["fuzz", ref options @ ..] => fuzz::run(options),
        ["invoke-aws", event] => invoke_aws::run(event),
        ["invoke-azure", event] => invoke_azure::run(event),
        ["key-tables"] => key_tables::run(),
        ["measured", program, ref arguments @ ..] => process::measured(program, arguments),
        ["scale"] => scale::run(),
        ["smoke-azure"] => smoke_azure::run(),
        ["torture", ref options @ ..] => torture::run(options),
        ["torture-doomed", ref fate @ ..] => torture::doomed(fate),
        ["yardstick", style, url, file] if style.starts_with("splice") => splice::run(style, url, file),
        ["yardstick", style, url, file] => yardstick::run(style, url, file),
        _ => {
            const USAGE: &str = "usage: workbench airbyte PYTHON | invoke-aws EVENT | invoke-azure EVENT | bench | bench-aws | bench-azure | \
                scale | smoke-azure | torture [--trials N] [--seed S] [--store local|s3|azure|all] [--kind NAME|all] [--minutes M] | \
                fuzz [--cases N] [--seed S] [--target NAME|all] [--minutes M] | \
                yardstick STYLE URL FILE | azure-get ROOTS TARGET PATH | key-tables";
            Err(USAGE.into())
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::warn(&format!("workbench: {error}"));
            ExitCode::FAILURE
        }
    }
}

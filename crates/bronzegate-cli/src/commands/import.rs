//! `import`: source files of what other tools describe an API with.

use std::path::Path;

use bronzegate_core::bounded_file::read_file;
use bronzegate_core::error::{Error, ErrorKind, Result};
use bronzegate_core::redact::visible;
use bronzegate_scaffold::airbyte::{self, ClientSide};
use bronzegate_scaffold::report::{Fate, Report};
use bronzegate_scaffold::{dlt, openapi};

use super::lifted_secrets::command;
use super::{Context, check, new_file};
use crate::arguments::{
    AirbyteArguments, CheckArguments, ClientSideWord, DescriptionArguments, ImportArguments, ImportFrom,
};
use crate::output::Output;

/// The most bytes of a file that is imported.
const LARGEST: u64 = 16 << 20;

/// Imports, writes the files, and checks them without a request.
pub(crate) async fn import(context: &Context, arguments: &ImportArguments, out: &mut Output) -> Result<u8> {
    match &arguments.from {
        ImportFrom::Airbyte(airbyte) => {
            let report = from_airbyte(context, airbyte)?;
            finish(context, &report, airbyte.dry_run, out).await
        }
        ImportFrom::Dlt(described) => {
            let report = described_by(described, dlt::import)?;
            finish(context, &report, described.dry_run, out).await
        }
        ImportFrom::Openapi(described) => {
            let report = described_by(described, openapi::import)?;
            finish(context, &report, described.dry_run, out).await
        }
    }
}

fn from_airbyte(context: &Context, arguments: &AirbyteArguments) -> Result<Report> {
    let text = read(&arguments.file)?;
    let config = arguments.config.as_deref().map(read).transpose()?;
    let config = config.map(|text| serde_json::from_str(&text)).transpose();
    // The message of the parser would repeat what may be a secret.
    let config = config.map_err(|error| {
        wrong(format!("--config is not JSON: line {}, column {}", error.line(), error.column()))
    })?;
    let options = airbyte::Options {
        name: arguments.name.clone(),
        config,
        choose: arguments.choose.clone(),
        plain: arguments.plain.clone(),
        streams: arguments.streams.clone(),
        client_side: match arguments.client_side {
            ClientSideWord::Refuse => ClientSide::Refuse,
            ClientSideWord::Snapshot => ClientSide::Snapshot,
        },
        auth: arguments.auth.as_deref().map(read).transpose()?,
    };
    airbyte::import(&text, &options, context.clock.now()).map_err(|error| named(&arguments.file, &error))
}

fn described_by(
    arguments: &DescriptionArguments,
    import: impl FnOnce(&str, &str, &[String]) -> std::result::Result<Report, String>,
) -> Result<Report> {
    import(&read(&arguments.file)?, &arguments.name, &arguments.streams)
        .map_err(|error| named(&arguments.file, &error))
}

fn read(path: &Path) -> Result<String> {
    let bytes = read_file(path, LARGEST).map_err(|error| named(path, &format!("cannot be read: {error}")))?;
    String::from_utf8(bytes).map_err(|_| named(path, "is not UTF-8"))
}

fn named(path: &Path, cause: &str) -> Error {
    wrong(format!("{}: {cause}", path.display()))
}

fn wrong(cause: String) -> Error {
    Error::new(ErrorKind::Config, cause)
}

async fn finish(context: &Context, report: &Report, dry_run: bool, out: &mut Output) -> Result<u8> {
    let files = report.sources.iter().map(|source| new_file::vacant(&context.sources, &source.name));
    let files = if dry_run { Vec::new() } else { files.collect::<Result<Vec<_>>>()? };
    for (file, source) in files.iter().zip(&report.sources) {
        new_file::write(file, &source.text)?;
    }
    if context.json {
        out.json(report);
    } else {
        out.line(visible(&report.to_string()));
        for file in files {
            out.line(format!("wrote {file}"));
        }
        for secret in &report.secrets {
            out.line(visible(&format!("store {}: {}", secret.name, command(&context.vault, &secret.name))));
        }
    }
    if report.count(Fate::Refused) == report.streams.len() {
        return Err(wrong("no stream could be converted; nothing is written".to_owned()));
    }
    let mut code = 0;
    for source in report.sources.iter().filter(|_| !dry_run) {
        let selection = source.name.parse().map_err(wrong)?;
        let checked =
            check(context, &CheckArguments { selection: Some(selection), offline: true }, out).await?;
        // Secrets are created after the import.
        if checked != 0 && checked != ErrorKind::Auth.exit_code() && code == 0 {
            code = checked;
        }
    }
    Ok(code)
}

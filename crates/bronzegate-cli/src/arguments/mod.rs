//! The command line's words: commands, flags, the settings they share, and their help.

mod backfill;
mod explain;
mod moment;
mod run;
mod runs;
mod scaffold;
mod shell;
mod state;
mod tables;

use std::num::NonZeroUsize;
#[cfg(feature = "azure")]
use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{ArgAction, Args, Parser, Subcommand};

use crate::names::{Selection, StreamName};
use crate::version::VERSION;
use moment::at_least_one;

pub(crate) use backfill::BackfillArguments;
pub(crate) use explain::ExplainArguments;
pub(crate) use run::{RunArguments, RunTime};
pub(crate) use runs::RunsArguments;
pub(crate) use scaffold::{
    AirbyteArguments, ClientSideWord, DescriptionArguments, ImportArguments, ImportFrom, NewArguments,
};
pub(crate) use shell::{CompletionsArguments, ManArguments};
pub(crate) use state::{StateArguments, StateChange};
pub(crate) use tables::{ColumnsArguments, TableArguments};

const AFTER_HELP: &str = "\
Exit codes:
    0  complete, or committed already
    1  `runs --fail-on-breach`: something is marked or missing, or the newest failure is open
    2  usage or configuration
    3  partial: the same command resumes it
    4  secret or authentication
    5  API error after retries
    6  bad data: malformed page, wrong shape, no progress, shortfall, refused host
    7  bronze store: unwritable, full, a file where a folder should be
  130  interrupted with nothing to resume from
Of several streams, the code of the first that failed in file order, else 3, else 0.

Environment variables (a flag has priority over its variable, and both over `.env` beside the sources folder):
  BRONZEGATE_SOURCES        --sources
  BRONZEGATE_TARGET         --target
  BRONZEGATE_TABLES         --tables
  BRONZEGATE_SECRETS        --secrets
  BRONZEGATE_ENVIRONMENT    --environment
  BRONZEGATE_LOG            --log
  BRONZEGATE_SECRET_<NAME>  with `--secrets env`: the secret hubspot-token is in
                            BRONZEGATE_SECRET_HUBSPOT_TOKEN
  BRONZEGATE_NOTIFY         a webhook (https://…) for a message, as Slack takes it, when a
                            run fails or breaches a threshold of `expect`
  OTEL_EXPORTER_OTLP_ENDPOINT
                            a collector for metrics and traces of runs (OTLP as JSON over HTTP);
                            OTEL_EXPORTER_OTLP_HEADERS and OTEL_SERVICE_NAME count too
  NO_COLOR                  no colours

Example:
  bronzegate check hubspot && bronzegate run hubspot";

/// Brings REST APIs into bronze: each record once, with the API's own bytes.
#[derive(Debug, Parser)]
#[command(name = "bronzegate", version = VERSION.as_str(), after_help = AFTER_HELP, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) common: Common,
}

/// What there is to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    New(Box<NewArguments>),
    Import(ImportArguments),
    Check(CheckArguments),
    Explain(ExplainArguments),
    Sample(SampleArguments),
    Columns(ColumnsArguments),
    Run(RunArguments),
    Backfill(BackfillArguments),
    Runs(RunsArguments),
    State(StateArguments),
    Table(TableArguments),
    #[cfg(feature = "azure")]
    Functions(FunctionsArguments),
    /// Prints the JSON Schema of source files.
    #[command(after_help = "Example:\n  bronzegate schema > sources/source.schema.json")]
    Schema,
    Completions(CompletionsArguments),
    Man(ManArguments),
}

/// How much of a command a message shows.
const LONGEST_SHOWN: usize = 200;

impl Command {
    /// Whether it reads streams into bronze.
    pub(crate) fn is_run(&self) -> bool {
        matches!(self, Self::Run(_) | Self::Backfill(_))
    }

    /// The command and what it is about, as far as a message needs it.
    pub(crate) fn called(&self) -> String {
        let text = match self {
            Self::Run(run) => {
                let flags =
                    [(run.all, "--all"), (run.due, "--due")].into_iter().filter(|(is_set, _)| *is_set);
                let flags = flags.map(|(_, flag)| flag.to_owned());
                let words = run.selections.iter().map(ToString::to_string).chain(flags);
                std::iter::once("run".to_owned()).chain(words).collect::<Vec<_>>().join(" ")
            }
            Self::Backfill(backfill) => format!("backfill {}", backfill.stream),
            _ => String::new(),
        };
        text.chars().take(LONGEST_SHOWN).collect()
    }
}

/// Writes the files of the Azure function app: host.json, and a folder for each function.
///
/// There is one timer for each schedule of the sources. Folders of timers that no schedule has any more
/// are removed; nothing else is touched.
#[cfg(feature = "azure")]
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  bronzegate functions --output infra/examples/azure/app")]
pub(crate) struct FunctionsArguments {
    /// The folder to write to.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) output: PathBuf,
    /// Write nothing; the exit code is 2 when a file differs.
    #[arg(long)]
    pub(crate) check: bool,
}

/// Checks source files: grammar, secrets, and one request per stream.
///
/// Tells what each stream asks for, and what each address of the file led to. Writes nothing. The exit
/// code is that of the first problem.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  bronzegate check hubspot\n  bronzegate check --offline --json")]
pub(crate) struct CheckArguments {
    /// A source, or one stream of it; without one, all files of the sources folder.
    #[arg(value_name = "SOURCE[/STREAM]")]
    pub(crate) selection: Option<Selection>,
    /// Sends no request: reads the files and the secrets only.
    #[arg(long)]
    pub(crate) offline: bool,
}

/// Prints a stream's first records as the API sends them, one a line.
///
/// No metadata is added and nothing is written to bronze.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  bronzegate sample hubspot/contacts -n 3")]
pub(crate) struct SampleArguments {
    /// The stream.
    #[arg(value_name = "SOURCE/STREAM")]
    pub(crate) stream: StreamName,
    /// How many records at most.
    #[arg(short = 'n', long = "records", value_name = "COUNT", default_value = "10")]
    #[arg(value_parser = at_least_one::<NonZeroUsize>)]
    pub(crate) records: NonZeroUsize,
}

/// The deployment settings, and the form of the output.
#[derive(Debug, Args)]
#[command(next_help_heading = "Settings")]
pub(crate) struct Common {
    /// The folder of the source files; `s3://…` and `abfss://…` too.
    ///
    /// Default: ./sources
    #[arg(long, global = true, value_name = "FOLDER", env = "BRONZEGATE_SOURCES", hide_env_values = true)]
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub(crate) sources: Option<String>,
    /// The bronze store: a local folder, `s3://bucket/prefix`, `abfss://container@account.dfs.core.windows.net/folder`,
    /// or `abfss://workspace@onelake.dfs.fabric.microsoft.com/lakehouse/Files/folder`.
    ///
    /// Default: ./bronze
    #[arg(long, global = true, value_name = "TARGET", env = "BRONZEGATE_TARGET", hide_env_values = true)]
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub(crate) target: Option<String>,
    /// The root of tables, for streams with `output.table`: a folder, `s3://…` and `abfss://…` as of the target
    /// (in OneLake `<lakehouse>/Tables[/schema]`), or `databricks:<catalog>.<schema>`.
    #[arg(long, global = true, value_name = "TABLES", env = "BRONZEGATE_TABLES", hide_env_values = true)]
    pub(crate) tables: Option<String>,
    /// Where secrets are: `env`, `file:<path of a JSON object>`, `aws-secretsmanager[:prefix]`,
    /// `azure-keyvault:<url>`, or `databricks:<scope>`.
    ///
    /// Default: env
    #[arg(long, global = true, value_name = "STORE", env = "BRONZEGATE_SECRETS", hide_env_values = true)]
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub(crate) secrets: Option<String>,
    /// The value of `_environment` in the records.
    ///
    /// Default: dev
    #[arg(long, global = true, value_name = "NAME", env = "BRONZEGATE_ENVIRONMENT", hide_env_values = true)]
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub(crate) environment: Option<String>,
    /// What is logged to stderr: a level, or directives such as `bronzegate_core=debug`.
    ///
    /// Default: warn
    #[arg(long, global = true, value_name = "FILTER", env = "BRONZEGATE_LOG", hide_env_values = true)]
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub(crate) log: Option<String>,
    /// Logs more: `-v` each run, `-vv` each request. It has priority over `--log`.
    #[arg(short = 'v', long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Prints reports as JSON, one object a line.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[cfg(test)]
mod tests;

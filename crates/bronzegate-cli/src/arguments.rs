//! The command line's words: commands, flags, the settings they share, and their help.

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Parser, Subcommand};
use jiff::Timestamp;

use crate::names::{Selection, StreamName};
use bronzegate_core::config::parse_duration;
use bronzegate_core::doors::BACKFILL_SHARE;
use bronzegate_core::window::{EARLIEST, WindowStep, parse_time};

const AFTER_HELP: &str = "\
Exit codes:
    0  complete, or committed already
    1  `runs --fail-on-breach`: something is marked or missing, or the newest failure is open
    2  usage or configuration
    3  partial: the same command again goes on from there
    4  secret or authentication
    5  API error after retries
    6  bad data: malformed page, wrong shape, no progress, shortfall, refused host
    7  bronze store: unwritable, full, a file where a folder should be
  130  interrupted with nothing to resume from
Of several streams, the code of the first that failed in file order, else 3, else 0.

Environment variables (a flag goes before its variable):
  BRONZEGATE_SOURCES        --sources
  BRONZEGATE_TARGET         --target
  BRONZEGATE_SECRETS        --secrets
  BRONZEGATE_ENVIRONMENT    --environment
  BRONZEGATE_LOG            --log
  BRONZEGATE_SECRET_<NAME>  with `--secrets env`: the secret hubspot-token is in
                            BRONZEGATE_SECRET_HUBSPOT_TOKEN

Example:
  bronzegate check hubspot && bronzegate run hubspot";

/// Brings REST APIs into bronze: each record once, with the API's own bytes.
#[derive(Debug, Parser)]
#[command(name = "bronzegate", version, after_help = AFTER_HELP, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) common: Common,
}

/// What there is to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Check(CheckArguments),
    Sample(SampleArguments),
    Run(RunArguments),
    Backfill(BackfillArguments),
    Runs(RunsArguments),
    #[cfg(feature = "azure")]
    Functions(FunctionsArguments),
    /// Prints the JSON Schema of source files.
    #[command(after_help = "Example:\n  bronzegate schema > sources/source.schema.json")]
    Schema,
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
/// Tells what each address of the file led to. Writes nothing. The exit code is that of the first
/// thing that is wrong.
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
    pub(crate) records: NonZeroUsize,
}

/// Runs the streams of a source: fetches, writes and commits.
///
/// Ctrl-C and SIGTERM commit what is whole as partial (3); a second one, more than a second later, leaves at
/// once (130).
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  bronzegate run hubspot\n  bronzegate run hubspot/contacts --at 2026-11-22T17:00:00Z --deadline 15m\n\nExit codes: see `bronzegate --help`."
)]
pub(crate) struct RunArguments {
    /// A source, or one stream of it.
    #[arg(value_name = "SOURCE[/STREAM]")]
    pub(crate) selection: Selection,
    /// The time the run is for, RFC 3339; the same instant is the same run.
    ///
    /// Without it, the newest run is gone on with if it is partial, and else the time is now.
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub(crate) at: Option<Timestamp>,
    /// Begins the stream's newest run anew, which must be partial, instead of going on with it.
    ///
    /// For a run that cannot be gone on with: the API's cursor has expired, or its export job is gone.
    /// What its segments have committed stays, and comes a second time.
    #[arg(long)]
    pub(crate) restart: bool,
    /// Runs also where another run of the stream is in flight; without it such a stream is skipped, with exit code 3.
    ///
    /// Two runs at once repeat and lose nothing, but they share the API's rate.
    #[arg(long)]
    pub(crate) beside: bool,
    /// The time the run may take, such as 30s, 15m or 1h; all streams share it.
    ///
    /// A fifth of it, at most 60s, is kept for committing. What is not fetched by then is left to
    /// the next run, and the exit code is 3.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub(crate) deadline: Option<Duration>,
}

fn instant(text: &str) -> Result<Timestamp, &'static str> {
    let time = text.parse().ok().filter(|time| *time >= EARLIEST);
    time.ok_or("write a time with its offset (RFC 3339) of the years 1 to 9999: 2026-11-22T17:00:00Z")
}

/// Loads a stretch of time window by window, beside the schedule and without moving its cursor.
///
/// Tells first how many requests it will take. Windows that are committed are skipped, so an
/// interrupted backfill is gone on with by the same command. Ctrl-C commits what is whole (3).
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  bronzegate backfill hubspot/deals --from 2026-01-01 --to 2026-02-01 --window 1d\n\nExit codes: see `bronzegate --help`."
)]
pub(crate) struct BackfillArguments {
    /// The stream; it needs `incremental` with a format of time.
    #[arg(value_name = "SOURCE/STREAM")]
    pub(crate) stream: StreamName,
    /// Its first instant: a date, which begins at midnight UTC, or RFC 3339.
    #[arg(long, value_name = "TIME", value_parser = instant_or_date)]
    pub(crate) from: Timestamp,
    /// The first instant behind it.
    #[arg(long, value_name = "TIME", value_parser = instant_or_date)]
    pub(crate) to: Timestamp,
    /// The length of a window: 15m, 6h, 1d, 1w, 1mo or 1y, in UTC.
    ///
    /// Without it, that of the stream's `incremental.window`, else one window.
    #[arg(long, value_name = "LENGTH")]
    pub(crate) window: Option<WindowStep>,
    /// How many windows are loaded at the same time.
    #[arg(long, value_name = "WORKERS", default_value = "4")]
    pub(crate) parallel: NonZeroUsize,
    /// The part of the rate limit that it may use; the schedule keeps the rest.
    #[arg(long, value_name = "SHARE", default_value_t = BACKFILL_SHARE)]
    pub(crate) rate_share: f64,
    /// Loads windows that are committed once more, as a new revision; what they brought before stays.
    ///
    /// If the newest revision that any of these windows has is not whole, it is gone on with, and that is
    /// told; `--revision` says exactly which one is meant.
    #[arg(long, conflicts_with = "revision")]
    pub(crate) again: bool,
    /// Loads the windows as this revision; those that are committed as it are skipped.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) revision: Option<NonZeroU32>,
    /// Lists the windows and what they will take, and writes nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

fn instant_or_date(text: &str) -> Result<Timestamp, &'static str> {
    parse_time(text).ok_or("write a date (2026-01-01) or a time with its offset (2026-01-01T00:00:00Z)")
}

/// Lists the runs of the commit log, marks what is not as usual, and tells which runs are missing.
///
/// The log knows what was committed. A run that failed is missing from it; why the newest failure came
/// about is told beside it, and for those before it in the platform's own logs.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  bronzegate runs hubspot/contacts\n  bronzegate runs --since 7d --html health.html --fail-on-breach\n\nExit codes: 1 with --fail-on-breach where something is marked or missing, or the newest failure is open; for the others see `bronzegate --help`."
)]
pub(crate) struct RunsArguments {
    /// A source, or one stream of it; without one, all files of the sources folder.
    #[arg(value_name = "SOURCE[/STREAM]")]
    pub(crate) selection: Option<Selection>,
    /// Leaves out runs that were due before: so long ago (7d, 12h), a date, or RFC 3339.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) since: Option<Moment>,
    /// Leaves out runs that were due then or later.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) until: Option<Moment>,
    /// How long after its time a scheduled run may be committed before it is missing.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "1h")]
    pub(crate) grace: Duration,
    /// Writes a page for the browser instead of the tables, without a reference to anything else.
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Ends with exit code 1 where a run breaches a threshold, is cut or may lack records, where a scheduled
    /// one is missing, and where the newest failure is open.
    #[arg(long)]
    pub(crate) fail_on_breach: bool,
}

/// An instant, or how long ago it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Counted back from now.
    Ago(Duration),
    /// An instant.
    At(Timestamp),
}

impl Moment {
    /// The instant, as seen now.
    pub(crate) fn instant(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(time) => time,
            Self::Ago(duration) => now.checked_sub(duration).unwrap_or(Timestamp::MIN),
        }
    }
}

fn moment(text: &str) -> Result<Moment, &'static str> {
    let ago = parse_duration(text).map(Moment::Ago).ok();
    ago.or_else(|| parse_time(text).map(Moment::At)).ok_or(
        "write how long ago (7d, 12h), a date (2026-01-01) or a time with its offset (2026-01-01T00:00:00Z)",
    )
}

/// The deployment settings, and the form of the output.
#[derive(Debug, Args)]
#[command(next_help_heading = "Settings")]
pub(crate) struct Common {
    /// The folder of the source files; `s3://…` and `abfss://…` too.
    #[arg(long, global = true, value_name = "FOLDER", env = "BRONZEGATE_SOURCES", hide_env_values = true)]
    #[arg(default_value = "./sources", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) sources: String,
    /// The bronze store: a local folder, `s3://bucket/prefix`, `abfss://container@account.dfs.core.windows.net/folder`,
    /// or `abfss://workspace@onelake.dfs.fabric.microsoft.com/lakehouse/Files/folder`.
    #[arg(long, global = true, value_name = "TARGET", env = "BRONZEGATE_TARGET", hide_env_values = true)]
    #[arg(default_value = "./bronze", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) target: String,
    /// Where secrets are: `env`, `file:<path of a JSON object>`, `aws-secretsmanager[:prefix]`, or
    /// `azure-keyvault:<url>`.
    #[arg(long, global = true, value_name = "STORE", env = "BRONZEGATE_SECRETS", hide_env_values = true)]
    #[arg(default_value = "env", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) secrets: String,
    /// The value of `_environment` in the records.
    #[arg(long, global = true, value_name = "NAME", env = "BRONZEGATE_ENVIRONMENT", hide_env_values = true)]
    #[arg(default_value = "dev", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) environment: String,
    /// What is logged to stderr: a level, or directives such as `bronzegate_core=debug`.
    #[arg(long, global = true, value_name = "FILTER", env = "BRONZEGATE_LOG", hide_env_values = true)]
    #[arg(default_value = "warn", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) log: String,
    /// Prints reports as JSON, one object a line.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn parse(line: &str) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from(line.split(' '))
    }

    fn refusal(line: &str) -> String {
        let error = parse(line).unwrap_err();
        assert_eq!(error.exit_code(), 2, "{line}");
        error.to_string().lines().next().unwrap_or_default().to_owned()
    }

    #[test]
    fn the_words_fit_together() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_run_takes_an_instant_and_a_deadline_and_settings_stand_anywhere() {
        for line in [
            "bronzegate --json --target t run crm/contacts --at 2026-11-22T18:00:00+01:00 --deadline 15m",
            "bronzegate run crm/contacts --at 2026-11-22T17:00:00Z --deadline 900s --target t --json",
        ] {
            let arguments = parse(line).unwrap();
            assert!(arguments.common.json);
            assert_eq!(arguments.common.target, "t");
            let Command::Run(run) = arguments.command else { panic!("{line} is a run") };
            assert_eq!(run.selection, "crm/contacts".parse().unwrap());
            assert_eq!(run.at, "2026-11-22T17:00:00Z".parse().ok());
            assert_eq!(run.deadline, Some(Duration::from_mins(15)));
        }
    }

    #[test]
    fn a_sample_is_ten_records_unless_it_says_how_many() {
        for (line, records) in [("bronzegate sample a/b", 10), ("bronzegate sample a/b -n 3", 3)] {
            let Command::Sample(sample) = parse(line).unwrap().command else { panic!("{line} is a sample") };
            assert_eq!(sample.records.get(), records);
        }
    }

    #[test]
    fn a_check_without_a_name_is_one_of_all_files() {
        let Command::Check(check) = parse("bronzegate check --offline").unwrap().command else {
            panic!("it is a check")
        };
        assert_eq!((check.selection, check.offline), (None, true));
    }

    #[test]
    fn a_period_begins_so_long_ago_or_at_a_time() {
        let line = "bronzegate runs --since 7d --until 2026-11-22";
        let Command::Runs(runs) = parse(line).unwrap().command else { panic!("{line} lists runs") };
        let now = "2026-11-22T12:00:00Z".parse().unwrap();
        let told = [runs.since, runs.until].map(|moment| moment.unwrap().instant(now).to_string());
        assert_eq!(told, ["2026-11-15T12:00:00Z", "2026-11-22T00:00:00Z"]);
        assert_eq!((runs.selection, runs.grace), (None, Duration::from_hours(1)));
    }

    #[test]
    fn a_refusal_says_what_is_accepted() {
        insta::assert_snapshot!(refusal("bronzegate run crm --at 2026-11-22"),
            @"error: invalid value '2026-11-22' for '--at <TIME>': write a time with its offset (RFC 3339) of the years 1 to 9999: 2026-11-22T17:00:00Z");
        insta::assert_snapshot!(refusal("bronzegate run crm --at=-000001-01-01T00:00:00Z"),
            @"error: invalid value '-000001-01-01T00:00:00Z' for '--at <TIME>': write a time with its offset (RFC 3339) of the years 1 to 9999: 2026-11-22T17:00:00Z");
        insta::assert_snapshot!(refusal("bronzegate run crm --deadline 30"),
            @"error: invalid value '30' for '--deadline <DURATION>': a duration with its unit: 500ms, 30s, 5m, 1h or 1d");
        insta::assert_snapshot!(refusal("bronzegate sample crm"),
            @"error: invalid value 'crm' for '<SOURCE/STREAM>': name a stream too: crm/<stream>");
        insta::assert_snapshot!(refusal("bronzegate runs crm --since yesterday"),
            @"error: invalid value 'yesterday' for '--since <TIME>': write how long ago (7d, 12h), a date (2026-01-01) or a time with its offset (2026-01-01T00:00:00Z)");
        refusal("bronzegate sample a/b -n 0");
        refusal("bronzegate run");
        refusal("bronzegate");
    }

    #[test]
    fn the_help_lists_every_exit_code_and_variable() {
        let help = Arguments::command().render_long_help().to_string();
        for code in [
            "    0  ", "    1  ", "    2  ", "    3  ", "    4  ", "    5  ", "    6  ", "    7  ", "  130  ",
        ] {
            assert!(help.contains(&format!("\n{code}")), "{code}");
        }
        for name in ["SOURCES", "TARGET", "SECRETS", "ENVIRONMENT", "LOG", "SECRET_<NAME>"] {
            assert!(help.contains(&format!("\n  BRONZEGATE_{name} ")), "{name}");
        }
    }

    #[test]
    fn every_command_has_an_example() {
        for command in Arguments::command().get_subcommands_mut() {
            let help = command.render_long_help().to_string();
            assert!(help.contains(&format!("Example:\n  bronzegate {}", command.get_name())), "{help}");
        }
    }
}

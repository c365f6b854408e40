//! The words of the commands that make source files.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use bronzegate_core::config::{NAME_FORM, is_name};

/// Makes a source file from one URL or curl line.
///
/// Sends at most five requests and finds the records, the page size and how the list goes on. Credentials leave the
/// request before anything is sent. Writes `<sources>/<name>.yaml`, never over a file, and checks it.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  bronzegate new github 'https://api.github.com/repos/rust-lang/cargo/labels?per_page=100' --secret github-token\n  bronzegate new stripe --curl 'curl https://api.stripe.com/v1/customers?limit=100 -u sk_test_…:'\n\nExit codes: 3 where nobody decided which list holds the records; for the others see `bronzegate --help`."
)]
pub(crate) struct NewArguments {
    /// The name of the source, which is the file's.
    #[arg(value_name = "NAME", value_parser = name)]
    pub(crate) name: String,
    /// The address of one list, with the parameters that the API wants.
    #[arg(value_name = "URL", required_unless_present = "curl", conflicts_with = "curl")]
    pub(crate) url: Option<String>,
    /// A curl line, as browsers and API documentation give it. It is read, never executed.
    #[arg(long, value_name = "LINE")]
    pub(crate) curl: Option<String>,
    /// A further header, `Name: value`. One that may be a credential becomes a secret.
    #[arg(long = "header", value_name = "HEADER")]
    pub(crate) headers: Vec<String>,
    /// A credential that the vault has: a bearer token `acme-token`, a header `X-Key=acme-key`, or a query
    /// parameter `?key=acme-key`.
    #[arg(long = "secret", value_name = "SECRET")]
    pub(crate) known_secrets: Vec<String>,
    /// The name of the stream; without it the last word of the path.
    #[arg(long, value_name = "STREAM", value_parser = name)]
    pub(crate) stream: Option<String>,
    /// Where the list of records is, such as `data.items`, if it cannot be told.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) records: Option<String>,
    /// Sends a POST without asking. It may have an effect, and is sent up to five times.
    #[arg(long)]
    pub(crate) yes: bool,
    /// Sends nothing and writes a skeleton.
    #[arg(long)]
    pub(crate) offline: bool,
}

/// Makes source files of what other tools describe an API with.
///
/// Tells how each stream fared, and which secrets to create. Never writes over a file, and ends with
/// `check --offline`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  bronzegate import airbyte manifest.yaml --name acme\n  bronzegate import dlt config.json --name acme\n  bronzegate import openapi api.yaml --name acme"
)]
pub(crate) struct ImportArguments {
    #[command(subcommand)]
    pub(crate) from: ImportFrom,
}

/// What is imported.
#[derive(Debug, Subcommand)]
pub(crate) enum ImportFrom {
    Airbyte(AirbyteArguments),
    /// A JSON dump of dlt's `rest_api` configuration.
    Dlt(DescriptionArguments),
    /// An `OpenAPI` specification. What it cannot tell is marked `(check)`.
    Openapi(DescriptionArguments),
}

/// A low-code manifest of Airbyte, component versions 0 to 6.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  bronzegate import airbyte manifest.yaml --name acme --config values.json --choose credentials=oauth"
)]
pub(crate) struct AirbyteArguments {
    /// The manifest.
    #[arg(value_name = "MANIFEST")]
    pub(crate) file: PathBuf,
    /// The name of the source; streams of a second host get `<name>-2`.
    #[arg(long, value_name = "NAME", value_parser = name)]
    pub(crate) name: String,
    /// The connector's configuration as JSON. Values in it that are secrets are not written anywhere.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Which alternative of the specification is meant: `credentials=oauth`.
    #[arg(long, value_name = "PLACE=NAME", value_parser = pair)]
    pub(crate) choose: Vec<(String, String)>,
    /// A place of the configuration that is no secret, although it stands in an authenticator.
    #[arg(long, value_name = "PLACE")]
    pub(crate) plain: Vec<String>,
    /// A file with the setting `auth`, in place of what the manifest says.
    #[arg(long, value_name = "FILE")]
    pub(crate) auth: Option<PathBuf>,
    /// The streams that are wanted, by their names in the manifest.
    #[arg(long, value_name = "STREAM", value_delimiter = ',')]
    pub(crate) streams: Vec<String>,
    /// Streams whose old records the manifest leaves out on its own side.
    #[arg(long, value_enum, default_value_t = ClientSideWord::Refuse)]
    pub(crate) client_side: ClientSideWord,
    /// Writes nothing: tells what would be written.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// What becomes of streams that a manifest filters itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ClientSideWord {
    /// They are refused where a source file cannot say it.
    Refuse,
    /// Every run reads everything.
    Snapshot,
}

// What `dlt` and `openapi` take.
#[derive(Debug, Args)]
pub(crate) struct DescriptionArguments {
    /// The file.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The name of the source.
    #[arg(long, value_name = "NAME", value_parser = name)]
    pub(crate) name: String,
    /// The streams that are wanted.
    #[arg(long, value_name = "STREAM", value_delimiter = ',')]
    pub(crate) streams: Vec<String>,
    /// Writes nothing: tells what would be written.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

fn pair(text: &str) -> Result<(String, String), &'static str> {
    let pair = text.split_once('=').filter(|(place, name)| !place.is_empty() && !name.is_empty());
    pair.map(|(place, name)| (place.to_owned(), name.to_owned())).ok_or("write <place>=<name>")
}

fn name(text: &str) -> Result<String, String> {
    if is_name(text) { Ok(text.to_owned()) } else { Err(NAME_FORM.to_owned()) }
}

//! The words of the commands that make source files.

use clap::Args;

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
    pub(crate) secrets: Vec<String>,
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

fn name(text: &str) -> Result<String, String> {
    if is_name(text) { Ok(text.to_owned()) } else { Err(NAME_FORM.to_owned()) }
}

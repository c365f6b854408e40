//! `functions`: the files of the Azure function app, made from the source files.

use bronzegate_azure::functions::{App, write_differences};
use bronzegate_core::error::{Error, ErrorKind, Result};

use super::Context;
use crate::arguments::FunctionsArguments;
use crate::output::{self, Output};

/// Writes what differs and tells it, or only tells it.
pub(crate) async fn functions(
    context: &Context,
    arguments: &FunctionsArguments,
    out: &mut Output,
) -> Result<u8> {
    let (app, unusable) = App::of_folder(&context.sources).await?;
    // A timer that is missing would be a stream that never runs.
    if let Some(error) = unusable.into_iter().next() {
        return Err(error);
    }
    let differences =
        write_differences(&app, &arguments.output, arguments.check).map_err(|(path, error)| {
            Error::new(ErrorKind::Config, format!("cannot bring {path} up to date: {error}"))
        })?;
    for path in &differences {
        out.line(path.as_bytes());
    }
    if arguments.check && !differences.is_empty() {
        let folder = arguments.output.display();
        output::tell(&format!(
            "bronzegate: {folder} is not what the source files ask for; `bronzegate functions --output {folder}` \
             makes it so"
        ));
        return Ok(ErrorKind::Config.exit_code());
    }
    Ok(0)
}

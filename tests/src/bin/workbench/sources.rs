//! The repository's source files, read against a demo API on another port.

use std::fs;
use std::path::Path;

use crate::Outcome;
use crate::process::Api;

const SOURCES: &str = "sources";
/// Where the source files think that the API is.
const USUAL: &str = "127.0.0.1:7780";

/// Copies them into a folder, which is made.
pub(crate) fn copy(target: &Path, api: &Api) -> Outcome {
    fs::create_dir(target)?;
    let host = api.base_url.trim_start_matches("http://");
    for file in fs::read_dir(SOURCES)? {
        let path = file?.path();
        if path.extension().is_some_and(|extension| extension == "yaml") {
            let name = path.file_name().ok_or("a file has a name")?;
            fs::write(target.join(name), fs::read_to_string(&path)?.replace(USUAL, host))?;
        }
    }
    Ok(())
}

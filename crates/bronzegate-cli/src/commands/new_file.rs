//! A new source file: in the folder of sources, and never over one that is there.

use std::io::Write as _;

use bronzegate_core::doors::SourceFolder;
use bronzegate_core::error::{Error, ErrorKind, Result};

/// The path of a source file that is not there yet.
///
/// # Errors
/// [`ErrorKind::Config`] where it is, or the folder is not one of this machine.
pub(super) fn vacant(sources: &SourceFolder, name: &str) -> Result<String> {
    let file = sources.file(name);
    let SourceFolder::Local(_) = sources else {
        return Err(wrong(format!(
            "{file}: source files are made in a local folder; name one with --sources"
        )));
    };
    if std::path::Path::new(&file).exists() {
        return Err(exists(&file));
    }
    Ok(file)
}

/// Writes it, with its folder where that is missing.
///
/// # Errors
/// [`ErrorKind::Config`] where it is there by now, or cannot be written.
pub(super) fn write(file: &str, text: &str) -> Result<()> {
    let path = std::path::Path::new(file);
    let unwritable = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => exists(file),
        _ => wrong(format!("{file}: cannot be written: {error}")),
    };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(unwritable)?;
    }
    let mut open = std::fs::File::create_new(path).map_err(unwritable)?;
    open.write_all(text.as_bytes()).map_err(unwritable)
}

fn exists(file: &str) -> Error {
    wrong(format!("{file} exists already, and is never overwritten; take another name or remove it"))
}

fn wrong(cause: String) -> Error {
    Error::new(ErrorKind::Config, cause)
}

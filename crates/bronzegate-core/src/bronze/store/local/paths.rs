//! Paths under the target: which are accepted, and what is listed.

use std::io;
use std::path::{Path, PathBuf};

use super::files::entries;
use crate::bronze::store::port::StoreError;

/// The folder of uploads, which nothing lists.
pub(super) const STAGING: &str = "_bronzegate/staging";

/// The file's place on disk.
///
/// # Errors
/// A path that could leave the target, or whose names are hidden and so never listed, is refused:
/// receipts are read from files, and files can be edited.
pub(super) fn resolve(root: &Path, path: &str) -> Result<PathBuf, StoreError> {
    let accepted = |name: &str| !name.is_empty() && !name.starts_with('.') && !name.contains('\0');
    if path.split('/').all(accepted) {
        return Ok(root.join(path));
    }
    let text =
        "a path under the target is names with `/` between them, and none is empty or begins with a dot";
    Err(StoreError::io("use", path, text))
}

/// The place on disk of a staged file.
pub(super) fn resolve_staged(root: &Path, path: &str) -> Result<PathBuf, StoreError> {
    let inside = path.strip_prefix(STAGING).is_some_and(|rest| rest.starts_with('/'));
    if inside { resolve(root, path) } else { Err(StoreError::io("use", path, "it is not a staged file")) }
}

/// Every file whose path under the target begins with `prefix` and comes after `after`, sorted. Hidden names and
/// uploads are left out; an absent folder is an empty one.
pub(super) fn list(root: &Path, prefix: &str, after: &str) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    let mut folders = vec![prefix.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in entries(&root.join(&folder))? {
            // A name that is not UTF-8 or is hidden cannot be one of ours: `resolve` refuses it.
            let Some(name) = entry.file_name().to_str().map(str::to_owned) else { continue };
            let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
            if name.starts_with('.') || path == STAGING {
                continue;
            }
            if entry.file_type()?.is_dir() {
                folders.extend(Some(path).filter(|path| format!("{path}/").starts_with(prefix)));
            } else if path.starts_with(prefix) && path.as_str() > after {
                found.push(path);
            }
        }
    }
    found.sort_unstable();
    Ok(found)
}

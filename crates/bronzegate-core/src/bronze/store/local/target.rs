//! Staging and publishing on the folder: blocking work, and the store's only state.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use super::files::{create_folder, fingerprint, is_absent, link_new, parent, remove, try_to_create};
use super::part::{LocalPart, STAGED};
use super::paths::{STAGING, resolve, resolve_staged};
use super::staging::{StagingFolder, retire};
use crate::bronze::store::port::{Created, Receipt, StagingArea, StoreError};

/// The target's folder, and the staging folders that this handle has claimed in it.
#[derive(Debug)]
pub(super) struct Target {
    root: PathBuf,
    claimed: Mutex<HashMap<StagingArea, Arc<StagingFolder>>>,
    /// It was tried that files can be created here as a commit is.
    tried: OnceLock<()>,
}

impl Target {
    pub(super) fn new(root: PathBuf) -> Self {
        Self { root, claimed: Mutex::default(), tried: OnceLock::new() }
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Tries once that a file can be created here that replaces nothing. Where the folder is a mount of a service,
    /// it may be that neither links nor renames are there, and no run could commit.
    pub(super) fn ready(&self) -> Result<(), StoreError> {
        if self.tried.get().is_some() {
            return Ok(());
        }
        try_to_create(&self.root.join(STAGING))
            .map_err(|error| StoreError::io("commit to", self.root.display().to_string(), error))?;
        let _ = self.tried.set(());
        Ok(())
    }

    /// Begins an upload in the run's own folder.
    pub(super) fn stage(&self, path: &str, run: &StagingArea) -> Result<LocalPart, StoreError> {
        resolve(&self.root, path)?;
        resolve(&self.root, &run.stream)?;
        resolve(&self.root, &run.segment)?;
        let failed = |error| StoreError::io("stage", path, error);
        let mut claimed = self.claimed.lock().expect("no holder of this lock panics");
        let folder = if let Some(folder) = claimed.get(run) {
            Arc::clone(folder)
        } else {
            let folder = Arc::new(StagingFolder::claim(&self.root, run).map_err(failed)?);
            claimed.insert(run.clone(), Arc::clone(&folder));
            folder
        };
        LocalPart::create(folder, path).map_err(failed)
    }

    /// Gives the staged file its path.
    pub(super) fn publish(&self, receipt: &Receipt) -> Result<(), StoreError> {
        let to = resolve(&self.root, &receipt.path)?;
        let staged = self.staged(receipt)?;
        let failed = |error| StoreError::io("publish", &receipt.path, error);
        check_size(&staged, receipt.bytes).map_err(failed)?;
        create_folder(parent(&to)).map_err(failed)?;
        match link_new(&staged, &to) {
            Ok(Created::Yes) => {}
            Ok(Created::No) => Self::compare(&to, receipt)?,
            // Another process published it, a moment or long ago; or it is lost.
            Err(error) if is_absent(&error) => Self::compare(&to, receipt)?,
            Err(error) => return Err(failed(error)),
        }
        self.remove_staged(&staged).map_err(failed)
    }

    /// Removes the staged file.
    pub(super) fn give_up(&self, receipt: &Receipt) -> Result<(), StoreError> {
        let staged = self.staged(receipt)?;
        self.remove_staged(&staged).map_err(|error| StoreError::io("give up", &receipt.path, error))
    }

    fn staged(&self, receipt: &Receipt) -> Result<PathBuf, StoreError> {
        let staged = receipt.upload.0.get(STAGED).and_then(serde_json::Value::as_str);
        let missing = || StoreError::io("publish", &receipt.path, "its receipt is not one of a local folder");
        resolve_staged(&self.root, staged.ok_or_else(missing)?)
    }

    /// Whether what stands at the path is what the receipt says.
    fn compare(to: &Path, receipt: &Receipt) -> Result<(), StoreError> {
        let path = receipt.path.clone();
        match fingerprint(to).map_err(|error| StoreError::io("read", &path, error))? {
            Some((size, checksum)) if size == receipt.bytes && checksum == receipt.checksum => Ok(()),
            Some(_) => Err(StoreError::Conflict { path }),
            None => Err(StoreError::Lost { path }),
        }
    }

    /// Removes a staged file, and its folder when that was the last.
    fn remove_staged(&self, staged: &Path) -> io::Result<()> {
        remove(staged)?;
        let folder = parent(staged);
        let mut claimed = self.claimed.lock().expect("no holder of this lock panics");
        let own = claimed.iter().find(|(_, own)| own.absolute() == folder);
        match own.map(|(run, own)| (run.clone(), Arc::strong_count(own) == 1 && own.is_bare())) {
            Some((run, true)) => drop(claimed.remove(&run)),
            Some((_, false)) => {}
            None => retire(folder)?,
        }
        Ok(())
    }
}

/// A staged file that is not as long as its receipt says was damaged; publishing it would make that final.
fn check_size(staged: &Path, expected: u64) -> io::Result<()> {
    match fs::metadata(staged) {
        Ok(found) if found.len() != expected => {
            let text = format!("the staged file has {} bytes where its receipt says {expected}", found.len());
            Err(io::Error::new(io::ErrorKind::InvalidData, text))
        }
        Err(error) if !is_absent(&error) => Err(error),
        _ => Ok(()),
    }
}

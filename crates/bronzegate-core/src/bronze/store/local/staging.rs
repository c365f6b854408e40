//! Folders of uploads: one a run, alive as long as its lock is held.
//!
//! The lock is an advisory file lock, which the operating system lets go when the process ends in
//! whatever way. A folder whose lock is available belongs to a dead run.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;

use super::files::{blocking, create_folder, entries, is_absent, parent, remove, sweep_tries, sync_folder};
use super::paths::STAGING;
use crate::bronze::store::port::{Leftover, StagingArea, StoreError};

const LOCK: &str = "lock";

/// A folder of uploads that this process holds. Dropped, it goes if no upload is left in it.
#[derive(Debug)]
pub(super) struct StagingFolder {
    /// Under the target.
    path: String,
    absolute: PathBuf,
    next: AtomicU64,
    _lock: File,
}

impl StagingFolder {
    /// Makes a folder of its own for a run's segment, and locks it.
    pub(super) fn claim(root: &Path, area: &StagingArea) -> io::Result<Self> {
        let stream = format!("{STAGING}/{}", area.stream);
        create_folder(&root.join(&stream))?;
        for number in 1_u64.. {
            let path = format!("{stream}/{}.{number}", area.segment);
            let absolute = root.join(&path);
            match fs::create_dir(&absolute) {
                Ok(()) => sync_folder(parent(&absolute))?,
                Err(error) if error.kind() == ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(error),
            }
            // A sweep that saw the folder before its lock may have taken it for a dead run's.
            if let Some(lock) = take_lock(&absolute)? {
                return Ok(Self { path, absolute, next: AtomicU64::new(1), _lock: lock });
            }
        }
        Err(io::Error::other("every number of a staging folder is taken"))
    }

    /// The path under the target of the next upload.
    pub(super) fn next_upload(&self) -> String {
        format!("{}/p{:05}", self.path, self.next.fetch_add(1, Ordering::Relaxed))
    }

    pub(super) fn absolute(&self) -> &Path {
        &self.absolute
    }

    pub(super) fn is_bare(&self) -> bool {
        is_bare(&self.absolute).unwrap_or(false)
    }
}

impl Drop for StagingFolder {
    fn drop(&mut self) {
        if self.is_bare() {
            // What cannot be removed now is a dead run's folder, which a later sweep finds.
            let _ = remove_folder(&self.absolute);
        }
    }
}

/// Removes the folder of a dead run once its last upload is published or given up.
pub(super) fn retire(folder: &Path) -> io::Result<()> {
    if is_bare(folder)? && take_lock(folder)?.is_some_and(|_lock| is_bare(folder).unwrap_or(false)) {
        remove_folder(folder)?;
    }
    Ok(())
}

/// Takes hold of the folders of dead runs of a stream, and removes what their trial of the folder has left.
pub(super) fn leftovers(root: &Path, stream: &str) -> io::Result<Vec<DeadFolder>> {
    sweep_tries(&root.join(STAGING))?;
    let path = format!("{STAGING}/{stream}");
    let mut found = Vec::new();
    for entry in entries(&root.join(&path))? {
        let name = entry.file_name();
        let Some((segment, _number)) = name.to_str().and_then(|name| name.rsplit_once('.')) else { continue };
        if !entry.file_type()?.is_dir() {
            continue;
        }
        if let Some(lock) = take_lock(&entry.path())? {
            let path = format!("{path}/{}", name.display());
            found.push(DeadFolder { segment: segment.to_owned(), path, absolute: entry.path(), _lock: lock });
        }
    }
    Ok(found)
}

/// A dead run's folder, held by this process.
#[derive(Debug)]
pub(super) struct DeadFolder {
    segment: String,
    path: String,
    absolute: PathBuf,
    _lock: File,
}

#[async_trait]
impl Leftover for DeadFolder {
    fn segment(&self) -> &str {
        &self.segment
    }

    async fn discard(self: Box<Self>) -> Result<(), StoreError> {
        // The lock moves along: it is let go after the folder is gone.
        blocking(move || {
            remove_folder(&self.absolute).map_err(|error| StoreError::io("remove", &self.path, error))
        })
        .await
    }
}

/// The folder's lock, unless another holds it or the folder is gone.
fn take_lock(folder: &Path) -> io::Result<Option<File>> {
    let opened = OpenOptions::new().write(true).create(true).truncate(false).open(folder.join(LOCK));
    let lock = match opened {
        Err(error) if is_absent(&error) => return Ok(None),
        lock => lock?,
    };
    match lock.try_lock() {
        // Whoever held it before may have removed it: then it is no longer the folder's lock.
        Ok(()) => Ok((lock.metadata()?.nlink() > 0).then_some(lock)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn is_bare(folder: &Path) -> io::Result<bool> {
    Ok(entries(folder)?.iter().all(|entry| entry.file_name() == LOCK))
}

/// Removes a folder whose lock this process holds: the uploads, the lock, then the folder, so that
/// it is locked as long as there is anything in it.
fn remove_folder(folder: &Path) -> io::Result<()> {
    for entry in entries(folder)? {
        if entry.file_name() != LOCK {
            remove(&entry.path())?;
        }
    }
    remove(&folder.join(LOCK))?;
    match fs::remove_dir(folder) {
        // Another sweep has just put its own lock there, and will remove the folder.
        Err(error) if matches!(error.kind(), ErrorKind::DirectoryNotEmpty | ErrorKind::NotFound) => Ok(()),
        done => done,
    }
}

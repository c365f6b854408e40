//! An upload on a local folder: a file in the run's staging folder.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::json;

use super::files::{blocking, parent, remove, sync_folder};
use super::staging::StagingFolder;
use crate::bronze::store::port::{StagedPart, StoreError, Upload};

/// The member of an upload that names the staged file.
pub(super) const STAGED: &str = "staged";

/// After so many bytes the disk is told to begin. Left to the kernel, all of a part waits for its end:
/// for 110 MB at memory speed `finish` then takes 65 ms, with this 8 ms.
const WRITE_BACK: u64 = 8 << 20;

/// A staged file that is being written. Dropped before it is finished, it is removed.
#[derive(Debug)]
pub(super) struct LocalPart {
    /// Where it will be, for messages.
    path: String,
    staged: String,
    /// Taken when it is finished.
    file: Option<Arc<OpenFile>>,
    written: u64,
    /// Of what is written, what the disk has been told to begin with.
    begun: u64,
    /// Keeps the folder, and so its lock.
    _folder: Arc<StagingFolder>,
}

#[derive(Debug)]
struct OpenFile {
    absolute: PathBuf,
    file: File,
}

impl LocalPart {
    pub(super) fn create(folder: Arc<StagingFolder>, path: &str) -> io::Result<Self> {
        let staged = folder.next_upload();
        let name = staged.rsplit('/').next().unwrap_or_default();
        let absolute = folder.absolute().join(name);
        let file = OpenOptions::new().write(true).create_new(true).open(&absolute)?;
        Ok(Self {
            path: path.to_owned(),
            staged,
            file: Some(Arc::new(OpenFile { absolute, file })),
            written: 0,
            begun: 0,
            _folder: folder,
        })
    }

    fn file(&self) -> Arc<OpenFile> {
        Arc::clone(self.file.as_ref().expect("the file is taken only by what consumes the part"))
    }
}

#[async_trait]
impl StagedPart for LocalPart {
    async fn write(&mut self, content: Bytes) -> Result<(), StoreError> {
        let file = self.file();
        let (begun, end) = (self.begun, self.written + content.len() as u64);
        let due = end - begun >= WRITE_BACK;
        let written = blocking(move || {
            (&file.file).write_all(&content)?;
            if due {
                begin_write_back(&file.file, begun, end - begun);
            }
            Ok(())
        });
        written.await.map_err(|error: io::Error| StoreError::io("write", &self.path, error))?;
        self.written = end;
        self.begun = if due { end } else { begun };
        Ok(())
    }

    async fn finish(mut self: Box<Self>) -> Result<Upload, StoreError> {
        let file = self.file();
        let synced =
            blocking(move || file.file.sync_data().and_then(|()| sync_folder(parent(&file.absolute))));
        synced.await.map_err(|error| StoreError::io("write", &self.path, error))?;
        self.file = None;
        Ok(Upload(json!({ STAGED: self.staged })))
    }

    async fn abort(mut self: Box<Self>) -> Result<(), StoreError> {
        let file = self.file();
        let removed = blocking(move || remove(&file.absolute)).await;
        self.file = None;
        removed.map_err(|error| StoreError::io("remove", &self.staged, error))
    }
}

impl Drop for LocalPart {
    fn drop(&mut self) {
        if let Some(file) = self.file.take() {
            // What cannot be removed now goes with the folder, in a later sweep.
            let _ = remove(&file.absolute);
        }
    }
}

/// Linux answers this advice by beginning to write what is not on disk yet, without waiting for it.
/// It is advice: where it does nothing, `finish` takes longer.
#[cfg(target_os = "linux")]
fn begin_write_back(file: &File, from: u64, length: u64) {
    use rustix::fs::{Advice, fadvise};
    let _ = fadvise(file, from, std::num::NonZeroU64::new(length), Advice::DontNeed);
}

#[cfg(not(target_os = "linux"))]
fn begin_write_back(_file: &File, _from: u64, _length: u64) {}

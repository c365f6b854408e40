//! Writing the file of secrets: one writer at a time, the file whole at every moment.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::bounded_file::read_text;

/// The most bytes of a file of secrets.
pub(super) const LARGEST: u64 = 1 << 20;
/// How often a lock that somebody else has is tried.
const PERIOD: Duration = Duration::from_millis(20);

/// The right to write a file, shared by all processes that ask for it: an advisory lock on a file
/// beside it, which the operating system lets go when its holder ends in whatever way.
#[derive(Debug)]
pub(super) struct FileLock {
    /// The file itself, after any links.
    path: PathBuf,
    _lock: File,
}

impl FileLock {
    /// Waits for the lock of a file that is there.
    ///
    /// # Errors
    /// When the file is not there, or nothing can be created beside it.
    pub(super) async fn take(path: &Path) -> io::Result<Self> {
        let path = fs::canonicalize(path)?;
        let lock = owners_only(OpenOptions::new().create(true).truncate(false).write(true))
            .open(beside(&path, "lock"))?;
        let mut period = tokio::time::interval(PERIOD);
        loop {
            period.tick().await;
            match lock.try_lock() {
                Ok(()) => return Ok(Self { path, _lock: lock }),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
    }

    /// Puts this content in place of the file's: all of it or nothing, durable when it returns. Mode
    /// and owner stay.
    ///
    /// # Errors
    /// Those of the file system; the file is then as it was.
    pub(super) fn write(&self, content: &str) -> io::Result<()> {
        let new = beside(&self.path, "new");
        // Only a holder of the lock writes it, so what is there is a dead one's.
        remove(&new)?;
        let written = write_like(&self.path, &new, content).and_then(|()| fs::rename(&new, &self.path));
        if let Err(error) = written {
            remove(&new)?;
            return Err(error);
        }
        sync_folder(&self.path)
    }

    /// The file's content.
    ///
    /// # Errors
    /// When it cannot be read or is not text.
    pub(super) fn read(&self) -> io::Result<String> {
        read_text(&self.path, LARGEST)
    }
}

fn write_like(model: &Path, path: &Path, content: &str) -> io::Result<()> {
    let mut file = owners_only(OpenOptions::new().create_new(true).write(true)).open(path)?;
    file.write_all(content.as_bytes())?;
    let metadata = fs::metadata(model)?;
    keep_owner(&metadata, &file)?;
    file.set_permissions(metadata.permissions())?;
    file.sync_all()
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// `.<name>.<suffix>` in the file's folder.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{suffix}"))
}

#[cfg(unix)]
fn owners_only(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(0o600)
}

#[cfg(not(unix))]
fn owners_only(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

#[cfg(unix)]
fn keep_owner(model: &fs::Metadata, file: &File) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    let own = file.metadata()?;
    if (own.uid(), own.gid()) == (model.uid(), model.gid()) {
        return Ok(());
    }
    fchown(file, Some(model.uid()), Some(model.gid()))
}

#[cfg(not(unix))]
fn keep_owner(_: &fs::Metadata, _: &File) -> io::Result<()> {
    Ok(())
}

/// A rename is durable once its folder is.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

//! The few file operations the store is made of: durable, create-only, blocking.

use std::fs::{self, DirEntry, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::bounded_file::open_file;
use crate::bronze::checksum::Checksum;
use crate::bronze::store::port::{ByteRange, Created, RangeRead};

/// Gives `to` the content of the file `from`, unless something is there; durable when it returns.
/// `from` may or may not be left afterwards.
pub(super) fn link_new(from: &Path, to: &Path) -> io::Result<Created> {
    let created = create_new(from, to)?;
    if created == Created::No && to.is_dir() {
        return Err(io::Error::new(ErrorKind::IsADirectory, "a folder is where the file should be"));
    }
    // Also when it was there: whoever created it may not have come as far as this.
    sync_folder(parent(to))?;
    Ok(created)
}

fn create_new(from: &Path, to: &Path) -> io::Result<Created> {
    match fs::hard_link(from, to) {
        Ok(()) => Ok(Created::Yes),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(Created::No),
        Err(error) if may_lack_links(&error) => rename_new(from, to),
        Err(error) => Err(error),
    }
}

/// How the files begin that [`try_to_create`] makes. Each is locked as long as its process lives.
const TRY: &str = ".try-";

/// Tries in a folder whether [`link_new`] can create a file there. Nothing is left, and nothing is made durable.
pub(super) fn try_to_create(folder: &Path) -> io::Result<()> {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    create_folder(folder)?;
    let own = format!("{}-{}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed));
    let [from, to] = ["from", "to"].map(|name| folder.join(format!("{TRY}{own}-{name}")));
    let file = File::create(&from)?;
    // Where files cannot be locked, what a killed process leaves stays.
    let _ = file.try_lock();
    let outcome = create_new(&from, &to);
    remove(&from)?;
    remove(&to)?;
    match outcome {
        // Swept before it was locked; or a process of another machine that has the same number does the same.
        Err(error) if is_absent(&error) => Ok(()),
        outcome => outcome.map(drop),
    }
}

/// Removes what processes have left that were killed in [`try_to_create`]. What cannot be removed is left.
pub(super) fn sweep_tries(folder: &Path) -> io::Result<()> {
    for entry in entries(folder)? {
        let is_try = entry.file_name().to_str().is_some_and(|name| name.starts_with(TRY));
        if is_try && File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok()) {
            let _ = remove(&entry.path());
        }
    }
    Ok(())
}

/// File systems without hard links answer `EPERM`, `EOPNOTSUPP` or `ENOSYS`; Linux also answers
/// `EPERM` for the file of another user (`fs.protected_hardlinks`).
fn may_lack_links(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::Unsupported | ErrorKind::TooManyLinks)
}

pub(super) fn rename_new(from: &Path, to: &Path) -> io::Result<Created> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE).map_err(io::Error::from) {
        Ok(()) => Ok(Created::Yes),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(Created::No),
        Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => {
            let text = "the file system has neither hard links nor exclusive renames, so nothing can be \
                        created there without the risk of replacing something";
            Err(io::Error::new(ErrorKind::Unsupported, text))
        }
        Err(error) => Err(error),
    }
}

/// Writes a whole file unless something is at `to`.
pub(super) fn write_new(to: &Path, content: &[u8]) -> io::Result<Created> {
    create_folder(parent(to))?;
    let temporary = write_temporary(to, content)?;
    let created = link_new(&temporary, to);
    remove(&temporary)?;
    created
}

/// Writes a whole file, in place of what is at `to`.
pub(super) fn replace(to: &Path, content: &[u8]) -> io::Result<()> {
    create_folder(parent(to))?;
    let temporary = write_temporary(to, content)?;
    if let Err(error) = fs::rename(&temporary, to) {
        remove(&temporary)?;
        return Err(error);
    }
    sync_folder(parent(to))
}

/// A durable file of that content beside `to`, under a hidden name that nothing lists. A process
/// killed here leaves it behind.
fn write_temporary(to: &Path, content: &[u8]) -> io::Result<PathBuf> {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let name = to.file_name().unwrap_or_default().to_string_lossy();
    loop {
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let path = parent(to).join(format!(".{name}.{}-{number}.tmp", std::process::id()));
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(mut file) => {
                if let Err(error) = file.write_all(content).and_then(|()| file.sync_all()) {
                    remove(&path)?;
                    return Err(error);
                }
                return Ok(path);
            }
            // Left by a dead process that had this process's id.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
}

/// A part of a file and the size of the whole; `None` when there is nothing, or no file, at the path.
pub(super) fn read_range(path: &Path, range: ByteRange) -> io::Result<Option<RangeRead>> {
    let mut file = match open_file(path) {
        Err(error) if is_absent(&error) || error.kind() == ErrorKind::IsADirectory => return Ok(None),
        file => file?,
    };
    let found = file.metadata()?;
    let (offset, length) = range.within(found.len());
    file.seek(SeekFrom::Start(offset))?;
    let mut content = Vec::new();
    file.take(length).read_to_end(&mut content)?;
    Ok(Some(RangeRead { content: content.into(), size: found.len() }))
}

/// Removes a file so that it stays gone; one that is not there is no error.
pub(super) fn remove_durably(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Ok(()) => sync_folder(parent(path)),
        Err(error) if is_absent(&error) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Removes a file; one that is gone is no error.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Creates a folder and those above it that are missing, durably.
pub(super) fn create_folder(path: &Path) -> io::Result<()> {
    match create_one(path) {
        // Also where a file stands further up: going there finds the error that names it.
        Err(error) if is_absent(&error) && parent(path) != path => {
            create_folder(parent(path))?;
            // Absent again is what the file system says of any name there: `/proc`, or a folder that was removed.
            create_one(path)
        }
        done => done,
    }
}

/// Creates a folder in one that is there.
fn create_one(path: &Path) -> io::Result<()> {
    match fs::create_dir(path) {
        Ok(()) => sync_folder(parent(path)),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            if path.is_dir() {
                return Ok(());
            }
            let text = format!("a file is where the folder `{}` should be", path.display());
            Err(io::Error::new(ErrorKind::NotADirectory, text))
        }
        Err(error) => Err(error),
    }
}

/// Makes the names in a folder durable.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    match File::open(path)?.sync_all() {
        // Network and FUSE file systems may not know it for folders.
        Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => Ok(()),
        done => done,
    }
}

/// A file's size and checksum; `None` when there is nothing, or no file, at the path.
pub(super) fn fingerprint(path: &Path) -> io::Result<Option<(u64, String)>> {
    const BUFFER: usize = 1 << 20;
    let mut file = match File::open(path) {
        Err(error) if is_absent(&error) => return Ok(None),
        file => file?,
    };
    let mut checksum = Checksum::default();
    let mut buffer = vec![0; BUFFER];
    let mut size = 0;
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(Some((size, checksum.to_hex()))),
            Ok(read) => {
                checksum.update(&buffer[..read]);
                size += read as u64;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// What is in a folder; nothing when it is absent, also when it is removed meanwhile.
pub(super) fn entries(folder: &Path) -> io::Result<Vec<DirEntry>> {
    let listed = fs::read_dir(folder).and_then(Iterator::collect);
    match listed {
        Err(error) if is_absent(&error) => Ok(Vec::new()),
        listed => listed,
    }
}

/// Whether the error says that nothing is at the path.
pub(super) fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// The folder of a path below the target, which always has one.
pub(super) fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Does file work where it may block.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        // The work is never aborted, so the only way not to end is a panic, which goes on here.
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

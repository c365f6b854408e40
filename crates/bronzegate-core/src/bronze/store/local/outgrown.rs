//! A file that grows beyond the limit of this process.

use std::io;

/// From now on such a file (`ulimit -f`, SIGXFSZ) is a write that fails, as on a full disk, and not the end of the process.
/// Each program says so before its first file. Needs a tokio runtime.
///
/// # Errors
/// When the process may not listen to signals.
pub fn outlive_outgrown_files() -> io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        drop(signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw()))?);
    }
    Ok(())
}

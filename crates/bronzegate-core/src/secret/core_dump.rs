//! A process that holds secrets leaves no image of its memory behind.

/// Switches core dumps of this process off, and looks into its memory by others of the same user. The first
/// thing a program does that reads secrets.
///
/// On Linux a limit of 0 would not hold for a dump that is piped into a program, as distributions have it; the
/// process as a whole says there that it is not to be dumped (`prctl(2)`, `PR_SET_DUMPABLE`). A platform that
/// refuses is no reason not to run.
#[cfg(unix)]
pub fn forbid_core_dumps() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    let limited = setrlimit(Resource::Core, none);
    #[cfg(target_os = "linux")]
    let limited =
        limited.and(rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable));
    if let Err(error) = limited {
        tracing::debug!(%error, "core dumps are not switched off");
    }
}

/// Nothing: this platform has no core dumps.
#[cfg(not(unix))]
pub fn forbid_core_dumps() {}

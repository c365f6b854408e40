//! What the log remembers of settings, to find out whether they are still the same.

use xxhash_rust::xxh3::xxh3_64;

/// The hash of settings that were written out.
pub(super) fn settings_hash(settings: &str) -> String {
    format!("{:016x}", xxh3_64(settings.as_bytes()))
}

//! What the log remembers of settings, to find out whether they are still the same.

use serde_json::Value;
use xxhash_rust::xxh3::xxh3_64;

use super::engine::StreamRun;
use crate::bronze::CommitRecord;

/// The hash of settings in the words of a source file.
pub(super) fn settings_hash(mut settings: Value) -> String {
    settings.sort_all_objects();
    format!("{:016x}", xxh3_64(settings.to_string().as_bytes()))
}

impl StreamRun {
    /// A commit that was made with this very source file has its settings, by whatever hash its release knew them.
    pub(super) fn in_words_of_now(&self, mut record: CommitRecord) -> CommitRecord {
        if record.config_fingerprint == self.engine.source.fingerprint {
            if let Some((parents, now)) = record.parents.as_mut().zip(self.settings_of_parents()) {
                parents.settings = now;
            }
            if let Some((sync, now)) = record.sync.as_mut().zip(self.settings_of_token()) {
                sync.settings = now;
            }
        }
        record
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;

    /// Commits hold these hashes. Where one changes, a run that a release before this one has begun is taken for a run of
    /// other settings as soon as its file changes.
    #[test]
    fn the_hash_of_settings_is_the_same_in_every_release() {
        let text = "source: x\nbase_url: https://x.example\nstreams:\n  s:\n    path: /p\n    records: r\n    \
                    pagination: { type: cursor, next: { body: n }, send: { query: c } }\n    \
                    sync_token: { from: { body: t }, to: { query: t } }\n";
        let source = parse("x.yaml", text).unwrap();
        let stream = &source.streams[0];
        assert_eq!(settings_hash(stream.token_identity(&source.vars).unwrap()), "979e52ca957aaa9b");
        assert_eq!(settings_hash(stream.paging_identity()), "4f70b5fdcf236811");
        let [one, other] = [r#"{"a":{"c":1,"b":2}}"#, r#"{"a":{"b":2,"c":1}}"#];
        let hash = |text: &str| settings_hash(serde_json::from_str(text).unwrap());
        assert_eq!(hash(one), hash(other), "the order of keys says nothing");
    }
}

//! Secrets in one JSON file, for a workstation or a mounted volume.

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use super::change::{HeldSecret, Replacement};
use super::file_write::{FileLock, LARGEST};
use super::member;
use super::store::{Freshness, SecretError, SecretStore};
use crate::bounded_file::read_text;

/// Reads secrets from a JSON object: name to text, or name to an object of fields.
///
/// The file is read at every request for a secret, so an edited file is picked up. A hold is a lock on
/// the whole file, kept in a hidden file beside it; all that is not replaced keeps its bytes. The folder
/// has to be writable for that, and the file no mount of its own: a hold tries it.
#[derive(Clone)]
pub struct FileSecrets {
    path: PathBuf,
}

impl FileSecrets {
    /// Makes a store over the file; nothing is read yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// A sentence about the file's permissions when others than its owner may read it.
    #[cfg(unix)]
    pub fn exposure(&self) -> Option<String> {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&self.path).ok()?.permissions().mode() & 0o777;
        (mode & 0o077 != 0).then(|| {
            format!(
                "{} can be read by others (mode {mode:o}); `chmod 600` keeps it to its owner",
                self.path.display()
            )
        })
    }

    /// A sentence about the file's permissions; not known on this platform.
    #[cfg(not(unix))]
    pub fn exposure(&self) -> Option<String> {
        None
    }

    fn load(&self, name: &str) -> Result<SecretString, SecretError> {
        let text = read_text(&self.path, LARGEST).map_err(|error| self.unreadable(name, &error))?;
        self.find(&text, name)
    }

    fn find(&self, text: &str, name: &str) -> Result<SecretString, SecretError> {
        // serde_json's message can quote the text around a fault, so only its place is told.
        let mut members: HashMap<String, &RawValue> =
            serde_json::from_str(text).map_err(|error| SecretError::Unreadable {
                name: name.to_owned(),
                reason: format!(
                    "{} is not a JSON object of secrets (line {}, column {})",
                    self.path.display(),
                    error.line(),
                    error.column()
                ),
            })?;
        let missing = || SecretError::Missing {
            name: name.to_owned(),
            place: format!("{} has no such member", self.path.display()),
        };
        let raw = members.remove(name).ok_or_else(missing)?.get();
        match serde_json::from_str(raw) {
            Ok(serde_json::Value::String(text)) => Ok(text.into()),
            Ok(serde_json::Value::Object(_)) => Ok(raw.to_owned().into()),
            _ => Err(SecretError::Unreadable {
                name: name.to_owned(),
                reason: format!("in {} it is neither text nor an object", self.path.display()),
            }),
        }
    }

    fn unreadable(&self, name: &str, reason: &dyn fmt::Display) -> SecretError {
        SecretError::Unreadable {
            name: name.to_owned(),
            reason: format!("{}: {reason}", self.path.display()),
        }
    }

    fn unwritable(&self, name: &str, reason: &dyn fmt::Display) -> SecretError {
        SecretError::Unwritable {
            name: name.to_owned(),
            reason: format!("{}: {reason}", self.path.display()),
        }
    }

    fn hold_locked(&self, name: &str, lock: FileLock) -> Result<HeldSecret, SecretError> {
        let text = lock.read().map_err(|error| self.unreadable(name, &error))?;
        let value = self.find(&text, name)?;
        // A rehearsal: once the old token is used up it is too late to learn that the disk is full.
        lock.write(&text).map_err(|error| self.unwritable(name, &error))?;
        let version = version(&value);
        Ok(HeldSecret::locked(name, value, version, Arc::new(lock)))
    }

    fn replace_locked(
        &self,
        name: &str,
        expected: &str,
        lock: &FileLock,
        value: &SecretString,
    ) -> Result<Replacement, SecretError> {
        let text = lock.read().map_err(|error| self.unwritable(name, &error))?;
        let found = match self.find(&text, name) {
            Ok(found) => found,
            Err(SecretError::Missing { .. }) => return Ok(Replacement::Conflict),
            Err(error) => return Err(self.unwritable(name, &error)),
        };
        // Whoever edits the file by hand asks for no lock.
        if version(&found) != expected {
            return Ok(Replacement::Conflict);
        }
        let is_text = member::raw(&text, name).is_some_and(|raw| raw.starts_with('"'));
        let json = if is_text {
            serde_json::Value::from(value.expose_secret()).to_string()
        } else {
            value.expose_secret().to_owned()
        };
        let content =
            member::exchange(&text, name, &json).ok_or_else(|| self.unwritable(name, &"it changed"))?;
        lock.write(&content).map_err(|error| self.unwritable(name, &error))?;
        Ok(Replacement::Replaced)
    }
}

/// A value's version; a digest, so that it may be shown.
fn version(value: &SecretString) -> String {
    let digest = Sha256::digest(value.expose_secret().as_bytes());
    digest.iter().take(16).fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

impl fmt::Debug for FileSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileSecrets({})", self.path.display())
    }
}

#[async_trait]
impl SecretStore for FileSecrets {
    fn is_of_this_machine(&self) -> bool {
        true
    }

    async fn read(&self, name: &str, _: Freshness) -> Result<SecretString, SecretError> {
        self.load(name)
    }

    async fn hold(&self, name: &str) -> Result<HeldSecret, SecretError> {
        let lock = FileLock::take(&self.path).await.map_err(|error| self.unwritable(name, &error))?;
        let (own, owned) = (self.clone(), name.to_owned());
        blocking(move || own.hold_locked(&owned, lock))
            .await
            .unwrap_or_else(|error| Err(self.unwritable(name, &error)))
    }

    async fn replace(&self, held: &HeldSecret, value: &SecretString) -> Result<Replacement, SecretError> {
        let Some(lock) = held.lock::<FileLock>() else {
            return Err(self.unwritable(&held.name, &"it is held without a lock"));
        };
        let (own, value) = (self.clone(), value.clone());
        let (name, version) = (held.name.clone(), held.version.clone());
        blocking(move || own.replace_locked(&name, &version, &lock, &value))
            .await
            .unwrap_or_else(|error| Err(self.unwritable(&held.name, &error)))
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, tokio::task::JoinError> {
    tokio::task::spawn_blocking(work).await
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    async fn read(content: &str, name: &str) -> Result<String, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        let read = FileSecrets::new(file.path()).read(name, Freshness::Cached).await;
        read.map(|s| s.expose_secret().to_owned())
            .map_err(|e| e.to_string().replace(&*file.path().to_string_lossy(), "FILE"))
    }

    #[tokio::test]
    async fn reads_text_and_objects_and_names_what_is_wrong() {
        assert_eq!(read(r#"{"a":"x"}"#, "a").await, Ok("x".to_owned()));
        assert_eq!(read(r#"{"a":{"k":"x"}}"#, "a").await, Ok(r#"{"k":"x"}"#.to_owned()));
        assert_eq!(read("{}", "a").await, Err("secret `a` is missing: FILE has no such member".to_owned()));
        assert_eq!(
            read(r#"{"a":"marker-secret"#, "a").await,
            Err("secret `a` cannot be read: FILE is not a JSON object of secrets (line 1, column 19)"
                .to_owned())
        );
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_device_or_a_file_without_measure_is_no_file_of_secrets() {
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().set_len(1 << 40).unwrap();
        for path in [std::path::Path::new("/dev/zero"), file.path()] {
            let secrets = FileSecrets::new(path);
            let read = secrets.read("a", Freshness::Cached).await;
            assert!(matches!(read, Err(SecretError::Unreadable { .. })), "{read:?}");
        }
        assert!(matches!(FileSecrets::new(file.path()).hold("a").await, Err(SecretError::Unreadable { .. })));
    }

    fn secrets(content: &str) -> (tempfile::TempDir, FileSecrets) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vault.json");
        std::fs::write(&path, content).unwrap();
        (folder, FileSecrets::new(path))
    }

    #[tokio::test]
    async fn a_replacement_changes_one_value_and_no_other_byte() {
        let before = "{ \"a\" : \"x\",\n \"b\": { \"n\":1.50, \"k\":\"old\" } }\n";
        let (_folder, secrets) = secrets(before);
        let held = secrets.hold("b").await.unwrap();
        assert_eq!(held.value.expose_secret(), r#"{ "n":1.50, "k":"old" }"#);
        let value = super::super::with_part(&held.value, "b", Some("k"), &"new\"".to_owned().into()).unwrap();
        assert_eq!(secrets.replace(&held, &value).await.unwrap(), Replacement::Replaced);
        let text = std::fs::read_to_string(&secrets.path).unwrap();
        assert_eq!(text, before.replace("\"old\"", "\"new\\\"\""));
        drop(held);
        let held = secrets.hold("a").await.unwrap();
        secrets.replace(&held, &"y".to_owned().into()).await.unwrap();
        assert_eq!(secrets.load("a").unwrap().expose_secret(), "y");
    }

    #[tokio::test]
    async fn a_value_that_was_changed_by_hand_meanwhile_is_a_conflict_and_stays() {
        let (_folder, secrets) = secrets(r#"{"a":"x"}"#);
        let held = secrets.hold("a").await.unwrap();
        for content in [r#"{"a":"by hand"}"#, "{}"] {
            std::fs::write(&secrets.path, content).unwrap();
            let outcome = secrets.replace(&held, &"y".to_owned().into()).await.unwrap();
            assert_eq!(outcome, Replacement::Conflict);
            assert_eq!(std::fs::read_to_string(&secrets.path).unwrap(), content);
        }
    }

    #[tokio::test]
    async fn holders_wait_for_each_other() {
        let (_folder, secrets) = secrets(r#"{"a":"x","b":"y"}"#);
        let first = secrets.hold("a").await.unwrap();
        let second = secrets.hold("b");
        tokio::pin!(second);
        let waits = tokio::select! {
            biased;
            _ = &mut second => false,
            () = async { secrets.replace(&first, &"z".to_owned().into()).await.map(drop).unwrap() } => true,
        };
        assert!(waits, "one holds the file");
        drop(first);
        assert_eq!(second.await.unwrap().value.expose_secret(), "y");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_replacement_keeps_the_files_mode_and_follows_its_link() {
        use std::os::unix::fs::PermissionsExt as _;
        let (folder, secrets) = secrets(r#"{"a":"x"}"#);
        std::fs::set_permissions(&secrets.path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let link = folder.path().join("link.json");
        std::os::unix::fs::symlink(&secrets.path, &link).unwrap();
        let linked = FileSecrets::new(&link);
        let held = linked.hold("a").await.unwrap();
        linked.replace(&held, &"y".to_owned().into()).await.unwrap();
        assert_eq!(std::fs::metadata(&secrets.path).unwrap().permissions().mode() & 0o777, 0o640);
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(secrets.load("a").unwrap().expose_secret(), "y");
        let names = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
        assert!(names.into_iter().all(|name| name != ".vault.json.new"), "nothing is left");
    }

    #[tokio::test]
    async fn a_file_that_cannot_be_written_is_refused_when_it_is_held() {
        let (folder, secrets) = secrets(r#"{"a":"x"}"#);
        // What a full disk or a read-only folder does, also to a superuser.
        std::fs::create_dir(folder.path().join(".vault.json.new")).unwrap();
        let error = secrets.hold("a").await.unwrap_err();
        assert!(matches!(error, SecretError::Unwritable { .. }), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn tells_when_others_may_read_the_file() {
        use std::os::unix::fs::PermissionsExt as _;
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(FileSecrets::new(file.path()).exposure(), None);
        std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(FileSecrets::new(file.path()).exposure().unwrap().contains("mode 644"));
    }
}

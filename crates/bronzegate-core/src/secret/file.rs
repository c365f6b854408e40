//! Secrets in one JSON file, for a workstation or a mounted volume.

use std::fmt;
use std::path::PathBuf;

use async_trait::async_trait;
use secrecy::SecretString;
use serde_json::{Map, Value};

use super::store::{Freshness, SecretError, SecretStore};

/// Reads secrets from a JSON object: name to text, or name to an object of fields.
///
/// The file is read at every request for a secret, so an edited file is picked up.
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

    fn load(&self, name: &str) -> Result<Map<String, Value>, SecretError> {
        let unreadable = |reason| SecretError::Unreadable { name: name.to_owned(), reason };
        let text = std::fs::read_to_string(&self.path)
            .map_err(|error| unreadable(format!("{}: {error}", self.path.display())))?;
        // serde_json's message can quote the text around a fault, so only its place is told.
        serde_json::from_str(&text).map_err(|error| {
            unreadable(format!(
                "{} is not a JSON object of secrets (line {}, column {})",
                self.path.display(),
                error.line(),
                error.column()
            ))
        })
    }
}

impl fmt::Debug for FileSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileSecrets({})", self.path.display())
    }
}

#[async_trait]
impl SecretStore for FileSecrets {
    async fn read(&self, name: &str, _: Freshness) -> Result<SecretString, SecretError> {
        match self.load(name)?.remove(name) {
            Some(Value::String(text)) => Ok(text.into()),
            Some(object @ Value::Object(_)) => Ok(object.to_string().into()),
            Some(_) => Err(SecretError::Unreadable {
                name: name.to_owned(),
                reason: format!("in {} it is neither text nor an object", self.path.display()),
            }),
            None => Err(SecretError::Missing {
                name: name.to_owned(),
                place: format!("{} has no such member", self.path.display()),
            }),
        }
    }
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

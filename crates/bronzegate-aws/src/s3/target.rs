//! Where on S3: a bucket and a prefix, and the keys of paths below them.

use bronzegate_core::bronze::StoreError;
use bronzegate_core::error::{Error, ErrorKind};

/// S3's limit for a key, in bytes of UTF-8.
const LONGEST_KEY: usize = 1024;

/// A bucket and the folder in it under which everything is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct S3Target {
    bucket: String,
    /// Without a slash at either end; empty for the whole bucket.
    prefix: String,
}

impl S3Target {
    /// Reads `s3://bucket/prefix`; the prefix may be left out.
    ///
    /// # Errors
    /// [`ErrorKind::Config`], with the text, when it has another form, the bucket's name breaks the
    /// rules of S3, or the prefix has an empty or a dotted name in it.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let refused =
            |why: &str| Error::new(ErrorKind::Config, format!("`{text}` is not a target on S3: {why}"));
        let form = "it must have the form s3://<bucket>/<prefix>";
        let rest = text.strip_prefix("s3://").ok_or_else(|| refused(form))?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if !is_bucket_name(bucket) {
            return Err(refused(
                "the bucket's name is 3 to 63 lower-case letters, digits, dots and hyphens, and begins and \
                 ends with a letter or digit",
            ));
        }
        let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
        if !prefix.is_empty() && !prefix.split('/').all(is_name) {
            return Err(refused(
                "the prefix is names with / between them; none is empty, begins with a dot or holds a \
                 control character",
            ));
        }
        Ok(Self { bucket: bucket.to_owned(), prefix: prefix.to_owned() })
    }

    /// The bucket's name.
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// As somebody writes it.
    pub(crate) fn url(&self) -> String {
        let slash = if self.prefix.is_empty() { "" } else { "/" };
        format!("s3://{}{slash}{}", self.bucket, self.prefix)
    }

    /// The key of an object.
    ///
    /// # Errors
    /// A path with an empty or a dotted name or a control character, which XML answers cannot carry, and
    /// one that makes too long a key.
    pub(super) fn key(&self, path: &str) -> Result<String, StoreError> {
        if !path.split('/').all(is_name) {
            let text = "a path under the target is names with `/` between them; none is empty, begins with a \
                        dot or holds a control character";
            return Err(StoreError::io("use", path, text));
        }
        let key = format!("{}{path}", self.folder());
        if key.len() > LONGEST_KEY {
            let text = format!("its key would have {} bytes, and S3 allows {LONGEST_KEY}", key.len());
            return Err(StoreError::io("use", path, text));
        }
        Ok(key)
    }

    /// What all keys below a folder begin with; below the target itself for an empty path.
    pub(super) fn keys_below(&self, folder: &str) -> String {
        let folder = folder.trim_end_matches('/');
        let slash = if folder.is_empty() { "" } else { "/" };
        format!("{}{folder}{slash}", self.folder())
    }

    /// What the keys of all paths with this beginning begin with.
    pub(super) fn beginning(&self, path: &str) -> String {
        format!("{}{path}", self.folder())
    }

    /// The path of a key; `None` for one that is not below the target, or that only marks a folder.
    pub(super) fn path(&self, key: &str) -> Option<String> {
        key.strip_prefix(&self.folder())
            .filter(|path| !path.is_empty() && !path.ends_with('/'))
            .map(str::to_owned)
    }

    fn folder(&self) -> String {
        if self.prefix.is_empty() { String::new() } else { format!("{}/", self.prefix) }
    }
}

/// The rules for general purpose buckets in the S3 user guide.
fn is_bucket_name(name: &str) -> bool {
    let allowed = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, b'-' | b'.');
    let ends = |c: Option<&u8>| c.is_some_and(|&c| c.is_ascii_lowercase() || c.is_ascii_digit());
    let bytes = name.as_bytes();
    (3..=63).contains(&bytes.len())
        && bytes.iter().all(|&c| allowed(c))
        && ends(bytes.first())
        && ends(bytes.last())
        && !name.contains("..")
        && name.parse::<std::net::Ipv4Addr>().is_err()
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('.') && !name.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_bucket_and_an_optional_prefix() {
        for (setting, url, key) in [
            ("s3://lake", "s3://lake", "a/b"),
            ("s3://lake/", "s3://lake", "a/b"),
            ("s3://lake/bronze", "s3://lake/bronze", "bronze/a/b"),
            ("s3://my.lake-1/x/y/", "s3://my.lake-1/x/y", "x/y/a/b"),
        ] {
            let target = S3Target::parse(setting).unwrap();
            assert_eq!((target.url().as_str(), target.key("a/b").unwrap().as_str()), (url, key), "{setting}");
            assert_eq!(target.path(key).as_deref(), Some("a/b"));
        }
    }

    #[test]
    fn what_is_no_target_is_refused_and_named() {
        let long = format!("s3://{}", "a".repeat(64));
        for setting in [
            "",
            "lake",
            "s3:/lake",
            "s3://",
            "s3:///x",
            "s3://ab",
            &long,
            "s3://Lake",
            "s3://-lake",
            "s3://la..ke",
            "s3://10.0.0.1",
            "s3://lake//x",
            "s3://lake/x//",
            "s3://lake/../x",
            "s3://lake/a\u{7}",
        ] {
            let error = S3Target::parse(setting).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            // A control character moves no cursor.
            let shown = setting.replace('\u{7}', " ");
            assert!(error.to_string().starts_with(&format!("`{shown}` is not a target on S3: ")), "{error}");
        }
    }

    /// Why a path has no key.
    fn refused(target: &S3Target, path: &str) -> String {
        match target.key(path) {
            Err(StoreError::Io { cause, .. }) => cause.to_string(),
            other => panic!("{path:?}: {other:?}"),
        }
    }

    #[test]
    fn keys_stay_below_the_prefix() {
        let target = S3Target::parse("s3://lake/bronze").unwrap();
        for path in ["", "/a", "a/", "a//b", "../a", "a/./b", ".a", "a\0b", "a\nb"] {
            assert!(refused(&target, path).starts_with("a path under the target is names"), "{path:?}");
        }
        let long = refused(&target, &"x".repeat(LONGEST_KEY));
        assert_eq!(long, "its key would have 1031 bytes, and S3 allows 1024");
        assert_eq!((target.keys_below("a/"), target.keys_below("")), ("bronze/a/".into(), "bronze/".into()));
        for key in ["bronze", "bronze/", "bronzes/a", "bronze/a/"] {
            assert_eq!(target.path(key), None, "{key}");
        }
    }
}

//! The variables that say where Databricks is.

use bronzegate_core::error::{Error, ErrorKind, Result};
use url::Url;

pub(crate) const HOST: &str = "DATABRICKS_HOST";
pub(crate) const WAREHOUSE: &str = "DATABRICKS_WAREHOUSE_ID";
/// The variable that says how the workspace sees the files of the target: `/Volumes/main/bronze/landing`, or the URL of
/// an external location. Without it the target's own URL is taken.
pub const FILES: &str = "BRONZEGATE_DATABRICKS_FILES";

/// Reads a variable; what is empty is not set.
pub(crate) fn set(look_up: &dyn Fn(&str) -> Option<String>, name: &str) -> Option<String> {
    look_up(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}

/// The workspace's address: `https://dbc-a1b2.cloud.databricks.com`, whose `https://` may be left out.
///
/// # Errors
/// [`ErrorKind::Config`] when it is not set, or not one of a host.
pub(crate) fn host(look_up: &dyn Fn(&str) -> Option<String>) -> Result<Url> {
    let example = "write the workspace's address, such as https://dbc-a1b2c3d4-e5f6.cloud.databricks.com";
    let Some(text) = set(look_up, HOST) else {
        return Err(config(format!("{HOST} is not set: {example}")));
    };
    let refused = |why: &str| config(format!("{HOST} is `{text}`: {why}; {example}"));
    let full = if text.contains("://") { text.clone() } else { format!("https://{text}") };
    let url = Url::parse(&full).map_err(|error| refused(&error.to_string()))?;
    if url.scheme() != "https" {
        return Err(refused("it must begin with https://, because tokens are sent there"));
    }
    if !url.username().is_empty() || url.password().is_some() || url.host().is_none() {
        return Err(refused("it is not the address of a host alone"));
    }
    // Browsers show `/?o=<workspace id>` after the host, which people copy.
    if url.path() != "/" {
        return Err(refused("it has a path"));
    }
    Ok(url)
}

/// The SQL warehouse's id.
///
/// # Errors
/// [`ErrorKind::Config`] when it is not set, or not an id.
pub(crate) fn warehouse(look_up: &dyn Fn(&str) -> Option<String>) -> Result<String> {
    let example = "write the id of a SQL warehouse, the last part of its HTTP path";
    let Some(id) = set(look_up, WAREHOUSE) else {
        return Err(config(format!("{WAREHOUSE} is not set: {example}")));
    };
    if id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Ok(id);
    }
    Err(config(format!("{WAREHOUSE} is `{id}`: {example}")))
}

/// How the workspace sees the folder of the target.
///
/// # Errors
/// [`ErrorKind::Config`] when the target is a folder of this machine and nothing says how the workspace sees it, or
/// when the text cannot be a place.
pub(crate) fn files(look_up: &dyn Fn(&str) -> Option<String>, target: &str) -> Result<String> {
    let example =
        "write a volume's path (/Volumes/<catalog>/<schema>/<volume>/…) or an external location's URL";
    let given = set(look_up, FILES);
    if given.is_none() && !target.contains("://") {
        return Err(config(format!(
            "{FILES} is not set, and the target `{target}` is a folder that a workspace cannot see: {example}"
        )));
    }
    let text = given.as_deref().unwrap_or(target).trim_end_matches('/');
    let is_place = text.starts_with('/') || text.contains("://");
    // The workspace reads the other characters as a pattern.
    let is_plain = |c: char| !c.is_control() && !matches!(c, '*' | '?' | '[' | ']' | '{' | '}');
    if !is_place || !text.chars().all(is_plain) {
        return Err(config(format!(
            "{FILES} is `{text}`: {example}, without control characters and *?[]{{}}"
        )));
    }
    Ok(text.to_owned())
}

pub(crate) fn config(text: String) -> Error {
    Error::new(ErrorKind::Config, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with<T>(
        name: &str,
        value: &str,
        read: impl FnOnce(&dyn Fn(&str) -> Option<String>) -> Result<T>,
    ) -> Result<T, String> {
        let look_up = |asked: &str| (asked == name).then(|| value.to_owned());
        read(&look_up).map_err(|error| error.to_string())
    }

    #[test]
    fn a_host_is_an_https_address_without_a_path() {
        for text in [
            "https://dbc-1.cloud.databricks.com",
            "dbc-1.cloud.databricks.com",
            "https://dbc-1.cloud.databricks.com/?o=12",
            " https://dbc-1.cloud.databricks.com/ ",
        ] {
            let host = with(HOST, text, host).unwrap();
            assert_eq!(host.host_str(), Some("dbc-1.cloud.databricks.com"), "{text}");
        }
        for (text, why) in [
            ("", "DATABRICKS_HOST is not set"),
            ("http://dbc-1.cloud.databricks.com", "it must begin with https://"),
            ("https://u:p@dbc-1.cloud.databricks.com", "it is not the address of a host alone"),
            ("https://dbc-1.cloud.databricks.com/sql/1.0", "it has a path"),
            ("https://", "empty host"),
        ] {
            let error = with(HOST, text, host).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn a_warehouse_is_named_by_its_id() {
        assert_eq!(with(WAREHOUSE, "1a2b3c4d5e6f", warehouse), Ok("1a2b3c4d5e6f".to_owned()));
        for (text, why) in
            [("", "is not set"), ("/sql/1.0/warehouses/1a2b", "the last part of its HTTP path")]
        {
            assert!(with(WAREHOUSE, text, warehouse).unwrap_err().contains(why), "{text}");
        }
    }

    #[test]
    fn files_are_where_the_workspace_sees_the_target() {
        let of = |value: &str, target: &str| with(FILES, value, |look_up| files(look_up, target));
        assert_eq!(of("", "s3://lake/bronze"), Ok("s3://lake/bronze".to_owned()));
        assert_eq!(
            of("/Volumes/main/bronze/landing/", "s3://lake"),
            Ok("/Volumes/main/bronze/landing".to_owned())
        );
        for (value, target, why) in [
            ("", "./bronze", "is a folder that a workspace cannot see"),
            ("landing", "s3://lake", "BRONZEGATE_DATABRICKS_FILES is `landing`"),
            ("/Volumes/a\nb", "s3://lake", "BRONZEGATE_DATABRICKS_FILES is"),
            ("/Volumes/a/{b,c}", "s3://lake", "without control characters and *?[]{}"),
        ] {
            let error = of(value, target).unwrap_err();
            assert!(error.contains(why), "{value}: {error}");
        }
    }
}

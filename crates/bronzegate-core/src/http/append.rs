//! URLs below a base.

use url::Url;

/// Appends a path, which may bring a query of its own, to a base URL; `None` where that makes no URL.
pub(crate) fn append_path(base: &Url, path: &str) -> Option<Url> {
    let base = base.as_str().trim_end_matches('/');
    let slash = if path.is_empty() || path.starts_with(['/', '?']) { "" } else { "/" };
    Url::parse(&format!("{base}{slash}{path}")).ok()
}

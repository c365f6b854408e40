//! URLs as they may be shown.

use std::fmt;

use url::Url;

use super::printable::line;

/// A URL as it may be shown: no user information, no fragment, and of the query only the names; one line of
/// bounded length, since an API may have written it.
#[derive(Clone, Copy)]
pub struct SafeUrl<'a>(pub &'a Url);

impl fmt::Display for SafeUrl<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.0;
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let host = url.host_str().unwrap_or_default();
        let mut shown = format!("{}://{host}{port}{}", url.scheme(), url.path());
        for (nth, (name, _)) in url.query_pairs().enumerate() {
            shown.extend([if nth == 0 { "?" } else { "&" }, &name, "=…"]);
        }
        f.write_str(&line(&shown))
    }
}

impl fmt::Debug for SafeUrl<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

//! The cookies of a session (RFC 6265): names and values alone. Where they go is decided by the source file, never by
//! what the server says of domain and path; one that the server replaces is taken, and never saved.

use std::sync::{Arc, Mutex, PoisonError};

use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};

/// The cookies of a session, in the order of the file. Clones share what is replaced.
#[derive(Clone, Debug)]
pub(crate) struct Cookies(Arc<Mutex<Vec<(String, SecretString)>>>);

impl Cookies {
    pub(super) fn new(cookies: Vec<(String, SecretString)>) -> Self {
        Self(Arc::new(Mutex::new(cookies)))
    }

    /// Those of these names that an answer sets; the first that it does not set is the error.
    pub(super) fn of(names: &[String], headers: &HeaderMap) -> Result<Self, String> {
        let cookie = |name: &String| Ok((name.clone(), set(headers, name).ok_or_else(|| name.clone())?));
        names.iter().map(cookie).collect::<Result<_, _>>().map(Self::new)
    }

    /// The values, in the order of the names.
    pub(super) fn values(&self) -> Vec<SecretString> {
        self.held().iter().map(|(_, value)| value.clone()).collect()
    }

    /// The header `Cookie`; `None` for a value that no header can hold.
    pub(super) fn header(&self) -> Option<HeaderValue> {
        let pair = |(name, value): &(String, SecretString)| format!("{name}={}", value.expose_secret());
        let pairs: Vec<_> = self.held().iter().map(pair).collect();
        let mut value = HeaderValue::from_str(&pairs.join("; ")).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// Takes the values that a response replaces, and tells the new ones.
    pub(super) fn replace(&self, headers: &HeaderMap) -> Vec<SecretString> {
        if !headers.contains_key(SET_COOKIE) {
            return Vec::new();
        }
        let mut new = Vec::new();
        for (name, value) in self.held().iter_mut() {
            if let Some(other) =
                set(headers, name).filter(|other| other.expose_secret() != value.expose_secret())
            {
                new.push(other.clone());
                *value = other;
            }
        }
        new
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Vec<(String, SecretString)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The value that an answer sets for a name, the last where there are several. One that is taken back is none.
fn set(headers: &HeaderMap, name: &str) -> Option<SecretString> {
    let texts = headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut values = texts.filter_map(|text| {
        let (pair, attributes) = text.split_once(';').unwrap_or((text, ""));
        let (key, value) = pair.split_once('=')?;
        let is_taken_back = attributes.split(';').any(|attribute| {
            let (key, age) = attribute.split_once('=').unwrap_or_default();
            key.trim().eq_ignore_ascii_case("max-age") && age.trim().parse::<i64>().is_ok_and(|age| age <= 0)
        });
        (key.trim() == name && !is_taken_back).then(|| value.trim())
    });
    values.next_back().filter(|value| !value.is_empty()).map(|value| value.to_owned().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(lines: &[&str]) -> HeaderMap {
        lines.iter().map(|line| (SET_COOKIE, HeaderValue::from_str(line).unwrap())).collect()
    }

    #[test]
    fn only_names_and_values_are_sent_and_what_is_replaced_is_taken() {
        let names = ["JSESSIONID".to_owned(), "XSRF".to_owned()];
        let first = answer(&[
            "JSESSIONID=a1==; Path=/; HttpOnly; Max-Age=60",
            "other=1",
            "XSRF=old",
            "XSRF = \"b\" ; Secure",
        ]);
        let cookies = Cookies::of(&names, &first).unwrap();
        assert_eq!(cookies.header().unwrap(), "JSESSIONID=a1==; XSRF=\"b\"");
        let gone = answer(&["XSRF=; Max-Age=0", "JSESSIONID=x; max-age=0", "jsessionid=y"]);
        assert!(cookies.replace(&gone).is_empty());
        let new = cookies.clone().replace(&answer(&["JSESSIONID=a2"]));
        assert_eq!(new.len(), 1);
        assert_eq!(cookies.header().unwrap(), "JSESSIONID=a2; XSRF=\"b\"");
        assert_eq!(Cookies::of(&names, &answer(&["XSRF=b"])).unwrap_err(), "JSESSIONID");
    }
}

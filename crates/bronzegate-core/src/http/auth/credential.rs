//! What goes into a request so that the API lets it in.

use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::cookies::Cookies;
use super::fault::{AuthFault, fatal};
use super::named_secrets::{NamedSecrets, SHORTEST_IN_REQUEST};
use super::signature::Signature;
use crate::config::{KeyPlace, RequestSecret};
use crate::http::content::RequestContent;
use crate::redact::SHORTEST_SECRET;

/// What goes into a request so that the API lets it in. Its `Debug` shows no value.
#[derive(Clone, Debug, Default)]
pub(crate) struct Credential {
    headers: HeaderMap,
    query: Option<(String, SecretString)>,
    /// The secrets in it, in an order that all credentials of a stream have.
    secrets: Vec<SecretString>,
    /// Those that stand in requests beside it.
    named: NamedSecrets,
    /// The cookies of a session.
    pub(super) cookies: Option<Cookies>,
    /// What signs each request.
    pub(super) signature: Option<Signature>,
    /// When an access token stops being used, on the clock's `elapsed`.
    pub(super) expires: Option<Duration>,
    /// The API's base URL, where that came with the token.
    pub(super) base: Option<Url>,
}

impl Credential {
    /// Puts the credential into a request.
    pub(in crate::http) fn apply(&self, url: &mut Url, headers: &mut HeaderMap) {
        self.named.put_into_headers(headers);
        self.named.put_into_path(url);
        for (name, value) in &self.headers {
            headers.insert(name.clone(), value.clone());
        }
        if let Some((name, value)) = &self.query {
            strip_parameter(url, name);
            url.query_pairs_mut().append_pair(name, value.expose_secret());
        }
        if let Some(value) = self.cookies.as_ref().and_then(Cookies::header) {
            headers.insert(COOKIE, value);
        }
        rewrite(url, |_, value| {
            if let Some(filled) = self.named.filled(value) {
                return Rewritten::As(filled);
            }
            let Some(nth) = placeholder(value) else { return Rewritten::Same };
            let secret = self.secrets.get(nth);
            secret.map_or(Rewritten::Gone, |secret| Rewritten::As(secret.expose_secret().to_owned()))
        });
    }

    /// Whether nothing in it lets anybody in.
    pub(in crate::http) fn is_empty(&self) -> bool {
        let is_bare = self.headers.is_empty() && self.query.is_none() && self.cookies.is_none();
        is_bare && self.secrets.is_empty() && self.named.is_empty() && self.signature.is_none()
    }

    /// Signs a request that is complete otherwise; returns what must not be shown of it.
    pub(in crate::http) async fn sign(
        &self,
        method: &Method,
        (url, body): (&mut Url, &[u8]),
        headers: &mut HeaderMap,
        now: Timestamp,
    ) -> Result<Vec<SecretString>, AuthFault> {
        let Some(signature) = &self.signature else { return Ok(Vec::new()) };
        signature.sign(method, url, headers, body, now).await
    }

    /// Takes the cookies that a response replaces; returns what must not be shown of it.
    pub(in crate::http) fn take_cookies(&self, headers: &HeaderMap) -> Vec<SecretString> {
        self.cookies.as_ref().map(|cookies| cookies.replace(headers)).unwrap_or_default()
    }

    /// What a request carries, with the secrets in it.
    pub(in crate::http) fn fill(&self, content: &RequestContent) -> Bytes {
        content.with(self.named.iter())
    }

    /// Takes out of a URL what [`withdraw`](Self::withdraw) does, and the placeholders as well, also of headers: for a
    /// host that gets no credentials. Returns whether its path is without any.
    pub(in crate::http) fn strip(&self, url: &mut Url, headers: &mut HeaderMap) -> bool {
        self.withdraw(url);
        rewrite(url, |_, value| {
            let is_meant = self.named.stand_in(value) || placeholder(value).is_some();
            if is_meant { Rewritten::Gone } else { Rewritten::Same }
        });
        self.named.strip_headers(headers);
        !self.named.stand_in(url.path())
    }

    /// Takes out of a URL that an API has named whatever may be a credential: the user and the password, the
    /// parameter that carries this credential, each query value that is a secret of it, such as the access token that
    /// an API repeats in its next URL, and the secrets that stand in paths. The value is replaced by a placeholder, and
    /// [`apply`](Self::apply) replaces that by what the credential holds by then.
    pub(crate) fn withdraw(&self, url: &mut Url) {
        strip_user(url);
        if let Some((name, _)) = &self.query {
            strip_parameter(url, name);
        }
        self.named.withdraw_from_path(url);
        rewrite(url, |_, value| {
            let is_long = value.len() >= SHORTEST_SECRET;
            let is_it = |secret: &SecretString| is_long && secret.expose_secret() == value;
            if let Some(named) = self.named.placeholder(value) {
                return Rewritten::As(named.to_owned());
            }
            let nth = self.secrets.iter().position(is_it);
            nth.map_or(Rewritten::Same, |nth| Rewritten::As(format!("{PLACEHOLDER}{nth}")))
        });
    }

    /// Remembers a secret that is in it. To be called in the same order for each credential of a stream.
    pub(super) fn holds(&mut self, secret: &SecretString) {
        self.secrets.push(secret.clone());
    }

    /// Remembers a secret that stands in requests beside it.
    pub(super) fn names(&mut self, secret: &RequestSecret, value: SecretString) -> Result<(), AuthFault> {
        let reference = &secret.reference;
        if secret.elsewhere && value.expose_secret().len() < SHORTEST_IN_REQUEST {
            return Err(fatal(format!(
                "{reference} has fewer than {SHORTEST_IN_REQUEST} characters: outside of headers it could not be told from \
                 other text, and not be kept out of messages"
            )));
        }
        if secret.in_header {
            header_value(value.expose_secret())?;
        }
        self.named.add(reference.placeholder(), value);
        Ok(())
    }

    /// The API's base URL, where that came with the token.
    pub(in crate::http) fn base(&self) -> Option<&Url> {
        self.base.as_ref()
    }

    /// Adds `Authorization`.
    pub(super) fn authorize(&mut self, value: HeaderValue) {
        self.headers.insert(AUTHORIZATION, value);
    }

    /// Adds a header.
    pub(super) fn header(&mut self, name: &str, value: &str) -> Result<(), AuthFault> {
        self.headers.insert(header_name(name)?, header_value(value)?);
        Ok(())
    }

    /// Adds a key with the text before it.
    pub(super) fn put(
        &mut self,
        place: &KeyPlace,
        prefix: Option<&str>,
        value: &SecretString,
    ) -> Result<(), AuthFault> {
        let text = format!("{}{}", prefix.unwrap_or_default(), value.expose_secret());
        match place {
            KeyPlace::Header(name) => self.header(name, &text)?,
            KeyPlace::Query(name) => self.query = Some((name.clone(), text.into())),
            KeyPlace::Cookies(names) => {
                let cookie = |name: &String| (name.clone(), value.clone());
                self.cookies = Some(Cookies::new(names.iter().map(cookie).collect()));
            }
        }
        Ok(())
    }
}

/// The placeholder of a secret in a saved URL; its number follows.
const PLACEHOLDER: &str = "bronzegate-credential-";

/// What becomes of a query parameter.
enum Rewritten {
    Same,
    As(String),
    Gone,
}

/// Rewrites parameters of a URL, by name and value. The others keep their own spelling: a signed or opaque URL
/// must not be rebuilt.
fn rewrite(url: &mut Url, rewritten: impl Fn(&str, &str) -> Rewritten) {
    let Some(query) = url.query() else { return };
    let mut is_other = false;
    let mut pairs: Vec<String> = Vec::new();
    for pair in query.split('&') {
        let parameter = url::form_urlencoded::parse(pair.as_bytes()).next();
        match parameter.map_or(Rewritten::Same, |(name, value)| rewritten(&name, &value)) {
            Rewritten::Same => pairs.push(pair.to_owned()),
            Rewritten::As(value) => {
                is_other = true;
                let name = pair.split_once('=').map_or(pair, |(name, _)| name);
                let value: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
                pairs.push(format!("{name}={value}"));
            }
            Rewritten::Gone => is_other = true,
        }
    }
    if is_other {
        let query = pairs.join("&");
        url.set_query((!query.is_empty()).then_some(&query));
    }
}

/// Takes a query parameter out of a URL.
pub(crate) fn strip_parameter(url: &mut Url, name: &str) {
    rewrite(url, |key, _| if key == name { Rewritten::Gone } else { Rewritten::Same });
}

/// Takes the user and the password out of a URL: a credential goes where the source file says, and nowhere by a
/// link. A URL that can have neither is left as it is.
pub(in crate::http) fn strip_user(url: &mut Url) {
    let _ = url.set_password(None);
    let _ = url.set_username("");
}

/// `Bearer <token>` (RFC 6750).
pub(super) fn bearer(token: &SecretString) -> Result<HeaderValue, AuthFault> {
    header_value(&format!("Bearer {}", token.expose_secret()))
}

pub(super) fn header_name(name: &str) -> Result<HeaderName, AuthFault> {
    name.parse().map_err(|_| fatal(format!("`{name}` is not a header name")))
}

/// A header's value that is never shown.
pub(super) fn header_value(text: &str) -> Result<HeaderValue, AuthFault> {
    let mut value = HeaderValue::from_str(text)
        .map_err(|_| fatal("a secret holds characters that cannot be sent in a header"))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Which secret of a credential a query value stands for, if it is a placeholder.
fn placeholder(value: &str) -> Option<usize> {
    value.strip_prefix(PLACEHOLDER)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::SecretRef;

    #[test]
    fn a_parameter_is_taken_out_without_touching_the_others() {
        for (before, after) in [
            ("https://x/?api_key=k&a=1%2C2&b=+c", "https://x/?a=1%2C2&b=+c"),
            ("https://x/?a=1&api%5Fkey=k", "https://x/?a=1"),
            ("https://x/?api_key=k", "https://x/"),
            ("https://x/?a=%7E", "https://x/?a=%7E"),
        ] {
            let mut url = Url::parse(before).unwrap();
            strip_parameter(&mut url, "api_key");
            assert_eq!(url.as_str(), after);
        }
    }

    #[test]
    fn a_secret_in_a_url_is_withdrawn_and_put_back_as_it_is_by_then() {
        let holding = |secrets: [&str; 2]| {
            let mut credential = Credential::default();
            for secret in secrets {
                credential.holds(&secret.to_owned().into());
            }
            credential
        };
        let mut url = Url::parse("https://x/?a=%7E1&access_token=old%2Bone%3D&b=old&key=key-1").unwrap();
        holding(["old+one=", "key-1"]).withdraw(&mut url);
        let saved =
            "https://x/?a=%7E1&access_token=bronzegate-credential-0&b=old&key=bronzegate-credential-1";
        assert_eq!(url.as_str(), saved);
        let mut elsewhere = url.clone();
        holding(["new", "k-2"]).apply(&mut url, &mut HeaderMap::new());
        assert_eq!(url.as_str(), "https://x/?a=%7E1&access_token=new&b=old&key=k-2");
        holding(["new", "k-2"]).strip(&mut elsewhere, &mut HeaderMap::new());
        assert_eq!(elsewhere.as_str(), "https://x/?a=%7E1&b=old");
    }

    #[test]
    fn what_is_withdrawn_for_the_log_is_withdrawn_for_a_host_without_credentials() {
        let mut credential = Credential::default();
        let key = SecretString::from("key-0".to_owned());
        credential.put(&KeyPlace::Query("api_key".to_owned()), None, &key).unwrap();
        credential.holds(&key);
        let repeated = Url::parse("https://u:pw@x/f?api_key=older&t=key-0&n=1").unwrap();
        let [mut saved, mut elsewhere] = [repeated.clone(), repeated];
        credential.withdraw(&mut saved);
        credential.strip(&mut elsewhere, &mut HeaderMap::new());
        assert_eq!(saved.as_str(), "https://x/f?t=bronzegate-credential-0&n=1");
        assert_eq!(elsewhere.as_str(), "https://x/f?n=1");
    }

    #[test]
    fn a_named_secret_goes_where_its_placeholder_stands_and_comes_out_again() {
        let reference = SecretRef { secret: "crm/tenant".to_owned(), field: Some("é".to_owned()) };
        let placeholder = reference.placeholder();
        let secret = RequestSecret { reference, in_header: true, elsewhere: true };
        let mut credential = Credential::default();
        credential.names(&secret, "t-0123456".to_owned().into()).unwrap();
        let mut url = Url::parse("https://x/?a=1").unwrap();
        url.query_pairs_mut().append_pair("tenant", &placeholder);
        let mut headers: HeaderMap =
            [(AUTHORIZATION, HeaderValue::from_str(&placeholder).unwrap())].into_iter().collect();
        let [mut elsewhere, mut others] = [(url.clone(), headers.clone()), (url.clone(), headers.clone())];
        credential.apply(&mut url, &mut headers);
        assert_eq!(
            (url.as_str(), headers[AUTHORIZATION].as_bytes()),
            ("https://x/?a=1&tenant=t-0123456", &b"t-0123456"[..])
        );
        credential.withdraw(&mut url);
        assert_eq!(url, others.0, "as it was");
        assert!(credential.strip(&mut elsewhere.0, &mut elsewhere.1));
        assert_eq!((elsewhere.0.as_str(), elsewhere.1.len()), ("https://x/?a=1", 0));
        // Another credential's.
        Credential::default().apply(&mut others.0, &mut others.1);
        assert!(others.0.as_str().contains("bronzegate-secret-"));
        let short = Credential::default().names(&secret, "t-01234".to_owned().into()).unwrap_err();
        assert!(
            matches!(short, AuthFault::Fatal(error) if error.to_string().contains("fewer than 8 characters"))
        );
    }
    #[test]
    fn a_named_secret_goes_into_parts_of_a_request_and_comes_out_of_a_path() {
        let reference = SecretRef { secret: "telegram".to_owned(), field: None };
        let placeholder = reference.placeholder();
        let secret = RequestSecret { reference, in_header: true, elsewhere: true };
        let mut credential = Credential::default();
        credential.names(&secret, "12:a/b c&d".to_owned().into()).unwrap();
        let saved = Url::parse(&format!("https://x/bot{placeholder}/m?k=a-{placeholder}&n=1")).unwrap();
        let with = format!("Token {placeholder}");
        let mut headers: HeaderMap =
            [(AUTHORIZATION, HeaderValue::from_str(&with).unwrap())].into_iter().collect();
        let (mut url, mut elsewhere) = (saved.clone(), (saved.clone(), headers.clone()));
        credential.apply(&mut url, &mut headers);
        assert_eq!(url.as_str(), "https://x/bot12%3Aa%2Fb%20c%26d/m?k=a-12%3Aa%2Fb+c%26d&n=1");
        assert_eq!(headers[AUTHORIZATION], "Token 12:a/b c&d");
        assert!(headers[AUTHORIZATION].is_sensitive());
        for repeated in ["/bot12%3Aa%2Fb%20c%26d/n", "/bot12:a%2fb%20c&d/n", "/bot%31%32:a%2Fb%20c%26d/n"] {
            let mut url = url.join(repeated).unwrap();
            credential.withdraw(&mut url);
            assert_eq!(url.path(), format!("/bot{placeholder}/n"), "{repeated}");
        }
        assert!(!credential.strip(&mut elsewhere.0, &mut elsewhere.1), "its path has one");
        assert_eq!((elsewhere.0.query(), elsewhere.1.len()), (Some("n=1"), 0));
    }
}

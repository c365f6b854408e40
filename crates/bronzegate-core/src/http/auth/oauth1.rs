//! `OAuth` 1.0a: the signature of a request (RFC 5849, section 3.4).

#[cfg(feature = "aws-lc")]
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, Method};
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
#[cfg(not(feature = "aws-lc"))]
use ring::hmac;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::credential::header_value;
use super::fault::AuthFault;
use crate::config::SignatureMethod;

/// What requests are signed with.
#[derive(Debug)]
pub(crate) struct OAuth1Keys {
    pub(super) consumer_key: SecretString,
    pub(super) consumer_secret: SecretString,
    /// The token and its secret.
    pub(super) token: Option<(SecretString, SecretString)>,
    pub(super) method: SignatureMethod,
    pub(super) realm: Option<String>,
}

/// What RFC 3986 leaves unreserved, and nothing else, stays as it is (section 3.6).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

impl OAuth1Keys {
    /// The value of `Authorization` for a request. Of its body, the fields of a form alone are signed (section
    /// 3.4.1.3.1).
    pub(super) fn authorization(
        &self,
        method: &Method,
        (url, form): (&Url, &[u8]),
        nonce: &str,
        now: Timestamp,
    ) -> Result<HeaderValue, AuthFault> {
        let method_name = match self.method {
            SignatureMethod::HmacSha256 => "HMAC-SHA256",
            SignatureMethod::HmacSha1 => "HMAC-SHA1",
        };
        let timestamp = now.as_second().to_string();
        let mut own = vec![
            ("oauth_consumer_key", self.consumer_key.expose_secret()),
            ("oauth_nonce", nonce),
            ("oauth_signature_method", method_name),
            ("oauth_timestamp", &timestamp),
            ("oauth_version", "1.0"),
        ];
        own.extend(self.token.iter().map(|(token, _)| ("oauth_token", token.expose_secret())));
        let signature = self.signature(method, (url, form), &own);
        own.push(("oauth_signature", &signature));
        let realm = self.realm.iter().map(|realm| format!("realm=\"{realm}\""));
        let own = own.iter().map(|(name, value)| format!("{name}=\"{}\"", encoded(value)));
        header_value(&format!("OAuth {}", realm.chain(own).collect::<Vec<_>>().join(", ")))
    }

    fn signature(&self, method: &Method, whole: (&Url, &[u8]), own: &[(&str, &str)]) -> String {
        let text = base_string(method, whole, own);
        let token_secret = self.token.as_ref().map_or("", |(_, secret)| secret.expose_secret());
        let key = format!("{}&{}", encoded(self.consumer_secret.expose_secret()), encoded(token_secret));
        let algorithm = match self.method {
            SignatureMethod::HmacSha256 => hmac::HMAC_SHA256,
            SignatureMethod::HmacSha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        };
        let tag = hmac::sign(&hmac::Key::new(algorithm, key.as_bytes()), text.as_bytes());
        STANDARD.encode(tag)
    }
}

/// What is signed (section 3.4.1).
fn base_string(method: &Method, (url, form): (&Url, &[u8]), own: &[(&str, &str)]) -> String {
    let mut place = url.clone();
    place.set_query(None);
    place.set_fragment(None);
    let query = url.query_pairs().chain(url::form_urlencoded::parse(form));
    let query = query.map(|(name, value)| (encoded(&name), encoded(&value)));
    let own = own.iter().map(|(name, value)| (encoded(name), encoded(value)));
    let mut parameters: Vec<_> = query.chain(own).collect();
    parameters.sort_unstable();
    let pairs: Vec<_> = parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("{method}&{}&{}", encoded(place.as_str()), encoded(&pairs.join("&")))
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

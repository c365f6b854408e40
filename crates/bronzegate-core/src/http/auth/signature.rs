//! What signs each request, where a credential is not simply put into it.

use std::sync::Arc;

use http::header::AUTHORIZATION;
use http::{HeaderMap, Method};
use jiff::Timestamp;
use secrecy::SecretString;
use url::Url;

use super::fault::AuthFault;
use super::oauth1::OAuth1Keys;
use crate::config::AwsSigV4;
use crate::http::media_type::media_type;
use crate::http::retry::nonce;
use crate::signer::{RequestSigner, ToSign};

/// The content type of a form, whose fields are signed (RFC 5849 section 3.4.1.3.1).
const FORM: &str = "application/x-www-form-urlencoded";

/// What signs each request.
#[derive(Clone, Debug)]
pub(crate) enum Signature {
    /// `OAuth` 1.0a.
    OAuth1(Arc<OAuth1Keys>),
    /// The platform's identity.
    Platform(Arc<dyn RequestSigner>, AwsSigV4),
}

impl Signature {
    /// Signs a request that is complete otherwise; returns what must not be shown of it.
    pub(super) async fn sign(
        &self,
        method: &Method,
        url: &mut Url,
        headers: &mut HeaderMap,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Vec<SecretString>, AuthFault> {
        match self {
            Self::OAuth1(keys) => {
                let form = (media_type(headers) == FORM).then_some(body);
                let value = keys.authorization(method, (&*url, form.unwrap_or_default()), &nonce(), now)?;
                headers.insert(AUTHORIZATION, value);
                Ok(Vec::new())
            }
            Self::Platform(signer, AwsSigV4 { service, region }) => {
                // A space is %20 in what AWS signs, and servers differ in what they take a plus sign for.
                if let Some(query) = url.query().filter(|query| query.contains('+')) {
                    let query = query.replace('+', "%20");
                    url.set_query(Some(&query));
                }
                let request = ToSign { method, url, body, service, region, now };
                let signed = signer.sign(&request).await.map_err(AuthFault::Fatal)?;
                headers.extend(signed.headers);
                Ok(signed.secrets)
            }
        }
    }
}

//! Tokens: kept, renewed before they expire, and missed with a reason.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::error::ErrorKind;
use bronzegate_core::clock::Clock;
use tokio::sync::Mutex;

use crate::clients::{NoToken, chain};

/// A token is renewed when it has less than this left, in seconds: as the SDK's own credentials do.
const MARGIN: i64 = 300;

/// A credential whose tokens are kept.
///
/// Most credentials of the SDK keep their tokens, but the developer's tools start a process for each.
/// A token that cannot be renewed is used as long as it is valid.
pub(super) struct Tokens {
    credential: Arc<dyn TokenCredential>,
    name: &'static str,
    passed_over: Vec<String>,
    clock: Arc<dyn Clock>,
    /// By scope. Held while a token is asked for: one call for all who wait.
    kept: Mutex<HashMap<String, AccessToken>>,
}

impl Tokens {
    pub(super) fn new(
        credential: Arc<dyn TokenCredential>,
        name: &'static str,
        passed_over: Vec<String>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { credential, name, passed_over, clock, kept: Mutex::default() }
    }

    /// The SDK's error, with what was tried and why nothing else was.
    fn explain(&self, error: &azure_core::Error) -> azure_core::Error {
        let mut text = format!("no token from {}: {}", self.name, chain(error));
        if !self.passed_over.is_empty() {
            text = format!("{text}; not tried: {}", self.passed_over.join("; "));
        }
        azure_core::Error::with_error(ErrorKind::Credential, NoToken::new(error, text.clone()), text)
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("name", &self.name).finish_non_exhaustive()
    }
}

#[async_trait]
impl TokenCredential for Tokens {
    async fn get_token(
        &self,
        scopes: &[&str],
        options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let mut kept = self.kept.lock().await;
        let now = self.clock.now().as_second();
        let scope = scopes.join(" ");
        let left = kept.get(&scope).map_or(0, |token| token.expires_on.unix_timestamp() - now);
        if left > MARGIN {
            return Ok(kept[&scope].clone());
        }
        match self.credential.get_token(scopes, options).await {
            Ok(token) => {
                kept.insert(scope, token.clone());
                Ok(token)
            }
            Err(error) if left > 0 => {
                tracing::warn!(
                    identity = self.name,
                    left,
                    cause = chain(&error),
                    "a token is not renewed yet"
                );
                Ok(kept[&scope].clone())
            }
            Err(error) => Err(self.explain(&error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};
    use std::time::Duration;

    use azure_core::time::OffsetDateTime;
    use bronzegate_core::clock::TestClock;
    use jiff::Timestamp;

    use super::*;

    /// Gives tokens that expire at these times; then none any more.
    #[derive(Debug)]
    struct Few(AtomicI64, Vec<i64>);

    #[async_trait]
    impl TokenCredential for Few {
        async fn get_token(
            &self,
            _: &[&str],
            _: Option<TokenRequestOptions<'_>>,
        ) -> azure_core::Result<AccessToken> {
            let at = self.0.fetch_add(1, Ordering::SeqCst);
            let end = self.1.get(at as usize);
            let end = end.ok_or_else(|| azure_core::Error::with_message(ErrorKind::Io, "signed out"))?;
            let end = OffsetDateTime::from_unix_timestamp(*end).unwrap();
            Ok(AccessToken::new(format!("token-{}", at + 1), end))
        }
    }

    #[tokio::test]
    async fn a_token_is_kept_renewed_before_its_end_and_used_to_its_end_where_it_cannot_be() {
        let clock = Arc::new(TestClock::at(Timestamp::UNIX_EPOCH));
        let few = Arc::new(Few(AtomicI64::new(0), vec![3600, 7200]));
        let passed_over = vec!["managed: no endpoint".to_owned()];
        let tokens = Tokens::new(few, "a test", passed_over, clock.clone());
        // The time, and the token then; the second is renewed at 3300 s, and not renewed any more at 6900 s.
        for (time, expected) in [(0, 1), (3299, 1), (3300, 2), (6899, 2), (6900, 2), (7199, 2)] {
            clock.advance(Duration::from_secs(time).saturating_sub(clock.elapsed()));
            let token = tokens.get_token(&["s"], None).await.unwrap();
            assert_eq!(token.token.secret(), format!("token-{expected}"), "after {time} s");
        }
        clock.advance(Duration::from_secs(1));
        let error = tokens.get_token(&["s"], None).await.unwrap_err();
        assert_eq!(
            crate::clients::ServiceError::from(error).to_string(),
            "no token from a test: signed out; not tried: managed: no endpoint"
        );
    }
}

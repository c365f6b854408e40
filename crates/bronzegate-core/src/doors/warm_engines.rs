//! What one event has made ready and the next one uses: engines, and streams that nobody runs right now.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::clock::Clock;
use crate::config::Source;
use crate::error::Result;
use crate::proxy::Proxies;
use crate::run::{Engine, StreamRun};
use crate::secret::SecretStore;
use crate::signer::RequestSigner;

/// The engines of a process.
///
/// An engine, and with it connections, access tokens and rate limits, stays as long as its source's
/// file is the same. Events that are handled at the same time share tokens, and together keep to the
/// source's rate, whatever share each has.
#[derive(Debug)]
pub(super) struct WarmEngines {
    secrets: Arc<dyn SecretStore>,
    clock: Arc<dyn Clock>,
    environment: String,
    signer: Option<Arc<dyn RequestSigner>>,
    proxies: Proxies,
    warm: Mutex<HashMap<String, Warm>>,
}

/// What is kept of a source, as long as its file is the same.
#[derive(Debug)]
struct Warm {
    /// The one with the whole rate. Those with a share have its credentials, and together keep to its rate.
    whole: Engine,
    /// One for each share, the one used last at the end.
    shares: Vec<KeptShare>,
}

/// What is kept of a source's share.
#[derive(Debug)]
struct KeptShare {
    engine: Engine,
    rate_share: f64,
    /// The streams that no event is running at the moment.
    idle: HashMap<String, StreamRun>,
}

/// The most shares that are kept of a source: the schedule's, and those of a few backfills.
const MOST_SHARES: usize = 8;

impl WarmEngines {
    /// No engine is made yet.
    pub(super) fn new(secrets: Arc<dyn SecretStore>, clock: Arc<dyn Clock>, environment: String) -> Self {
        Self {
            secrets,
            clock,
            environment,
            signer: None,
            proxies: Proxies::default(),
            warm: Mutex::default(),
        }
    }

    /// The platform's identity, for sources that ask for it.
    pub(super) fn sign_with(&mut self, signer: Option<Arc<dyn RequestSigner>>) {
        self.signer = signer;
    }

    /// The proxies that APIs are called by.
    pub(super) fn call_by(&mut self, proxies: Proxies) {
        self.proxies = proxies;
    }

    /// The engine that is warm for this very file and share, or a new one.
    pub(super) fn engine(&self, source: &Source, rate_share: f64) -> Result<Engine> {
        let mut warm = self.warm.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = warm.entry(source.name.clone());
        let kept = kept.or_insert_with(|| self.new_warm(source));
        if kept.whole.source.fingerprint != source.fingerprint {
            *kept = self.new_warm(source);
        }
        kept.share(rate_share)
    }

    fn new_warm(&self, source: &Source) -> Warm {
        let (secrets, clock) = (self.secrets.clone(), self.clock.clone());
        let source = Arc::new(source.clone());
        let whole = Engine::new(source, secrets, clock, self.environment.as_str());
        let whole = whole.with_signer(self.signer.clone()).with_proxies(self.proxies.clone());
        Warm { whole, shares: Vec::new() }
    }

    /// A stream to run: the one kept since an earlier event, unless another event runs it right now.
    pub(super) fn stream(&self, engine: &Engine, name: &str) -> Result<StreamRun> {
        let mut warm = self.warm.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = warm.get_mut(&engine.source.name).and_then(|warm| warm.kept(engine));
        match kept.and_then(|kept| kept.idle.remove(name)) {
            Some(run) => Ok(run),
            None => engine.stream(name),
        }
    }

    /// Keeps a stream for the events to come.
    pub(super) fn keep(&self, run: StreamRun) {
        let mut warm = self.warm.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = warm.get_mut(&run.engine.source.name).and_then(|warm| warm.kept(&run.engine)) {
            kept.idle.insert(run.stream.name.clone(), run);
        }
    }
}

impl Warm {
    /// The engine with this share of the rate. The share that was not used for longest makes room.
    fn share(&mut self, rate_share: f64) -> Result<Engine> {
        let known = self.shares.iter().position(|share| share.rate_share.total_cmp(&rate_share).is_eq());
        let share = if let Some(at) = known {
            self.shares.remove(at)
        } else {
            let engine = self.whole.clone().with_rate_share(rate_share)?;
            KeptShare { engine, rate_share, idle: HashMap::new() }
        };
        let engine = share.engine.clone();
        self.shares.push(share);
        if self.shares.len() > MOST_SHARES {
            self.shares.remove(0);
        }
        Ok(engine)
    }

    fn kept(&mut self, engine: &Engine) -> Option<&mut KeptShare> {
        self.shares.iter_mut().find(|share| share.engine.is(engine))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;
    use crate::doors::sources::SourceFolder;
    use crate::secret::EnvSecrets;

    #[tokio::test]
    async fn a_few_shares_are_kept_and_a_changed_file_begins_anew() {
        let folder = tempfile::tempdir().unwrap();
        let sources = SourceFolder::local(folder.path());
        let file = folder.path().join("crm.yaml");
        let text = "source: crm\nbase_url: https://crm.example.com\nstreams: { deals: { path: /deals, records: $, pagination: { type: none } } }\n";
        std::fs::write(&file, text).unwrap();
        let secrets = Arc::new(EnvSecrets::new(|_| None));
        let engines = WarmEngines::new(secrets, Arc::new(SystemClock::default()), "test".to_owned());
        let engine = async |share: f64| engines.engine(&sources.load("crm").await.unwrap(), share).unwrap();
        let scheduled = engine(1.0).await;
        for windows in 1..30 {
            engine(0.5 / f64::from(windows)).await;
            // The schedule's is used between them, and so it is kept.
            assert!(engine(1.0).await.is(&scheduled));
        }
        assert_eq!(engines.warm.lock().unwrap()["crm"].shares.len(), MOST_SHARES);
        std::fs::write(&file, format!("{text}# changed\n")).unwrap();
        assert!(!engine(1.0).await.is(&scheduled));
        assert_eq!(engines.warm.lock().unwrap()["crm"].shares.len(), 1);
    }
}

//! The secrets of a stream's requests: those of `auth`, and those that stand beside it.

use super::body::BodyTemplate;
use super::job::Job;
use super::other_request::OtherRequest;
use super::secret_ref::{RequestSecret, SecretRef};
use super::stream::Stream;
use super::template::Template;
use super::tls::Tls;

impl Stream {
    /// Returns the secrets it needs, each once.
    pub fn secrets(&self) -> Vec<SecretRef> {
        let of_tls = self.tls.iter().flat_map(Tls::secrets);
        let beside = self.request_secrets().into_iter().map(|secret| secret.reference);
        let mut all: Vec<_> = self.auth.secrets().into_iter().chain(of_tls).cloned().chain(beside).collect();
        let mut seen = Vec::new();
        all.retain(|secret| {
            !seen.contains(secret) && {
                seen.push(secret.clone());
                true
            }
        });
        all
    }

    /// Returns those that stand in its requests beside `auth`, each once, in order of name.
    pub fn request_secrets(&self) -> Vec<RequestSecret> {
        let of_job = self.job.iter().flat_map(Job::requests);
        let params = of_job.clone().flat_map(|request| &request.params).chain(&self.params);
        let bodies = of_job.clone().filter_map(|request| request.body.as_ref()).chain(&self.body);
        let later = self.pagination.next_request.iter().flat_map(OtherRequest::values);
        let others = of_job.clone().chain(&self.pagination.next_request);
        let paths = others.map(|request| &request.path).chain([&self.path]);
        let elsewhere = params.flat_map(|(_, values)| values).chain(bodies.flat_map(BodyTemplate::templates));
        let elsewhere = elsewhere.chain(later).chain(paths).flat_map(Template::secrets);
        let elsewhere = elsewhere.map(|secret| (secret, false));
        let headers = self.headers.iter().flat_map(|(_, value)| value.secrets()).map(|secret| (secret, true));
        let mut found: Vec<RequestSecret> = Vec::new();
        for (reference, in_header) in elsewhere.chain(headers) {
            let one = RequestSecret { reference: reference.clone(), in_header, elsewhere: !in_header };
            one.put_into(&mut found);
        }
        found
    }
}

impl RequestSecret {
    /// Adds it to others, each of which is there once, in order of name.
    pub fn put_into(self, others: &mut Vec<Self>) {
        match others.binary_search_by(|other| other.reference.cmp(&self.reference)) {
            Ok(place) => {
                others[place].in_header |= self.in_header;
                others[place].elsewhere |= self.elsewhere;
            }
            Err(place) => others.insert(place, self),
        }
    }
}

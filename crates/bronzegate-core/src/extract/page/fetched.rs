//! What a fetch comes to.

use crate::formats::{Form, PageBody};
use crate::http::{EndedBy, Facts, Paths, Response};

/// A page that has come.
#[derive(Debug)]
pub(crate) struct Fetched {
    /// What rules and paginators look at.
    pub facts: Facts,
    /// The body's records and shape; `None` where the response says that there are no more pages.
    pub body: Option<PageBody>,
    /// What says so.
    pub ended_by: Option<EndedBy>,
    /// All its records lie before what has been read, where the newest come first: nothing new can be after it.
    pub is_all_older: bool,
    /// Its response says that its window holds more than the API gives out.
    pub is_too_large: bool,
}

impl Fetched {
    /// What has come, and what says that it is the end.
    pub(crate) fn of(facts: Facts, body: Option<PageBody>, ended_by: Option<EndedBy>) -> Self {
        Self { facts, body, ended_by, is_all_older: false, is_too_large: false }
    }

    /// Whether a rule says by the status alone that there are no more pages: a wrong path is answered so too.
    pub(crate) fn is_ended_by_status(&self) -> bool {
        self.ended_by == Some(EndedBy::Rule { by_status: true })
    }

    /// Whether a rule of the source file says that there are no more pages: its word is not doubted.
    pub(crate) fn is_ended_by_rule(&self) -> bool {
        matches!(self.ended_by, Some(EndedBy::Rule { .. }))
    }
}

/// What a response says before its body.
pub(super) fn head_facts(response: &Response, paths: &Paths) -> Facts {
    Facts {
        status: response.status,
        headers: response.headers.clone(),
        url: response.url.clone(),
        paths: paths.clone(),
        values: Vec::new(),
        last_record: None,
        credential: response.credential.clone(),
    }
}

/// What rules and paginators look at in a response.
pub(super) fn facts(response: Response, paths: &Paths, body: Option<&PageBody>) -> Facts {
    let last_record = body.and_then(|body| body.last_record.clone());
    let values = match body {
        // Lines have no members beside them: what an API has to say of an error is its last line.
        Some(body) if body.form == Form::Lines => paths.in_record(last_record.as_deref().unwrap_or_default()),
        Some(body) => body.values.clone(),
        None => Vec::new(),
    };
    Facts {
        status: response.status,
        headers: response.headers,
        url: response.url,
        paths: paths.clone(),
        values,
        last_record,
        credential: response.credential,
    }
}

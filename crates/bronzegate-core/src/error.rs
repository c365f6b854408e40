//! The one public error: what kind of outcome it is, where it happened, and why.
//!
//! Each module keeps its own enum of causes; here they meet as a boxed cause. Callers act on
//! [`ErrorKind`] alone and never on text.

use std::error::Error as StdError;
use std::fmt;

use crate::redact::{printable, visible};

/// What a caller does about an error: each kind has one exit code and one alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The command line, a source file, an event or a deployment setting is wrong.
    Config,
    /// A secret is missing or unusable, or the API refuses it.
    Auth,
    /// The API failed after retries, or a rule of the source file says it failed.
    Api,
    /// The API's data cannot be trusted: malformed, the wrong shape, no progress, a shortfall,
    /// or a link to a host that may not be called.
    Data,
    /// The bronze store could not be read or written.
    Store,
    /// A signal ended the run before it had anything to commit.
    Interrupted,
}

impl ErrorKind {
    /// The exit code of a process that ends with this kind.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Config => 2,
            Self::Auth => 4,
            Self::Api => 5,
            Self::Data => 6,
            Self::Store => 7,
            Self::Interrupted => 130,
        }
    }

    /// The kind's name in reports and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Auth => "auth",
            Self::Api => "api",
            Self::Data => "data",
            Self::Store => "store",
            Self::Interrupted => "interrupted",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where an error happened, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Location {
    /// `<source>/<stream>`, or the source alone.
    pub stream: Option<String>,
    /// The partition and parent whose page it is.
    pub branch: Option<String>,
    /// The page of the run, or of its branch, counted from 1 over all segments.
    pub page: Option<u64>,
    /// The attempt at that page's request, counted from 1.
    pub attempt: Option<u32>,
}

/// An error of the engine.
///
/// Its text names source, stream, page and attempt, and never holds a secret.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    is_transient: bool,
    is_quota: bool,
    asks_restart: bool,
    /// Its text has lines, which are nobody else's.
    is_list: bool,
    place: Location,
    cause: Box<dyn StdError + Send + Sync>,
}

/// A result of the engine.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Makes an error of `kind` from its cause.
    pub fn new(kind: ErrorKind, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self(Box::new(Inner {
            kind,
            is_transient: false,
            is_quota: false,
            asks_restart: false,
            is_list: false,
            place: Location::default(),
            cause: cause.into(),
        }))
    }

    /// The same of a cause that is told in several lines, none of which anybody else can have begun; the text of
    /// every other error is one line.
    pub fn list(kind: ErrorKind, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        let mut error = Self::new(kind, cause);
        error.0.is_list = true;
        error
    }

    /// The outcome a caller acts on.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether it is known that the same may go well in a while, as when a vault does not answer. The kinds
    /// `api` and `store` may pass without saying so.
    pub fn is_transient(&self) -> bool {
        self.0.is_transient
    }

    /// Says whether the same may go well in a while.
    #[must_use]
    pub fn transient(mut self, is_transient: bool) -> Self {
        self.0.is_transient = is_transient;
        self
    }

    /// Whether the API has sent the caller away for longer than the run has: whatever else is asked of it by then
    /// meets the same.
    pub fn is_quota(&self) -> bool {
        self.0.is_quota
    }

    /// Says that the API has sent the caller away.
    #[must_use]
    pub fn quota(mut self, is_quota: bool) -> Self {
        self.0.is_quota = is_quota;
        self
    }

    /// Whether the source file says that the run is to begin again at its first page.
    pub(crate) fn asks_restart(&self) -> bool {
        self.0.asks_restart
    }

    /// Says that the run is to begin again at its first page.
    #[must_use]
    pub(crate) fn restart(mut self, asks_restart: bool) -> Self {
        self.0.asks_restart = asks_restart;
        self
    }

    /// Where it happened.
    pub fn place(&self) -> &Location {
        &self.0.place
    }

    /// The same with its texts rewritten, but for the stream's name: what an API has put into them may not be
    /// for everybody's eyes.
    #[must_use]
    pub(crate) fn rewritten(mut self, rewrite: impl Fn(&str) -> String) -> Self {
        self.0.cause = rewrite(&self.causes()).into();
        self.0.place.branch = self.0.place.branch.as_deref().map(rewrite);
        self
    }

    /// Names the stream, unless a deeper layer did.
    #[must_use]
    pub fn in_stream(mut self, stream: impl Into<String>) -> Self {
        self.0.place.stream.get_or_insert_with(|| stream.into());
        self
    }

    /// Names the partition and parent, unless a deeper layer did.
    #[must_use]
    pub fn in_branch(mut self, branch: impl Into<String>) -> Self {
        self.0.place.branch.get_or_insert_with(|| branch.into());
        self
    }

    /// Names the page, unless a deeper layer did.
    #[must_use]
    pub fn on_page(mut self, page: u64) -> Self {
        self.0.place.page.get_or_insert(page);
        self
    }

    /// Names the attempt, unless a deeper layer did.
    #[must_use]
    pub fn at_attempt(mut self, attempt: u32) -> Self {
        self.0.place.attempt.get_or_insert(attempt);
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A cause may quote an API or an event, whose text is not to move a terminal's cursor, nor to begin a line
        // of its own.
        let told = self.told();
        f.write_str(&if self.0.is_list { visible(&told) } else { printable(&told, usize::MAX) })
    }
}

impl Error {
    fn told(&self) -> String {
        let Location { stream, branch, page, attempt } = &self.0.place;
        let mut place = Vec::new();
        place.extend(stream.clone());
        place.extend(branch.clone());
        place.extend(page.map(|page| format!("page {page}")));
        place.extend(attempt.filter(|&attempt| attempt > 1).map(|attempt| format!("attempt {attempt}")));
        let place = Some(place.join(", ")).filter(|place| !place.is_empty());
        place.into_iter().chain([self.causes()]).collect::<Vec<_>>().join(": ")
    }

    fn causes(&self) -> String {
        let deeper = std::iter::successors(self.0.cause.source(), |cause| (**cause).source());
        let texts = [self.0.cause.to_string()].into_iter().chain(deeper.map(ToString::to_string));
        texts.collect::<Vec<_>>().join(": ")
    }
}

impl StdError for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_names_stream_page_and_attempt_and_the_deepest_layer_wins() {
        let error = Error::new(ErrorKind::Data, "the body ends inside a string")
            .on_page(3)
            .at_attempt(2)
            .on_page(9)
            .in_stream("hubspot/contacts");
        assert_eq!(error.to_string(), "hubspot/contacts, page 3, attempt 2: the body ends inside a string");
        assert_eq!((error.kind(), error.kind().exit_code()), (ErrorKind::Data, 6));
    }

    #[test]
    fn text_is_one_line_that_moves_no_cursor_unless_it_is_a_list() {
        let text = "no such stream `a\nERROR forged\x1b[2J`";
        let error = Error::new(ErrorKind::Config, text).in_branch("id=\r\n7").in_stream("s");
        assert_eq!(error.to_string(), "s, id= 7: no such stream `a ERROR forged [2J`");
        assert_eq!(Error::list(ErrorKind::Config, "2 problems\n1\x1b\n2").to_string(), "2 problems\n1 \n2");
    }

    #[test]
    fn text_follows_the_chain_of_causes() {
        #[derive(Debug, thiserror::Error)]
        #[error("cannot write part 1")]
        struct Outer(#[source] std::io::Error);
        let error = Error::new(ErrorKind::Store, Outer(std::io::Error::other("disk full")));
        assert_eq!(error.to_string(), "cannot write part 1: disk full");
    }
}

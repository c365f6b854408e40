//! Why something has ended before it was done: one type for all layers, from a request to a run.

use crate::error::Error;

/// Why something was not done. A layer adds a type of its own only for what it alone knows.
#[derive(Debug)]
pub(crate) enum Unfinished {
    /// The run's time is up, a stop was asked for, or nobody wants it any more: the next segment may go on.
    Stopped,
    /// The same, while an export job goes on without the run.
    Waiting,
    /// A response says that its window holds more than the API gives out.
    TooLarge,
    /// A rule of the source file leaves the branch out, and says why.
    LeftOut(String),
    /// It failed.
    Failed(Error),
}

impl Unfinished {
    /// The same with another error, if it failed.
    #[must_use]
    pub(crate) fn map_error(self, change: impl FnOnce(Error) -> Error) -> Self {
        match self {
            Self::Failed(error) => Self::Failed(change(error)),
            other => other,
        }
    }
}

impl<E: Into<Error>> From<E> for Unfinished {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

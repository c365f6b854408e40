//! Why a proxy did not let a request through.

use crate::error::ErrorKind;

/// Why a proxy did not let a request through. The texts hold no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProxyFault {
    /// It was not reached.
    #[error("cannot connect to the proxy {proxy} (of {variable}): {cause}")]
    Unreachable {
        /// Its address.
        proxy: String,
        /// The variable that names it.
        variable: &'static str,
        /// What happened.
        cause: String,
    },
    /// It cannot reach the server at the moment.
    #[error("the proxy {proxy} cannot connect to {host} at the moment: it answered {status}")]
    Passing {
        /// Its address.
        proxy: String,
        /// Whom it was asked for.
        host: String,
        /// 408, 429 or from 500 on.
        status: u16,
    },
    /// It does not accept the user and the password, or wants one.
    #[error(
        "the proxy {proxy} answered 407: it asks for another user and password; write {variable} as http://user:password@host:port"
    )]
    Denied {
        /// Its address.
        proxy: String,
        /// The variable that names it.
        variable: &'static str,
    },
    /// Its rules do not let the request through.
    #[error(
        "the proxy {proxy} refuses to connect to {host}: it answered {status}; allow the host there, or name it in NO_PROXY"
    )]
    Refused {
        /// Its address.
        proxy: String,
        /// Whom it was asked for.
        host: String,
        /// The status.
        status: u16,
    },
    /// The request has a credential, and the proxy would read it.
    #[error(
        "{host} is not called: a credential would go to the proxy {proxy} over plain http; use https, or name the host in NO_PROXY"
    )]
    Readable {
        /// Its address.
        proxy: String,
        /// Whom the request is for.
        host: String,
    },
}

impl ProxyFault {
    /// Whether another try may do better.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Passing { .. })
    }

    /// What kind of error it is, where no other try is made.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Unreachable { .. } | Self::Passing { .. } => ErrorKind::Api,
            Self::Denied { .. } => ErrorKind::Auth,
            Self::Refused { .. } | Self::Readable { .. } => ErrorKind::Config,
        }
    }
}

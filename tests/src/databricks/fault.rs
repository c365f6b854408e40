//! What can happen to a call of the played Databricks.

/// A kind of call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// `POST /oidc/v1/token`.
    Token,
    /// `GET /api/2.0/secrets/get`.
    Secret,
    /// `POST /api/2.0/sql/statements`.
    Submit,
    /// `GET /api/2.0/sql/statements/<id>`.
    Poll,
    /// `GET /api/2.1/unity-catalog/…`.
    Catalog,
}

/// What happens to a call.
#[derive(Clone, Debug)]
pub enum Fault {
    /// It is not carried out; this status is answered, with `Retry-After` in seconds where that is given.
    Status(u16, Option<u32>),
    /// It is not carried out; a refusal of this status, code and message is answered.
    Refuse(u16, &'static str, String),
    /// The connection ends before it is carried out.
    Unheard,
    /// It is carried out, and the connection ends before the answer.
    Unanswered,
    /// It is carried out, and no answer ever comes.
    Silent,
    /// The answer leads elsewhere.
    Redirect(String),
    /// A statement has not ended in so many answers; it is carried out at the last of them.
    Slow(u32),
    /// A statement is not carried out and answered as failed, in a 200: code, message, SQLSTATE.
    Failed(&'static str, &'static str, Option<&'static str>),
    /// A statement is carried out and answered with this state alone.
    State(&'static str),
}

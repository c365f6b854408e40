//! The rules by which things go wrong.

use crate::payload::Payload;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Makes one thing go wrong at one kind of moment, so many times.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The stream; `*` is any; `oauth` is the token endpoint (which `*` does not mean).
    #[serde(default = "any")]
    pub stream: String,
    /// When it fires.
    pub at: When,
    /// How often it fires before it is spent.
    #[serde(default = "once")]
    pub times: u32,
    /// What goes wrong.
    pub kind: FaultKind,
}

impl Fault {
    /// Makes a rule that fires once.
    pub fn new(stream: impl Into<String>, at: When, kind: FaultKind) -> Self {
        Self { stream: stream.into(), at, times: 1, kind }
    }

    /// Lets it fire so many times.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    /// Lets it fire for ever.
    #[must_use]
    pub fn always(self) -> Self {
        self.times(u32::MAX)
    }
}

fn any() -> String {
    "*".into()
}

fn once() -> u32 {
    1
}

/// Names when a fault fires. Only requests that pass authentication and limits can fire one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// At the stream's nth request (from 1), and at those after it until the rule is spent.
    Request(u64),
    /// The same, counted over all streams since the rules were set; the token endpoint apart.
    Overall(u64),
    /// At every nth request.
    Every(u64),
    /// At requests for the page that holds the record at this position (from 0).
    Record(u64),
    /// At requests for the nth page (from 1), counted in pages of the size asked for.
    Page(u64),
    /// By seeded chance, from 0 to 1, the same for the same request number.
    Probability(f64),
}

/// Names what goes wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// Another status, with a JSON error unless a body is given.
    Status {
        /// The status.
        code: u16,
        /// The body.
        #[serde(default)]
        body: Option<Payload>,
        /// Further headers.
        #[serde(default)]
        headers: Vec<(String, String)>,
        /// The content type; `application/json` if absent.
        #[serde(default)]
        content_type: Option<String>,
    },
    /// The body ends before its framing says so.
    CutBody {
        /// Body bytes sent.
        after_bytes: u64,
        /// How the body's end was promised.
        framing: Framing,
    },
    /// The body pauses, then goes on.
    Stall {
        /// Body bytes sent before.
        after_bytes: u64,
        /// How long; `for` in JSON.
        #[serde(rename = "for", with = "crate::duration")]
        pause: Duration,
    },
    /// Nothing of a list's response comes until the rules are replaced.
    Held,
    /// The connection is reset before any byte of the response.
    Reset,
    /// The member with the records is something else.
    WrongShape(WrongShape),
    /// The body is not JSON.
    InvalidJson(InvalidJson),
    /// Any body, as given.
    RawBody {
        /// The content type.
        content_type: String,
        /// The body.
        body: Payload,
        /// The status.
        #[serde(default = "ok")]
        status: u16,
    },
    /// The next cursor is the one that led here. Styles the client counts for itself ignore it.
    RepeatCursor,
    /// The next cursor leads back, so that `period` pages repeat.
    CursorLoop {
        /// Pages in the loop; 1 is [`FaultKind::RepeatCursor`].
        period: u64,
    },
    /// The records of the page before, with the right next cursor.
    RepeatPage,
    /// No records, and a new cursor to the page that should have been here.
    EmptyPage,
    /// Fewer records than asked for, though there are more; the cursor follows what was sent.
    ShortPage {
        /// Records sent.
        records: u64,
    },
    /// The stated total is off.
    TotalOff {
        /// By so much.
        by: i64,
    },
    /// `next` in a layout's body has this name instead.
    NextRenamed {
        /// The name.
        name: String,
    },
    /// 200 with this body.
    ErrorInside200 {
        /// The body.
        body: Payload,
    },
    /// 302 to the same path at this origin, or to this URL if it has a path.
    RedirectTo {
        /// The origin or URL.
        url: String,
    },
    /// The next link (or the cursor, if it is no link) points to this origin or URL.
    NextLinkTo {
        /// The origin or URL.
        url: String,
    },
    /// A gzip body that does not decompress, whatever the client accepts.
    BadGzip(BadGzip),
    /// 400 with a body that repeats the request's credentials.
    EchoSecret,
    /// 401, though the credentials are right.
    Unauthorized,
    /// The body comes in drops.
    SlowDrip {
        /// Bytes a drop.
        chunk_bytes: u64,
        /// Time between two drops.
        #[serde(with = "crate::duration")]
        every: Duration,
    },
}

impl FaultKind {
    /// Another status with a JSON error body.
    pub fn status(code: u16) -> Self {
        Self::Status { code, body: None, headers: Vec::new(), content_type: None }
    }

    /// Whether it is what a page says wrong, beside anything that happens to the answer.
    pub(crate) fn is_slip(&self) -> bool {
        matches!(self, Self::NextRenamed { .. })
    }

    /// Another status with a `Retry-After` header.
    pub fn retry_after(code: u16, wait: impl Into<String>) -> Self {
        Self::Status {
            code,
            body: None,
            headers: vec![("Retry-After".into(), wait.into())],
            content_type: None,
        }
    }

    /// A gateway's HTML page.
    pub fn gateway_page(code: u16) -> Self {
        Self::Status {
            code,
            body: Some("<html><body><h1>Bad Gateway</h1></body></html>".into()),
            headers: Vec::new(),
            content_type: Some("text/html".into()),
        }
    }
}

fn ok() -> u16 {
    200
}

/// Names how a cut body's end was promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Framing {
    /// `Content-Length` names more bytes than come.
    ContentLength,
    /// The chunk that ends the body never comes.
    Chunked,
    /// The connection's end is the body's: nothing tells that bytes are missing.
    Close,
}

/// Names what stands where the records should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WrongShape {
    /// Nothing: no such member (a root array becomes `{}`).
    Absent,
    /// `null`.
    Null,
    /// An object.
    Object,
    /// A number.
    Scalar,
}

/// Names how a body fails to be JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InvalidJson {
    /// A further record `{"value":NaN}` before the others.
    Nan,
    /// A comma after the last record.
    TrailingComma,
    /// A further record whose text is not UTF-8.
    BadUtf8,
    /// Text after the end of the body.
    GarbageAfter,
    /// Half of the body, with framing that says it is all.
    Truncated,
    /// A further record nested so deep (valid JSON, but beyond what parsers take).
    Deep {
        /// Arrays inside one another.
        depth: u32,
    },
    /// These bytes.
    Raw {
        /// The body.
        body: Payload,
    },
}

/// Names how a gzip body is damaged; its framing is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BadGzip {
    /// Half of the compressed bytes.
    Cut,
    /// A wrong checksum at the end.
    Damaged,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_written_as_documented() {
        let rules: Vec<Fault> = serde_json::from_str(
            r#"[
            {"stream":"a","at":{"request":3},"kind":{"status":{"code":503}}},
            {"at":{"every":5},"times":2,"kind":"reset"},
            {"at":{"page":2},"kind":{"stall":{"after_bytes":10,"for":"50ms"}}},
            {"at":{"record":7},"kind":{"wrong_shape":"null"}},
            {"at":{"probability":0.5},"kind":{"invalid_json":{"deep":{"depth":600}}}},
            {"at":{"page":1},"kind":{"raw_body":{"content_type":"text/html","body":{"base64":"/w=="}}}}
            ]"#,
        )
        .unwrap();
        assert_eq!(rules[0], Fault::new("a", When::Request(3), FaultKind::status(503)));
        assert_eq!(rules[1].times, 2);
        assert_eq!(rules[3].kind, FaultKind::WrongShape(WrongShape::Null));
        let written = serde_json::to_string(&rules).unwrap();
        assert_eq!(serde_json::from_str::<Vec<Fault>>(&written).unwrap(), rules);
    }
}

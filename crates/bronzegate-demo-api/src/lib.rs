//! A small REST API that behaves like real ones, faults included.
//!
//! It serves any number of records without holding them: a record is made from the seed and its
//! position, so a test knows the bytes it must receive ([`record`]) and what a whole extraction
//! must add up to ([`expected`]). Tests start it in process, many side by side; the benchmark runs
//! the binary. It leaves out TLS and HTTP/2, which the client gets from its libraries.

mod calendar;
mod clock;
mod duration;
mod fault;
mod ledger;
mod manner;
mod named;
mod options;
mod page;
mod payload;
mod quirks;
mod rate;
mod record;
mod serve;
mod spelling;
mod step;
mod stream;
mod timeline;

pub use duration::parse_duration;
pub use fault::{BadGzip, Fault, FaultKind, Framing, InvalidJson, When, WrongShape};
pub use manner::{Grain, Manner};
pub use options::{Credentials, Options};
pub use payload::Payload;
pub use quirks::{By, Form, Layout, Pack, Quirks, Said};
pub use rate::{Dialect, RateLimit, Refusal, ResetUnit, Window};
pub use record::{
    Expected, Shape, csv_record, csv_record_of, expected, record, row_record_of, value_record_of, xml_record,
};
pub use serve::{DemoApi, Running, Stats, StreamStats, TokenStats};
pub use spelling::Spelling;
pub use step::{Does, Step};
pub use stream::{Auth, Job, Stream, Style};
pub use timeline::{Asked, Made, TimeFormat, Timeline};

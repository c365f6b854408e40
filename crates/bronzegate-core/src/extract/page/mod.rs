//! One page: its request, the attempts at it, its content, and the export job that makes it.

mod content;
mod export_job;
mod fetcher;
mod record_channel;
mod request;
mod request_body;
mod stream_context;

pub(crate) use export_job::{Jobs, NotDone};
pub(crate) use fetcher::{FetchError, Fetched, Fetcher};
pub(crate) use record_channel::{PageEvent, RecordReceiver, events};
pub(crate) use request::Requests;
pub(crate) use stream_context::StreamContext;

//! One page: its request, the attempts at it, its content, and the export job that makes it.

mod content;
mod errors_beside;
mod export_job;
mod fetched;
mod fetcher;
mod incoming_page;
mod judge;
mod look;
mod payload;
mod record_channel;
mod request;
mod request_body;
mod retrying;
mod stream_context;

pub(crate) use export_job::Jobs;
pub(crate) use fetched::Fetched;
pub(crate) use fetcher::Fetcher;
pub(crate) use incoming_page::{Page, PageDecision};
pub(crate) use judge::judge;
pub(crate) use look::{Look, LookedAt, look};
pub(crate) use record_channel::{PageEvent, record_channel};
pub(crate) use request::Requests;
pub(crate) use stream_context::StreamContext;

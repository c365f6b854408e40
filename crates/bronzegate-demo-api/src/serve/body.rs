//! The body of a response: whole or made on the way, compressed or not, at full speed or not.

use super::stats::InFlight;
use crate::{clock, page::Chunks};
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use hyper::body::{Body, Frame, SizeHint};
use std::{
    convert::Infallible,
    io::Write,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::time::Sleep;

/// Where the bytes come from.
#[derive(Debug)]
pub(crate) enum Source {
    /// They are here.
    Whole(Bytes),
    /// They are made on the way.
    Chunks(Chunks),
    /// They are made and compressed on the way.
    Gzip(Chunks, Box<GzEncoder<Vec<u8>>>),
    /// There are no more.
    Done,
}

impl Source {
    pub(crate) fn gzip(chunks: Chunks) -> Self {
        let encoder = GzEncoder::new(Vec::new(), Compression::fast());
        Self::Gzip(chunks, Box::new(encoder))
    }

    fn next(&mut self) -> Option<Bytes> {
        match std::mem::replace(self, Self::Done) {
            Self::Whole(bytes) => Some(bytes),
            Self::Chunks(mut chunks) => {
                let chunk = chunks.next()?;
                *self = Self::Chunks(chunks);
                Some(chunk)
            }
            Self::Gzip(mut chunks, mut encoder) => {
                let Some(chunk) = chunks.next() else {
                    return Some(finished(*encoder));
                };
                compress(&mut encoder, &chunk);
                let bytes = std::mem::take(encoder.get_mut()).into();
                *self = Self::Gzip(chunks, encoder);
                Some(bytes)
            }
            Self::Done => None,
        }
    }
}

/// Compresses a whole body.
pub(crate) fn gzipped(body: &[u8]) -> Vec<u8> {
    let buffer = Vec::with_capacity(body.len() / 4 + 64);
    let mut encoder = GzEncoder::new(buffer, Compression::fast());
    compress(&mut encoder, body);
    finished(encoder).into()
}

fn compress(encoder: &mut GzEncoder<Vec<u8>>, bytes: &[u8]) {
    encoder.write_all(bytes).expect("writing to a Vec cannot fail");
}

fn finished(encoder: GzEncoder<Vec<u8>>) -> Bytes {
    let bytes = encoder.finish().expect("writing to a Vec cannot fail");
    bytes.into()
}

/// How fast the bytes go out.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    Free,
    /// One pause, after so many bytes.
    Stall {
        after: u64,
        pause: Duration,
    },
    /// A pause after every so many bytes.
    Drip {
        bytes: u64,
        every: Duration,
    },
}

/// A response's body.
#[derive(Debug)]
pub(crate) struct ApiBody {
    source: Source,
    pace: Pace,
    ready: Bytes,
    sent: u64,
    sleep: Option<Pin<Box<Sleep>>>,
    /// Counts the request as under way for as long as the body lives.
    _in_flight: Option<InFlight>,
}

impl ApiBody {
    pub(crate) fn new(source: Source, pace: Pace, in_flight: Option<InFlight>) -> Self {
        Self { source, pace, ready: Bytes::new(), sent: 0, sleep: None, _in_flight: in_flight }
    }

    /// The next piece at the pace set; empty when a pause comes first.
    fn piece(&mut self) -> Bytes {
        let most = match self.pace {
            Pace::Free => u64::MAX,
            Pace::Stall { after, pause } if self.sent >= after => {
                self.pace = Pace::Free;
                self.sleep = Some(Box::pin(clock::sleep(pause)));
                return Bytes::new();
            }
            Pace::Stall { after, .. } => after - self.sent,
            Pace::Drip { bytes, every } => {
                self.sleep = Some(Box::pin(clock::sleep(every)));
                bytes.max(1)
            }
        };
        let length = most.min(self.ready.len() as u64);
        self.sent += length;
        self.ready.split_to(length as usize)
    }
}

impl Body for ApiBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        loop {
            if let Some(sleep) = &mut self.sleep {
                ready!(sleep.as_mut().poll(context));
                self.sleep = None;
            }
            if self.ready.is_empty() {
                match self.source.next() {
                    Some(bytes) => self.ready = bytes,
                    None => return Poll::Ready(None),
                }
            }
            if !self.ready.is_empty() {
                let piece = self.piece();
                if !piece.is_empty() {
                    return Poll::Ready(Some(Ok(Frame::data(piece))));
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        let done = match &self.source {
            Source::Whole(bytes) => bytes.is_empty(),
            Source::Done => true,
            Source::Chunks(_) | Source::Gzip(..) => false,
        };
        done && self.ready.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Whole(bytes) => SizeHint::with_exact((bytes.len() + self.ready.len()) as u64),
            Source::Done => SizeHint::with_exact(self.ready.len() as u64),
            Source::Chunks(_) | Source::Gzip(..) => SizeHint::default(),
        }
    }
}

//! The files in a body: the body itself, or what it unpacks to.
//!
//! Exports come as files that are packed themselves, whatever their content coding: a gzip or zstd
//! file, or a zip archive of several. Their first bytes tell; neither JSON nor CSV begins with them.

use std::io;
use std::pin::Pin;

use async_compression::tokio::bufread::{GzipDecoder, ZstdDecoder};
use bytes::{Bytes, BytesMut};
use futures::stream::{BoxStream, StreamExt as _};
use tokio::io::AsyncRead;
use tokio_util::io::StreamReader;

use super::body::{BodyFault, ResponseBody, ZSTD_WINDOW_LOG, filled};
use super::ratio::Ratio;
use super::zip::{self, Unpacked};

/// Bytes that tell what a file is.
const MAGIC: usize = 4;

/// The files of one body, each read to its end before the next.
pub(crate) struct Files {
    state: State,
    ratio: Ratio,
    name: Option<String>,
}

enum State {
    Unopened(ResponseBody),
    Plain { start: Option<Bytes>, body: ResponseBody },
    Packed(Pin<Box<dyn AsyncRead + Send>>),
    Archive(BoxStream<'static, Result<Unpacked, BodyFault>>),
    Done,
}

/// What a file is, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Packing {
    None,
    Gzip,
    Zstd,
    Zip,
}

impl Packing {
    fn of(start: &[u8]) -> Self {
        match start {
            [0x1f, 0x8b, 0x08, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            // An archive's first entry, or the end of one that has none.
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Self::Zip,
            _ => Self::None,
        }
    }
}

impl Files {
    /// The files of a body that has not been read yet.
    pub(crate) fn of(body: ResponseBody) -> Self {
        let ratio = body.ratio().inner();
        Self { state: State::Unopened(body), ratio, name: None }
    }

    /// The name of the current file, where it is one of an archive.
    pub(crate) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Whether the current file is packed, so that its own form tells its end.
    pub(crate) fn is_packed(&self) -> bool {
        matches!(self.state, State::Packed(_) | State::Archive(_))
    }

    /// Goes to the next file; `false` when there is none. A body that is not packed is one file.
    ///
    /// # Errors
    /// [`BodyFault`] when the body ends or breaks before it is known.
    pub(crate) async fn next(&mut self) -> Result<bool, BodyFault> {
        match &mut self.state {
            State::Unopened(_) => self.open().await,
            State::Archive(files) => match files.next().await.transpose()? {
                Some(Unpacked::File(name)) => {
                    self.name = Some(name);
                    Ok(true)
                }
                Some(Unpacked::Chunk(_)) => {
                    Err(BodyFault::Damaged("an entry was not read to its end".into()))
                }
                None => Ok(false),
            },
            State::Plain { .. } | State::Packed(_) | State::Done => Ok(false),
        }
    }

    async fn open(&mut self) -> Result<bool, BodyFault> {
        let State::Unopened(mut body) = std::mem::replace(&mut self.state, State::Done) else {
            return Ok(false);
        };
        let mut start = body.chunk().await?.unwrap_or_default();
        while start.len() < MAGIC
            && let Some(more) = body.chunk().await?
        {
            start = [&start[..], &more[..]].concat().into();
        }
        let packing = Packing::of(&start);
        if packing == Packing::None {
            self.state = State::Plain { start: Some(start), body };
            return Ok(true);
        }
        let wire = wire(start, body);
        self.state = match packing {
            Packing::Zip => State::Archive(zip::unpack(wire, self.ratio.clone())),
            Packing::Zstd => {
                let window = [async_compression::zstd::DParameter::window_log_max(ZSTD_WINDOW_LOG)];
                let mut decoder = ZstdDecoder::with_params(StreamReader::new(wire), &window);
                decoder.multiple_members(true);
                State::Packed(Box::pin(decoder))
            }
            Packing::Gzip | Packing::None => {
                let mut decoder = GzipDecoder::new(StreamReader::new(wire));
                decoder.multiple_members(true);
                State::Packed(Box::pin(decoder))
            }
        };
        if packing == Packing::Zip { Box::pin(self.next()).await } else { Ok(true) }
    }

    /// The file's next chunk, or `None` at its end.
    ///
    /// # Errors
    /// [`BodyFault::Cut`] when the body breaks off, [`BodyFault::Damaged`] when it came whole and cannot
    /// be unpacked, [`BodyFault::Refused`] when it is not to be.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, BodyFault> {
        let chunk = match &mut self.state {
            State::Plain { start, body } => {
                return match start.take() {
                    Some(start) if !start.is_empty() => Ok(Some(start)),
                    _ => body.chunk().await,
                };
            }
            State::Packed(reader) => {
                let mut chunk = BytesMut::new();
                filled(reader, &mut chunk).await.map_err(|error| BodyFault::of_decoder(&error))?;
                self.ratio.unpacked(chunk.len())?;
                (!chunk.is_empty()).then(|| chunk.freeze())
            }
            State::Archive(files) => match files.next().await.transpose()? {
                Some(Unpacked::Chunk(chunk)) => (!chunk.is_empty()).then_some(chunk),
                Some(Unpacked::File(_)) | None => None,
            },
            State::Unopened(_) | State::Done => None,
        };
        Ok(chunk)
    }
}

/// The packed bytes; a fault of the connection stays one on its way through a decoder.
fn wire(start: Bytes, body: ResponseBody) -> BoxStream<'static, io::Result<Bytes>> {
    let rest = futures::stream::unfold(Some(body), |body| async {
        let mut body = body?;
        match body.chunk().await {
            Ok(Some(chunk)) => Some((Ok(chunk), Some(body))),
            Ok(None) => None,
            Err(fault) => Some((Err(io::Error::other(fault)), None)),
        }
    });
    futures::stream::iter([Ok(start)]).chain(rest).boxed()
}

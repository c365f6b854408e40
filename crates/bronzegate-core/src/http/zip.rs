//! A zip archive (PKWARE's APPNOTE), unpacked as it arrives: its entries in order, stored or deflated.
//!
//! The directory at the archive's end is read too: an archive is whole only if it is there and names as
//! many entries as came.

use std::io;

use async_compression::futures::bufread::GzipDecoder;
use async_zip::base::read::cd::{CentralDirectoryReader, Entry};
use async_zip::base::read::stream::ZipFileReader;
use async_zip::error::ZipError;
use bytes::Bytes;
use futures::channel::mpsc;
use futures::io::{AsyncBufRead, AsyncRead, AsyncReadExt as _, BufReader, Cursor};
use futures::stream::{BoxStream, StreamExt as _, TryStreamExt as _};
use futures::{SinkExt as _, future, stream};
use tokio::task::consume_budget;

use super::body::BodyFault;
use super::ratio::Ratio;

/// The size of an unpacked chunk.
const CHUNK: usize = 64 << 10;
/// Bytes of a record that tell what it is, and whether it is encrypted.
const RECORD_START: usize = 8;
/// An entry's local header (APPNOTE, section 4.3.7).
const LOCAL_HEADER: &[u8] = b"PK\x03\x04";
/// The end of the directory (section 4.3.16).
const DIRECTORY_END: &[u8] = b"PK\x05\x06";
/// The beginning of a gzip file: the exports of some APIs are archives of them.
const GZIP: &[u8] = &[0x1f, 0x8b, 0x08];
/// The lowest of the flags that follow the signature and the version: encrypted (section 4.4.4).
const ENCRYPTED: u8 = 1;

/// A part of an archive's content.
#[derive(Debug)]
pub(super) enum Unpacked {
    /// A file of this name begins.
    File(String),
    /// Bytes of it; none at its end.
    Chunk(Bytes),
}

/// What becomes of the archive's content.
type Out = mpsc::Sender<Unpacked>;

/// Unpacks an archive.
pub(super) fn unpack(
    wire: BoxStream<'static, io::Result<Bytes>>,
    ratio: Ratio,
) -> BoxStream<'static, Result<Unpacked, BodyFault>> {
    let (sender, receiver) = mpsc::channel(0);
    let walk = walk(wire.into_async_read(), sender, ratio);
    // The walk yields no item of its own but its fault.
    let faults = stream::once(walk).filter_map(|ended| future::ready(ended.err().map(Err)));
    stream::select(receiver.map(Ok), faults).boxed()
}

async fn walk(mut wire: impl AsyncBufRead + Unpin, mut out: Out, mut ratio: Ratio) -> Result<(), BodyFault> {
    let (mut offset, mut entries) = (0, 0_u64);
    loop {
        let mut start = [0; RECORD_START];
        wire.read_exact(&mut start).await.map_err(|error| BodyFault::of_decoder(&error))?;
        if start.starts_with(LOCAL_HEADER) && start[6] & ENCRYPTED != 0 {
            return Err(BodyFault::Refused("an entry of the archive is encrypted".into()));
        }
        if start.starts_with(DIRECTORY_END) {
            // Without entries there is no directory, only its end.
            return drain(wire).await;
        }
        let mut record = Cursor::new(start).chain(wire);
        match entry(&mut record, &mut out, &mut ratio).await? {
            Some(length) => offset += length,
            None => return directory(&mut record, offset, entries).await,
        }
        entries += 1;
        wire = record.into_inner().1;
    }
}

/// Unpacks one entry and tells its length in the archive; `None` at the directory.
async fn entry(
    archive: &mut (impl AsyncBufRead + Unpin),
    out: &mut Out,
    ratio: &mut Ratio,
) -> Result<Option<u64>, BodyFault> {
    let Some(mut entry) = ZipFileReader::new(archive).next_with_entry().await.map_err(of_zip)? else {
        return Ok(None);
    };
    let name = String::from_utf8_lossy(entry.reader().entry().filename().as_bytes()).into_owned();
    let is_folder = name.ends_with('/');
    if !is_folder {
        pass(out, Unpacked::File(name)).await;
    }
    let mut start = Vec::new();
    let begun = entry.reader_mut().take(GZIP.len() as u64).read_to_end(&mut start).await;
    begun.map_err(|error| BodyFault::of_decoder(&error))?;
    let is_packed = start == GZIP;
    let content = Cursor::new(start).chain(entry.reader_mut());
    let mut content = BufReader::with_capacity(CHUNK, content);
    if is_packed {
        let mut decoder = GzipDecoder::new(&mut content);
        decoder.multiple_members(true);
        pour(decoder, out, ratio, is_folder).await?;
    } else {
        pour(&mut content, out, ratio, is_folder).await?;
    }
    drop(content);
    let found = entry.reader_mut().compute_hash();
    let stated = entry.reader().entry().crc32();
    // What was packed on the way states its checksum after the content.
    let (descriptor, archive) = entry.done().await.map_err(of_zip)?;
    if descriptor.map_or(stated, |descriptor| descriptor.crc) != found {
        return Err(BodyFault::Damaged("the checksum of an archive's entry does not fit".into()));
    }
    // Only now: a file that is cut short must not look like a shorter one.
    if !is_folder {
        pass(out, Unpacked::Chunk(Bytes::new())).await;
    }
    Ok(Some(archive.offset()))
}

/// Passes the content of an entry on.
async fn pour(
    mut content: impl AsyncRead + Unpin,
    out: &mut Out,
    ratio: &mut Ratio,
    is_folder: bool,
) -> Result<(), BodyFault> {
    loop {
        let mut chunk = vec![0; CHUNK];
        let length = content.read(&mut chunk).await.map_err(|error| BodyFault::of_decoder(&error))?;
        if length == 0 {
            return Ok(());
        }
        // A folder's entry has no content by right, and counts as well if it has.
        ratio.unpacked(length)?;
        consume_budget().await;
        chunk.truncate(length);
        if !is_folder {
            pass(out, Unpacked::Chunk(chunk.into())).await;
        }
    }
}

/// Reads the directory to its end; its first signature has been read.
async fn directory(archive: impl AsyncBufRead + Unpin, offset: u64, entries: u64) -> Result<(), BodyFault> {
    let mut directory = CentralDirectoryReader::new(archive, offset);
    let mut named = 0;
    while let Entry::CentralDirectoryEntry(_) = directory.next().await.map_err(of_zip)? {
        named += 1;
    }
    if named == entries {
        Ok(())
    } else {
        Err(BodyFault::Damaged(format!("the archive has {entries} entries, its directory {named}")))
    }
}

async fn drain(mut wire: impl AsyncBufRead + Unpin) -> Result<(), BodyFault> {
    let mut rest = Vec::new();
    // The end of the directory has 22 bytes and a comment of at most 64 KiB.
    (&mut wire).take(1 << 17).read_to_end(&mut rest).await.map_err(|error| BodyFault::of_decoder(&error))?;
    if rest.len() + RECORD_START < 22 {
        return Err(BodyFault::Damaged("the archive ends within its directory".into()));
    }
    Ok(())
}

async fn pass(out: &mut Out, unpacked: Unpacked) {
    // Nobody wants the content any more; whoever did drops this walk as well.
    let _ = out.send(unpacked).await;
}

fn of_zip(error: ZipError) -> BodyFault {
    match error {
        ZipError::UpstreamReadError(error) => BodyFault::of_decoder(&error),
        ZipError::CompressionNotSupported(_) | ZipError::FeatureNotSupported(_) => {
            BodyFault::Refused(format!("an entry of the archive cannot be read: {error}"))
        }
        error => BodyFault::Damaged(error.to_string()),
    }
}

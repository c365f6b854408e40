//! A page as a packed file.

use super::content::Page;
use crate::quirks::Pack;
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use std::io::{Cursor, Write};
use zip::{CompressionMethod, ZipWriter, result::ZipResult, write::SimpleFileOptions};

/// Packs a page; nothing where it is not to be packed.
pub(crate) fn packed(page: &Page, pack: Pack) -> Option<Bytes> {
    match pack {
        Pack::Plain => None,
        Pack::Gzip => Some(gzipped(&page.render()).into()),
        Pack::Zip | Pack::ZipOfGzip => {
            let archive = zipped(page, pack == Pack::ZipOfGzip);
            Some(archive.expect("an archive of two small files can be written").into())
        }
    }
}

fn gzipped(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).expect("writing to a Vec cannot fail");
    encoder.finish().expect("writing to a Vec cannot fail")
}

fn zipped(page: &Page, of_gzip: bool) -> ZipResult<Vec<u8>> {
    let half = page.count / 2;
    let first = Page { count: half, ..page.clone() };
    let second = Page { first: page.first + half, count: page.count - half, ..page.clone() };
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    archive.add_directory("data/", SimpleFileOptions::default())?;
    for (name, page, method) in [
        ("data/1.csv", first, CompressionMethod::Stored),
        ("data/2.csv", second, CompressionMethod::Deflated),
    ] {
        archive.start_file(name, SimpleFileOptions::default().compression_method(method))?;
        let content = page.render();
        archive.write_all(&if of_gzip { gzipped(&content) } else { content })?;
    }
    Ok(archive.finish()?.into_inner())
}

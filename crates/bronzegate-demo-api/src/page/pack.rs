//! A page as a packed file.

use super::content::Page;
use crate::stream::Pack;
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use std::io::{Cursor, Write};
use zip::{CompressionMethod, ZipWriter, result::ZipResult, write::SimpleFileOptions};

/// Packs a page; nothing where it is not to be packed.
pub(crate) fn packed(page: &Page, pack: Pack) -> Option<Bytes> {
    match pack {
        Pack::Plain => None,
        Pack::Gzip => {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(&page.render()).expect("writing to a Vec cannot fail");
            Some(encoder.finish().expect("writing to a Vec cannot fail").into())
        }
        Pack::Zip => Some(zipped(page).expect("an archive of two small files can be written").into()),
    }
}

fn zipped(page: &Page) -> ZipResult<Vec<u8>> {
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
        archive.write_all(&page.render())?;
    }
    Ok(archive.finish()?.into_inner())
}

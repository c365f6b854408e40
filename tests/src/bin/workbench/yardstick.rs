//! The yardstick: downloads the pages of a stream over the same HTTP client and writes their
//! bodies to a file, decompressed where they are packed. It checks nothing, splits nothing and adds nothing.

use std::fs::File;
use std::io::Write as _;

use flate2::write::GzDecoder;
use futures::{StreamExt as _, TryStreamExt as _};
use http::header::ACCEPT_ENCODING;

use crate::Outcome;

/// Downloads every page of the stream at `url`.
pub(crate) fn run(style: &str, url: &str, file: &str) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let http = reqwest::Client::builder().no_proxy().tls_certs_only([]).tcp_nodelay(true).build()?;
        let mut file = File::create(file)?;
        match style {
            "cursor" => by_cursor(&http, url, &mut file).await,
            "offset" => by_offset(&http, url, &mut file).await,
            "unpacked" => unpacked(&http, url, file).await,
            "single" => one_page(&http, url, &mut file).await.map(|_| ()),
            other => Err(format!("no such style: {other}").into()),
        }
    })
}

async fn by_cursor(http: &reqwest::Client, url: &str, file: &mut File) -> Outcome {
    let mut next = Some(url.to_owned());
    while let Some(page) = next {
        next = following(url, &one_page(http, &page, file).await?);
    }
    Ok(())
}

/// The next page's URL, from the end of a body.
fn following(url: &str, end: &str) -> Option<String> {
    let (_, rest) = end.rsplit_once("\"after\":\"")?;
    Some(format!("{url}&after={}", rest.split_once('"')?.0))
}

/// By cursor, of bodies in gzip.
async fn unpacked(http: &reqwest::Client, url: &str, mut file: File) -> Outcome {
    let mut next = Some(url.to_owned());
    while let Some(page) = next {
        let mut response = http.get(page).header(ACCEPT_ENCODING, "gzip").send().await?.error_for_status()?;
        let mut decoder = GzDecoder::new(Vec::new());
        while let Some(chunk) = response.chunk().await? {
            decoder.write_all(&chunk)?;
        }
        let body = decoder.finish()?;
        file.write_all(&body)?;
        next = following(url, &String::from_utf8_lossy(&body[body.len().saturating_sub(200)..]));
    }
    Ok(())
}

/// Downloads one page; returns the end of its body, where the demo API puts the cursor.
async fn one_page(
    http: &reqwest::Client,
    url: &str,
    file: &mut File,
) -> Result<String, Box<dyn std::error::Error>> {
    let mut response = http.get(url).send().await?.error_for_status()?;
    let mut end = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        file.write_all(&chunk)?;
        end.extend_from_slice(&chunk[chunk.len().saturating_sub(200)..]);
        end.drain(..end.len().saturating_sub(200));
    }
    Ok(String::from_utf8_lossy(&end).into_owned())
}

/// 2,000 pages of 100 records, 32 at a time, written in order.
async fn by_offset(http: &reqwest::Client, url: &str, file: &mut File) -> Outcome {
    let pages = (0..2000).map(|page| {
        let request = http.get(format!("{url}&offset={}", page * 100));
        async move { request.send().await?.error_for_status()?.bytes().await }
    });
    let mut pages = futures::stream::iter(pages).buffered(32);
    while let Some(page) = pages.try_next().await? {
        file.write_all(&page)?;
    }
    Ok(())
}

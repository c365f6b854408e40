//! The yardstick: downloads the pages of a stream over the same HTTP client and writes their
//! bodies to a file. It checks nothing, splits nothing and adds nothing.

use std::fs::File;
use std::io::Write as _;

use futures::{StreamExt as _, TryStreamExt as _};

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
            "single" => one_page(&http, url, &mut file).await.map(|_| ()),
            other => Err(format!("no such style: {other}").into()),
        }
    })
}

async fn by_cursor(http: &reqwest::Client, url: &str, file: &mut File) -> Outcome {
    let mut next = Some(String::new());
    while let Some(after) = next {
        let url = if after.is_empty() { url.to_owned() } else { format!("{url}&after={after}") };
        let end = one_page(http, &url, file).await?;
        next = end.rsplit_once("\"after\":\"").and_then(|(_, rest)| Some(rest.split_once('"')?.0.to_owned()));
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

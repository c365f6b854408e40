//! Faults of framing, pace and compression.

use super::client::{Answer, get, send, serving, stream};
use crate::{BadGzip, DemoApi, Fault, FaultKind, Framing, Options, Shape, Stream, Style, When};
use flate2::read::GzDecoder;
use std::io::{
    ErrorKind::{InvalidInput, UnexpectedEof},
    Read,
};
use std::time::Duration;

const GZIP: [(&str, &str); 1] = [("Accept-Encoding", "gzip, br")];

async fn answer(kind: FaultKind) -> Option<Answer> {
    let fault = Fault::new("s", When::Request(1), kind);
    let api = serving(stream(Style::Cursor, 45), vec![fault]).await;
    send(&api, "GET", "/s", &[], "").await
}

fn unzipped(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut out = Vec::new();
    GzDecoder::new(bytes).read_to_end(&mut out)?;
    Ok(out)
}

#[tokio::test]
async fn a_reset_connection_says_nothing() {
    assert!(answer(FaultKind::Reset).await.is_none());
}

#[tokio::test]
async fn bodies_are_cut_in_every_framing() {
    let right = answer(FaultKind::TotalOff { by: 0 }).await.unwrap();
    for (framing, after_bytes, whole) in [
        (Framing::ContentLength, 100, false),
        (Framing::ContentLength, 1 << 30, false),
        (Framing::ContentLength, 0, false),
        (Framing::Chunked, 100, false),
        (Framing::Chunked, 1 << 30, false),
        (Framing::Close, 100, true),
    ] {
        let kind = FaultKind::CutBody { after_bytes, framing };
        let cut = answer(kind).await.unwrap();
        let sent = right.body.len().min(after_bytes as usize);
        assert_eq!(cut.body, &right.body[..sent], "{framing:?} {after_bytes}");
        assert_eq!((cut.status, cut.whole), (200, whole), "{framing:?} {after_bytes}");
    }
}

#[tokio::test]
async fn a_held_response_comes_when_the_rules_are_replaced() {
    let right = answer(FaultKind::TotalOff { by: 0 }).await.unwrap();
    let held = Fault::new("s", When::Request(1), FaultKind::Held);
    let api = serving(stream(Style::Cursor, 45), vec![held]).await;
    let mut asking = std::pin::pin!(get(&api, "/s"));
    let meanwhile = async {
        while api.stats().stream("s").faults < 1 {
            tokio::task::yield_now().await;
        }
        // Whoever asks later is answered.
        assert_eq!(get(&api, "/s").await.body, right.body);
    };
    tokio::select! {
        biased;
        answer = &mut asking => panic!("it is not held: {answer:?}"),
        () = meanwhile => {}
    }
    api.set_faults(vec![]);
    assert_eq!(asking.await.body, right.body);
}

#[tokio::test]
async fn slow_bodies_are_the_same_bodies() {
    let right = answer(FaultKind::TotalOff { by: 0 }).await.unwrap();
    let (pause, every) = (Duration::from_millis(5), Duration::from_micros(100));
    for kind in [
        FaultKind::Stall { after_bytes: 0, pause },
        FaultKind::Stall { after_bytes: 100, pause },
        FaultKind::SlowDrip { chunk_bytes: 1_000, every },
    ] {
        let slow = answer(kind).await.unwrap();
        assert!(slow.whole && slow.body == right.body);
    }
}

#[tokio::test]
async fn damaged_gzip_does_not_decompress() {
    for (how, kind) in [(BadGzip::Cut, UnexpectedEof), (BadGzip::Damaged, InvalidInput)] {
        let damaged = answer(FaultKind::BadGzip(how)).await.unwrap();
        assert_eq!(damaged.header("content-encoding"), Some("gzip"));
        assert!(damaged.whole, "{how:?}");
        assert_eq!(unzipped(&damaged.body).unwrap_err().kind(), kind, "{how:?}");
    }
}

#[tokio::test]
async fn bodies_are_compressed_for_those_who_accept_it() {
    for (shape, records) in [(Shape::Small, 50), (Shape::Wide, 1_000)] {
        let options = Options {
            streams: vec![Stream::new("s", Style::Single, shape, records)],
            gzip: true,
            ..Options::default()
        };
        let api = DemoApi::start(options).await.unwrap();
        let plain = get(&api, "/s").await;
        let small = send(&api, "GET", "/s", &GZIP, "").await.unwrap();
        assert_eq!(plain.header("content-encoding"), None);
        assert!(small.whole && small.body.len() < plain.body.len());
        assert!(unzipped(&small.body).unwrap() == plain.body, "{shape:?}");
    }
}

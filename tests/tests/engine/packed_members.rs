//! Packed bodies of several members, cut between two of them: what states a length tells.

use std::io::Write as _;

use bronzegate_core::error::ErrorKind;
use bronzegate_core::report::Status;
use bronzegate_demo_api::{Shape, Stream, Style};
use bronzegate_tests::{Bench, failure, one_stream};
use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

const LINES: [&str; 2] = ["{\"id\":1}\n{\"id\":2}\n", "{\"id\":3}\n"];

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

fn zstd(text: &str) -> Vec<u8> {
    zstd::encode_all(text.as_bytes(), 0).expect("memory takes it")
}

/// How a text is packed as one member.
type Packing = fn(&str) -> Vec<u8>;

/// How a response says where it ends.
#[derive(Clone, Copy, Debug)]
enum Ends {
    Length,
    Chunked,
    Close,
}

/// A response with these members, of which so many arrive.
fn response(ends: Ends, headers: &str, members: &[Vec<u8>], arrive: usize) -> Vec<u8> {
    let (all, body) = (members.concat(), members[..arrive].concat());
    let framing = match ends {
        Ends::Length => format!("Content-Length: {}\r\n", all.len()),
        Ends::Chunked => "Transfer-Encoding: chunked\r\n".to_owned(),
        Ends::Close => String::new(),
    };
    let mut bytes = format!("HTTP/1.1 200 OK\r\n{headers}{framing}Connection: close\r\n\r\n").into_bytes();
    if let Ends::Chunked = ends {
        bytes.extend(format!("{:x}\r\n", body.len()).into_bytes());
    }
    bytes.extend(&body);
    if let Ends::Chunked = ends {
        bytes.extend(if arrive == members.len() { "\r\n0\r\n\r\n" } else { "\r\n" }.as_bytes());
    }
    bytes
}

/// A server that answers every request with these bytes and then closes the connection.
async fn serve(response: Vec<u8>) -> Bench {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 4_096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(&response).await;
            let _ = stream.shutdown().await;
        }
    });
    let settings = "records: $\nformat: ndjson\nretry: { max_attempts: 2 }";
    let bench = Bench::one(Stream::new("items", Style::Ndjson, Shape::Small, 1), Vec::new(), settings).await;
    let text =
        format!("source: demo\nbase_url: http://127.0.0.1:{port}\n{}\n", one_stream("items", settings));
    Bench::over(bench.api, "demo", text)
}

#[tokio::test]
async fn a_body_that_is_cut_between_two_members_is_told_by_its_length_or_its_chunks() {
    let ndjson = "Content-Type: application/x-ndjson\r\n";
    let coded = |coding: &str| format!("{ndjson}Content-Encoding: {coding}\r\n");
    let forms: [(String, Packing); 4] =
        [(coded("gzip"), gzip), (coded("zstd"), zstd), (ndjson.to_owned(), gzip), (ndjson.to_owned(), zstd)];
    for (headers, pack) in forms {
        let members = LINES.map(pack);
        for ends in [Ends::Length, Ends::Chunked, Ends::Close] {
            let name = format!("{ends:?}, {headers}");
            let bench = serve(response(ends, &headers, &members, 2)).await;
            let report = bench.run("items").await;
            assert_eq!((report.status, report.counts.records), (Status::Complete, 3), "{name}: {report:?}");
            let bench = serve(response(ends, &headers, &members, 1)).await;
            let (report, _) = bench.run_waiting("items").await;
            if let Ends::Close = ends {
                // Nothing that came tells that there was more.
                assert_eq!(
                    (report.status, report.counts.records),
                    (Status::Complete, 2),
                    "{name}: {report:?}"
                );
                continue;
            }
            let (kind, message) = failure(&report);
            assert!(kind == ErrorKind::Data || kind == ErrorKind::Api, "{name}: {message}");
            bench.assert_nothing_visible("items");
        }
    }
}

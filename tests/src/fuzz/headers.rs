//! Headers of every kind, with values that nobody expects.

use std::time::Duration;

use bronzegate_core::report::Status;
use bronzegate_demo_api::{Fault, FaultKind, Shape, Stream, Style, When};
use fastrand::Rng;

use super::Outcome;
use super::mutation::{NUMBERS, TIMES, assembled};
use super::told::{Told, is_tellable};
use crate::{Bench, one_stream};

const NAMES: [&str; 18] = [
    "Link",
    "Retry-After",
    "Content-Type",
    "Content-Encoding",
    "Content-Range",
    "Date",
    "Age",
    "Location",
    "ETag",
    "RateLimit",
    "RateLimit-Policy",
    "RateLimit-Reset",
    "RateLimit-Remaining",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "X-RateLimit-Reset-After",
    "X-Next",
];

const PIECES: [&str; 40] = [
    "<",
    ">",
    ";",
    ",",
    "=",
    "\"",
    "\\",
    " ",
    "\t",
    "rel",
    "next",
    "anchor",
    "title*=UTF-8''%e2%82%ac",
    "<?page=2>",
    "</items>",
    "<http://[::1>",
    "text/csv",
    "application/json",
    "; charset=iso-8859-1",
    "charset=\"",
    "gzip",
    "br",
    "zstd",
    "identity",
    "bytes 0-1/2",
    "items 0-0/*",
    "q=0",
    "w=60",
    "r=0;t=",
    "\"default\";q=100;w=",
    "?",
    "#",
    "..",
    "//",
    ":",
    "@",
    "%",
    "%zz",
    "*",
    "data:,x",
];

const SETTINGS: [&str; 4] = [
    "records: $\npagination: { type: link_header }",
    "records: results\npagination: { type: cursor, next: { header: X-Next }, send: { query: after } }",
    "records: results\npagination: { type: page, send: { query: page }, total: { header: X-RateLimit-Limit } }\nrate_limit: { requests_per_second: 1000, remaining: { header: X-Next }, reset: { header: Retry-After, unit: epoch_ms } }",
    "records: $\nresponses: [{ when: { at: { header: X-Next }, over: 5 }, then: retry }]",
];

pub(super) async fn case(mut random: Rng, _: Told) -> Outcome {
    let answers = random.u64(1..4);
    let faults = (1..=answers).map(|nth| Fault::new("items", When::Request(nth), answer(&mut random)));
    let faults: Vec<_> = faults.collect();
    let settings = random.choice(SETTINGS).expect("there are some");
    let yaml =
        format!("retry: {{ base: 1ms, max: 2ms, max_attempts: 3 }}\n{}", one_stream("items", settings));
    let stream = Stream::new("items", Style::LinkHeader, Shape::Small, 3);
    let bench = Bench::new(vec![stream], faults, &yaml).await;
    let report = bench.run_within("items", Duration::from_secs(3)).await;
    is_tellable(&report)?;
    Ok(match report.status {
        Status::Complete | Status::AlreadyCommitted | Status::Skipped => "complete",
        Status::Partial => "partial",
        Status::Failed => "failed",
    })
}

fn answer(random: &mut Rng) -> FaultKind {
    let code =
        *random.choice([200, 200, 200, 206, 301, 302, 403, 408, 429, 429, 500, 503].iter()).expect("some");
    let bodies = ["[{\"a\":1}]", "{\"results\":[{\"a\":1}]}", "", "{}"];
    let headers = (0..random.usize(1..6)).map(|_| {
        let name = *random.choice(NAMES.iter()).expect("there are some");
        let value = match random.u8(..4) {
            0 => (*random.choice(NUMBERS.iter()).expect("there are some")).to_owned(),
            1 => (*random.choice(TIMES.iter()).expect("there are some")).to_owned(),
            2 if random.u8(..40) == 0 => "x".repeat(random.usize(1_000..60_000)),
            _ => assembled(&PIECES, 12, random),
        };
        (name.to_owned(), value)
    });
    let headers = headers.collect();
    let body = (*random.choice(bodies.iter()).expect("there are some")).into();
    FaultKind::Status { code, body: Some(body), headers, content_type: None }
}

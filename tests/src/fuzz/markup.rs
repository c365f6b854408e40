//! Bodies of XML, drawn and then damaged, against what they were drawn from and against another parser.

use std::fmt::Write as _;
use std::time::Duration;

use bronzegate_core::report::Status;
use bronzegate_demo_api::{Fault, FaultKind, Shape, Stream, Style, When};
use fastrand::Rng;
use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::{Map, Value};

use super::Outcome;
use super::mutation::mutated;
use super::told::{Told, is_tellable};
use crate::{Bench, one_stream};

const DICTIONARY: [&str; 26] = [
    "<",
    ">",
    "</",
    "/>",
    "<feed>",
    "</feed>",
    "<entry>",
    "</entry>",
    "<entry/>",
    "&",
    "&amp;",
    "&#0;",
    "&#x10ffff;",
    "&eacute;",
    "<![CDATA[",
    "]]>",
    "<!--",
    "-->",
    "<?",
    "?>",
    "<!DOCTYPE feed SYSTEM 'x'>",
    "<!DOCTYPE a [<!ENTITY b 'c'>]>",
    "\"",
    "'",
    "=",
    "\u{0}",
];
/// Names of elements that may stand once; [`LIST`] is one of lists.
const NAMES: [&str; 5] = ["a", "b", "dc:creator", "_x", "entry"];
const LIST: &str = "author";
const TEXTS: [(&str, &str); 6] = [
    ("", ""),
    ("x", "x"),
    (" a &lt; b ", " a < b "),
    ("<![CDATA[<i>]]>", "<i>"),
    ("&#233;\u{1f600}", "é\u{1f600}"),
    ("1e3", "1e3"),
];

pub(super) async fn case(mut random: Rng, _: Told) -> Outcome {
    let (whole, expected) = feed(&mut random);
    let is_whole = random.u8(..4) == 0;
    let body =
        if is_whole { whole.into_bytes() } else { mutated(whole.as_bytes(), &DICTIONARY, &mut random) };
    let fault = FaultKind::RawBody {
        content_type: "application/xml".to_owned(),
        body: body.clone().into(),
        status: 200,
    };
    let settings =
        format!("records: {{ at: feed.entry, if_absent: empty }}\nformat: {{ xml: {{ lists: [{LIST}] }} }}");
    let yaml =
        format!("retry: {{ base: 1ms, max: 2ms, max_attempts: 2 }}\n{}", one_stream("items", &settings));
    let stream = Stream::new("items", Style::Single, Shape::Small, 3);
    let fault = Fault::new("items", When::Request(1), fault).always();
    let bench = Bench::new(vec![stream], vec![fault], &yaml).await;
    let report = bench.run_within("items", Duration::from_secs(20)).await;
    is_tellable(&report)?;
    let shown = || format!("{:?}: {report:?}", String::from_utf8_lossy(&body));
    if report.status != Status::Complete {
        return if is_whole { Err(format!("refused: {}", shown())) } else { Ok("refused") };
    }
    let landed = bench.records("items");
    let read: Result<Vec<Value>, _> = landed.iter().map(|line| serde_json::from_str(line)).collect();
    let read = read.map_err(|error| format!("{error}: {}", shown()))?;
    if is_whole && read != expected {
        return Err(format!("{read:?} is not {expected:?}: {}", shown()));
    }
    if let Some(count) = entries(&body)
        && count != read.len() as u64
    {
        return Err(format!("{} records of {count}: {}", read.len(), shown()));
    }
    Ok("accepted")
}

/// A feed, and the records that it has.
fn feed(random: &mut Rng) -> (String, Vec<Value>) {
    let mut text = random
        .choice(["", "<?xml version=\"1.0\"?>\n", "<!DOCTYPE feed PUBLIC \"-//x\" \"y>\">"])
        .unwrap_or("")
        .to_owned();
    text.push_str("<feed xmlns='urn:x'>");
    let mut records = Vec::new();
    for _ in 0..random.usize(0..8) {
        if random.bool() {
            text.push_str(random.choice([" ", "\n", "<!-- <entry> -->", "<?pi <entry>?>"]).unwrap_or(" "));
        }
        records.push(element("entry", 3, random, &mut text));
    }
    text.push_str("</feed>");
    // An element of text is that text, which is no record.
    let records = records.into_iter().map(|record| match record {
        Value::Object(_) => record,
        text => serde_json::json!({ "_value": text }),
    });
    (text, records.collect())
}

/// Writes an element, and returns what it is as JSON.
fn element(name: &str, depth: usize, random: &mut Rng, out: &mut String) -> Value {
    let mut members = Map::new();
    let _ = write!(out, "<{name}");
    for attribute in ["id", "dc:lang"] {
        if random.u8(..4) == 0 {
            let (written, read) = TEXTS[random.usize(..3)];
            let _ = write!(out, " {attribute}=\"{written}\"");
            members.insert(format!("@{attribute}"), read.into());
        }
    }
    let has_elements = depth > 0 && random.bool();
    out.push('>');
    if has_elements {
        let mut names = NAMES.to_vec();
        random.shuffle(&mut names);
        for name in names.into_iter().take(random.usize(0..3)) {
            let value = element(name, depth - 1, random, out);
            members.insert(name.to_owned(), value);
        }
        let list: Vec<Value> =
            (0..random.usize(0..3)).map(|_| element(LIST, depth - 1, random, out)).collect();
        if !list.is_empty() {
            members.insert(LIST.to_owned(), list.into());
        }
    }
    let text = if members.is_empty() || members.keys().all(|name| name.starts_with('@')) {
        let (written, read) = TEXTS[random.usize(..TEXTS.len())];
        out.push_str(written);
        read
    } else {
        ""
    };
    let _ = write!(out, "</{name}>");
    if members.is_empty() {
        return text.into();
    }
    if !text.is_empty() {
        members.insert("#text".to_owned(), text.into());
    }
    Value::Object(members)
}

/// How many records another parser finds; `None` where it reads no XML there.
fn entries(body: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(body).ok()?;
    let mut reader = Reader::from_str(text);
    let (mut open, mut count) = (Vec::new(), 0);
    loop {
        let (name, is_empty) = match reader.read_event().ok()? {
            Event::Start(tag) => (tag.name().as_ref().to_vec(), false),
            Event::Empty(tag) => (tag.name().as_ref().to_vec(), true),
            Event::End(_) => {
                open.pop();
                continue;
            }
            Event::Eof => return open.is_empty().then_some(count),
            _ => continue,
        };
        count += u64::from(open == [b"feed".to_vec()] && name == b"entry");
        if !is_empty {
            open.push(name);
        }
    }
}

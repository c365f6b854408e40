//! Pages of XML.

use bronzegate_core::error::ErrorKind;
use bronzegate_core::report::Status;
use bronzegate_demo_api::{
    By, Fault, FaultKind, Form, Framing, Layout, Quirks, Said, Shape, Stream, Style, When, xml_record,
};
use bronzegate_tests::{Bench, expected, failure};

use super::segments::{LONG, hour_at};

/// A list of elements, with the next cursor in one beside them.
fn feed(records: u64) -> Stream {
    let said = [("paging.next", Said::Next), ("total", Said::Total)];
    let layout = Layout {
        by: By::Cursor("after".to_owned()),
        size: Some("limit".to_owned()),
        records: "entries".to_owned(),
        body: said.map(|(at, said)| (at.to_owned(), said)).into(),
        headers: Vec::new(),
    };
    let mut stream = Stream::new("items", Style::Layout, Shape::Small, records).page_size(20);
    stream.quirks =
        Quirks { layout, form: Form::Xml { entry: "entry".to_owned(), within: None }, ..Quirks::default() };
    stream
}

fn elements(records: u64) -> Vec<String> {
    expected(Shape::Small, records).iter().map(|record| xml_record(record.as_bytes())).collect()
}

const SETTINGS: &str = "format: xml\nrecords: { at: feed.entry, if_absent: empty }\npagination: { type: cursor, next: { body: feed.paging.next }, send: { query: after }, page_size: { query: limit, value: 20 }, total: { body: feed.total } }\nretry: { base: 1ms, max: 2ms }";

#[tokio::test]
async fn elements_land_exactly_whatever_cuts_the_pages_and_the_run() {
    let cut = FaultKind::CutBody { after_bytes: 300, framing: Framing::Chunked };
    let faults = vec![Fault::new("items", When::Page(2), cut)];
    for records in [0, 1, 95] {
        let bench = Bench::one(feed(records), faults.clone(), SETTINGS).await;
        let report = bench.run("items").await;
        assert_eq!((report.status, &report.error), (Status::Complete, &None), "{records}: {report:?}");
        assert_eq!(bench.records("items"), elements(records), "{records}");
    }
    let bench = Bench::one(feed(95), hour_at(4), SETTINGS).await;
    assert_eq!(bench.run_within("items", LONG).await.status, Status::Partial);
    bench.api.set_faults(Vec::new());
    assert_eq!(bench.run("items").await.status, Status::Complete);
    assert_eq!(bench.records("items"), elements(95));
}

#[tokio::test]
async fn a_cursor_of_elements_is_followed_by_its_text() {
    let feed = |ids: &[u32]| {
        let entries =
            ids.iter().map(|id| format!("<e><id>{id}</id><at d='x'>2026-01-{id:02}T10:00:00Z</at></e>"));
        format!("<r>{}</r>", entries.collect::<String>())
    };
    let page = |ids: &[u32]| FaultKind::RawBody {
        content_type: "application/atom+xml".to_owned(),
        body: feed(ids).into_bytes().into(),
        status: 200,
    };
    let settings = "format: { type: xml }\nrecords: r.e\nincremental: { cursor: at.#text, format: rfc3339, from: { query: since }, to: { query: until }, start: 2026-01-01, key: id }";
    let stream = Stream::new("items", Style::Single, Shape::Small, 3);
    let faults = vec![Fault::new("items", When::Request(1), page(&[1, 2])).always()];
    let bench = Bench::one(stream, faults, settings).await;
    assert_eq!(bench.run_at("items", "2026-01-03T00:00:00Z").await.counts.records, 2);
    bench.api.set_faults(vec![Fault::new("items", When::Request(1), page(&[2, 3])).always()]);
    let report = bench.run_at("items", "2026-01-04T00:00:00Z").await;
    assert_eq!((report.status, report.counts.records), (Status::Complete, 1), "{report:?}");
    assert_eq!(bench.records("items")[2], r##"{"id":"3","at":{"@d":"x","#text":"2026-01-03T10:00:00Z"}}"##);
}

#[tokio::test]
async fn what_is_no_page_of_xml_is_bad_data_with_its_place() {
    for (body, why) in [
        ("<feed><entry><a/><a/></entry></feed>", "<a> stands twice in <entry>"),
        ("<!DOCTYPE html><html/>", "a document type"),
        ("<feed><entry>1</entry>", "it ends too early"),
        ("{\"entries\":[]}", "text outside of the root element"),
        ("<feed><entry>&eacute;</entry></feed>", "an entity that XML does not define"),
        ("<other/>", "records"),
    ] {
        let body = body.as_bytes().to_vec().into();
        let page = FaultKind::RawBody { content_type: "application/xml".to_owned(), body, status: 200 };
        let faults = vec![Fault::new("items", When::Request(1), page).always()];
        let settings = SETTINGS.replace(", if_absent: empty", "");
        let bench = Bench::one(feed(3), faults, &settings).await;
        let report = bench.run("items").await;
        let (kind, message) = failure(&report);
        assert!(kind == ErrorKind::Data && message.contains(why), "{message}");
        bench.assert_nothing_visible("items");
    }
}

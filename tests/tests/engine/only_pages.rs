//! Streams whose first page may be all there is: a wrong place of the next page, pages counted from zero, no
//! `pagination`, and a path that is not there.

use bronzegate_core::error::ErrorKind;
use bronzegate_core::report::{RunReport, Status};
use bronzegate_demo_api::{By, Fault, FaultKind, Layout, Quirks, Said, Shape, Stream, Style, When};
use bronzegate_tests::{Bench, failure};

fn stream(style: Style, records: u64) -> Stream {
    Stream::new("items", style, Shape::Small, records).page_size(20)
}

fn by_cursor(next: &str, more: &str) -> String {
    format!(
        "records: results\npagination: {{ type: cursor, next: {{ body: {next} }}, send: {{ query: after }}{more} }}"
    )
}

const SIZE: &str = ", page_size: { query: limit, value: 20 }";

async fn bench(stream: Stream, settings: &str) -> Bench {
    Bench::one(stream, Vec::new(), settings).await
}

async fn run(stream: Stream, settings: &str) -> (Bench, RunReport) {
    let bench = bench(stream, settings).await;
    let report = bench.run("items").await;
    (bench, report)
}

#[track_caller]
fn assert_refused((bench, report): &(Bench, RunReport), why: &str) {
    let (kind, message) = failure(report);
    assert!(kind == ErrorKind::Data && message.contains(why), "{message}");
    bench.assert_nothing_visible("items");
}

#[track_caller]
fn assert_complete((bench, report): &(Bench, RunReport), records: u64, requests: u64) {
    assert_eq!((report.status, &report.error), (Status::Complete, &None));
    assert_eq!((report.counts.records, &report.warnings), (records, &Vec::new()));
    assert_eq!(bench.stats("items").requests, requests);
}

#[tokio::test]
async fn a_next_page_that_is_looked_for_at_a_wrong_place_is_refused_with_what_stands_there() {
    let outcome = run(stream(Style::Cursor, 200), &by_cursor("paging.nxt", SIZE)).await;
    assert_refused(
        &outcome,
        "nothing stands at body paging.nxt, where the next page is named, although the API has more",
    );
    assert_refused(&outcome, "At body paging stand: next.");
    let outcome = run(stream(Style::Cursor, 200), &by_cursor("nxt", SIZE)).await;
    assert_refused(&outcome, "The body's members are: results, total, paging.");
    // A server that gives out less than is asked for gives no sign by the length of its page.
    let capped = stream(Style::Cursor, 200).max_page_size(8);
    assert_refused(&run(capped, &by_cursor("paging.nxt", SIZE)).await, "nothing stands at body paging.nxt");
    let by_link =
        "records: $\npagination: { type: link_header, rel: more, page_size: { query: per_page, value: 20 } }";
    assert_refused(&run(stream(Style::LinkHeader, 200), by_link).await, "nothing stands at link more");
}

#[tokio::test]
async fn a_stream_of_one_page_is_asked_about_once_and_the_log_remembers() {
    let settings = by_cursor("paging.next.after", SIZE);
    let bench = bench(stream(Style::Cursor, 12), &settings).await;
    let first = bench.run_at("items", "2026-11-22T17:00:00Z").await;
    assert_eq!((first.status, &first.warnings), (Status::Complete, &Vec::new()), "{first:?}");
    assert_eq!((first.counts.records, bench.stats("items").requests), (12, 2));
    bench.run_at("items", "2026-11-22T18:00:00Z").await;
    bench.run_at("items", "2026-11-22T19:00:00Z").await;
    assert_eq!(bench.stats("items").requests, 4, "it is known by then");
    let known: Vec<_> = bench.commits("items").iter().map(|record| record.paging["items"].leads_on).collect();
    assert_eq!(known, [Some(true); 3]);
}

#[tokio::test]
async fn another_place_of_the_next_page_is_asked_about_anew() {
    let mut bench = bench(stream(Style::Cursor, 12), &by_cursor("paging.next.after", SIZE)).await;
    bench.run_at("items", "2026-11-22T17:00:00Z").await;
    let wrong = bronzegate_tests::one_stream("items", &by_cursor("paging.nxt", SIZE));
    bench.reads_with(&wrong);
    let second = bench.run_at("items", "2026-11-22T18:00:00Z").await;
    assert_eq!(failure(&second).0, ErrorKind::Data);
    assert_eq!(bench.commits("items").len(), 1);
}

#[tokio::test]
async fn pages_that_lead_on_or_prove_their_end_cost_no_request() {
    // A null has stood; a second page has come; a total is reached; the file says so.
    let url = "records: results\npagination: { type: next_url, next: { body: next }, page_size: { query: limit, value: 20 } }";
    assert_complete(&run(stream(Style::NextUrl, 12), url).await, 12, 1);
    assert_complete(&run(stream(Style::Cursor, 39), &by_cursor("paging.next.after", SIZE)).await, 39, 2);
    let total = format!("{SIZE}, total: {{ body: total }}");
    assert_complete(&run(stream(Style::Cursor, 12), &by_cursor("paging.next.after", &total)).await, 12, 1);
    let single = format!("{SIZE}, single_page: true");
    assert_complete(&run(stream(Style::Cursor, 12), &by_cursor("nowhere", &single)).await, 12, 1);
    let stop = format!("{SIZE}, stop: [{{ at: {{ body: total }}, equals: 12 }}]");
    assert_complete(&run(stream(Style::Cursor, 12), &by_cursor("paging.next.after", &stop)).await, 12, 1);
}

#[tokio::test]
async fn what_cannot_be_found_out_is_told_in_the_first_run_alone() {
    for (more, why) in
        [("", "no `page_size` is sent"), (", page_size: { query: ignored, value: 20 }", "ignores the size")]
    {
        let bench = bench(stream(Style::Cursor, 12), &by_cursor("paging.next.after", more)).await;
        let first = bench.run_at("items", "2026-11-22T17:00:00Z").await;
        assert!(first.status == Status::Complete && first.warnings[0].contains(why), "{first:?}");
        assert_eq!(bench.commits("items")[0].warnings, first.warnings);
        let asked = bench.stats("items").requests;
        let second = bench.run_at("items", "2026-11-22T18:00:00Z").await;
        assert_eq!(second.warnings, Vec::<String>::new());
        assert_eq!(bench.stats("items").requests, asked + 1);
    }
}

#[tokio::test]
async fn the_pages_of_all_partitions_are_asked_about_together() {
    let yaml = "streams:\n  items:\n    path: /items\n    params: { part: \"{{ partition.part }}\" }\n    partitions: { part: [a, b, c] }\n    records: results\n    pagination: { type: cursor, next: { body: paging.nxt }, send: { query: after }, page_size: { query: limit, value: 20 } }\n";
    let bench = Bench::new(vec![stream(Style::Cursor, 50)], Vec::new(), yaml).await;
    let report = bench.run("items").await;
    assert_eq!((failure(&report).0, bench.stats("items").requests), (ErrorKind::Data, 4), "{report:?}");
}

#[tokio::test]
async fn parents_whose_pages_lead_nowhere_are_refused_in_the_childs_run() {
    let yaml = "streams:\n  projects:\n    path: /projects\n    records: results\n    pagination: { type: cursor, next: { body: nowhere }, send: { query: after }, page_size: { query: limit, value: 20 } }\n  items:\n    path: /items\n    params: { project: \"{{ parent.id }}\" }\n    parent: { stream: projects, fields: [id] }\n    records: results\n    pagination: { type: cursor, next: { body: paging.next.after }, send: { query: after }, page_size: { query: limit, value: 20 } }\n";
    let projects = Stream::new("projects", Style::Cursor, Shape::Small, 50);
    let bench = Bench::new(vec![projects, stream(Style::Cursor, 30)], Vec::new(), yaml).await;
    let report = bench.run("items").await;
    let (kind, message) = failure(&report);
    assert!(
        kind == ErrorKind::Data && message.contains("demo/projects: nothing stands at body nowhere"),
        "{message}"
    );
    bench.assert_nothing_visible("items");
}

#[tokio::test]
async fn an_offset_that_counts_pages_is_refused() {
    let layout = Layout { by: By::Page("offset".to_owned()), ..Layout::default() };
    let mut paged = stream(Style::Layout, 200);
    paged.quirks = Quirks { layout, ..Quirks::default() };
    let settings = "records: results\npagination: { type: offset, start: 1, send: { query: offset }, page_size: { query: limit, value: 20 } }";
    assert_refused(&run(paged, settings).await, "the second page is empty, although the API has more");
    // One page is one page.
    let settings = settings.replace("start: 1, ", "");
    let outcome = run(stream(Style::Offset, 12), &settings).await;
    assert_eq!(
        (outcome.1.status, outcome.1.counts.records, outcome.1.warnings.len()),
        (Status::Complete, 12, 0)
    );
    assert_eq!(outcome.0.commits("items")[0].paging["items"].leads_on, Some(true));
}

#[tokio::test]
async fn pages_that_the_api_counts_from_zero_are_not_begun_with_the_second() {
    let counted = |records| {
        let layout = Layout {
            by: By::PageFromZero("page".to_owned()),
            body: vec![("pages".to_owned(), Said::Pages)],
            ..Layout::default()
        };
        let mut stream = stream(Style::Layout, records);
        stream.quirks = Quirks { layout, ..Quirks::default() };
        stream
    };
    let settings = |start: &str| {
        format!(
            "records: results\npagination: {{ type: page, {start}send: {{ query: page }}, page_size: {{ query: limit, value: 20 }} }}\nresponses: [{{ when: {{ at: {{ status: true }}, equals: 404 }}, then: end, if_first: true }}]"
        )
    };
    // The second page has some, or none at all.
    for records in [70, 12] {
        let outcome = run(counted(records), &settings("")).await;
        assert_refused(&outcome, "records that page 1 has not: the API counts its pages from 0");
    }
    let outcome = run(counted(70), &settings("start: 0, ")).await;
    assert_eq!((outcome.1.status, outcome.1.counts.records), (Status::Complete, 70));
    // An API that counts from 1 refuses it, which is no error, and is not asked again.
    let by_page = "records: results\npagination: { type: page, send: { query: page }, page_size: { query: per_page, value: 20 }, total_pages: { body: total_pages } }";
    let bench = bench(stream(Style::Page, 70), by_page).await;
    let first = bench.run_at("items", "2026-11-22T17:00:00Z").await;
    assert_eq!((first.status, first.counts.records, first.counts.api_errors), (Status::Complete, 70, 0));
    let asked = bench.stats("items");
    assert_eq!((asked.requests, asked.statuses[&400]), (5, 1));
    bench.run_at("items", "2026-11-22T18:00:00Z").await;
    assert_eq!(bench.stats("items").statuses[&400], 1);
}

fn answers(status: u16, body: &str) -> Vec<Fault> {
    let kind = FaultKind::RawBody {
        content_type: "application/json".to_owned(),
        body: body.as_bytes().to_vec().into(),
        status,
    };
    vec![Fault::new("items", When::Request(1), kind).always()]
}

#[tokio::test]
async fn a_path_that_is_not_there_is_no_stream_without_records() {
    let rule = |more: &str| {
        format!(
            "records: results\nresponses: [{{ when: {{ at: {{ status: true }}, equals: 404 }}, {more}then: end }}]"
        )
    };
    let none = "{\"error\":{\"code\":\"NOT_FOUND\"}}";
    for (settings, is_refused) in [
        (rule(""), true),
        (rule("if_first: true, "), false),
        (rule("and: { at: { body: error.code }, equals: NOT_FOUND }, "), false),
    ] {
        let bench = Bench::one(stream(Style::Single, 3), answers(404, none), &settings).await;
        let report = bench.run("items").await;
        if is_refused {
            let (kind, message) = failure(&report);
            assert!(
                kind == ErrorKind::Data && message.contains("a wrong or moved path is answered so too"),
                "{message}"
            );
            bench.assert_nothing_visible("items");
        } else {
            assert_eq!((report.status, report.counts.records), (Status::Complete, 0), "{report:?}");
        }
    }
}

#[tokio::test]
async fn a_body_that_says_there_is_more_marks_a_run_without_pagination() {
    let records = "\"results\":[{\"id\":1},{\"id\":2}]";
    for (more, what, line) in [
        ("\"has_more\":true", "body has_more is true", "type: cursor"),
        (
            "\"meta\":{\"next\":\"/items?page=2\"}",
            "body meta.next is /items?page=2",
            "type: next_url, next: { body: meta.next }",
        ),
        (
            "\"_links\":{\"next\":{\"href\":\"/x\"}}",
            "body _links.next is",
            "type: next_url, next: { body: _links.next.href }",
        ),
        (
            "\"nextPageToken\":\"t2\"",
            "body nextPageToken is t2",
            "type: cursor, next: { body: nextPageToken }",
        ),
        ("\"pagination\":{\"total\":70}", "body pagination.total is 70", "total: { body: pagination.total }"),
    ] {
        let faults = answers(200, &format!("{{{records},{more}}}"));
        let bench = Bench::one(stream(Style::Single, 3), faults.clone(), "records: results").await;
        let report = bench.run("items").await;
        assert_eq!((report.status, report.warnings.len()), (Status::Complete, 1), "{report:?}");
        let warning = &report.warnings[0];
        assert!(warning.contains(what) && warning.contains(line), "{warning}");
        let record = &bench.commits("items")[0];
        assert!(record.may_lack && record.warnings == report.warnings);
        // `type: none` says that it is meant.
        let bench =
            Bench::one(stream(Style::Single, 3), faults, "records: results\npagination: { type: none }")
                .await;
        let report = bench.run("items").await;
        assert_eq!((report.warnings.len(), bench.commits("items")[0].may_lack), (0, false), "{report:?}");
    }
    for less in [
        "\"has_more\":false,\"next\":null,\"total\":2",
        "\"invoice\":{\"total\":120},\"total\":12.5,\"next_billing_date\":\"2026-12-01\"",
        "\"total\":\"120\",\"links\":{},\"next\":\"\"",
    ] {
        let bench = Bench::one(
            stream(Style::Single, 3),
            answers(200, &format!("{{{records},{less}}}")),
            "records: results",
        )
        .await;
        let report = bench.run("items").await;
        assert_eq!(
            (report.warnings.len(), bench.commits("items")[0].may_lack),
            (0, false),
            "{less}: {report:?}"
        );
    }
}

#[tokio::test]
async fn a_question_that_is_not_answered_proves_nothing_and_the_next_run_asks_again() {
    let counted = "records: results\npagination: { type: page, send: { query: page }, page_size: { query: per_page, value: 20 } }";
    let by_wrong_place = by_cursor("paging.nxt", SIZE);
    for (style, settings, from) in [(Style::Cursor, by_wrong_place.as_str(), 2), (Style::Page, counted, 11)] {
        for kind in [FaultKind::status(503), FaultKind::retry_after(429, "86400")] {
            let away = Fault::new("items", When::Request(from), kind.clone()).always();
            let bench = Bench::one(stream(style, 200), vec![away], settings).await;
            let (report, _) = bench.run_waiting("items").await;
            assert_eq!(failure(&report).0, ErrorKind::Api, "{style:?} {kind:?}: {report:?}");
            bench.assert_nothing_visible("items");
        }
    }
}

#[tokio::test]
async fn an_only_page_of_exactly_the_size_asked_for_is_told() {
    for settings in [
        "records: results\npagination: { type: none, page_size: { query: limit, value: 12 } }",
        "records: results\nparams: { limit: \"12\" }",
        "records: results\nmethod: POST\nbody: { limit: 12 }",
        "records: results\nmethod: POST\nbody: { query: q, variables: { page: { first: \"12\" } } }",
    ] {
        let (_, report) = run(stream(Style::Single, 12), settings).await;
        assert!(
            report.warnings[0].starts_with("the only page has the 12 records that were asked for"),
            "{report:?}"
        );
        let (_, report) = run(stream(Style::Single, 11), settings).await;
        assert_eq!(report.warnings, Vec::<String>::new());
    }
}

//! What stands around data: lines before and after a table, a prefix before JSON, gzip files in an archive, nothing at all.

use bronzegate_core::error::ErrorKind;
use bronzegate_core::report::Status;
use bronzegate_demo_api::{Fault, FaultKind, Framing, Pack, Quirks, Shape, Stream, Style, When, csv_record};
use bronzegate_tests::{Bench, expected, failure};

fn rows(records: u64) -> Vec<String> {
    expected(Shape::Small, records).iter().map(|record| csv_record(record.as_bytes())).collect()
}

#[tokio::test]
async fn a_table_among_other_lines_lands_exactly_however_it_is_packed() {
    let around = ("Report: \"all\nMade for,me\r\n\r\n".to_owned(), "Grand Total,,,\r\nx\r\n".to_owned());
    for pack in [Pack::Plain, Pack::Gzip, Pack::Zip, Pack::ZipOfGzip] {
        for form in ["skip_lines: 3, ends_at: Grand Total", "header_starts: 'id,', ends_at: Grand"] {
            let mut stream =
                Stream::new("items", Style::LinkHeader, Shape::Small, 45).page_size(10).csv(pack);
            stream.quirks = Quirks { around_table: Some(around.clone()), ..Quirks::default() };
            let cut = FaultKind::CutBody { after_bytes: 200, framing: Framing::ContentLength };
            let settings = format!(
                "records: $\nformat: {{ csv: {{ {form} }} }}\npagination: {{ type: link_header, page_size: {{ query: per_page, value: 10 }} }}\nretry: {{ base: 1ms, max: 2ms }}"
            );
            let bench = Bench::one(stream, vec![Fault::new("items", When::Page(2), cut)], &settings).await;
            let report = bench.run("items").await;
            assert_eq!((report.status, &report.error), (Status::Complete, &None), "{pack:?} {form}");
            assert_eq!(bench.records("items"), rows(45), "{pack:?} {form}");
        }
    }
}

/// Reads a stream of one page with this body.
async fn read(content_type: &str, body: &str, settings: &str) -> (Bench, bronzegate_core::report::RunReport) {
    let body = body.as_bytes().to_vec();
    let page = FaultKind::RawBody { content_type: content_type.to_owned(), body: body.into(), status: 200 };
    let faults = vec![Fault::new("items", When::Request(1), page).always()];
    let bench = Bench::one(Stream::new("items", Style::Single, Shape::Small, 3), faults, settings).await;
    let (report, _) = bench.run_waiting("items").await;
    (bench, report)
}

#[tokio::test]
async fn what_stands_before_json_is_taken_off_and_columns_are_told_apart() {
    for (content_type, body, settings, records) in [
        (
            "application/json",
            ")]}'\n{\"results\":[{\"id\":1}]}",
            "records: results\nformat: { strip_prefix: \")]}'\" }",
            vec![r#"{"id":1}"#],
        ),
        (
            "application/json",
            "{\"results\":[{\"id\":1}]}",
            "records: results\nformat: { strip_prefix: \")]}'\" }",
            vec![r#"{"id":1}"#],
        ),
        (
            "text/csv",
            "id,n,n\n1,a,b\n",
            "records: $\nformat: { csv: { repeated_names: number } }",
            vec![r#"{"id":"1","n":"a","n_2":"b"}"#],
        ),
        ("application/json", "", "records: { at: results, if_absent: empty }", vec![]),
    ] {
        let (bench, report) = read(content_type, body, settings).await;
        assert_eq!((report.status, &report.error), (Status::Complete, &None), "{settings}");
        assert_eq!(bench.records("items"), records, "{settings}");
    }
    for (body, settings, why) in [
        ("", "records: results", "it is empty"),
        ("id,n\n1,a\n", "records: $\nformat: { csv: { ends_at: Total } }", "no row begins with `Total`"),
        ("a\nb\n", "records: $\nformat: { csv: { header_starts: id } }", "no line begins with `id`"),
    ] {
        let (_, report) =
            read(if settings.contains("csv") { "text/csv" } else { "application/json" }, body, settings)
                .await;
        let (kind, message) = failure(&report);
        assert!(kind == ErrorKind::Data && message.contains(why), "{message}");
    }
}

#[tokio::test]
async fn check_tells_of_a_preamble_as_wide_as_its_table() {
    let body = "Report;Sales\nGenerated;2026-11-22\nDay;Amount\n2026-11-20;1\n2026-11-21;2\n";
    for (keys, is_told) in [("delimiter: ';'", true), ("delimiter: ';', header_starts: Day", false)] {
        let settings = format!("records: $\nformat: {{ csv: {{ {keys} }} }}");
        let (bench, report) = read("text/csv", body, &settings).await;
        assert_eq!(report.status, Status::Complete, "{report:?}");
        let probe = bench.stream("items").probe().await.expect("it finds a page");
        let told =
            probe.warnings.iter().any(|warning| warning.contains("looks like its header (Day, Amount)"));
        assert_eq!(told, is_told, "{:?}", probe.warnings);
    }
}

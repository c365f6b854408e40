//! What `run` shows of its reports: a table, and beside it what does not fit into one.

use bronzegate_core::report::{RunReport, Status};

use crate::human;
use crate::output::Colour;
use crate::table::{Column, table};

/// What does not fit into the table: errors and warnings in full.
pub(super) fn remarks(report: &RunReport) -> Vec<String> {
    let RunReport { source, stream, .. } = report;
    let error = report.error.as_ref().map(|error| format!("error: {}", error.message));
    let warnings = report.warnings.iter().map(|warning| format!("warning: {source}/{stream}: {warning}"));
    error.into_iter().chain(warnings).collect()
}

/// The reports as a table, a row a stream.
pub(super) fn summary(reports: &[RunReport], in_colour: bool) -> String {
    let columns = [
        Column::Text("STREAM"),
        Column::Text("STATUS"),
        Column::Number("RECORDS"),
        Column::Number("BYTES"),
        Column::Number("PAGES"),
        Column::Number("REQUESTS"),
        Column::Number("RETRIES"),
        Column::Number("DURATION"),
        Column::Text("ERROR"),
    ];
    let rows = reports.iter().map(|report| {
        let counts = report.counts;
        let kind = report.error.as_ref().filter(|_| report.status == Status::Failed).map(|error| error.kind);
        vec![
            format!("{}/{}", report.source, report.stream),
            report.status.as_str().to_owned(),
            human::count(counts.records),
            human::bytes(counts.bytes),
            human::count(counts.pages),
            human::count(counts.requests),
            human::count(counts.retries),
            human::duration(std::time::Duration::from_millis(report.duration_ms)),
            kind.map_or_else(String::new, |kind| kind.as_str().to_owned()),
        ]
    });
    let text = table(&columns, rows);
    if in_colour { coloured(&text, reports) } else { text }
}

/// Where the files of these runs are; `None` where none was written.
pub(super) fn written(target: &str, reports: &[RunReport]) -> Option<String> {
    let is_file = |report: &&RunReport| report.table.is_none();
    let paths: Vec<&str> =
        reports.iter().filter(is_file).flat_map(|report| &report.parts).map(String::as_str).collect();
    let (first, others) = paths.split_first()?;
    let mut folders: Vec<&str> = first.split('/').collect();
    // Its own name is no folder.
    folders.pop();
    for path in others {
        let same = folders.iter().zip(path.split('/')).take_while(|(folder, other)| *folder == other).count();
        folders.truncate(same);
    }
    let place = std::iter::once(target.trim_end_matches('/')).chain(folders).collect::<Vec<_>>().join("/");
    Some(format!("{} in {place}", human::counted(paths.len() as u64, "file")))
}

/// The rows of streams that failed or are partial in colour; a report is one line.
fn coloured(text: &str, reports: &[RunReport]) -> String {
    let colours = reports.iter().map(|report| match report.status {
        Status::Failed => Some(Colour::Red),
        Status::Partial | Status::Skipped => Some(Colour::Yellow),
        Status::Complete | Status::AlreadyCommitted => None,
    });
    let colours = std::iter::once(None).chain(colours);
    let lines = text.lines().zip(colours);
    let lines =
        lines.map(|(line, colour)| colour.map_or_else(|| line.to_owned(), |colour| colour.paint(line)));
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use bronzegate_core::error::ErrorKind;
    use bronzegate_core::report::{Counts, Failure};

    use super::*;

    fn reports() -> [RunReport; 2] {
        let message = "crm/deals, page 3: HTTP 503".to_owned();
        [
            RunReport {
                status: Status::Complete,
                counts: Counts {
                    records: 2500,
                    bytes: 3_028_747,
                    pages: 25,
                    requests: 26,
                    retries: 1,
                    api_errors: 1,
                },
                duration_ms: 1250,
                warnings: vec!["2500 records came".to_owned()],
                ..RunReport::new("crm", "contacts")
            },
            RunReport {
                error: Some(Failure { kind: ErrorKind::Api, message, is_transient: false, is_quota: false }),
                ..RunReport::new("crm", "deals")
            },
        ]
    }

    #[test]
    fn the_summary_is_a_row_a_stream() {
        insta::assert_snapshot!(summary(&reports(), false), @"
        STREAM        STATUS    RECORDS    BYTES  PAGES  REQUESTS  RETRIES  DURATION  ERROR
        crm/contacts  complete    2,500  2.9 MiB     25        26        1      1.2s
        crm/deals     failed          0      0 B      0         0        0       0ms  api
        ");
    }

    #[test]
    fn the_files_are_in_the_folder_that_all_of_them_share() {
        let of = |parts: &[&str]| RunReport {
            parts: parts.iter().map(|part| (*part).to_owned()).collect(),
            ..RunReport::new("crm", "deals")
        };
        let [one, two] =
            [of(&["crm/deals/d=1/a.ndjson", "crm/deals/d=1/b.ndjson"]), of(&["crm/tags/d=1/a.ndjson"])];
        let told = |reports: &[RunReport]| written("./bronze/", reports);
        assert_eq!(told(std::slice::from_ref(&one)).as_deref(), Some("2 files in ./bronze/crm/deals/d=1"));
        assert_eq!(told(&[one, two]).as_deref(), Some("3 files in ./bronze/crm"));
        assert_eq!(told(&[of(&[])]), None);
    }

    #[test]
    fn the_row_of_a_stream_that_failed_is_red() {
        let (plain, coloured) = (summary(&reports(), false), summary(&reports(), true));
        let lines: Vec<_> = coloured.lines().collect();
        assert_eq!(lines[..2], plain.lines().take(2).collect::<Vec<_>>());
        assert!(lines[2].starts_with("\x1b[31mcrm/deals ") && lines[2].ends_with("\x1b[0m"), "{coloured:?}");
    }

    #[test]
    fn errors_and_warnings_are_told_in_full() {
        let told: Vec<_> = reports().iter().flat_map(remarks).collect();
        assert_eq!(told, ["warning: crm/contacts: 2500 records came", "error: crm/deals, page 3: HTTP 503"]);
    }
}

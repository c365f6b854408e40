//! Source files as they were before requests could write times otherwise than records (`tests/fixtures/earlier`): they
//! bring what they brought. The other files of that time are still the same, and have tests of their own (`sources`).

use bronzegate_core::report::Status;
use bronzegate_tests::{Vendor, repository};

#[tokio::test]
async fn no_source_file_of_before_changes_its_result() {
    for (api, stream) in [("jira", "issues"), ("servicenow", "incidents"), ("xero", "invoices")] {
        let path = repository().join(format!("tests/fixtures/earlier/{api}.yaml"));
        let text = std::fs::read_to_string(path).expect("a file of the repository");
        let vendor = Vendor::with(api, |_| {}, |_| text).await;
        let mut expected = vendor.bench.api.records(stream);
        expected.sort();
        let first = vendor.run(stream).await;
        assert_eq!((first.status, &first.error), (Status::Complete, &None), "{api}: {first:?}");
        // The run asks up to the time that it is for, if it can say so.
        let later = vendor.run_at(stream, "2026-12-01T00:00:00Z").await;
        assert_eq!((later.status, &later.error), (Status::Complete, &None), "{api}: {later:?}");
        let mut landed = vendor.bench.records(stream);
        let count = landed.len() as u64;
        assert_eq!(count, first.counts.records + later.counts.records, "{api}");
        landed.sort();
        landed.dedup();
        assert!(landed == expected, "{api}: {} of {}", landed.len(), expected.len());
        // All that there is by then, or what is new and what is at the mark.
        let all = expected.len() as u64;
        let is_incremental = vendor.bench.source.streams[0].incremental.is_some();
        let by_later = if is_incremental { all - first.counts.records + 1 } else { all };
        assert_eq!(later.counts.records, by_later, "{api}");
    }
}

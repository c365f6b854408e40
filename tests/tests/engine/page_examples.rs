//! The first example of each page about source files, read from an API that plays its part
//! (`tests/fixtures/pages/<page>.json`).

use std::sync::Arc;

use bronzegate_core::bronze::{LocalStore, Stores};
use bronzegate_core::config::Compression;
use bronzegate_core::report::Status;
use bronzegate_tests::{LogTables, SCHEDULED, Vendor, repository, row_of};

/// The pages that begin with an example.
fn pages() -> Vec<String> {
    let folder = std::fs::read_dir(repository().join("docs/source-files")).expect("a folder of pages");
    let mut pages: Vec<String> = folder
        .map(|page| page.expect("readable").path())
        .filter(|page| std::fs::read_to_string(page).is_ok_and(|text| text.contains("```yaml\nsource: ")))
        .map(|page| page.file_stem().expect("a name").to_string_lossy().into_owned())
        .collect();
    pages.sort();
    pages
}

#[tokio::test]
async fn the_first_example_of_each_page_brings_what_its_api_has() {
    let pages = pages();
    assert!(pages.len() >= 12, "{pages:?}");
    for page in pages {
        let (vendor, played) = Vendor::of_page(&page).await;
        for secret in vendor.bench.source.secrets() {
            if !vendor.held().contains_key(&secret.secret) {
                vendor.keep(&secret.secret, "demo-secret-0");
            }
        }
        for stream in &vendor.bench.source.streams {
            let name = &stream.name;
            let of_stream = |served: &str| served == name || served.starts_with(&format!("{name}@"));
            let served: Vec<_> = played.iter().filter(|served| of_stream(&served.name)).collect();
            assert!(!served.is_empty(), "{page}: no part for {name}");
            let mut expected: Vec<String> = Vec::new();
            for served in served {
                let records = vendor.bench.api.records(&served.name);
                expected.extend(match row_of(served) {
                    Some((columns, of)) => {
                        records.iter().map(|record| of(&columns, record.as_bytes())).collect()
                    }
                    None => records,
                });
            }
            let tables = tempfile::tempdir().expect("a folder");
            let root = Arc::new(LocalStore::open(tables.path()).expect("a folder"));
            let stores = Stores::from(vendor.bench.store()).with_tables(Some(Arc::new(LogTables::new(root))));
            let report = vendor.run_into(stores, name, SCHEDULED).await;
            assert_eq!((report.status, &report.error), (Status::Complete, &None), "{page}: {report:?}");
            assert_eq!(report.counts.records, expected.len() as u64, "{page}: {name}");
            if let Some(table) = report.table {
                assert_eq!(table.rows, expected.len() as u64, "{page}: {name}");
                continue;
            }
            if stream.output.compression != Compression::None {
                continue;
            }
            let mut landed = vendor.bench.records(name);
            landed.sort();
            expected.sort();
            assert_eq!(landed, expected, "{page}: {name}");
        }
        let unspent = vendor.bench.api.unspent_faults();
        assert!(unspent.is_empty(), "{page}: {unspent:?}");
    }
}

//! The pages about source files: their tables of keys, and their examples.

use std::fs;
use std::path::{Path, PathBuf};

use bronzegate_core::config::json_schema;
use bronzegate_tests::{key_tables, repository};
use serde_json::json;

use super::commands::shell;

const PAGES: &str = "docs/source-files";

#[test]
fn the_tables_of_keys_are_those_of_the_schema() {
    for page in key_tables::pages(&repository().join(PAGES), &json_schema()).unwrap() {
        assert!(
            page.text == page.wanted,
            "{}: its tables of keys are stale: make schema",
            page.path.display()
        );
    }
}

#[test]
fn every_key_of_the_schema_is_in_a_table() {
    let pages = key_tables::pages(&repository().join(PAGES), &json_schema()).unwrap();
    let tables: Vec<&str> =
        pages.iter().flat_map(|page| page.wanted.lines()).filter(|line| line.starts_with("| `")).collect();
    let mut missing = Vec::new();
    for (name, described) in json_schema()["$defs"].as_object().unwrap() {
        let forms = described["oneOf"].as_array().cloned().unwrap_or_else(|| vec![described.clone()]);
        for form in &forms {
            for key in form["properties"].as_object().into_iter().flatten().map(|(key, _)| key) {
                let has_it =
                    |line: &&&str| line.contains(&format!("`{key}`")) || line.contains(&format!(".{key}`"));
                if key != "type" && name != "SecretRef" && !tables.iter().any(|line| has_it(&line)) {
                    missing.push(format!("{name}.{key}"));
                }
            }
        }
    }
    assert_eq!(missing, Vec::<String>::new(), "keys without a row: which page should name their type?");
}

#[tokio::test]
async fn every_example_of_the_pages_is_a_source_file_that_check_accepts() {
    let mut shell = shell(Vec::new()).await;
    fs::remove_dir_all(shell.path("sources")).unwrap();
    fs::create_dir(shell.path("sources")).unwrap();
    let mut written = 0;
    for page in markdown(&repository().join("docs")).into_iter().chain([repository().join("README.md")]) {
        let text = fs::read_to_string(&page).unwrap();
        for (at, block) in blocks(&text).into_iter().enumerate() {
            let name = format!("{}-{at}", page.file_stem().unwrap().to_str().unwrap().to_lowercase());
            let Some(source) = completed(&name, &block) else {
                assert!(
                    !page.starts_with(repository().join(PAGES)),
                    "{}: not checked: {block}",
                    page.display()
                );
                continue;
            };
            for secret in source.split("secret: ").skip(1) {
                let secret = secret.split([' ', ',', '}', '\n']).next().unwrap();
                let variable = secret.to_uppercase().replace('-', "_");
                shell.set(&format!("BRONZEGATE_SECRET_{variable}"), r#"{"any":"thing"}"#);
            }
            shell.file(&format!("sources/{name}.yaml"), &source);
            written += 1;
        }
    }
    assert!(written > 20, "{written} examples");
    let check = shell.run("check --offline --json").await;
    assert_eq!(check.reports().len(), written, "{check:?}");
    for report in check.reports() {
        assert_eq!(report["problems"], json!([]), "{report:#}");
    }
}

/// The pages of a folder and of those within it.
fn markdown(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder of pages") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.append(&mut markdown(&path));
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
    found
}

/// The blocks of YAML in a page.
fn blocks(text: &str) -> Vec<String> {
    let parts = text.split("```yaml\n").skip(1);
    parts.map(|part| part.split("```").next().unwrap_or_default().to_owned()).collect()
}

/// A whole source file of an example: one, or settings of a source (`auth: …`), or settings of a stream, which are
/// indented as they are there. None for YAML that is something else.
fn completed(name: &str, block: &str) -> Option<String> {
    let head = format!("source: {name}\nbase_url: https://api.example.com\n");
    let whole = block.lines().find(|line| line.starts_with("source: "));
    if let Some(line) = whole {
        return Some(block.replace(line, &format!("source: {name}")));
    }
    if block.starts_with("auth:") {
        return Some(format!("{head}{block}streams: {{ items: {{ path: /items, records: items }} }}\n"));
    }
    let records = if block.contains("    records:") { "" } else { "    records: items\n" };
    block.starts_with("    ").then(|| format!("{head}streams:\n  items:\n    path: /items\n{records}{block}"))
}

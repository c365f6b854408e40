//! Makes a page that is not JSON (or JSON that no parser takes).

use super::content::Page;
use crate::fault::InvalidJson;

/// Spoils a page; some ways leave nothing of it but bytes.
pub(crate) fn spoil(mut page: Page, how: &InvalidJson) -> Result<Page, Vec<u8>> {
    match how {
        InvalidJson::Nan => insert(&mut page, b"{\"value\":NaN}"),
        InvalidJson::BadUtf8 => insert(&mut page, b"{\"value\":\"\xff\xfe\"}"),
        InvalidJson::TrailingComma => page.tail.insert(0, b','),
        InvalidJson::GarbageAfter => page.tail.extend_from_slice(b" garbage"),
        InvalidJson::Truncated => {
            let mut whole = page.render();
            whole.truncate(whole.len() / 2);
            return Err(whole);
        }
        InvalidJson::Deep { depth } => {
            let depth = *depth as usize;
            let (open, close) = ("[".repeat(depth), "]".repeat(depth));
            insert(&mut page, format!("{{\"value\":{open}{close}}}").as_bytes());
        }
        InvalidJson::Raw { body } => return Err(body.0.clone()),
    }
    Ok(page)
}

/// Puts a record before the others.
fn insert(page: &mut Page, record: &[u8]) {
    page.head.extend_from_slice(record);
    if page.count > 0 {
        page.head.push(page.separator);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Recipe, Shape};
    use serde_json::error::Category;
    use serde_json::{Value, from_slice};

    fn page(count: u64) -> Page {
        Page {
            recipe: Recipe::new(1, Shape::Small),
            form: crate::quirks::Form::List,
            table: None,
            records: None,
            first: 0,
            count,
            hidden: None,
            head: b"{\"results\":[".to_vec(),
            separator: b',',
            tail: b"]}".to_vec(),
        }
    }

    #[test]
    fn spoilt_pages_are_not_json() {
        for (how, category) in [
            (InvalidJson::Nan, Category::Syntax),
            (InvalidJson::BadUtf8, Category::Syntax),
            (InvalidJson::TrailingComma, Category::Syntax),
            (InvalidJson::GarbageAfter, Category::Syntax),
            (InvalidJson::Truncated, Category::Eof),
            (InvalidJson::Deep { depth: 600 }, Category::Syntax),
            (InvalidJson::Raw { body: "{".into() }, Category::Eof),
        ] {
            for count in [0, 3] {
                let bytes = spoil(page(count), &how).map_or_else(|b| b, |p| p.render());
                let error = from_slice::<Value>(&bytes).unwrap_err();
                assert_eq!(error.classify(), category, "{how:?} {count}: {error}");
            }
        }
    }

    #[test]
    fn shallow_nesting_stays_json() {
        let spoilt = spoil(page(2), &InvalidJson::Deep { depth: 20 }).unwrap();
        let value: Value = from_slice(&spoilt.render()).unwrap();
        assert_eq!(value["results"].as_array().unwrap().len(), 3);
    }
}

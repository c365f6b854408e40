//! A last line that is most likely no record: an API that fails while it sends lines can say so only there.

use crate::cursor::names;
use crate::formats::{Form, PageBody};
use crate::redact::printable;

/// The longest line that is shown.
const LONGEST_SHOWN: usize = 200;
/// The members of which an error's line consists.
const OF_ERRORS: [&str; 10] =
    ["error", "errors", "message", "code", "status", "detail", "details", "title", "type", "reason"];

/// What somebody should know of the last line of a body of lines.
pub(crate) fn odd_line(body: &PageBody) -> Option<String> {
    if body.form != Form::Lines {
        return None;
    }
    let (first, last) = (body.first_record.as_ref()?, body.last_record.as_ref()?);
    let (before, members) = (names(first), names(last));
    let speaks_of_error = members.iter().any(|name| name == "error" || name == "errors");
    let is_odd = if body.records > 1 {
        let is_other = !before.is_empty() && !members.iter().any(|name| before.contains(name));
        let is_news = !before.iter().any(|name| name == "error" || name == "errors");
        is_other || speaks_of_error && is_news
    } else {
        speaks_of_error && members.iter().all(|name| OF_ERRORS.contains(&name.as_str()))
    };
    is_odd.then(|| {
        let line = printable(&String::from_utf8_lossy(last), LONGEST_SHOWN);
        format!(
            "the last line, `{line}`, is more likely an error than a record, and then lines are missing. It was \
             written; a rule of `responses` sees the last line's members at `body`, and can fail the run by it"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(lines: &[&str]) -> bool {
        let record = |line: Option<&&str>| line.map(|line| line.as_bytes().to_vec().into());
        let body = PageBody {
            form: Form::Lines,
            records: lines.len() as u64,
            first_record: record(lines.first()),
            last_record: record(lines.last()),
            ..PageBody::default()
        };
        odd_line(&body).is_some()
    }

    #[test]
    fn a_last_line_that_is_unlike_the_others_is_told() {
        let row = r#"{"id":1,"name":"a"}"#;
        for odd in [
            r#"{"error":"timeout"}"#,
            r#"{"id":null,"error":{"code":1}}"#,
            r#"{"message":"aborted"}"#,
            "\"export failed\"",
            "{}",
        ] {
            assert!(told(&[row, odd]), "{odd}");
        }
        for usual in [row, r#"{"id":2}"#, r#"{"name":"b","more":1}"#] {
            assert!(!told(&[row, usual]), "{usual}");
        }
        let with_error = r#"{"id":1,"error":null}"#;
        assert!(!told(&[with_error, with_error]) && !told(&["1", "2"]) && !told(&[]));
    }

    #[test]
    fn an_only_line_is_told_where_it_has_nothing_but_an_error() {
        assert!(told(&[r#"{"error":"no","code":5}"#]));
        assert!(!told(&[r#"{"error":"no","job":5}"#]) && !told(&[r#"{"message":"hello"}"#]));
    }
}

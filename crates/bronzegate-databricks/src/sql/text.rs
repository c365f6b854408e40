//! Names and texts in SQL, whatever characters they have.

/// A name, quoted: a back-tick within it is doubled (Databricks SQL, "Identifiers").
pub(crate) fn identifier(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// A text as a literal: quotes and backslashes within it are escaped (Databricks SQL, "STRING type"). Doubled quotes
/// would end one literal and begin another.
pub(crate) fn literal(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('\'');
    for c in text.chars() {
        match c {
            '\'' | '\\' => quoted.extend(['\\', c]),
            // As code points: a line of SQL stays one line in the workspace's history of queries.
            c if c.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('\'');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_ends_its_quotes() {
        for (name, quoted) in [
            ("email", "`email`"),
            ("a`; DROP TABLE x; --", "`a``; DROP TABLE x; --`"),
            ("``", "``````"),
            ("a'\"\\", "`a'\"\\`"),
        ] {
            assert_eq!(identifier(name), quoted);
        }
    }

    #[test]
    fn no_text_ends_its_quotes() {
        for (text, quoted) in [
            ("a.parquet", "'a.parquet'"),
            ("it's", r"'it\'s'"),
            (r"a\", r"'a\\'"),
            (r"\' OR 1=1 --", r"'\\\' OR 1=1 --'"),
            ("a\nb\u{7f}", r"'a\u000Ab\u007F'"),
        ] {
            assert_eq!(literal(text), quoted);
        }
    }
}

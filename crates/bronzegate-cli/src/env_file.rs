//! `.env` beside the sources: settings and secrets for work by hand, as `NAME=value` lines.
//!
//! Nothing is substituted, because a secret may contain `$`. Names that do not begin with `BRONZEGATE_` are another
//! program's and are ignored.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use bronzegate_core::bounded_file::read_text;
use bronzegate_core::error::{Error, ErrorKind, Result};

/// The most bytes of the file.
const LARGEST: u64 = 1 << 20;

/// What the names begin with that are read.
const PREFIX: &str = "BRONZEGATE_";

/// What a file says, by name.
pub(crate) type Variables = BTreeMap<String, String>;

/// The file beside a folder of sources; `None` where that is no folder of this machine.
pub(crate) fn beside(sources: &str) -> Option<PathBuf> {
    if sources.contains("://") {
        return None;
    }
    Some(std::path::absolute(sources).ok()?.parent()?.join(".env"))
}

/// Reads a file; one that is not there says nothing.
///
/// # Errors
/// [`ErrorKind::Config`], naming the file and the line, never a value.
pub(crate) fn read(path: &Path) -> Result<Variables> {
    let unusable = |cause: String| Error::new(ErrorKind::Config, format!("{}{cause}", path.display()));
    match read_text(path, LARGEST) {
        Ok(text) => parse(&text).map_err(|(line, cause)| unusable(format!(":{line}: {cause}"))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Variables::new()),
        Err(error) => Err(unusable(format!(": {error}"))),
    }
}

fn parse(text: &str) -> std::result::Result<Variables, (usize, &'static str)> {
    let mut variables = Variables::new();
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    while !rest.is_empty() {
        let line = 1 + text[..text.len() - rest.len()].matches('\n').count();
        let (entry, after) = rest.split_once('\n').unwrap_or((rest, ""));
        if entry.trim().is_empty() || entry.trim_start().starts_with('#') {
            rest = after;
            continue;
        }
        let Some((name, value)) = rest.split_once('=').filter(|(name, _)| !name.contains('\n')) else {
            return Err((line, "write NAME=value"));
        };
        let name = name.trim();
        let name = name.strip_prefix("export ").map_or(name, str::trim_start);
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return Err((line, "a name has letters, digits and _ alone"));
        }
        let (value, after) = self::value(value).map_err(|cause| (line, cause))?;
        if name.starts_with(PREFIX) {
            variables.insert(name.to_owned(), value);
        }
        rest = after;
    }
    Ok(variables)
}

/// A value, and the text after its line.
fn value(text: &str) -> std::result::Result<(String, &str), &'static str> {
    let text = text.trim_start_matches([' ', '\t']);
    let (value, after) = match text.as_bytes().first() {
        Some(b'\'') => {
            let (value, after) = text[1..].split_once('\'').ok_or("the value's quote is not closed")?;
            (value.to_owned(), after)
        }
        Some(b'"') => double_quoted(&text[1..]).ok_or("the value's quote is not closed")?,
        _ => {
            let (line, after) = text.split_once('\n').unwrap_or((text, ""));
            // A comment begins after a space: values may contain the sign.
            let value = line.split(" #").next().unwrap_or(line);
            return Ok((value.trim().to_owned(), after));
        }
    };
    let (left, after) = after.split_once('\n').unwrap_or((after, ""));
    let left = left.trim();
    if left.is_empty() || left.starts_with('#') {
        Ok((value, after))
    } else {
        Err("text after the closing quote")
    }
}

/// Up to the closing quote; `\n`, `\"` and `\\` stand for a line break, a quote and a backslash.
fn double_quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => match letters.next()?.1 {
                'n' => value.push('\n'),
                escaped @ ('"' | '\\') => value.push(escaped),
                other => value.extend(['\\', other]),
            },
            _ => value.push(letter),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_taken_as_they_are_written() {
        let text = "\u{feff}# settings\n\nBRONZEGATE_TARGET=./bronze\r\nexport BRONZEGATE_SECRET_A = pa$$w#rd # the old one\n\
                    BRONZEGATE_SECRET_B='a \"b\" #c'\nBRONZEGATE_SECRET_C=\"a\\nb \\\"c\\\" \\\\d \\w\" # note\n\
                    BRONZEGATE_SECRET_PEM=\"-----BEGIN\nline=2\n-----END\"\nBRONZEGATE_EMPTY=\nAWS_PROFILE=dev\n\
                    BRONZEGATE_LAST=x";
        let variables = parse(text).unwrap();
        let expected = [
            ("BRONZEGATE_EMPTY", ""),
            ("BRONZEGATE_LAST", "x"),
            ("BRONZEGATE_SECRET_A", "pa$$w#rd"),
            ("BRONZEGATE_SECRET_B", "a \"b\" #c"),
            ("BRONZEGATE_SECRET_C", "a\nb \"c\" \\d \\w"),
            ("BRONZEGATE_SECRET_PEM", "-----BEGIN\nline=2\n-----END"),
            ("BRONZEGATE_TARGET", "./bronze"),
        ];
        assert_eq!(variables, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
    }

    #[test]
    fn a_line_that_cannot_be_read_is_named_without_its_text() {
        for (text, line, cause) in [
            ("A=1\nsecret\nB=2", 2, "write NAME=value"),
            ("A=1\n\nB C=secret", 3, "a name has letters, digits and _ alone"),
            ("=secret", 1, "a name has letters, digits and _ alone"),
            ("A='secret\n", 1, "the value's quote is not closed"),
            ("A=\"x\ny\"\nB=\"secret", 3, "the value's quote is not closed"),
            ("A='secret' secret", 1, "text after the closing quote"),
        ] {
            assert_eq!(parse(text), Err((line, cause)), "{text}");
        }
    }

    #[test]
    fn it_stands_beside_the_folder_of_sources() {
        let here = std::path::absolute("x").unwrap();
        let here = here.parent().unwrap();
        assert_eq!(beside("./sources"), Some(here.join(".env")));
        assert_eq!(beside("."), here.parent().map(|above| above.join(".env")));
        assert_eq!(beside("/srv/etl/sources/"), Some(PathBuf::from("/srv/etl/.env")));
        assert_eq!(beside("s3://bucket/sources"), None);
    }

    #[test]
    fn a_file_that_is_not_there_says_nothing() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read(&folder.path().join(".env")).unwrap(), Variables::new());
        let error = read(folder.path()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
    }
}

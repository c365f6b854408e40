//! The names of a log's files, as PROTOCOL.md of the Delta project lists them under "File Types".

/// The folder of a table that holds its log.
pub(crate) const LOG: &str = "_delta_log";

/// All versions have 20 digits, and no version needs the first of them: this begins each file that has a version.
pub(crate) const VERSIONS: &str = "0";

/// What a file of a log is, by its name alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FileKind {
    /// `<version>.json`: the actions of one version.
    Commit,
    /// `<version>.checkpoint.parquet`.
    Classic,
    /// `<version>.checkpoint.<part>.<parts>.parquet`.
    Part {
        /// Its number, from 1.
        part: u32,
        /// How many there are.
        parts: u32,
    },
    /// `<version>.checkpoint.<uuid>.json`.
    UuidJson,
    /// `<version>.checkpoint.<uuid>.parquet`.
    UuidParquet,
    /// `<version>.<end>.compacted.json`: the actions of several versions, which their own files hold as well.
    Compacted,
    /// `<version>.crc`: what the table is to be at that version.
    Checksum,
}

/// The version and the kind of a file; `None` for a name that the protocol does not have.
pub(crate) fn parse(name: &str) -> Option<(i64, FileKind)> {
    let (version, rest) = name.split_once('.')?;
    let version = digits(version, 20)?.parse().ok()?;
    let kind = match rest.split('.').collect::<Vec<_>>()[..] {
        ["json"] => FileKind::Commit,
        ["crc"] => FileKind::Checksum,
        [end, "compacted", "json"] if digits(end, 20).is_some() => FileKind::Compacted,
        ["checkpoint", "parquet"] => FileKind::Classic,
        ["checkpoint", part, parts, "parquet"] => {
            let (part, parts) = (digits(part, 10)?.parse().ok()?, digits(parts, 10)?.parse().ok()?);
            (1..=parts).contains(&part).then_some(FileKind::Part { part, parts })?
        }
        ["checkpoint", uuid, "json"] if is_uuid(uuid) => FileKind::UuidJson,
        ["checkpoint", uuid, "parquet"] if is_uuid(uuid) => FileKind::UuidParquet,
        _ => return None,
    };
    Some((version, kind))
}

/// `<version>.json`.
pub(crate) fn commit(version: i64) -> String {
    format!("{version:020}.json")
}

/// `<version>.checkpoint.parquet`.
pub(crate) fn classic(version: i64) -> String {
    format!("{version:020}.checkpoint.parquet")
}

/// What comes before all files of a version, and after all of those before it.
pub(crate) fn before(version: i64) -> String {
    format!("{version:020}")
}

fn digits(text: &str, length: usize) -> Option<&str> {
    (text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())).then_some(text)
}

fn is_uuid(text: &str) -> bool {
    uuid::Uuid::try_parse(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_file_of_the_protocol_is_told_from_the_others() {
        let table = [
            ("00000000000000000042.json", 42, FileKind::Commit),
            ("00000000000000000042.crc", 42, FileKind::Checksum),
            ("00000000000000000042.checkpoint.parquet", 42, FileKind::Classic),
            (
                "00000000000000000010.checkpoint.0000000002.0000000003.parquet",
                10,
                FileKind::Part { part: 2, parts: 3 },
            ),
            (
                "00000000000000000010.checkpoint.80a083e8-7026-4e79-81be-64bd76c43a11.json",
                10,
                FileKind::UuidJson,
            ),
            (
                "00000000000000000010.checkpoint.80a083e8-7026-4e79-81be-64bd76c43a11.parquet",
                10,
                FileKind::UuidParquet,
            ),
            ("00000000000000000004.00000000000000000006.compacted.json", 4, FileKind::Compacted),
        ];
        for (name, version, kind) in table {
            assert_eq!(parse(name), Some((version, kind)), "{name}");
        }
        assert_eq!(parse(&commit(i64::MAX)), Some((i64::MAX, FileKind::Commit)));
        assert!(commit(i64::MAX).starts_with(VERSIONS));
    }

    #[test]
    fn other_names_are_none_of_the_log() {
        for name in [
            "_last_checkpoint",
            "_commits",
            "42.json",
            "00000000000000000042.json.tmp",
            "0000000000000000004x.json",
            "99999999999999999999.json",
            "00000000000000000010.checkpoint.0000000000.0000000003.parquet",
            "00000000000000000010.checkpoint.0000000004.0000000003.parquet",
            "00000000000000000010.checkpoint.not-a-uuid.json",
            "00000000000000000004.6.compacted.json",
            "",
        ] {
            assert_eq!(parse(name), None, "{name}");
        }
    }
}

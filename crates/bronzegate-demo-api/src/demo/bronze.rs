//! What one run has written, read back from the folder as any reader would.

use jiff::Timestamp;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::{
    error::Error,
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
};

/// The run's files, by the batch in their names.
#[derive(Debug)]
pub(super) struct Batch {
    target: PathBuf,
    id: String,
}

/// The ids of a stream, added up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    /// How many.
    pub(super) records: u64,
    /// Their sum.
    pub(super) id_sum: u128,
    /// SHA-256 over each id's decimal text and a line feed, in order.
    pub(super) ids_sha256: String,
}

impl Batch {
    /// The batch of a run at this time.
    pub(super) fn new(target: &Path, at: Timestamp) -> Self {
        Self { target: target.to_owned(), id: at.strftime("%Y%m%d%H%M%S").to_string() }
    }

    /// The batch, as it stands in names of files.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// The lines of a stream's parts, in order.
    pub(super) fn lines(&self, stream: &str) -> Result<Vec<String>, Box<dyn Error>> {
        let mut parts = Vec::new();
        for date in entries(&self.target.join("demo").join(stream))? {
            parts.extend(entries(&date)?.into_iter().filter(|part| name(part).starts_with(&self.id)));
        }
        let mut lines = Vec::new();
        for part in parts {
            lines.extend(fs::read_to_string(part)?.lines().map(str::to_owned));
        }
        Ok(lines)
    }

    /// Adds up the ids of a stream.
    pub(super) fn seen(&self, stream: &str) -> Result<Seen, Box<dyn Error>> {
        let (mut records, mut id_sum, mut hash) = (0, 0, Sha256::new());
        for line in self.lines(stream)? {
            let record: Value = serde_json::from_str(&line)?;
            let id = record.get("id").and_then(Value::as_u64).ok_or("a record has no id")?;
            records += 1;
            id_sum += u128::from(id);
            hash.update(format!("{id}\n"));
        }
        let mut ids_sha256 = String::with_capacity(64);
        for byte in hash.finalize() {
            write!(ids_sha256, "{byte:02x}")?;
        }
        Ok(Seen { records, id_sum, ids_sha256 })
    }

    /// The target's folders as a tree; of the parts only this batch's.
    pub(super) fn tree(&self) -> io::Result<Vec<String>> {
        let mut lines = vec![format!("{}/", self.target.display())];
        self.branch(&self.target, "", &mut lines)?;
        Ok(lines)
    }

    fn branch(&self, folder: &Path, indent: &str, lines: &mut Vec<String>) -> io::Result<()> {
        let mut shown = entries(folder)?;
        let is_older = |path: &Path| name(path).contains(".ndjson") && !name(path).starts_with(&self.id);
        shown.retain(|path| path.is_dir() || !is_older(path));
        for (nth, path) in shown.iter().enumerate() {
            let is_last = nth + 1 == shown.len();
            let turn = if is_last { "└── " } else { "├── " };
            if path.is_dir() {
                lines.push(format!("{indent}{turn}{}/", name(path)));
                let below = if is_last { "    " } else { "│   " };
                self.branch(path, &format!("{indent}{below}"), lines)?;
            } else {
                lines.push(format!("{indent}{turn}{}  ({} bytes)", name(path), path.metadata()?.len()));
            }
        }
        Ok(())
    }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// What a folder holds, in order of names.
fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut entries: Vec<_> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    entries.sort();
    Ok(entries)
}

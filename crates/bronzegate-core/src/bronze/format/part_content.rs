//! The content of one part while it grows: rows in, bytes to store out.

use std::io;

use bytes::Bytes;

use super::line_content::LineContent;
use super::table::RowsContent;

/// What is compressed and not let out is let out when it could fill the part, and is at least this share of it.
pub(super) const SHARE: u64 = 32;

/// The content of one part.
pub(crate) enum PartContent {
    /// Lines.
    Lines(Box<LineContent>),
    /// Row groups of a Parquet file.
    Rows(Box<RowsContent>),
}

/// The end of a part's content.
pub(crate) struct PartEnd {
    /// The rest of what is to be stored, in order.
    pub(crate) rest: [Bytes; 2],
    /// Delta's statistics of the part, where it is a file of a table.
    pub(crate) stats: Option<String>,
}

impl PartContent {
    /// Takes rows, and returns what is to be stored by now; it may be empty.
    ///
    /// # Errors
    /// When compressing fails; the part is to be given up.
    pub(crate) async fn append(&mut self, rows: Bytes) -> io::Result<Bytes> {
        match self {
            Self::Lines(content) => content.append(rows).await,
            Self::Rows(content) => content.append(&rows).await,
        }
    }

    /// Bytes of rows of which it is not known how many bytes they are as stored.
    pub(crate) fn pending(&self) -> u64 {
        match self {
            Self::Lines(content) => content.pending(),
            Self::Rows(content) => content.pending(),
        }
    }

    /// Ends the content.
    ///
    /// # Errors
    /// As of [`append`](Self::append).
    pub(crate) async fn finish(self) -> io::Result<PartEnd> {
        match self {
            Self::Lines(content) => Ok(PartEnd { rest: content.finish().await?, stats: None }),
            Self::Rows(content) => {
                let (rest, stats) = content.finish().await?;
                Ok(PartEnd { rest, stats: Some(stats) })
            }
        }
    }
}

impl Default for PartContent {
    fn default() -> Self {
        Self::Lines(Box::default())
    }
}

//! What a reader and a writer of a table must know (`protocol`).

use serde::Deserialize;

/// The versions, and the features that stand in their place from reader 3 and writer 7 on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Protocol {
    pub(crate) min_reader_version: i32,
    pub(crate) min_writer_version: i32,
    #[serde(default)]
    pub(crate) reader_features: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) writer_features: Option<Vec<String>>,
}

impl Protocol {
    /// What every reader and writer knows: no feature but `appendOnly` and invariants, which are in the metadata.
    pub(crate) const PLAIN: Self =
        Self { min_reader_version: 1, min_writer_version: 2, reader_features: None, writer_features: None };

    /// Whether it is as plain as that of the tables that we make.
    pub(crate) fn is_plain(&self) -> bool {
        self.min_reader_version <= 1 && self.min_writer_version <= 2 && self.features().next().is_none()
    }

    /// All features that it names, each once.
    pub(crate) fn features(&self) -> impl Iterator<Item = &str> {
        let reader = self.reader_features.iter().flatten();
        let writer = self.writer_features.iter().flatten();
        let only_reader =
            reader.filter(|name| !self.writer_features.iter().flatten().any(|other| other == *name));
        writer.chain(only_reader).map(String::as_str)
    }
}

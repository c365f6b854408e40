//! What an import did: the files, the secrets to create, and how each stream fared.

use std::fmt;

use serde::Serialize;

/// One import.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// The source files.
    pub sources: Vec<SourceFile>,
    /// The secrets to create.
    pub secrets: Vec<SecretToCreate>,
    /// Placeholders that stand for values which were not given: `place` and `value`.
    pub to_fill_in: Vec<Assumed>,
    /// Each stream.
    pub streams: Vec<StreamReport>,
    /// Mistakes of what was imported.
    pub lints: Vec<String>,
}

/// A source file that is to be written.
#[derive(Clone, Debug, Serialize)]
pub struct SourceFile {
    /// The source's name.
    pub name: String,
    /// The text.
    #[serde(skip)]
    pub text: String,
}

/// A secret that a source needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SecretToCreate {
    /// Its name in the vault.
    pub name: String,
    /// Where its value was.
    pub was: String,
}

/// A placeholder in the files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Assumed {
    /// Where the value would be in the configuration.
    pub place: String,
    /// What stands in the files.
    pub value: String,
}

/// How a stream was converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It asks for the same, in the same way.
    Exact,
    /// It asks for the same in another way.
    Rewritten,
    /// It is not converted.
    Refused,
}

/// One stream.
#[derive(Clone, Debug, Serialize)]
pub struct StreamReport {
    /// Its name there.
    pub name: String,
    /// `<source>/<stream>` here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream: Option<String>,
    /// How it fared.
    pub fate: Fate,
    /// How it was rewritten.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rewritten: Vec<String>,
    /// What is done to records there and not here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
    /// What else to know, and what to check.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Why it was refused: the capability, what it is here, and the line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refusal>,
}

/// Why a stream was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// The kind of thing that a source file cannot say.
    pub capability: String,
    /// What it is here.
    pub what: String,
    /// The line where it stands.
    pub line: usize,
}

impl Report {
    /// How many streams have a fate.
    pub fn count(&self, fate: Fate) -> usize {
        self.streams.iter().filter(|stream| stream.fate == fate).count()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (exact, rewritten, refused) =
            (self.count(Fate::Exact), self.count(Fate::Rewritten), self.count(Fate::Refused));
        write!(f, "{} streams: {exact} exact, {rewritten} rewritten, {refused} refused", self.streams.len())?;
        self.streams.iter().try_for_each(|stream| write!(f, "\n{stream}"))?;
        for secret in &self.secrets {
            write!(f, "\nsecret to create: {} ({})", secret.name, secret.was)?;
        }
        for assumed in &self.to_fill_in {
            write!(f, "\nplaceholder to replace: {} = {}", assumed.place, assumed.value)?;
        }
        self.lints.iter().try_for_each(|lint| write!(f, "\nmistake of the original: {lint}"))
    }
}

impl fmt::Display for StreamReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fate = match self.fate {
            Fate::Exact => "exact",
            Fate::Rewritten => "rewritten",
            Fate::Refused => "refused",
        };
        write!(f, "  {}: {fate}", self.name)?;
        if let Some(refusal) = &self.refused {
            write!(f, ": {} (line {}: {})", refusal.capability, refusal.line, refusal.what)?;
        }
        self.rewritten.iter().try_for_each(|how| write!(f, "\n    rewritten: {how}"))?;
        self.left_out.iter().try_for_each(|what| write!(f, "\n    left out of the record: {what}"))?;
        self.notes.iter().try_for_each(|note| write!(f, "\n    note: {note}"))
    }
}

//! `format.encoding`: how bodies of text are encoded, by the labels of the WHATWG's Encoding Standard.

use schemars::JsonSchema;
use serde::Deserialize;

/// A character encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(inline, with = "String", extend("minLength" = 1))]
pub struct Encoding(&'static encoding_rs::Encoding);

impl Encoding {
    /// The encoding of this label, as a content type has it (`iso-8859-1`) or a source file (`latin-1`).
    pub(crate) fn of(label: &str) -> Option<Self> {
        let label = if label.eq_ignore_ascii_case("latin-1") { "latin1" } else { label };
        encoding_rs::Encoding::for_label_no_replacement(label.as_bytes()).map(Self)
    }

    /// Whether text in it is read as it is.
    pub(crate) fn is_utf8(self) -> bool {
        self.0 == encoding_rs::UTF_8
    }

    /// The standard's name for it.
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// What makes UTF-8 of it. A byte order mark says more than a source file: it is obeyed.
    pub(crate) fn decoder(self) -> encoding_rs::Decoder {
        self.0.new_decoder()
    }
}

impl TryFrom<String> for Encoding {
    type Error = &'static str;

    fn try_from(label: String) -> Result<Self, Self::Error> {
        Self::of(&label).ok_or(
            "utf-8, latin-1, windows-1252, utf-16, shift_jis or another label of the Encoding Standard",
        )
    }
}

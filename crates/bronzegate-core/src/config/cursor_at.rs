//! `cursor` and `empty`: where a record holds its cursor, and what stands there when it has none.

use std::fmt;

use super::pointer::Pointer;
use super::problem::{Draft, Report};
use super::read::{OneOrMany, Slot};
use super::template::TemplateText;

/// Where a record holds its cursor: at the first of these members that is neither absent nor null nor empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CursorAt {
    members: Vec<Pointer>,
    empty: Vec<String>,
}

impl CursorAt {
    /// Reads the members, and the values that say there is no cursor.
    pub(super) fn read(
        members: &Slot<OneOrMany<Pointer>>,
        empty: Option<&Slot<OneOrMany<TemplateText>>>,
        report: &Report,
    ) -> Option<Self> {
        let slots = members.get()?.as_slice();
        if slots.is_empty() {
            report.add(
                members.at(),
                Draft::new("names no member").accepted("cursor: updatedAt, or a list of members"),
            );
        }
        let texts = empty.and_then(Slot::get).map_or(&[][..], OneOrMany::as_slice);
        let texts = texts.iter().filter_map(Slot::cloned).map(|TemplateText(text)| text);
        let members = slots.iter().map(Slot::cloned).collect::<Option<Vec<_>>>()?;
        (!members.is_empty()).then(|| Self { members, empty: texts.collect() })
    }

    /// Nowhere: records carry no time.
    pub(super) fn none() -> Self {
        Self { members: Vec::new(), empty: Vec::new() }
    }

    /// The members, in the order of the file.
    pub fn members(&self) -> &[Pointer] {
        &self.members
    }

    /// Whether a value stands for none: `0001-01-01T00:00:00Z`.
    pub fn is_empty_value(&self, text: &str) -> bool {
        self.empty.iter().any(|empty| empty == text)
    }

    /// The values that stand for none.
    pub fn empty_values(&self) -> &[String] {
        &self.empty
    }
}

/// For messages, which put it between backticks.
impl fmt::Display for CursorAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let members: Vec<String> = self.members.iter().map(ToString::to_string).collect();
        f.write_str(&members.join("` or `"))
    }
}

//! `format` and `request_format`: how a cursor is written in records, and in requests.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;

use super::problem::{Draft, Report};
use super::read::{OneOrMany, Slot};
use super::time_pattern::TimePattern;

/// How a cursor is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CursorFormat {
    /// An instant: `2026-11-22T17:00:00Z`. In records any ISO 8601 form; UTC where no offset is given.
    Rfc3339,
    /// An instant of mail and HTTP: `Sun, 22 Nov 2026 17:00:00 +0000`.
    Rfc2822,
    /// Milliseconds since 1970 as .NET writes them: `/Date(1795366800000+0000)/`. The offset says nothing.
    Dotnet,
    /// A day: `2026-11-22`. In records also `20261122`.
    Date,
    /// Seconds since 1970 in UTC, in records with any number of decimals.
    EpochS,
    /// Milliseconds since 1970 in UTC.
    EpochMs,
    /// Microseconds since 1970 in UTC.
    EpochUs,
    /// A whole number of any length.
    Integer,
    /// A text, compared byte by byte.
    Text,
    /// A time by a pattern of strftime's.
    Pattern(TimePattern),
}

/// How the cursors of a stream's records are written: in one way, or in several, of which the first that can read
/// a value counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CursorFormats {
    first: CursorFormat,
    others: Vec<CursorFormat>,
}

/// A format as the file writes it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(from = "String")]
#[schemars(inline, with = "Written")]
pub(super) struct FormatText(String);

/// A name, or a pattern of strftime's such as `%d/%m/%Y %H:%M`.
#[derive(JsonSchema)]
#[schemars(untagged, inline)]
#[expect(dead_code, reason = "it is only a schema")]
enum Written {
    Name(Name),
    Pattern(Pattern),
}

/// The name of a format.
#[derive(JsonSchema)]
#[schemars(inline, rename_all = "snake_case")]
#[expect(dead_code, reason = "it is only a schema")]
enum Name {
    /// An instant: `2026-11-22T17:00:00Z`. In records any ISO 8601 form; UTC where no offset is given.
    Rfc3339,
    /// An instant of mail and HTTP: `Sun, 22 Nov 2026 17:00:00 +0000`.
    Rfc2822,
    /// Milliseconds since 1970 as .NET writes them: `/Date(1795366800000+0000)/`.
    Dotnet,
    /// A day: `2026-11-22`. In records also `20261122`.
    Date,
    /// Seconds since 1970 in UTC, in records with any number of decimals.
    EpochS,
    /// Milliseconds since 1970 in UTC.
    EpochMs,
    /// Microseconds since 1970 in UTC.
    EpochUs,
    /// A whole number of any length.
    Integer,
    /// A text, compared byte by byte.
    Text,
}

/// A pattern of strftime's: `%d/%m/%Y %H:%M`.
#[derive(JsonSchema)]
#[schemars(inline, extend("pattern" = "%"))]
#[expect(dead_code, reason = "it is only a schema")]
struct Pattern(String);

/// The formats that have a name.
const NAMED: [CursorFormat; 9] = [
    CursorFormat::Rfc3339,
    CursorFormat::Rfc2822,
    CursorFormat::Dotnet,
    CursorFormat::Date,
    CursorFormat::EpochS,
    CursorFormat::EpochMs,
    CursorFormat::EpochUs,
    CursorFormat::Integer,
    CursorFormat::Text,
];

/// What is said where only a format of time makes sense.
pub(super) const NEEDS_TIME: &str =
    "needs a format of time: rfc3339, rfc2822, dotnet, date, epoch_s, epoch_ms, epoch_us or a pattern";

const DAY_NS: i128 = 86_400 * 1_000_000_000;

impl From<String> for FormatText {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl CursorFormat {
    /// Whether cursors are times, so that there are windows.
    pub fn is_time(&self) -> bool {
        !matches!(self, Self::Integer | Self::Text)
    }

    /// The unit in nanoseconds in which windows begin and end: below it instants cannot be told apart.
    pub fn resolution_ns(&self) -> i128 {
        match self {
            Self::Date => DAY_NS,
            // Many APIs cut an instant to whole seconds when they compare.
            Self::Rfc3339 | Self::Rfc2822 | Self::EpochS => 1_000_000_000,
            Self::EpochMs | Self::Dotnet => 1_000_000,
            Self::EpochUs => 1_000,
            Self::Integer | Self::Text => 1,
            Self::Pattern(pattern) => pattern.resolution_ns(),
        }
    }

    /// Its name in a source file, or its pattern.
    pub fn name(&self) -> &str {
        match self {
            Self::Rfc3339 => "rfc3339",
            Self::Rfc2822 => "rfc2822",
            Self::Dotnet => "dotnet",
            Self::Date => "date",
            Self::EpochS => "epoch_s",
            Self::EpochMs => "epoch_ms",
            Self::EpochUs => "epoch_us",
            Self::Integer => "integer",
            Self::Text => "text",
            Self::Pattern(pattern) => pattern.as_str(),
        }
    }

    /// Its unit in words.
    pub fn unit_name(&self) -> &'static str {
        match self {
            Self::Date => "a day",
            Self::Rfc3339 | Self::Rfc2822 | Self::EpochS => "a second",
            Self::EpochMs | Self::Dotnet => "a millisecond",
            Self::EpochUs => "a microsecond",
            Self::Integer => "1",
            Self::Text => "a text",
            Self::Pattern(pattern) => pattern.unit_name(),
        }
    }

    /// Whether its times may be written without an offset, so that they may be local.
    pub fn may_be_local(&self) -> bool {
        match self {
            Self::Rfc3339 | Self::Date => true,
            Self::Pattern(pattern) => !pattern.carries_offset(),
            _ => false,
        }
    }

    /// Whether it can write an instant so that the same is read back.
    pub fn tells(&self, time: Timestamp) -> bool {
        let reads_back = match self {
            Self::Pattern(pattern) => pattern.read(&pattern.write(time)) == Some(time),
            _ => true,
        };
        reads_back && time.as_nanosecond() % self.resolution_ns() == 0
    }

    /// Reads a format of the file.
    fn read(slot: &Slot<FormatText>, report: &Report) -> Option<Self> {
        let FormatText(text) = slot.get()?;
        if let Some(named) = NAMED.iter().find(|named| named.name() == text) {
            return Some(named.clone());
        }
        let names = || NAMED.iter().map(Self::name).collect::<Vec<_>>().join(", ");
        if !text.contains('%') {
            let draft = Draft::new("is no format").value(text).near(text, NAMED.iter().map(Self::name));
            report.add(
                slot.at(),
                draft.accepted(format!("one of {}, or a pattern such as %d/%m/%Y %H:%M", names())),
            );
            return None;
        }
        match TimePattern::parse(text) {
            Ok(pattern) => Some(Self::Pattern(pattern)),
            Err(why) => {
                let draft = Draft::new(format!("is a pattern that cannot be read back: {why}")).value(text);
                report.add(
                    slot.at(),
                    draft.accepted("a date in full, and a time of day that says which half of it is meant"),
                );
                None
            }
        }
    }
}

impl CursorFormats {
    /// One way, or several.
    pub(super) fn read(slot: &Slot<OneOrMany<FormatText>>, report: &Report) -> Option<Self> {
        let slots = slot.get()?.as_slice();
        let mut all =
            slots.iter().map(|slot| CursorFormat::read(slot, report)).collect::<Vec<_>>().into_iter();
        let Some(first) = all.next() else {
            report.add(
                slot.at(),
                Draft::new("names no format").accepted("rfc3339, or a list such as [rfc3339, epoch_s]"),
            );
            return None;
        };
        let (first, others) = (first?, all.collect::<Option<Vec<_>>>()?);
        let formats = Self { first, others };
        if !formats.others.is_empty() && !formats.all().all(CursorFormat::is_time) {
            report.say(
                slot.at(),
                "only formats of time may be several: a number and a text have no common order",
            );
            return None;
        }
        Some(formats)
    }

    /// How requests write it.
    pub(super) fn of_request(
        &self,
        slot: Option<&Slot<FormatText>>,
        report: &Report,
    ) -> Option<CursorFormat> {
        let Some(slot) = slot else { return Some(self.first.clone()) };
        let format = CursorFormat::read(slot, report)?;
        if !self.is_time() || !format.is_time() {
            report.say(
                slot.at(),
                format!("request_format {NEEDS_TIME}, and so does the format of records beside it"),
            );
            return None;
        }
        Some(format)
    }

    /// The first, in which instants are remembered.
    pub fn first(&self) -> &CursorFormat {
        &self.first
    }

    /// All of them, in the order of the file.
    pub fn all(&self) -> impl Iterator<Item = &CursorFormat> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// Whether cursors are times.
    pub fn is_time(&self) -> bool {
        self.first.is_time()
    }

    /// The coarsest unit in nanoseconds in which records tell instants apart.
    pub fn resolution_ns(&self) -> i128 {
        self.coarsest().resolution_ns()
    }

    /// Whether they tell days apart and nothing finer.
    pub fn are_days(&self) -> bool {
        self.is_time() && self.resolution_ns() >= DAY_NS
    }

    /// The one with the coarsest unit.
    pub(super) fn coarsest(&self) -> &CursorFormat {
        self.all().max_by_key(|format| format.resolution_ns()).unwrap_or(&self.first)
    }
}

impl From<CursorFormat> for CursorFormats {
    fn from(first: CursorFormat) -> Self {
        Self { first, others: Vec::new() }
    }
}

impl std::fmt::Display for CursorFormats {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.others.is_empty() {
            return f.write_str(self.first.name());
        }
        let names: Vec<&str> = self.all().map(CursorFormat::name).collect();
        write!(f, "[{}]", names.join(", "))
    }
}

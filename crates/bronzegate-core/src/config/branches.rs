//! `partitions` and `parent`: what a stream's requests are repeated for.
//!
//! ```yaml
//! partitions: { region: [eu, us], year: [2025, 2026] }          # each with each: four branches
//! parent: { stream: projects, fields: [id], concurrency: 4 }    # one branch a record of `projects`
//! parent: { stream: projects, fields: [id], where: { at: archived, equals: false } }
//! parent: { stream: users, fields: [id], batch: { size: 100, match: user_id } }   # one branch for up to 100 records
//! parent: { stream: ids, fields: [_value] }                     # records that are texts or numbers
//! parent: { stream: orders, fields: [id], changed: true, full_every: 7d }   # only those that have changed since
//! ```

use std::collections::BTreeSet;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::condition::{RecordTest, RecordTestSpec};
use super::name::Name;
use super::pointer::Pointer;
use super::problem::{At, Draft, Report};
use super::read::{Entries, OneOrMany, Slot, TypedText};
use super::template_name;
use super::units::Period;

/// Values that the requests are repeated for, by name, in file order; and those of them that are texts whatever they
/// look like: in quotes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Partitions(Vec<(String, Vec<String>)>, BTreeSet<(String, String)>);

/// The stream whose records the requests are repeated for.
#[derive(Clone, Debug, PartialEq)]
pub struct Parent {
    /// The stream, of the same source.
    pub stream: String,
    /// What of its records is used, at least one.
    pub fields: Vec<ParentField>,
    /// Records of it whose requests are made at the same time, 1 to 64; as many as `concurrency` says without it.
    pub concurrency: Option<usize>,
    /// What becomes of a record of it that has no value at one of the fields (error).
    pub missing: MissingField,
    /// What a record of it must pass to have children.
    pub conditions: Vec<RecordTest>,
    /// Records of it that share a request.
    pub batch: Option<Batch>,
    /// How often all of its records have children, where else only those have that are new or have changed.
    pub full_every: Option<Duration>,
}

/// Records of a parent that share their children's requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// How many at most, 2 to 1,000. A batch never holds records of two pages.
    pub size: usize,
    /// The member of the child's records that says whose they are, by the first of the parent's fields.
    pub owner: Option<Pointer>,
}

/// Which values of its branch each record gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum BranchFields {
    /// `_partition_<name>` and `_parent_<field>`.
    #[default]
    Both,
    /// `_partition_<name>` alone.
    Partition,
    /// `_parent_<field>` alone.
    Parent,
    /// Neither.
    None,
}

/// What becomes of a parent's record without a value that its children's requests need.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MissingField {
    /// It fails the run.
    #[default]
    Error,
    /// It has no children, and is counted in a warning.
    Skip,
}

/// A field of the parent's records: a path such as `id` or `owner.login`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(inline, with = "String", extend("pattern" = "^[A-Za-z_][A-Za-z0-9_]*([.][A-Za-z_][A-Za-z0-9_]*)*$"))]
pub struct ParentField {
    text: String,
    tokens: Vec<String>,
}

/// Values by name.
pub(super) type PartitionsSpec = Entries<OneOrMany<TypedText>>;

/// The stream whose records the requests are repeated for, and what of them is used.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Parent")]
pub(super) struct ParentSpec {
    /// A stream of this source.
    stream: Slot<Name>,
    /// What of its records is used, as `{{ parent.<field> }}`; each record gets it as `_parent_<field>`.
    fields: Slot<Vec<Slot<ParentField>>>,
    /// Records of it whose requests are made at the same time; default `concurrency`.
    #[schemars(range(min = 1, max = 64))]
    concurrency: Option<Slot<u64>>,
    /// What becomes of a record of it where a field is absent, null or empty; default error.
    missing: Option<Slot<MissingField>>,
    /// What a record of it must pass to have children: a condition on it, or a list of which all must hold.
    r#where: Option<Slot<OneOrMany<RecordTestSpec>>>,
    /// Records of it that share a request: `{{ parent.<field> }}` is then their values with commas between.
    batch: Option<Slot<BatchSpec>>,
    /// Only records that are new or have changed since the last run have children, by the `incremental` of that stream;
    /// default false.
    changed: Option<Slot<bool>>,
    /// How often a run reads the children of all records all the same; needed with `changed`.
    full_every: Option<Slot<Period>>,
}

/// Records of a parent that share a request.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Batch")]
struct BatchSpec {
    /// How many at most.
    #[schemars(range(min = 2, max = 1000))]
    size: Slot<u64>,
    /// The member of the child's records that has the first field's value: parents that no record names are told.
    r#match: Option<Slot<Pointer>>,
}

/// How many partitions have marks of their own.
pub const MOST_MARKS: u64 = 1_000;

/// The most branches that partitions make: beyond it the file means something else.
const MOST: u64 = 1_000_000;

impl Partitions {
    /// The names, in file order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// The names with their values, in file order.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.0.iter().map(|(name, values)| (name.as_str(), values.as_slice()))
    }

    /// Whether a value of this name is a text whatever it looks like.
    pub fn is_text(&self, name: &str, value: &str) -> bool {
        self.1.contains(&(name.to_owned(), value.to_owned()))
    }

    /// How many combinations there are; 1 without partitions.
    pub fn count(&self) -> u64 {
        self.0.iter().map(|(_, values)| values.len() as u64).product()
    }

    /// The values of a combination, in the order of the names; the last name's change fastest.
    pub fn combination(&self, mut nth: u64) -> Vec<String> {
        let mut values: Vec<_> = self
            .0
            .iter()
            .rev()
            .map(|(_, values)| {
                let count = values.len() as u64;
                let value = values[(nth % count) as usize].clone();
                nth /= count;
                value
            })
            .collect();
        values.reverse();
        values
    }

    /// The place of a combination of values; `None` when it is not one of these.
    pub fn place(&self, combination: &[String]) -> Option<u64> {
        if combination.len() != self.0.len() {
            return None;
        }
        self.0.iter().zip(combination).try_fold(0, |place, ((_, values), value)| {
            let at = values.iter().position(|known| known == value)? as u64;
            Some(place * values.len() as u64 + at)
        })
    }
}

impl BranchFields {
    /// Whether records get `_partition_<name>`.
    pub fn has_partition(self) -> bool {
        matches!(self, Self::Both | Self::Partition)
    }

    /// Whether records get `_parent_<field>`.
    pub fn has_parent(self) -> bool {
        matches!(self, Self::Both | Self::Parent)
    }
}

/// The member that the records of a partition get: `_partition_region`.
pub fn partition_member(name: &str) -> String {
    format!("_partition_{name}")
}

impl ParentField {
    /// The path as the file writes it, which is its name in templates.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The member names from the outside in, at least one.
    pub fn tokens(&self) -> &[String] {
        &self.tokens
    }

    /// The member that a child's record gets: `_parent_id`, `_parent_owner_login`.
    pub fn member(&self) -> String {
        format!("_parent_{}", self.tokens.join("_"))
    }
}

impl TryFrom<String> for ParentField {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let tokens: Vec<_> = text.split('.').map(str::to_owned).collect();
        if tokens.iter().all(|token| template_name::is_name(token)) {
            Ok(Self { text, tokens })
        } else {
            Err("a path such as id or owner.login: letters, digits and _, not starting with a digit")
        }
    }
}

/// Checks partitions.
pub(super) fn partitions(slot: Option<&Slot<PartitionsSpec>>, report: &Report) -> Partitions {
    let Some((slot, entries)) = slot.and_then(|slot| Some((slot, slot.get()?))) else {
        return Partitions::default();
    };
    let mut texts = BTreeSet::new();
    let values = entries.0.iter().map(|(name, slot)| entry(name, slot, &mut texts, report)).collect();
    let partitions = Partitions(values, texts);
    let count =
        partitions.0.iter().try_fold(1, |count: u64, (_, values)| count.checked_mul(values.len() as u64));
    if entries.0.is_empty() {
        report.say(slot.at(), "at least one name with values");
    } else if count.is_none_or(|count| count > MOST) {
        report.say(slot.at(), "these are more than 1,000,000 combinations");
    }
    partitions
}

fn entry(
    name: &str,
    slot: &Slot<OneOrMany<TypedText>>,
    texts: &mut BTreeSet<(String, String)>,
    report: &Report,
) -> (String, Vec<String>) {
    if !template_name::is_name(name) {
        let draft = Draft::new("is not a name that a template can use").value(name);
        report.add(slot.at(), draft.accepted(template_name::NAME_FORM));
    }
    let mut values = Vec::new();
    for value in slot.get().map_or(&[][..], OneOrMany::as_slice) {
        let Some(TypedText { text, is_quoted }) = value.get() else { continue };
        if text.contains("{{") {
            report.say(value.at(), "a partition's value is plain text; {{ }} is not filled in here");
        } else if text.is_empty() {
            report.say(value.at(), "a partition's value cannot be empty");
        } else if values.contains(text) {
            report.add(value.at(), Draft::new("is given twice; its records would be too").value(text));
        }
        values.push(text.clone());
        texts.extend(is_quoted.then(|| (name.to_owned(), text.clone())));
    }
    if values.is_empty() {
        report.say(slot.at(), "at least one value");
    }
    (name.to_owned(), values)
}

impl ParentSpec {
    pub(super) fn resolve(&self, report: &Report) -> Option<Parent> {
        let slots = self.fields.get().map_or(&[][..], Vec::as_slice);
        if slots.is_empty() {
            report.add(self.fields.at(), Draft::new("at least one field").accepted("fields: [id]"));
        }
        let mut fields: Vec<ParentField> = Vec::new();
        for slot in slots {
            let Some(field) = slot.get() else { continue };
            if fields.iter().any(|known| known.member() == field.member()) {
                let draft = Draft::new(format!("would give records {} twice", field.member()));
                report.add(slot.at(), draft.value(field.as_str()));
            }
            fields.push(field.clone());
        }
        let concurrency = self.concurrency.as_ref().and_then(|slot| Some((slot, slot.cloned()?)));
        if let Some((slot, number)) = concurrency.filter(|(_, number)| !(1..=64).contains(number)) {
            report.add(slot.at(), Draft::refused("a whole number from 1 to 64").value(number));
        }
        let conditions = self.r#where.as_ref().and_then(Slot::get).map_or(&[][..], OneOrMany::as_slice);
        let conditions = conditions.iter().filter_map(|slot| slot.get()?.resolve(report)).collect();
        let batch = self.batch.as_ref().and_then(Slot::get).and_then(|batch| batch.resolve(report));
        Some(Parent {
            conditions,
            batch,
            full_every: self.full_every(report),
            stream: self.stream.get()?.as_str().to_owned(),
            fields,
            concurrency: concurrency.map(|(_, number)| number as usize),
            missing: self.missing.as_ref().and_then(Slot::cloned).unwrap_or_default(),
        })
    }

    /// How often all have children; `None` where all always have.
    fn full_every(&self, report: &Report) -> Option<Duration> {
        let changed = self.changed.as_ref().filter(|slot| slot.get() == Some(&true));
        match (changed, &self.full_every) {
            (Some(changed), None) => {
                let draft = Draft::new(
                    "needs to know how often all are read: an API may change a child without its parent",
                );
                report.add(changed.at(), draft.accepted("changed: true, full_every: 7d"));
            }
            (None, Some(every)) => {
                report
                    .say(every.at(), "is for `changed: true`: without it each run reads the children of all");
            }
            _ => {}
        }
        self.full_every.as_ref().and_then(Slot::cloned).map(|Period(every)| every)
    }

    /// Where `batch` is given.
    pub(super) fn batch_at(&self) -> Option<&At> {
        self.batch.as_ref().map(Slot::at)
    }

    /// Where the parent's name stands.
    pub(super) fn at(&self) -> &At {
        self.stream.at()
    }
}

impl BatchSpec {
    fn resolve(&self, report: &Report) -> Option<Batch> {
        let size = self.size.cloned()?;
        if !(2..=1000).contains(&size) {
            report.add(self.size.at(), Draft::refused("a whole number from 2 to 1,000").value(size));
        }
        let owner = self.r#match.as_ref().and_then(Slot::cloned);
        Some(Batch { size: size.clamp(2, 1000) as usize, owner })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partitions() -> Partitions {
        let values = |values: &[&str]| values.iter().map(|&value| value.to_owned()).collect();
        let regions = ("region".to_owned(), values(&["eu", "us"]));
        let years = ("year".to_owned(), values(&["2024", "2025", "2026"]));
        Partitions(vec![regions, years], BTreeSet::new())
    }

    #[test]
    fn the_last_name_changes_fastest_and_a_combination_knows_its_place() {
        let partitions = partitions();
        assert_eq!(partitions.count(), 6);
        let all: Vec<_> = (0..6).map(|nth| partitions.combination(nth).join("/")).collect();
        assert_eq!(all, ["eu/2024", "eu/2025", "eu/2026", "us/2024", "us/2025", "us/2026"]);
        for nth in 0..6 {
            assert_eq!(partitions.place(&partitions.combination(nth)), Some(nth));
        }
        for foreign in [&["eu"][..], &["eu", "2023"], &["2024", "eu"]] {
            let foreign: Vec<_> = foreign.iter().map(|&value| value.to_owned()).collect();
            assert_eq!(partitions.place(&foreign), None, "{foreign:?}");
        }
        assert_eq!((Partitions::default().count(), Partitions::default().place(&[])), (1, Some(0)));
    }

    #[test]
    fn a_field_is_a_path_that_templates_can_name() {
        let field = ParentField::try_from("owner.login".to_owned()).unwrap();
        assert_eq!((field.tokens().len(), field.member()), (2, "_parent_owner_login".to_owned()));
        for bad in ["", "a..b", "/@odata.id", "a-b", "1a", "a b"] {
            let error = ParentField::try_from(bad.to_owned()).unwrap_err();
            assert!(error.starts_with("a path such as id or owner.login"), "{bad}: {error}");
        }
    }
}

//! A branch of a stream: its requests for one partition and one record of its parent. A stream without
//! either has one branch, which has no values.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use xxhash_rust::xxh3::Xxh3Default;

use super::owners::{Owners, each_text};
use crate::config::{Stream, partition_member};
use crate::cursor::BranchKey;
use crate::error::{Error, ErrorKind};
use crate::redact::printable;

/// The values of a branch, which are also its name in a saved state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BranchId {
    /// Those of its partition, in the order of the file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub partition: Vec<String>,
    /// Those of its parent's fields as JSON text, in the order of `fields`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parent: Vec<String>,
}

/// A branch, ready to be asked for.
#[derive(Debug)]
pub(crate) struct Branch {
    id: BranchId,
    partition: Vec<(String, String)>,
    text_partitions: Vec<String>,
    parent: Vec<(String, String)>,
    parent_json: Vec<(String, String)>,
    members: String,
    /// The parents of its batch, as far as no record has named them.
    owners: Option<Owners>,
}

/// The longest value that a message shows.
const LONGEST_SHOWN: usize = 60;

impl Branch {
    /// The branch of these values.
    ///
    /// # Errors
    /// [`ErrorKind::Store`] when they do not fit the stream: its file has changed since they were saved.
    pub(crate) fn new(stream: &Stream, id: BranchId) -> Result<Self, Error> {
        let changed = || {
            let cause = "the partitions or the parent's fields of the source file are not those that the run was \
                         begun with; `run --restart` begins it again, and a window is loaded by `backfill --again`";
            Error::new(ErrorKind::Store, cause)
        };
        let fields = stream.parent.as_ref().map_or(&[][..], |parent| &parent.fields);
        if stream.partitions.place(&id.partition).is_none() || fields.len() != id.parent.len() {
            return Err(changed());
        }
        let names = stream.partitions.names().map(str::to_owned);
        let partition: Vec<_> = names.zip(id.partition.iter().cloned()).collect();
        let texts = partition.iter().filter(|(name, value)| stream.partitions.is_text(name, value));
        let text_partitions = texts.map(|(name, _)| name.clone()).collect();
        let batch = stream.parent.as_ref().and_then(|parent| parent.batch.as_ref());
        let text_of = |json: &String| match batch {
            Some(_) => each_text(json).map(|texts| texts.join(",")),
            None => text(json),
        };
        let texts = id.parent.iter().map(|json| text_of(json).ok_or_else(changed));
        let owners = batch.and_then(|batch| Owners::of(batch, &id));
        let names = fields.iter().map(|field| field.as_str().to_owned());
        let parent = names.zip(texts).map(|(name, text)| Ok((name, text?))).collect::<Result<_, Error>>()?;
        let members = members(stream, &id);
        let parent_json = fields.iter().zip(&id.parent);
        let parent_json =
            parent_json.map(|(field, json)| (field.as_str().to_owned(), json.clone())).collect();
        Ok(Self { id, partition, text_partitions, parent, parent_json, members, owners })
    }

    /// The only branch of a stream.
    #[cfg(test)]
    pub(crate) fn only() -> Self {
        Self {
            id: BranchId::default(),
            partition: Vec::new(),
            text_partitions: Vec::new(),
            parent: Vec::new(),
            parent_json: Vec::new(),
            members: String::new(),
            owners: None,
        }
    }

    /// Its values.
    pub(crate) fn id(&self) -> &BranchId {
        &self.id
    }

    /// The values of its partition by name.
    pub(crate) fn partition(&self) -> &[(String, String)] {
        &self.partition
    }

    /// The names of those that are texts whatever they look like.
    pub(crate) fn text_partitions(&self) -> &[String] {
        &self.text_partitions
    }

    /// The values of its parent by field.
    pub(crate) fn parent(&self) -> &[(String, String)] {
        &self.parent
    }

    /// The same as JSON.
    pub(crate) fn parent_json(&self) -> &[(String, String)] {
        &self.parent_json
    }

    /// What each of its records gets, each member with a comma before it: `,"_partition_region":"eu","_parent_id":7`.
    pub(crate) fn members(&self) -> &str {
        &self.members
    }

    /// The parents of its batch, where its records say whose they are.
    pub(crate) fn owners(&self) -> Option<&Owners> {
        self.owners.as_ref()
    }

    /// What tells it from others in a cursor's state.
    pub(crate) fn key(&self) -> BranchKey<'_> {
        let id = hasher(self.id.partition.iter().chain(&self.id.parent)).digest128();
        BranchKey { partition: &self.id.partition, id, seed: self.hash() }
    }

    /// What tells its records' keys from those of other branches; 0 for the only branch.
    fn hash(&self) -> u64 {
        if self.id == BranchId::default() {
            return 0;
        }
        hasher(self.id.partition.iter().chain(&self.id.parent)).digest()
    }

    /// What its records have at a member `_parent_…` or `_partition_…`, as JSON text.
    pub(crate) fn member(&self, name: &str) -> Option<Cow<'_, str>> {
        if let Some((_, value)) = self.partition.iter().find(|(known, _)| partition_member(known) == name) {
            return Some(Value::from(value.as_str()).to_string().into());
        }
        let at = self
            .parent
            .iter()
            .position(|(field, _)| format!("_parent_{}", field.replace('.', "_")) == name)?;
        Some(self.id.parent.get(at)?.as_str().into())
    }

    /// Its values for messages: `region=eu, parent id=7`; `None` for the only branch.
    pub(crate) fn label(&self) -> Option<String> {
        let partition =
            self.partition.iter().map(|(name, value)| format!("{name}={}", printable(value, LONGEST_SHOWN)));
        let parent = self
            .parent
            .iter()
            .map(|(name, value)| format!("parent {name}={}", printable(value, LONGEST_SHOWN)));
        let values: Vec<_> = partition.chain(parent).collect();
        (!values.is_empty()).then(|| values.join(", "))
    }
}

/// What each record of a branch gets.
fn members(stream: &Stream, id: &BranchId) -> String {
    let member = |name: String, json: &str| format!(",\"{name}\":{json}");
    let partition = stream.partitions.names().zip(&id.partition);
    let partition = partition.filter(|_| stream.branch_fields.has_partition());
    let partition = partition
        .map(|(name, value)| member(partition_member(name), &Value::from(value.as_str()).to_string()));
    let fields = stream.parent.iter().flat_map(|parent| &parent.fields).zip(&id.parent);
    let fields = fields.filter(|_| stream.has_parent_fields());
    partition.chain(fields.map(|(field, json)| member(field.member(), json))).collect()
}

/// What tells a list of values from others.
pub(crate) fn hasher<'a>(values: impl IntoIterator<Item = &'a String>) -> Xxh3Default {
    let mut hash = Xxh3Default::new();
    for value in values {
        hash.update(&(value.len() as u64).to_le_bytes());
        hash.update(value.as_bytes());
    }
    hash
}

/// A JSON value as it goes into a request: a string unescaped, a number or boolean as it stands; `None` for
/// what cannot go there.
pub(crate) fn text(json: &str) -> Option<String> {
    match json.as_bytes().first()? {
        b'"' => serde_json::from_str(json).ok().filter(|text: &String| !text.is_empty()),
        b'{' | b'[' | b'n' => None,
        _ => Some(json.to_owned()),
    }
}

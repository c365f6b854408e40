//! What partitions and parents need from the rest of the file: templates that use their values, a
//! parent that is there, and cursors that can be compared between branches.

use std::collections::BTreeMap;

use super::branches::{Parent, ParentField, Partitions};
use super::incremental::Incremental;
use super::problem::{At, Draft, Report};
use super::stream::{Request, Stream, StreamSpec};
use super::stream_check::names;
use super::template;

/// The branches of one stream, with the settings they are held against.
pub(super) struct Branched<'a> {
    pub(super) spec: &'a StreamSpec,
    /// Those of its job too.
    pub(super) requests: Vec<&'a Request>,
    pub(super) partitions: &'a Partitions,
    /// The parent, where there is one and it could be read.
    pub(super) parent: Option<&'a Parent>,
    pub(super) incremental: Option<&'a Incremental>,
    /// Where a rule says `then: skip`.
    pub(super) skips: Option<&'a At>,
}

/// Parents above each other: more than this is a mistake in the file.
const DEEPEST: usize = 4;

/// Reports what does not fit together within a stream.
pub(super) fn stream(branched: &Branched<'_>, report: &Report) {
    let Branched { spec, incremental, skips, .. } = branched;
    branched.unknown_values(report);
    branched.unused(report);
    let is_branched = spec.partitions.is_some() || spec.parent.is_some();
    if let Some(at) = skips.filter(|_| !is_branched) {
        report.say(at, "then: skip leaves out a partition or parent, and the stream has neither");
    }
    let counted = incremental.filter(|incremental| !incremental.format.is_time());
    if let (Some(_), Some(slot)) = (counted.filter(|_| is_branched), &spec.incremental) {
        report.say(
            slot.at(),
            "a cursor that is no time cannot be followed over partitions or parents: while one is read, \
             another may get a record with a smaller cursor, which no run would bring; use a format of time, or \
             a stream for each",
        );
    }
}

impl Branched<'_> {
    /// The names that templates of its requests use, each with its place.
    fn names(&self) -> impl Iterator<Item = (&str, &At)> {
        self.requests.iter().flat_map(|request| names(request))
    }

    /// Names of partitions and fields that the stream does not have.
    fn unknown_values(&self, report: &Report) {
        let fields = || self.parent.into_iter().flat_map(|parent| &parent.fields);
        for (name, at) in self.names() {
            let unknown = Draft::new("has no value").value(name);
            if let Some(wanted) = name.strip_prefix("partition.") {
                if !self.partitions.names().any(|name| name == wanted) {
                    let draft = unknown.near(wanted, self.partitions.names());
                    report.add(at, draft.accepted(format!("partitions: {{ {wanted}: […] }} in the stream")));
                }
            } else if let Some(wanted) = name.strip_prefix("parent.")
                && self.parent.is_some() == self.spec.parent.is_some()
                && !fields().any(|field| field.as_str() == wanted)
            {
                let draft = unknown.near(wanted, fields().map(ParentField::as_str));
                let accepted = format!("parent: {{ stream: …, fields: [{wanted}] }} in the stream");
                report.add(at, draft.accepted(accepted));
            }
        }
    }

    /// Values that no request uses: the same records would be fetched again and again.
    fn unused(&self, report: &Report) {
        let used = |name: &str| self.names().any(|(known, _)| known == name);
        let places = self.spec.partitions.iter().filter_map(|slot| slot.get());
        for (name, slot) in places.flat_map(|entries| &entries.0) {
            if template::is_name(name) && !used(&format!("partition.{name}")) {
                let draft = Draft::new("no request uses it, so each value would bring the same records");
                report.add(
                    slot.at(),
                    draft
                        .value(name)
                        .accepted(format!("{{{{ partition.{name} }}}} in path, params, headers or body")),
                );
            }
        }
        if let (Some(parent), Some(slot)) = (self.parent, &self.spec.parent)
            && !parent.fields.is_empty()
            && !parent.fields.iter().any(|field| used(&format!("parent.{}", field.as_str())))
        {
            let draft = Draft::new("no request uses its fields, so each parent would bring the same records");
            report.add(slot.at(), draft.accepted("{{ parent.<field> }} in path, params, headers or body"));
        }
    }
}

/// Reports parents that are not there, or that are each other's. `names` are all streams of the file,
/// `places` where each stream that has a parent names it.
pub(super) fn parents(streams: &[Stream], names: &[&str], places: &[(&str, &At)], report: &Report) {
    let known: BTreeMap<&str, &Stream> =
        streams.iter().map(|stream| (stream.name.as_str(), stream)).collect();
    for &(name, at) in places {
        let Some(stream) = known.get(name) else { continue };
        let mut above = Vec::new();
        let mut child = *stream;
        while let Some(parent) = &child.parent {
            above.push(parent.stream.as_str());
            if !names.contains(&parent.stream.as_str()) {
                if above.len() == 1 {
                    let draft = Draft::new("is not a stream of this source").value(&parent.stream);
                    report.add(at, draft.near(&parent.stream, names.iter().copied()));
                }
                break;
            }
            if parent.stream == name || above.len() > DEEPEST {
                let draft =
                    Draft::new(format!("parents above each other without end, or more than {DEEPEST}"));
                report.add(at, draft.value(above.join(" of ")));
                break;
            }
            let Some(next) = known.get(parent.stream.as_str()) else { break };
            inherited(child, next, at, report);
            child = next;
        }
    }
}

/// A field `_parent_…` is what the parent's records got from their own parent.
fn inherited(child: &Stream, parent: &Stream, at: &At, report: &Report) {
    let given: Vec<String> =
        parent.parent.iter().flat_map(|above| &above.fields).map(ParentField::member).collect();
    let fields = child.parent.iter().flat_map(|parent| &parent.fields);
    for field in fields.filter(|field| field.as_str().starts_with("_parent_")) {
        if !given.iter().any(|member| member == field.as_str()) {
            let draft = Draft::new(format!("is nothing that {} gets from its parent", parent.name));
            report
                .add(at, draft.value(field.as_str()).near(field.as_str(), given.iter().map(String::as_str)));
        }
    }
}

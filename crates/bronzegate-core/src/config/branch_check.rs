//! What partitions and parents need from the rest of their stream: templates that use their values, and
//! cursors that can be compared between branches.

use super::branches::{MOST_MARKS, Parent, ParentField, ParentSpec, Partitions, PartitionsSpec};
use super::incremental::Incremental;
use super::problem::{At, Draft, Report};
use super::read::Slot;
use super::request::Request;
use super::template_name;

/// The branches of one stream, with the settings they are compared with.
pub(super) struct Branched<'a> {
    /// Those of its job too.
    pub(super) requests: Vec<&'a Request>,
    /// Where `incremental` is given.
    pub(super) incremental_at: Option<&'a At>,
    pub(super) partitions_spec: Option<&'a Slot<PartitionsSpec>>,
    pub(super) parent_spec: Option<&'a Slot<ParentSpec>>,
    pub(super) partitions: &'a Partitions,
    /// The parent, where there is one and it could be read.
    pub(super) parent: Option<&'a Parent>,
    pub(super) incremental: Option<&'a Incremental>,
    /// Where a rule says `then: skip`.
    pub(super) skips: Option<&'a At>,
    /// Where `branch_fields` is given.
    pub(super) fields_at: Option<&'a At>,
}

/// Reports what does not fit together within a stream.
pub(super) fn stream(branched: &Branched<'_>, report: &Report) {
    let Branched { incremental, incremental_at, skips, .. } = branched;
    branched.unknown_values(report);
    branched.unused(report);
    let is_branched = branched.partitions_spec.is_some() || branched.parent_spec.is_some();
    if let Some(at) = skips.filter(|_| !is_branched) {
        report.say(at, "then: skip leaves out a partition or parent, and the stream has neither");
    }
    if let Some(at) = branched.fields_at.filter(|_| !is_branched) {
        report.say(at, "is about the values of a partition or parent, and the stream has neither");
    }
    if let (Some(spec), Some(at)) = (branched.parent_spec.and_then(Slot::get), branched.skips)
        && spec.batch_at().is_some()
    {
        report.say(at, "then: skip would leave out all parents of a batch");
    }
    let is_by_change = branched.parent.is_some_and(|parent| parent.full_every.is_some());
    if let Some(at) = incremental_at.filter(|_| is_by_change) {
        report.say(
            at,
            "does not go with `changed` of the parent: the children of a parent that has changed are read whole, \
             whatever of them is new",
        );
    }
    let counted = incremental.filter(|incremental| !incremental.format.is_time());
    let is_shared = branched.parent_spec.is_some() || branched.partitions.count() > MOST_MARKS;
    if let (Some(_), Some(at)) = (counted.filter(|_| is_shared), incremental_at) {
        report.say(
            at,
            "a cursor that is no time cannot be followed over parents, or over more than 1,000 partitions, which share \
             one mark: while one is read, another may get a record with a smaller cursor, which no run would bring; \
             use a format of time, or a stream for each",
        );
    }
}

impl Branched<'_> {
    /// The names that templates of its requests use, each with its place.
    fn names(&self) -> impl Iterator<Item = (&str, &At)> {
        self.requests.iter().flat_map(|request| request.names())
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
                && self.parent.is_some() == self.parent_spec.is_some()
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
        let partitions = self.partitions_spec.and_then(Slot::get).into_iter();
        for (name, slot) in partitions.flat_map(|entries| &entries.0) {
            if template_name::is_name(name) && !used(&format!("partition.{name}")) {
                let draft = Draft::new("no request uses it, so each value would bring the same records");
                report.add(
                    slot.at(),
                    draft
                        .value(name)
                        .accepted(format!("{{{{ partition.{name} }}}} in path, params, headers or body")),
                );
            }
        }
        if let (Some(parent), Some(slot)) = (self.parent, self.parent_spec)
            && !parent.fields.is_empty()
            && !parent.fields.iter().any(|field| used(&format!("parent.{}", field.as_str())))
        {
            let draft = Draft::new("no request uses its fields, so each parent would bring the same records");
            report.add(slot.at(), draft.accepted("{{ parent.<field> }} in path, params, headers or body"));
        }
    }
}

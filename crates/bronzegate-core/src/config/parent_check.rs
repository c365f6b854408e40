//! What a stream's parent needs from the file's other streams: the parent is there, no stream is above
//! itself, and what is inherited is what the parent has got.

use std::collections::BTreeMap;

use super::branches::{ParentField, partition_member};
use super::problem::{At, Draft, Report};
use super::stream::Stream;

/// Parents above each other: more than this is a mistake in the file.
const DEEPEST: usize = 4;

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
            changed(child, next, at, report);
            child = next;
        }
    }
}

/// Which records of a parent have changed is told by the time that they carry.
fn changed(child: &Stream, parent: &Stream, at: &At, report: &Report) {
    if child.parent.as_ref().is_none_or(|parent| parent.full_every.is_none()) {
        return;
    }
    let told = match &parent.incremental {
        None => "has no `incremental`, so nothing tells which of its records have changed",
        Some(incremental) if incremental.windows_only => {
            "has records that carry no time, so nothing tells which of them have changed"
        }
        Some(incremental) if !incremental.format.is_time() => {
            "has a cursor that is no time: `changed` needs one"
        }
        Some(_) => return,
    };
    report.add(at, Draft::new(told).value(&parent.name));
}

/// A field `_parent_…` or `_partition_…` is what the parent's records got from their own branch.
fn inherited(child: &Stream, parent: &Stream, at: &At, report: &Report) {
    let above = parent.parent.iter().filter(|above| above.batch.is_none());
    let of_parent = above.flat_map(|above| &above.fields).map(ParentField::member);
    let given: Vec<String> = of_parent.chain(parent.partitions.names().map(partition_member)).collect();
    let fields = child.parent.iter().flat_map(|parent| &parent.fields);
    let is_inherited = |field: &&ParentField| {
        ["_parent_", "_partition_"].iter().any(|start| field.as_str().starts_with(start))
    };
    for field in fields.filter(is_inherited) {
        if !given.iter().any(|member| member == field.as_str()) {
            let draft =
                Draft::new(format!("is nothing that {} gets from its partition or parent", parent.name));
            report
                .add(at, draft.value(field.as_str()).near(field.as_str(), given.iter().map(String::as_str)));
        }
    }
}

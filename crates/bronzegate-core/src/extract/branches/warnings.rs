//! What somebody should know of a walk: gathered while it goes on, of a bounded size, and told by every
//! segment.

use crate::extract::page::StreamContext;

/// Findings of a walk.
#[derive(Debug, Default)]
pub(crate) struct Warnings {
    /// Branches that a rule has left out.
    pub(crate) skipped: Named,
    /// Records without a field that their children's requests need.
    pub(crate) lacking: Named,
    /// Parents of batches that no record names.
    pub(crate) unnamed: Named,
    /// Records without a cursor, which `missing: skip` has left out.
    pub(crate) without_cursor: u64,
    /// Warnings of pages that nobody writes.
    pub(crate) of_pages: Named,
    /// Parents that came more than once.
    pub(crate) again: u64,
    /// A parent's page was another when it was resumed.
    pub(crate) has_changed: bool,
    /// Those of the parents' own walk.
    pub(crate) above: Option<Box<Self>>,
}

/// How many there are, and the first of them by name.
#[derive(Debug, Default)]
pub(crate) struct Named {
    count: u64,
    first: Vec<String>,
}

/// How many a warning names.
const NAMED: usize = 3;

impl Named {
    pub(crate) fn add(&mut self, name: impl FnOnce() -> String) {
        self.count += 1;
        if self.first.len() < NAMED {
            self.first.push(name());
        }
    }

    pub(crate) fn merge(&mut self, later: Self) {
        self.count += later.count;
        let room = NAMED - self.first.len();
        self.first.extend(later.first.into_iter().take(room));
    }

    /// `2 …: a; b`, with a mark after them if there are more.
    fn told(&self, what: &str) -> Option<String> {
        let more = if self.count > NAMED as u64 { ", …" } else { "" };
        (self.count > 0).then(|| format!("{} {what}: {}{more}", self.count, self.first.join("; ")))
    }
}

impl Warnings {
    pub(crate) fn merge(&mut self, later: Self) {
        self.skipped.merge(later.skipped);
        self.lacking.merge(later.lacking);
        self.without_cursor += later.without_cursor;
        self.unnamed.merge(later.unnamed);
        self.of_pages.merge(later.of_pages);
        self.again += later.again;
        self.has_changed |= later.has_changed;
        if let Some(above) = later.above {
            self.add_above(*above);
        }
    }

    /// Adds those of the parents' own walk.
    pub(crate) fn add_above(&mut self, above: Self) {
        self.above.get_or_insert_default().merge(above);
    }

    /// Whether a rule has left out branches of this walk or of one above it.
    pub(crate) fn has_skipped(&self) -> bool {
        self.skipped.count > 0 || self.above.as_ref().is_some_and(|above| above.has_skipped())
    }

    /// As warnings of the walk over `context`.
    pub(crate) fn warnings(&self, context: &StreamContext) -> Vec<String> {
        let mut warnings = Vec::new();
        warnings.extend(self.skipped.told("left out by `then: skip`"));
        warnings.extend(self.lacking.told("without children by `missing: skip`"));
        warnings.extend(self.unnamed.told("batches with parents that no record names"));
        if self.again > 0 {
            warnings.push(format!(
                "{} parents came more than once, so their records are written as often; let `fields` tell them \
                 apart",
                self.again
            ));
        }
        if self.has_changed {
            warnings.push(
                "a page of the parent has changed since the run was cut: records of its parents may be written twice"
                    .to_owned(),
            );
        }
        if self.without_cursor > 0 {
            warnings.push(format!("{} records without a cursor were left out", self.without_cursor));
        }
        warnings.extend(self.of_pages.told("warnings"));
        if let (Some(above), Some(parent)) = (&self.above, &context.parent) {
            let name = parent.name();
            warnings.extend(above.warnings(parent).iter().map(|warning| format!("{name}: {warning}")));
        }
        warnings
    }
}

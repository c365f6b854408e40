//! Decides which records a page holds and what follows it; faults bend that decision.

use super::{ask::Ask, cursor::Mark};
use crate::fault::FaultKind;

/// What a page holds and says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Where the page asked for begins.
    pub(crate) position: u64,
    /// Where the records served begin.
    pub(crate) first: u64,
    /// How many records are served.
    pub(crate) count: u64,
    pub(crate) limit: u64,
    /// What the next cursor stands for.
    pub(crate) next: Option<Mark>,
    /// The stated total.
    pub(crate) total: u64,
    /// Where the next link points to instead of this server.
    pub(crate) elsewhere: Option<String>,
    /// What `next` in a layout's body is called instead.
    pub(crate) renamed: Option<String>,
}

impl Plan {
    pub(crate) fn new(ask: Ask, records: u64) -> Self {
        let first = ask.position.min(records);
        let count = ask.limit.min(records - first);
        let mut plan = Self {
            position: ask.position,
            first,
            count,
            limit: ask.limit,
            next: None,
            total: records,
            elsewhere: None,
            renamed: None,
        };
        plan.follow(records, ask.salt);
        plan
    }

    /// The page's number, from 1.
    pub(crate) fn number(&self) -> u64 {
        self.position / self.limit.max(1) + 1
    }

    /// The number of pages, by the stated total.
    pub(crate) fn pages(&self) -> u64 {
        self.total.div_ceil(self.limit.max(1))
    }

    /// Bends the plan the way a fault wants it; faults of the body leave it alone.
    pub(crate) fn bend(&mut self, fault: &FaultKind, ask: Ask, records: u64) {
        match fault {
            FaultKind::RepeatCursor => self.back(ask, 1),
            FaultKind::CursorLoop { period } => self.back(ask, *period),
            FaultKind::RepeatPage => {
                self.first = self.position.saturating_sub(self.limit).min(records);
                self.count = self.limit.min(records - self.first);
            }
            FaultKind::EmptyPage => {
                self.count = 0;
                self.next = Some(Mark { position: self.first, salt: ask.salt.saturating_add(1) });
            }
            FaultKind::ShortPage { records: most } => {
                self.count = self.count.min(*most);
                self.follow(records, ask.salt);
            }
            FaultKind::TotalOff { by } => self.total = self.total.saturating_add_signed(*by),
            FaultKind::NextLinkTo { url } => self.elsewhere = Some(url.clone()),
            FaultKind::NextRenamed { name } => self.renamed = Some(name.clone()),
            _ => {}
        }
    }

    fn follow(&mut self, records: u64, salt: u64) {
        let position = self.first + self.count;
        self.next = (position < records).then_some(Mark { position, salt });
    }

    /// Leads `pages` pages back, counted from the page after this one.
    fn back(&mut self, ask: Ask, pages: u64) {
        let distance = self.limit.saturating_mul(pages.saturating_sub(1));
        self.next = Some(Mark { position: self.first.saturating_sub(distance), salt: ask.salt });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASK: Ask = Ask { position: 20, limit: 10, salt: 0 };

    fn bent(fault: &FaultKind) -> Plan {
        let mut plan = Plan::new(ASK, 45);
        plan.bend(fault, ASK, 45);
        plan
    }

    fn next(plan: &Plan) -> Option<(u64, u64)> {
        plan.next.map(|mark| (mark.position, mark.salt))
    }

    #[test]
    fn the_last_page_is_short_and_names_no_next() {
        let last = Ask { position: 40, ..ASK };
        let plan = Plan::new(last, 45);
        assert_eq!((plan.first, plan.count, plan.next), (40, 5, None));
        assert_eq!((plan.number(), plan.pages()), (5, 5));
        let beyond = Ask { position: 70, ..ASK };
        assert_eq!(Plan::new(beyond, 45).count, 0);
    }

    #[test]
    fn faults_bend_the_cursor() {
        assert_eq!(next(&bent(&FaultKind::Reset)), Some((30, 0)));
        assert_eq!(next(&bent(&FaultKind::RepeatCursor)), Some((20, 0)));
        assert_eq!(next(&bent(&FaultKind::CursorLoop { period: 2 })), Some((10, 0)));
    }

    #[test]
    fn faults_bend_the_records() {
        let repeated = bent(&FaultKind::RepeatPage);
        assert_eq!((repeated.first, repeated.count), (10, 10));
        assert_eq!(next(&repeated), Some((30, 0)));
        let empty = bent(&FaultKind::EmptyPage);
        assert_eq!((empty.count, next(&empty)), (0, Some((20, 1))));
        let short = bent(&FaultKind::ShortPage { records: 3 });
        assert_eq!((short.count, next(&short)), (3, Some((23, 0))));
        assert_eq!(bent(&FaultKind::TotalOff { by: -5 }).total, 40);
    }
}

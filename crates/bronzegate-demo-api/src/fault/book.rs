//! Decides which rule fires at a request, and remembers which are spent.

use super::rule::{Fault, FaultKind, When};
use crate::record::mix;

/// What the token endpoint is called in rules.
const TOKENS: &str = "oauth";

/// The request a decision is made for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment<'a> {
    pub(crate) stream: &'a str,
    /// The stream's request number, from 1.
    pub(crate) request: u64,
    /// The page that is asked for, where it is one.
    pub(crate) page: Option<Asked>,
}

/// The page a request asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    pub(crate) start: u64,
    pub(crate) count: u64,
    /// From 1.
    pub(crate) number: u64,
}

/// Holds the rules and how often each may still fire.
#[derive(Debug)]
pub(crate) struct Book {
    seed: u64,
    rules: Vec<Fault>,
    /// Requests of all streams since the rules were set.
    overall: u64,
}

impl Book {
    pub(crate) fn new(seed: u64, rules: Vec<Fault>) -> Self {
        Self { seed, rules, overall: 0 }
    }

    /// Replaces the rules; what was spent is forgotten.
    pub(crate) fn replace(&mut self, rules: Vec<Fault>) {
        (self.rules, self.overall) = (rules, 0);
    }

    /// The rules that may still fire, but for those that always do.
    pub(crate) fn unspent(&self) -> Vec<Fault> {
        self.rules.iter().filter(|rule| (1..u32::MAX).contains(&rule.times)).cloned().collect()
    }

    /// Takes the first rule that fires now. Slips are apart.
    pub(crate) fn fire(&mut self, moment: &Moment<'_>) -> Option<FaultKind> {
        self.overall += u64::from(moment.stream != TOKENS);
        self.due(moment, false).next()
    }

    /// Takes the slips of the page that is asked for: whatever becomes of the answer, it says what they make of it.
    pub(crate) fn slips(&mut self, moment: &Moment<'_>) -> Vec<FaultKind> {
        self.due(moment, true).collect()
    }

    /// The rules that fire at a moment, each spent as it is taken.
    fn due(&mut self, moment: &Moment<'_>, slips: bool) -> impl Iterator<Item = FaultKind> {
        let (seed, overall) = (self.seed, self.overall);
        let rules = self.rules.iter_mut().enumerate().filter(move |(n, rule)| {
            rule.times > 0
                && rule.kind.is_slip() == slips
                && concerns(rule, moment)
                && due(rule.at, moment, overall, seed ^ *n as u64)
        });
        rules.map(|(_, rule)| {
            if rule.times < u32::MAX {
                rule.times -= 1;
            }
            rule.kind.clone()
        })
    }
}

fn concerns(rule: &Fault, moment: &Moment<'_>) -> bool {
    rule.stream == moment.stream || (rule.stream == "*" && moment.stream != TOKENS)
}

fn due(at: When, moment: &Moment<'_>, overall: u64, seed: u64) -> bool {
    match at {
        When::Request(n) => moment.request >= n,
        When::Overall(n) => overall >= n,
        When::Every(n) => n > 0 && moment.request.is_multiple_of(n),
        When::Record(position) => {
            moment.page.is_some_and(|p| position >= p.start && position - p.start < p.count)
        }
        When::Page(number) => moment.page.is_some_and(|p| p.number == number),
        When::Probability(chance) => {
            let name = moment.stream.bytes().fold(seed, |h, b| mix(h ^ u64::from(b)));
            (mix(name ^ moment.request) >> 11) as f64 / (1_u64 << 53) as f64 <= chance
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn firing(rules: Vec<Fault>, requests: u64) -> Vec<u64> {
        let mut book = Book::new(1, rules);
        (1..=requests)
            .filter(|request| {
                let page = Some(Asked { start: (request - 1) * 10, count: 10, number: *request });
                let moment = Moment { stream: "s", request: *request, page };
                book.fire(&moment).is_some()
            })
            .collect()
    }

    #[test]
    fn rules_fire_at_their_moment_until_spent() {
        let fired = |at, times| firing(vec![Fault::new("s", at, FaultKind::Reset).times(times)], 9);
        assert_eq!(fired(When::Request(3), 1), [3]);
        assert_eq!(fired(When::Request(3), 2), [3, 4]);
        assert_eq!(fired(When::Every(4), 9), [4, 8]);
        assert_eq!(fired(When::Record(25), 9), [3]);
        assert_eq!(fired(When::Page(7), 9), [7]);
        assert_eq!(fired(When::Probability(1.0), 9).len(), 9);
        assert!(fired(When::Request(1), 0).is_empty());
    }

    #[test]
    fn requests_are_counted_over_all_streams_since_the_rules_were_set() {
        let rule = || vec![Fault::new("*", When::Overall(3), FaultKind::Reset)];
        let mut book = Book::new(1, rule());
        let fires =
            |book: &mut Book, stream, request| book.fire(&Moment { stream, request, page: None }).is_some();
        assert!(!fires(&mut book, "a", 1) && !fires(&mut book, "oauth", 1) && !fires(&mut book, "b", 1));
        assert!(fires(&mut book, "a", 2));
        book.replace(rule());
        assert!(!fires(&mut book, "a", 3) && !fires(&mut book, "b", 2) && fires(&mut book, "b", 3));
    }

    #[test]
    fn a_rule_is_unspent_until_it_has_fired_as_often_as_it_says() {
        let rule = Fault::new("s", When::Every(1), FaultKind::Reset).times(2);
        let mut book = Book::new(1, vec![rule]);
        for left in [2, 1] {
            assert_eq!(book.unspent().iter().map(|rule| rule.times).collect::<Vec<_>>(), [left]);
            assert!(book.fire(&Moment { stream: "s", request: 1, page: None }).is_some());
        }
        assert!(book.unspent().is_empty());
    }

    #[test]
    fn chance_is_the_same_for_the_same_requests() {
        let rule = || vec![Fault::new("*", When::Probability(0.3), FaultKind::Reset).always()];
        let fired = firing(rule(), 1_000);
        assert_eq!(fired, firing(rule(), 1_000));
        assert!((200..400).contains(&fired.len()), "{}", fired.len());
    }

    #[test]
    fn any_stream_does_not_mean_the_token_endpoint() {
        let rule = |stream: &str| vec![Fault::new(stream, When::Request(1), FaultKind::Reset)];
        let moment = Moment { stream: "oauth", request: 1, page: None };
        assert!(Book::new(1, rule("*")).fire(&moment).is_none());
        assert!(Book::new(1, rule("oauth")).fire(&moment).is_some());
    }
}

//! The end of pages: a manifest's condition as `stop`, and totals.

use super::conditions::{conditions, is_absence};
use super::jinja::address;
use super::pages::Paginator;
use super::places::response_place;
use super::refused::{Result, refuse};
use super::term::{Root, Step, Term, Test};
use crate::yaml::{Map, Yaml};

impl Paginator<'_> {
    /// The conditions of `stop`; what the absence of the cursor says anyway is left out.
    pub(super) fn stops(
        &self,
        map: &mut Map,
        stop: Option<&Test>,
        cursor: &Term,
        records: &[String],
    ) -> Result<()> {
        let Some(stop) = stop else { return Ok(()) };
        let mut stops = Vec::new();
        self.stop(stop, cursor, records, &mut stops)?;
        if !stops.is_empty() {
            map.set("stop", stops);
        }
        Ok(())
    }

    fn stop(&self, test: &Test, cursor: &Term, records: &[String], stops: &mut Vec<Yaml>) -> Result<()> {
        let mut add = |stop: Yaml| {
            if !stops.contains(&stop) {
                stops.push(stop);
            }
        };
        if is_absence(test, cursor) {
            return Ok(());
        }
        if let Some(word) = self.page_is(test, records) {
            add(word.into());
            return Ok(());
        }
        if let Some(conditions) = conditions(test) {
            for condition in conditions {
                add(Yaml::Map(condition));
            }
            return Ok(());
        }
        match test {
            Test::Or(tests) => tests.iter().try_for_each(|test| self.stop(test, cursor, records, stops)),
            // What holds only together with the cursor's absence says no more than that.
            Test::And(tests) if tests.iter().any(|test| is_absence(test, cursor)) => Ok(()),
            _ => refuse(
                "stop expression",
                "the end of the pages is a test that no condition says",
                self.strategy,
            ),
        }
    }

    /// The word for a page of no records, or of fewer than asked for.
    fn page_is(&self, test: &Test, records: &[String]) -> Option<&'static str> {
        let is_list = |path: &[Step]| address(path).is_some_and(|path| path == records);
        let is_count = |term: &Term| match term {
            Term::At(Root::PageCount, _) => true,
            Term::At(Root::Length, path) => is_list(path),
            _ => false,
        };
        match test {
            Test::Compare("==" | "<=", count, Term::Known(number))
                if is_count(count) && number.as_u64() == Some(0) =>
            {
                Some("empty_page")
            }
            Test::Compare("<", count, Term::Known(number))
                if is_count(count) && number.as_u64() == Some(1) =>
            {
                Some("empty_page")
            }
            Test::Compare("<" | "!=", count, Term::Known(number))
                if is_count(count) && self.size.is_some() && number.as_u64() == self.size =>
            {
                Some("short_page")
            }
            Test::Not(inner) => match &**inner {
                Test::Truthy(Term::At(Root::LastRecord, path)) if path.is_empty() => Some("empty_page"),
                Test::Truthy(Term::At(Root::Response, path)) if !records.is_empty() && is_list(path) => {
                    Some("empty_page")
                }
                Test::Truthy(count) if is_count(count) => Some("empty_page"),
                Test::Compare(">", count, Term::Known(number))
                    if is_count(count) && number.as_u64() == Some(0) =>
                {
                    Some("empty_page")
                }
                _ => None,
            },
            _ => None,
        }
    }
}

/// Where the total is, of a test that holds where the offset with the size reaches it.
pub(super) fn says_total(test: &Test) -> Option<Map> {
    match test {
        Test::Compare(">=" | ">", Term::Sum(..), total) | Test::Compare("<=" | "<", total, Term::Sum(..)) => {
            response_place(total, &[])
        }
        _ => None,
    }
}

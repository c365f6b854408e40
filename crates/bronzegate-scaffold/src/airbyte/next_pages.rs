//! Pages that a response names: cursors, next addresses, and what is computed of the response's own page.

use serde_json::Value;

use super::conditions::{is_absence, status};
use super::pages::{Pages, Paginator};
use super::part::Part;
use super::places::response_place;
use super::refused::{Result, refuse};
use super::stops::says_total;
use super::term::{Root, Term, Test, literal, shown, truthy};
use crate::place::Target;
use crate::yaml::{Map, Yaml};

impl Paginator<'_> {
    pub(super) fn cursor(&self, part: &mut Part<'_>, records: &[String]) -> Result<Pages> {
        let scope = part.scope(self.strategy);
        let value = self.strategy.get("cursor_value").map_or_else(Term::null, |value| scope.value(value));
        match &value {
            Term::Unknown(why) => {
                return refuse("cursor expression", format!("the cursor: {why}"), self.strategy);
            }
            Term::First(_) => {
                let what = "the cursor is at one of several places of the response";
                return refuse("cursor at several places", what, self.strategy);
            }
            _ => {}
        }
        let stop = self.strategy.get("stop_condition").map_or_else(Term::null, |stop| scope.value(stop));
        let stop = match stop {
            Term::Known(Value::String(text)) if !text.is_empty() => {
                return refuse(
                    "stop expression",
                    format!("the end of the pages is the text `{text}`"),
                    self.strategy,
                );
            }
            Term::Known(known) if truthy(&known) => {
                part.rewrite("the manifest stops after the first page");
                return Ok(Pages::default());
            }
            Term::Known(_) => None,
            Term::Unknown(why) => {
                return refuse("stop expression", format!("the end of the pages: {why}"), self.strategy);
            }
            term => term.as_test().err().map(|test| *test),
        };
        if let Term::Sum(left, right) = &value {
            return self.summed(part, left, right, stop.as_ref());
        }
        if self.is_path {
            return self.next_url(part, &value, stop.as_ref(), records);
        }
        self.sent(part, value, stop.as_ref(), records)
    }

    /// A cursor that is sent as a value.
    fn sent(
        &self,
        part: &mut Part<'_>,
        value: Term,
        stop: Option<&Test>,
        records: &[String],
    ) -> Result<Pages> {
        let (value, parameter, send) = self.taken_apart(part, value, stop)?;
        let Some(mut next) = response_place(&value, records) else {
            return refuse("cursor expression", "the cursor is no place of a response", self.strategy);
        };
        if self.is_whole_body(part, &next, records) {
            return Ok(Pages::default());
        }
        if let Some(name) = parameter {
            next.set("parameter", name);
        }
        let mut map = Map::new().with("type", "cursor").with("next", next);
        if let Some(send) = send {
            map.set("send", send.yaml());
        }
        self.with_size(part, &mut map);
        self.stops(&mut map, stop, &value, records)?;
        Ok(Pages { map: Some(map), follows_urls: false })
    }

    /// Whether the whole body is the record, or the list of them, and its member would name the next page. A list has no
    /// members; an object that has it fails the run, where the manifest would go on.
    fn is_whole_body(&self, part: &mut Part<'_>, next: &Map, records: &[String]) -> bool {
        if !records.is_empty() || next.get("body").is_none() {
            return false;
        }
        let when =
            |test: &str, value: Value| Map::new().with("at", Yaml::Map(next.clone())).with(test, value);
        let nothing = [Value::Null, "".into(), false.into()];
        for value in nothing {
            let rule = Map::new().with("when", when("equals", value)).with("and", status(200));
            part.last_rules.push(Yaml::Map(rule.with("then", "accept")));
        }
        let rule = Map::new().with("when", when("exists", true.into())).with("then", "fail");
        part.last_rules.push(Yaml::Map(rule));
        part.rewrite(
            "the whole body is the records, one page: an answer that names a next page fails the run",
        );
        part.fixed_size = self.size_target.clone().zip(self.size);
        true
    }

    /// The place of a cursor, the parameter of the address there that it is, and where it goes.
    fn taken_apart(
        &self,
        part: &mut Part<'_>,
        value: Term,
        stop: Option<&Test>,
    ) -> Result<(Term, Option<String>, Option<Target>)> {
        let token = self.token.clone();
        match value {
            Term::Parameter(of, name) => {
                part.rewrite(format!("the cursor is the parameter `{name}` of a next address"));
                Ok((*of, Some(name), token))
            }
            // Airbyte reads the JSON back, so that what is sent is the value. A null would be the text `null`.
            Term::Quoted(of) => {
                if !stop.is_some_and(|stop| is_absence(stop, &of)) {
                    return refuse(
                        "cursor expression",
                        "the cursor is written as JSON, and nothing ends the pages where there is none",
                        self.strategy,
                    );
                }
                Ok((*of, None, token))
            }
            Term::Text(_) => match (member_of_json(&value), token) {
                (Some((name, of)), Some(Target::Body(mut path))) => {
                    part.rewrite(format!(
                        "the cursor is JSON text with the member `{name}`: it is sent as that member"
                    ));
                    path.push(name);
                    Ok((of, None, Some(Target::Body(path))))
                }
                _ => refuse("cursor expression", "the cursor is put together at run time", self.strategy),
            },
            value => Ok((value, None, token)),
        }
    }

    /// A next address as the path of the next request.
    fn next_url(
        &self,
        part: &mut Part<'_>,
        value: &Term,
        stop: Option<&Test>,
        records: &[String],
    ) -> Result<Pages> {
        let place = match value {
            Term::Text(parts) => match parts.as_slice() {
                // A path after the base address: relative addresses are followed as they are.
                [Term::Known(base), place @ Term::At(..)] if shown(base).starts_with("http") => {
                    part.rewrite("the next address is relative, and followed so");
                    response_place(place, records)
                }
                _ => {
                    return refuse(
                        "cursor expression",
                        "the next address is put together at run time",
                        self.strategy,
                    );
                }
            },
            value => response_place(value, records),
        };
        let Some(place) = place else {
            return refuse("cursor expression", "the next address is no place of a response", self.strategy);
        };
        if self.is_whole_body(part, &place, records) {
            return Ok(Pages::default());
        }
        let mut map = match place.get("link") {
            Some(rel) => {
                let map = Map::new().with("type", "link_header");
                if *rel == Yaml::from("next") { map } else { map.with("rel", rel.clone()) }
            }
            None => Map::new().with("type", "next_url").with("next", place),
        };
        self.with_size(part, &mut map);
        self.stops(&mut map, stop, value, records)?;
        Ok(Pages { map: Some(map), follows_urls: true })
    }

    /// `page + 1` of what the response says of its own page, and `start + size` of its own offset.
    fn summed(&self, part: &mut Part<'_>, left: &Term, right: &Term, stop: Option<&Test>) -> Result<Pages> {
        let Some(token) = &self.token else {
            return refuse("cursor expression", "a sum goes into the path", self.strategy);
        };
        let is_place = matches!(left, Term::At(Root::Response, path) if !path.is_empty());
        let one_more = matches!(right, Term::Known(value) if value.as_u64() == Some(1));
        let steps = matches!(right, Term::At(Root::Response | Root::PageCount | Root::Length, _))
            || matches!(right, Term::Known(value) if value.as_u64().is_some_and(|step| step > 1));
        if is_place && one_more {
            self.stated_page(part, left, token, stop)
        } else if is_place && steps {
            self.stated_offset(part, left, token, stop)
        } else {
            refuse("cursor expression", "the cursor is computed at run time", self.strategy)
        }
    }

    fn stated_page(
        &self,
        part: &mut Part<'_>,
        page: &Term,
        token: &Target,
        stop: Option<&Test>,
    ) -> Result<Pages> {
        let mut map = Map::new().with("type", "page").with("send", token.yaml());
        self.with_size(part, &mut map);
        let total = match stop {
            Some(Test::Compare("==" | ">=", at, total) | Test::Compare("==" | "<=", total, at))
                if at == page =>
            {
                response_place(total, &[])
            }
            _ => None,
        };
        match total {
            Some(total) => {
                map.set("total_pages", total);
            }
            None => self.stops(&mut map, stop, page, &[])?,
        }
        part.rewrite("the page that the response states, plus 1: type page");
        Ok(Pages { map: Some(map), follows_urls: false })
    }

    fn stated_offset(
        &self,
        part: &mut Part<'_>,
        offset: &Term,
        token: &Target,
        stop: Option<&Test>,
    ) -> Result<Pages> {
        if self.size_target.is_none() {
            return refuse(
                "cursor expression",
                "an offset that is computed, and no page size is sent",
                self.strategy,
            );
        }
        let mut map =
            Map::new().with("type", "offset").with("send", token.yaml()).with("advance", "requested");
        self.with_size(part, &mut map);
        let tests = match stop {
            Some(Test::Or(tests)) => tests.clone(),
            stop => stop.into_iter().cloned().collect(),
        };
        let (ends, others): (Vec<_>, Vec<_>) = tests.into_iter().partition(|test| says_total(test).is_some());
        if let Some(total) = ends.iter().find_map(says_total) {
            map.set("total", total);
        }
        let others = (!others.is_empty()).then_some(Test::Or(others));
        self.stops(&mut map, others.as_ref(), offset, &[])?;
        part.rewrite("the offset that the response states, plus its size: type offset");
        Ok(Pages { map: Some(map), follows_urls: false })
    }
}

/// The one member of a JSON text that a place is put into: `{"after": "…"}`.
fn member_of_json(value: &Term) -> Option<(String, Term)> {
    const MARK: &str = "\u{e000}";
    let Term::Text(parts) = value else { return None };
    let [Term::Known(before), place @ Term::At(..), Term::Known(after)] = parts.as_slice() else {
        return None;
    };
    let Value::Object(members) = literal(&format!("{}{MARK}{}", shown(before), shown(after))) else {
        return None;
    };
    let mut members = members.into_iter();
    match (members.next(), members.next()) {
        (Some((name, Value::String(text))), None) if text == MARK => Some((name, place.clone())),
        _ => None,
    }
}

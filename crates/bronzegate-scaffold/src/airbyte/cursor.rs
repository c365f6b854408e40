//! Cursors of time.

use jiff::Timestamp;
use serde_json::Value;

use super::moments::Length;
use super::part::{Part, length, of_one_unit};
use super::refused::{Result, refuse};
use super::term::{Term, shown};
use crate::place::written;
use crate::tree::Node;
use crate::yaml::{Map, Yaml};

/// What to do with streams that the manifest filters on its own side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClientSide {
    /// They are refused where the grammar cannot say it.
    #[default]
    Refuse,
    /// They are read whole each time.
    Snapshot,
}

/// The manifest's cursor, before the request is read.
pub(super) struct Cursor<'n> {
    node: &'n Node,
}

/// Reads the fields that hold the window's ends, so that templates can name them.
pub(super) fn begin<'n>(part: &mut Part<'_>, node: Option<&'n Node>) -> Result<Option<Cursor<'n>>> {
    let Some(node) = node else { return Ok(None) };
    match node.kind() {
        "DatetimeBasedCursor" => {}
        "IncrementingCountCursor" => {
            return refuse("counting cursor", "the cursor counts (IncrementingCountCursor)", node);
        }
        kind => {
            return refuse("custom component", format!("the cursor is code of the connector ({kind})"), node);
        }
    }
    let field = |part: &Part<'_>, key: &str, default: &str| match node.get(key) {
        Some(value) => {
            Ok(shown(&Part::known(part.scope(node).value(value), "the name of a window's end", value)?))
        }
        None => Ok(default.to_owned()),
    };
    let (start, end) = (
        field(part, "partition_field_start", "start_time")?,
        field(part, "partition_field_end", "end_time")?,
    );
    part.window = Some((start, end));
    part.window_format = node.text_at("datetime_format");
    Ok(Some(Cursor { node }))
}

/// How a record's cursor follows from transformations, and the stream's key.
pub(super) struct Record<'a> {
    pub(super) key: Option<&'a str>,
    pub(super) client_side: ClientSide,
    pub(super) now: Timestamp,
}

impl Cursor<'_> {
    /// The setting `incremental`; `None` where every run reads everything, as the manifest does.
    pub(super) fn finish(&self, part: &mut Part<'_>, record: &Record<'_>) -> Result<Option<Map>> {
        let node = self.node;
        let option =
            |part: &mut Part<'_>, key: &str| node.get(key).map(|option| part.target(option)).transpose();
        let (from, to) = (option(part, "start_time_option")?, option(part, "end_time_option")?);
        let asks = from.is_some() || part.uses_window.0;
        let asks_end = to.is_some() || part.uses_window.1;
        let on_own_side = node.is_true("is_client_side_incremental") || node.is_true("is_data_feed");
        if !asks && asks_end {
            return refuse("window without a beginning", "requests say the window's end alone", node);
        }
        if !asks && !on_own_side {
            part.rewrite("no request says the window: each asks for everything, as in the manifest");
            return Ok(None);
        }
        if !asks && record.client_side == ClientSide::Snapshot {
            part.rewrite("the manifest leaves out old records on its own side: every run reads everything (--client-side snapshot)");
            return Ok(None);
        }
        let mut map = Map::new();
        let field = node.get("cursor_field").map_or_else(Term::null, |field| part.scope(node).value(field));
        let field = shown(&Part::known(field, "the cursor field", node)?);
        map.set("cursor", written(&field.split('.').map(str::to_owned).collect::<Vec<_>>()));
        self.formats(part, &mut map, asks)?;
        if let Some(from) = from {
            map.set("from", from.yaml());
        }
        if let Some(to) = to {
            map.set("to", to.yaml());
        }
        self.start(part, &mut map, record.now)?;
        self.lengths(part, &mut map, asks_end, record.now)?;
        if let Some(key) = record.key {
            map.set("key", key);
        }
        Ok(Some(map))
    }

    fn formats(&self, part: &mut Part<'_>, map: &mut Map, asks: bool) -> Result<()> {
        let node = self.node;
        let request = node.text_at("datetime_format").unwrap_or_default();
        let mut records: Vec<String> = node
            .get("cursor_datetime_formats")
            .map(Node::items)
            .unwrap_or_default()
            .iter()
            .filter_map(Node::text)
            .collect();
        if records.is_empty() {
            records.push(request.clone());
        }
        let mut words: Vec<String> = Vec::new();
        for format in &records {
            let word = format_word(format);
            if !words.contains(&word) {
                words.push(word);
            }
        }
        // What templates want: one way of writing for all.
        let wanted: Vec<String> =
            if part.formats.is_empty() { vec![request.clone()] } else { part.formats.clone() };
        let mut requests: Vec<String> = wanted.iter().map(|format| format_word(format)).collect();
        requests.dedup();
        let [request_word] = requests.as_slice() else {
            return refuse(
                "two formats of time in a request",
                "requests write the window in several ways",
                node,
            );
        };
        let first = words.first().cloned().unwrap_or_default();
        if words.len() == 1 {
            map.set("format", first.as_str());
        } else {
            map.set("format", words.iter().map(|word| Yaml::from(word.as_str())).collect::<Vec<_>>());
        }
        if *request_word != first && asks {
            map.set("request_format", request_word.as_str());
        }
        // Airbyte reads and writes what carries no offset as UTC, as requests do here without a zone.
        let has_no_offset = |word: &String| {
            word == "date" || (word.starts_with('%') || word.contains(" %")) && !word.contains("%z")
        };
        let may_have = |word: &String| word.starts_with("epoch") || word.contains("%z");
        if words.iter().any(has_no_offset) && !words.iter().any(may_have) {
            map.set("timezone", "UTC");
        }
        Ok(())
    }

    fn start(&self, part: &mut Part<'_>, map: &mut Map, now: Timestamp) -> Result<()> {
        let Some(start) = self.node.get("start_datetime") else { return Ok(()) };
        let (value, at) = match start.get("datetime") {
            Some(inner) => (part.scope(start).value(inner), start),
            None => (part.scope(self.node).value(start), self.node),
        };
        for bound in ["min_datetime", "max_datetime"] {
            if start.get(bound).is_some_and(|bound| !matches!(part.scope(start).value(bound), Term::Now(_))) {
                part.note("a bound of the start (min_datetime, max_datetime) is left out");
            }
        }
        let time = match value {
            Term::Now(moment) => {
                part.rewrite("the start counts back from now: fixed to the time of this import");
                let time = moment.at(now).unwrap_or(now);
                Some(time.strftime("%Y-%m-%d").to_string())
            }
            term => {
                let known = Part::known(term, "the start", at)?;
                let format =
                    start.text_at("datetime_format").or_else(|| self.node.text_at("datetime_format"));
                let text = shown(&known);
                if text.is_empty() {
                    None
                } else {
                    Some(start_text(&known, format.as_deref()).map_or_else(
                        || refuse("start", format!("the start `{text}` is no time that can be read"), at),
                        Ok,
                    )?)
                }
            }
        };
        if let Some(time) = time {
            map.set("start", time);
        }
        Ok(())
    }

    fn lengths(&self, part: &mut Part<'_>, map: &mut Map, asks_end: bool, now: Timestamp) -> Result<()> {
        let node = self.node;
        let text = |part: &Part<'_>, key: &str, what: &'static str| match node.get(key) {
            Some(value) => {
                let known = Part::known(part.scope(node).value(value), what, value)?;
                Ok(Some(shown(&known)).filter(|text| !text.is_empty()))
            }
            None => Ok(None),
        };
        if let Some(step) = text(part, "step", "the step")? {
            let Some((window, is_shorter)) = window(&step) else {
                return refuse("step", format!("the step `{step}` is no length of whole minutes"), node);
            };
            if asks_end {
                if is_shorter {
                    part.rewrite(format!(
                        "steps of {step} as windows of {window}: the same records in more requests"
                    ));
                }
                map.set("window", window);
            } else {
                part.rewrite("requests do not say the window's end: one window instead of steps, which would repeat records");
            }
        }
        match text(part, "lookback_window", "the lookback")? {
            Some(back) if Length::parse(&back) != Some(Length::default()) => {
                let Some(back) = length(&back) else {
                    let what = format!("the lookback `{back}` is no length that a source file can say");
                    return refuse("lookback", what, node);
                };
                let months = back.strip_suffix("mo").and_then(|months| months.parse::<u64>().ok());
                map.set("lookback", months.map_or(back, |months| format!("{}d", months.saturating_mul(31))));
            }
            _ => {}
        }
        let is_daily = matches!(map.get("request_format").or_else(|| map.get("format")), Some(Yaml::Value(Value::String(format))) if format == "date");
        if asks_end && is_daily && node.text_at("cursor_granularity").is_some_and(|unit| unit == "P1D") {
            map.set("to_inclusive", "day");
        }
        self.end(part, map, now)
    }

    /// The manifest's own end: now, or so long before it.
    fn end(&self, part: &Part<'_>, map: &mut Map, now: Timestamp) -> Result<()> {
        let Some(end) = self.node.get("end_datetime") else { return Ok(()) };
        let value = end
            .get("datetime")
            .map_or_else(|| part.scope(self.node).value(end), |inner| part.scope(end).value(inner));
        match value {
            Term::Known(Value::Null) => Ok(()),
            Term::Now(moment) if moment.is_later() => Ok(()),
            Term::Now(moment) if moment.seconds_ago().is_some() => {
                map.set("settle", format!("{}s", moment.seconds_ago().unwrap_or_default()));
                Ok(())
            }
            Term::Known(value) if start_text(&value, None).is_some_and(|text| text > now.to_string()) => {
                Ok(())
            }
            _ => refuse("fixed end", "the manifest ends at a fixed time, or at one that a run computes", end),
        }
    }
}

/// A step as a window, and whether that is shorter, because no unit of windows says the step.
fn window(step: &str) -> Option<(String, bool)> {
    if let Some(window) = of_one_unit(step).filter(|window| !window.ends_with('s')) {
        return Some((window, false));
    }
    let seconds = Length::parse(step)?.whole_seconds()?;
    let (count, unit, length) = [("d", 86_400), ("h", 3_600), ("m", 60)]
        .into_iter()
        .find_map(|(unit, length)| (seconds >= length).then_some((seconds / length, unit, length)))?;
    Some((format!("{count}{unit}"), seconds % length != 0))
}

/// A start as a source file writes it.
fn start_text(value: &Value, format: Option<&str>) -> Option<String> {
    if let Some(seconds) = value.as_i64() {
        let seconds = if seconds > 100_000_000_000 { seconds / 1000 } else { seconds };
        return Timestamp::from_second(seconds).ok().map(|time| time.to_string());
    }
    let text = shown(value);
    if let Ok(time) = text.parse::<Timestamp>() {
        // A start within a second would be finer than what requests say.
        let time = Timestamp::from_second(time.as_second()).unwrap_or(time);
        let date = time.strftime("%Y-%m-%d").to_string();
        return Some(if time.to_string().ends_with("T00:00:00Z") { date } else { time.to_string() });
    }
    if let Ok(time) = text.parse::<jiff::civil::DateTime>() {
        return if time.time() == jiff::civil::Time::midnight() {
            Some(time.date().to_string())
        } else {
            Some(format!("{time}Z"))
        };
    }
    let parsed = jiff::fmt::strtime::parse(format?, &text).ok()?;
    parsed
        .to_timestamp()
        .ok()
        .map(|time| time.to_string())
        .or_else(|| parsed.to_datetime().ok().map(|time| format!("{time}Z")))
        .or_else(|| parsed.to_date().ok().map(|date| date.to_string()))
}

/// A format of Airbyte in the words of source files.
pub(super) fn format_word(format: &str) -> String {
    let iso = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M"];
    let rest = iso.iter().find_map(|start| format.strip_prefix(start));
    let is_iso = rest.is_some_and(|rest| {
        let rest = [".%f0", ".%f", ".%_ms", ".000", ".%3f", ".000000"]
            .iter()
            .find_map(|fraction| rest.strip_prefix(fraction))
            .unwrap_or(rest);
        matches!(rest, "Z" | "%z" | "+00:00" | "+0000" | "-00:00" | "%:z" | "")
    });
    match format {
        "%s" | "%s_as_float" => "epoch_s".to_owned(),
        "%ms" => "epoch_ms".to_owned(),
        "%epoch_microseconds" => "epoch_us".to_owned(),
        "%Y-%m-%d" => "date".to_owned(),
        _ if is_iso => "rfc3339".to_owned(),
        other => other.replace("%_ms", "%3f").replace("%f", "%6f"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_have_words_and_a_literal_offset_stays_a_pattern() {
        for (format, word) in [
            ("%s", "epoch_s"),
            ("%ms", "epoch_ms"),
            ("%Y-%m-%d", "date"),
            ("%Y-%m-%dT%H:%M:%SZ", "rfc3339"),
            ("%Y-%m-%dT%H:%M:%S.%f%z", "rfc3339"),
            ("%Y-%m-%dT%H:%M:%S.%_msZ", "rfc3339"),
            ("%Y-%m-%dT%H:%M:%S+00:00", "rfc3339"),
            // Airbyte writes the clock of UTC before it: another instant than it says.
            ("%Y-%m-%dT%H:%M:%S-07:00", "%Y-%m-%dT%H:%M:%S-07:00"),
            ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S"),
            ("%d/%m/%Y", "%d/%m/%Y"),
        ] {
            assert_eq!(format_word(format), word, "{format}");
        }
    }
}

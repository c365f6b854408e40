//! The source file: each finding with what it rests on, and what is to be decided as a comment.

use bronzegate_core::error::{Error, ErrorKind, Result};
use bronzegate_core::redact::Scrubber;

use super::draft::{Draft, take};
use super::explore::{Known, Paging};
use super::hints;
use super::page::Format;
use super::paging::Kind;
use super::signals::{more_flag, rate, total, total_pages};
use crate::place::{Target, written};
use crate::yaml::{Map, Yaml, one};

const SCHEMA: &str = "# yaml-language-server: $schema=./source.schema.json\n#\n";

/// The file of what is known, and the findings as lines.
///
/// # Errors
/// [`ErrorKind::Data`] when a secret would stand in it.
pub(super) fn write(draft: &Draft, known: &Known) -> Result<(String, Vec<String>)> {
    let mut findings = Findings::default();
    let mut draft_left = draft.clone();
    let pagination = pagination(&mut draft_left, known, &mut findings);
    let mut file = draft_left.file();
    let mut stream = stream_of(&mut file, &draft.stream);
    let count = known.page.records(&known.records).len();
    if known.page.format != Format::Json {
        let format = if known.page.format == Format::Csv { "csv" } else { "ndjson" };
        findings.put(&mut stream, "format", format, &known.page.why);
    }
    let records: Yaml =
        if known.records.is_empty() && known.page.body.is_array() && known.page.format == Format::Json {
            Yaml::Map(Map::new().with("at", "$").with("shape", "list"))
        } else if known.ends_without_list {
            Yaml::Map(Map::new().with("at", written(&known.records)).with("if_absent", "empty"))
        } else {
            written(&known.records).into()
        };
    findings.put(&mut stream, "records", records, &known.why_records);
    if known.ends_without_list {
        findings.told.push("records: the page after the last has no list, which is no error".to_owned());
    }
    match (pagination, &known.paging) {
        (Some((map, why)), _) => findings.put(&mut stream, "pagination", map, &why),
        (None, Paging::Unknown(decide)) => {
            for tried in &known.tried {
                stream.end(format!("tried: {tried}"));
            }
            findings.told.push(format!("pagination: {decide}"));
            stream.end(format!("pagination: {decide}"));
        }
        (None, Paging::Proven { .. }) => {}
    }
    for line in hints::comment(known.page.records(&known.records)) {
        stream.end(line);
    }
    stream.end("schedule: { every: 1d }");
    rate_limit(&mut file, known, &mut findings);
    put_stream(&mut file, &draft.stream, stream);
    let head = format!(
        "{SCHEMA}# Made by `bronzegate new` from {} ({count} records on the first page). Comments say what each setting rests on.\n",
        draft.address()
    );
    let text = head + &notes(draft) + &file.to_text();
    safe(draft, &text)?;
    Ok((text, findings.told))
}

/// The file of what was given alone.
pub(super) fn skeleton(draft: &Draft) -> Result<String> {
    let mut file = draft.file();
    let mut stream = stream_of(&mut file, &draft.stream);
    stream.set("records", "$");
    stream.beside("decide: where the list is, such as data or results; $ is the whole body");
    stream.end("pagination: { type: cursor, next: { body: … }, send: { query: … } }  # decide");
    stream.end("incremental: { cursor: …, format: rfc3339, from: { query: … }, key: id }  # decide");
    stream.end("schedule: { every: 1d }");
    file.end("rate_limit: { requests_per_second: 5, burst: 5 }  # decide");
    put_stream(&mut file, &draft.stream, stream);
    let text = format!(
        "{SCHEMA}# Made by `bronzegate new --offline`: nothing was asked for.\n{}{}",
        notes(draft),
        file.to_text()
    );
    safe(draft, &text)?;
    Ok(text)
}

#[derive(Default)]
struct Findings {
    told: Vec<String>,
}

impl Findings {
    fn put(&mut self, map: &mut Map, key: &str, value: impl Into<Yaml>, why: &str) {
        map.set(key, value);
        map.above(why);
        self.told.push(format!("{key}: {why}"));
    }
}

/// The setting `pagination`; what it sends leaves the parameters.
fn pagination(draft: &mut Draft, known: &Known, findings: &mut Findings) -> Option<(Map, String)> {
    let Paging::Proven { kind, start, why } = &known.paging else { return None };
    let mut map = kind.yaml();
    if let Some(start) = start {
        map.set("start", *start);
    }
    if let Some(size) = &known.size {
        map.set("page_size", Map::new().with_target(&size.target).with("value", size.value));
        drop_target(draft, &size.target);
        let came = known.page.records(&known.records).len() as u64;
        if came < size.value {
            findings.told.push(format!("page_size: {} were asked for and {came} came", size.value));
        }
    }
    if let Some(send) = kind.send() {
        drop_target(draft, send);
    }
    if matches!(kind, Kind::Page { .. })
        && let Some(path) = total_pages(&known.page)
    {
        map.set("total_pages", one("body", written(&path)));
    }
    let on_page = known.page.records(&known.records).len() as u64;
    if let Some((at, number)) = total(&known.page, known.second.as_ref(), on_page) {
        // Where counting stops at a round number, it is no total; a cursor whose text stays the same needs one all the same.
        let stays = matches!(kind, Kind::Cursor(cursor) if cursor.stays);
        if matches!(number, 1_000 | 10_000) && !stays {
            findings.told.push(format!(
                "total: {number} is stated, which may be where the API stops counting; left out"
            ));
        } else {
            map.set("total", at);
            findings.told.push(format!("total: both pages state {number} records"));
        }
    }
    // Some APIs name a next page on the last one too: the flag is what ends the list.
    if let (Some(flag), Kind::Cursor(_) | Kind::NextUrl { .. }) = (more_flag(&known.page), kind)
        && flag.says_more
    {
        let stop = Map::new().with("at", one("body", written(&flag.path))).with("equals", flag.end);
        map.set("stop", vec![Yaml::Map(stop)]);
        findings.told.push(format!("stop: `{}` says whether there is more", written(&flag.path)));
    }
    Some((map, why.clone()))
}

impl Map {
    /// A place's word and name as entries.
    fn with_target(self, target: &Target) -> Self {
        let Yaml::Map(place) = target.yaml() else { return self };
        place.entries().fold(self, |map, (key, value)| map.with(key, value.clone()))
    }
}

fn drop_target(draft: &mut Draft, target: &Target) {
    match target {
        Target::Query(name) => draft.params.retain(|(known, _)| known != name),
        Target::Header(name) => draft.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name)),
        Target::Body(path) => {
            if let Some(body) = &mut draft.body {
                take(body, path);
            }
        }
    }
}

fn rate_limit(file: &mut Map, known: &Known, findings: &mut Findings) {
    let rate = rate(&known.page);
    let streams = file.remove("streams");
    if let Some(setting) = rate.setting {
        file.set("rate_limit", setting);
        file.above("The API says what is left under names of its own. State requests_per_second from its documentation too.");
        findings.told.push(format!("rate_limit: {}", rate.told.join(", ")));
    } else if !rate.told.is_empty() {
        findings.told.push(format!("rate limit, obeyed without a setting: {}", rate.told.join(", ")));
    }
    if let Some(streams) = streams {
        file.set("streams", streams);
        if !rate.told.is_empty() {
            file.above(format!("Rate limit as the first answer stated it: {}", rate.told.join(", ")));
        }
        if file.get("rate_limit").is_none() {
            file.above(
                "rate_limit: { requests_per_second: 5, burst: 5 }  # decide: see the API's documentation",
            );
        }
    }
}

fn stream_of(file: &mut Map, name: &str) -> Map {
    match file.get("streams") {
        Some(Yaml::Map(streams)) => match streams.get(name) {
            Some(Yaml::Map(stream)) => stream.clone(),
            _ => Map::new(),
        },
        _ => Map::new(),
    }
}

fn put_stream(file: &mut Map, name: &str, stream: Map) {
    if let Some(Yaml::Map(streams)) = file.get_mut("streams") {
        streams.set(name, stream);
    }
}

fn notes(draft: &Draft) -> String {
    draft
        .notes
        .iter()
        .fold(String::new(), |head, note| head + "# " + &note.replace(char::is_control, " ") + "\n")
}

/// A file with a secret in it is not written.
fn safe(draft: &Draft, text: &str) -> Result<()> {
    let scrubber = Scrubber::default();
    let values = draft.lifted.iter().filter_map(|lifted| lifted.value.as_ref());
    for value in values {
        scrubber.learn(value);
    }
    if scrubber.finds_in(text) {
        let cause =
            "the source file would hold a secret, which the request or the answer repeats; it is not written";
        return Err(Error::new(ErrorKind::Data, cause));
    }
    Ok(())
}

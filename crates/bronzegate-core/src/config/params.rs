//! `params` and `headers`: what goes with every request of a stream.
//!
//! ```yaml
//! params: { properties: "email,firstname", status: [open, closed] }   # a list repeats the parameter
//! headers: { Notion-Version: "2022-06-28", X-Tenant: { secret: crm-tenant } }
//! ```

use super::address::header_name;
use super::named::Named;
use super::problem::{At, Draft, Report};
use super::read::{Entries, OneOrMany, Slot, TextOr};
use super::secret_ref::SecretSpec;
use super::template::{Escaping, Template, TemplateText};
use super::template_secrets;

/// Parameters by name; numbers and booleans are sent as they are written.
pub(super) type ParamsSpec = Entries<OneOrMany<ValueSpec>>;

/// Headers by name.
pub(super) type HeadersSpec = Entries<ValueSpec>;

/// The fields of a form by name.
pub(super) type FormSpec = Entries<OneOrMany<ValueSpec>>;

/// A template, or a secret.
pub(super) type ValueSpec = TextOr<TemplateText, SecretSpec>;

/// A checked entry and its place, for the checks between settings.
pub(super) type Placed<T> = (String, T, At);

/// The names of credentials, as APIs have them: lower case, without what joins their words, and without a
/// leading `x`.
const CREDENTIALS: [&str; 12] = [
    "apikey",
    "apitoken",
    "apisecret",
    "accesstoken",
    "authtoken",
    "authkey",
    "clientsecret",
    "secretkey",
    "subscriptionkey",
    "privatetoken",
    "password",
    "secret",
];

/// Whether a parameter or header of this name is a credential, whose value would stand in the file.
fn is_credential(name: &str) -> bool {
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let plain = plain.to_ascii_lowercase();
    let bare = plain.strip_prefix('x').unwrap_or(&plain);
    [plain.as_str(), bare].iter().any(|name| CREDENTIALS.contains(name))
}

fn belongs_under_auth(what: &str, place: &str, name: &str) -> String {
    format!(
        "this {what} cannot be given: credentials belong under auth, such as {{ type: api_key, in: {place}, name: \
         {name}, value: {{ secret: <name> }} }}"
    )
}

/// Merges by name, the last map's entry wins and keeps the first one's place in the order.
pub(super) fn params(maps: &[&ParamsSpec], named: &Named, report: &Report) -> Vec<Placed<Vec<Template>>> {
    let mut merged: Vec<Placed<Vec<Template>>> = Vec::new();
    for (name, slot) in maps.iter().flat_map(|map| &map.0) {
        if name.trim().is_empty() || name.contains("{{") {
            report.add(slot.at(), Draft::new("is not a parameter's name").value(name));
        }
        let values = slot.get().map_or(&[][..], OneOrMany::as_slice);
        if is_credential(name) && values.iter().any(is_text) {
            report.say(slot.at(), belongs_under_auth("parameter", "query", name));
            continue;
        }
        let checked = values.iter().filter_map(|slot| value(slot, named, report)).collect();
        put(&mut merged, (name.clone(), checked, slot.at().clone()));
    }
    merged
}

/// The fields of a form.
pub(super) fn fields(
    form: &FormSpec,
    named: &Named,
    report: &Report,
) -> Option<Vec<(String, Vec<Template>)>> {
    let fields = form.0.iter().map(|(name, slot)| {
        let values = slot.get()?.as_slice();
        if is_credential(name) && values.iter().any(is_text) {
            report.say(slot.at(), format!("this field is a secret: write {name}: {{ secret: <name> }}"));
            return None;
        }
        let checked: Vec<_> = values.iter().map(|slot| value(slot, named, report)).collect();
        Some((name.clone(), checked.into_iter().collect::<Option<_>>()?))
    });
    // All of them are looked at before giving up, so that all problems are found.
    let fields: Vec<_> = fields.collect();
    fields.into_iter().collect()
}

/// Whether the file has the value itself.
fn is_text(slot: &Slot<ValueSpec>) -> bool {
    matches!(slot.get(), Some(TextOr::Text(TemplateText(text))) if !template_secrets::names_one(text))
}

fn value(slot: &Slot<ValueSpec>, named: &Named, report: &Report) -> Option<Template> {
    match slot.get()? {
        TextOr::Text(text) => Template::check(text, Escaping::Text, named, slot.at(), report),
        TextOr::Map(secret) => secret.resolve().map(Template::of_secret),
    }
}

/// Headers that the client sets itself or that carry credentials.
const REFUSED: [(&str, &str); 9] = [
    ("authorization", "credentials belong under auth"),
    ("proxy-authorization", "credentials belong under auth"),
    ("cookie", "credentials belong under auth"),
    ("host", "it is that of base_url"),
    ("content-length", "the client sets it"),
    ("transfer-encoding", "the client sets it"),
    ("connection", "the client sets it"),
    ("accept-encoding", "the client sets it"),
    ("upgrade", "the client sets it"),
];

/// Merges by name, upper and lower case being the same; names come out in lower case.
pub(super) fn headers(maps: &[&HeadersSpec], named: &Named, report: &Report) -> Vec<Placed<Template>> {
    let mut merged = Vec::new();
    for map in maps {
        let mut own: Vec<String> = Vec::new();
        for (text, slot) in &map.0 {
            let Some(name) = header_name(text) else {
                report.add(slot.at(), Draft::new("is not a header's name").value(text));
                continue;
            };
            if own.contains(&name) {
                report.say(slot.at(), "header given twice; upper and lower case are the same header");
            }
            own.push(name.clone());
            if let Some(template) = header(&name, slot, named, report) {
                put(&mut merged, (name, template, slot.at().clone()));
            }
        }
    }
    merged
}

fn header(name: &str, slot: &Slot<ValueSpec>, named: &Named, report: &Report) -> Option<Template> {
    if let Some((_, why)) = REFUSED.iter().find(|(refused, _)| *refused == name) {
        report.say(slot.at(), format!("this header cannot be given: {why}"));
        return None;
    }
    if is_credential(name) && is_text(slot) {
        report.say(slot.at(), belongs_under_auth("header", "header", name));
        return None;
    }
    if let Some(TextOr::Text(TemplateText(text))) = slot.get()
        && http::HeaderValue::from_str(text).is_err()
    {
        report.add(slot.at(), Draft::refused("text that a header can hold").value(text));
        return None;
    }
    value(slot, named, report)
}

fn put<T>(merged: &mut Vec<Placed<T>>, entry: Placed<T>) {
    match merged.iter_mut().find(|(name, ..)| *name == entry.0) {
        Some(known) => *known = entry,
        None => merged.push(entry),
    }
}

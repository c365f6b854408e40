//! Session tokens: a request of the file logs in, and its answer holds the token.
//!
//! ```yaml
//! auth:
//!   type: login
//!   request: { path: /sessions, body: { user: reader, password: { secret: erp-password } } }
//!   token: { body: session.id }
//!   send: { header: X-Session }
//!   expires: 30m                                   # or an address, such as { body: expires_in }
//! ```

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use super::base_url_from::{BaseUrlFrom, BaseUrlFromSpec};
use super::fixed::{self, In, KeyPlace};
use super::login_body::{self, LoginBody, LoginBodySpec};
use crate::config::address::Address;
use crate::config::base_url::{self, Query};
use crate::config::method::Method;
use crate::config::problem::{At, Draft, Report};
use crate::config::read::{Entries, OneOrMany, Slot, TextOr};
use crate::config::secret_ref::{SecretRef, TextOrSecret, TextOrSecretSpec};
use crate::config::units::Period;

/// How a session begins, and how its token is sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Login {
    /// Where the request goes.
    pub url: LoginUrl,
    /// Its method (POST).
    pub method: Method,
    /// Its headers, names in lower case.
    pub headers: Vec<(String, TextOrSecret)>,
    /// Its body.
    pub body: LoginBody,
    /// Where the answer holds the token: in its body or a header; without it, the cookies that the answer sets.
    pub token: Option<Address>,
    /// Where the token goes.
    pub place: KeyPlace,
    /// Text before the token, its space included.
    pub prefix: Option<String>,
    /// How long the token is used; until the API refuses it without this.
    pub expires: Option<Expires>,
    /// The API's base URL comes with the token.
    pub base_url_from: Option<BaseUrlFrom>,
}

/// Where a login request goes.
#[derive(Clone, Debug, PartialEq)]
pub enum LoginUrl {
    /// Appended to the source's `base_url`.
    Path(String),
    /// As it stands.
    Url(Url),
}

/// How long a session's token is used.
#[derive(Clone, Debug, PartialEq)]
pub enum Expires {
    /// So long after the login.
    After(Duration),
    /// As the answer says: seconds, or an instant as epoch or ISO-8601 text.
    At(Address),
}

/// A session's token, fetched by a request.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub(in crate::config) struct LoginSpec {
    /// The request that logs in.
    request: Slot<RequestSpec>,
    /// Where the answer holds the token: in its body or a header. Without it the cookies of `send` are those that the
    /// answer sets.
    token: Option<Slot<Address>>,
    /// Where the token goes in the API's requests.
    send: Slot<SendSpec>,
    /// How long the token is used: a duration, or where the answer says it.
    expires: Option<Slot<TextOr<Period, Address>>>,
    /// Where the answer names the API's base URL.
    base_url_from: Option<Slot<BaseUrlFromSpec>>,
}

/// The request that logs in.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "LoginRequest")]
struct RequestSpec {
    /// What is appended to `base_url`.
    path: Option<Slot<String>>,
    /// The whole URL, in place of path.
    url: Option<Slot<String>>,
    /// GET or POST; default POST.
    method: Option<Slot<Method>>,
    /// Headers; a value is text or a secret.
    headers: Option<Slot<Entries<TextOrSecretSpec>>>,
    /// A JSON body; a value may be { secret: … }.
    body: Option<Slot<LoginBodySpec>>,
    /// A form, in place of body; a value is text or a secret.
    form: Option<Slot<Entries<TextOrSecretSpec>>>,
}

/// Where the token goes.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "LoginSend")]
struct SendSpec {
    /// The header.
    header: Option<Slot<String>>,
    /// The query parameter, in place of header.
    query: Option<Slot<String>>,
    /// The name of the cookie, in place of header; several names where the session has several cookies.
    cookie: Option<Slot<OneOrMany<String>>>,
    /// Text before the token; it brings its own space.
    prefix: Option<Slot<String>>,
}

impl LoginSpec {
    pub(super) fn resolve(&self, at: &At, allow_http: bool, report: &Report) -> Option<Login> {
        let request = self.request.get()?;
        let url = request.url(self.request.at(), allow_http, report);
        let asked = match &url {
            Some(LoginUrl::Url(url)) => Some(url),
            _ => None,
        };
        let base_url_from = BaseUrlFromSpec::resolve(self.base_url_from.as_ref(), asked, report);
        let method = request.method.as_ref().map_or(Some(Method::Post), Slot::cloned);
        let headers = match request.headers.as_ref().map(Slot::get) {
            Some(entries) => fixed::headers(entries?, &child(at, "request"), report),
            None => Some(Vec::new()),
        };
        let body = request.body(method, report);
        let token = match &self.token {
            Some(token) => Some(address(token, report)?),
            None => None,
        };
        let send = self.send.get().and_then(|send| send.place(self.send.at(), report));
        match (&send, &self.token) {
            (Some(KeyPlace::Cookies(names)), Some(token)) if names.len() > 1 => {
                report.say(token.at(), "is one value, and send names several cookies: without it they are those that the answer sets");
            }
            (Some(KeyPlace::Header(_) | KeyPlace::Query(_)), None) => {
                report.say(self.send.at(), "needs token beside it: where the answer holds what is sent");
                return None;
            }
            _ => {}
        }
        let prefix = self.send.get().and_then(|send| fixed::header_text(send.prefix.as_ref()?, report));
        let expires = match &self.expires {
            Some(slot) => match slot.get()? {
                TextOr::Text(Period(after)) => Some(Expires::After(*after)),
                TextOr::Map(at) => Some(Expires::At(checked(at, slot.at(), report)?)),
            },
            None => None,
        };
        Some(Login {
            url: url?,
            method: method?,
            headers: headers?,
            body: body?,
            token,
            place: send?,
            prefix,
            expires,
            base_url_from,
        })
    }
}

impl Login {
    pub(super) fn secrets(&self) -> Vec<&SecretRef> {
        let headers = self.headers.iter().filter_map(|(_, value)| value.secret());
        headers.chain(self.body.secrets()).collect()
    }
}

impl RequestSpec {
    fn url(&self, at: &At, allow_http: bool, report: &Report) -> Option<LoginUrl> {
        match (&self.path, &self.url) {
            (Some(slot), None) => {
                let path = slot.get()?;
                if !path.starts_with('/') || path.contains(['#', ' ']) || path.contains("{{") {
                    report.add(
                        slot.at(),
                        Draft::refused("a path that starts with /, without spaces and {{ }}"),
                    );
                    return None;
                }
                Some(LoginUrl::Path(path.clone()))
            }
            (None, Some(slot)) => {
                base_url::check(slot.get()?, Query::Allowed, allow_http, slot.at(), report).map(LoginUrl::Url)
            }
            _ => {
                report.say(at, "needs exactly one of path and url");
                None
            }
        }
    }

    fn body(&self, method: Option<Method>, report: &Report) -> Option<LoginBody> {
        let given = self.body.as_ref().map(Slot::at).or(self.form.as_ref().map(Slot::at));
        if let (Some(at), Some(Method::Get)) = (given, method) {
            report.say(at, "a GET has no body; write method: POST or remove it");
            return None;
        }
        match (&self.body, &self.form) {
            (Some(_), Some(form)) => {
                report.say(form.at(), "either body or form");
                None
            }
            (Some(body), None) => login_body::json(body.get()?, body.at(), report),
            (None, Some(form)) => login_body::form(form.get()?, report),
            (None, None) => Some(LoginBody::Empty),
        }
    }
}

impl SendSpec {
    fn place(&self, at: &At, report: &Report) -> Option<KeyPlace> {
        match (&self.header, &self.query, &self.cookie) {
            (Some(name), None, None) => fixed::place(In::Header, name, report),
            (None, Some(name), None) => fixed::place(In::Query, name, report),
            (None, None, Some(names)) => self.cookies(names, report),
            _ => {
                report.say(at, "needs exactly one of header, query and cookie");
                None
            }
        }
    }
}

impl SendSpec {
    fn cookies(&self, slot: &Slot<OneOrMany<String>>, report: &Report) -> Option<KeyPlace> {
        if let Some(prefix) = &self.prefix {
            report
                .say(prefix.at(), "is for a header or query parameter; a cookie's value is sent as it came");
        }
        let mut names = Vec::new();
        for name in slot.get()?.as_slice() {
            let text = name.cloned()?;
            // RFC 6265 section 4.1.1: a token (RFC 9110), which is what a header's name is too.
            if http::HeaderName::from_bytes(text.as_bytes()).is_err() || names.contains(&text) {
                report.add(
                    name.at(),
                    Draft::refused("the name of a cookie, once, such as JSESSIONID").value(&text),
                );
            }
            names.push(text);
        }
        if names.is_empty() {
            report.add(slot.at(), Draft::refused("the name of a cookie such as JSESSIONID"));
            return None;
        }
        Some(KeyPlace::Cookies(names))
    }
}

fn address(slot: &Slot<Address>, report: &Report) -> Option<Address> {
    checked(slot.get()?, slot.at(), report)
}

/// An answer to a login has no records and no links.
fn checked(address: &Address, at: &At, report: &Report) -> Option<Address> {
    if matches!(address, Address::Body(_) | Address::Header(_)) {
        return Some(address.clone());
    }
    report.add(at, Draft::refused("one of { body: … }, { header: … }"));
    None
}

fn child(at: &At, key: &str) -> At {
    At { path: format!("{}.{key}", at.path), ..at.clone() }
}

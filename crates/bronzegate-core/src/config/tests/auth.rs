//! The kinds of authentication that fetch a token.

use std::time::Duration;

use super::mistakes::{none, one};
use crate::config::*;

fn auth(yaml: &str) -> (Auth, Vec<SecretRef>) {
    let mut text = "source: x\nbase_url: https://x.example\nauth:\n".to_owned();
    for line in yaml.lines() {
        text.push_str("  ");
        text.push_str(line);
        text.push('\n');
    }
    text.push_str("streams: { s: { path: /p, records: i } }\n");
    let source = parse("x.yaml", &text).unwrap_or_else(|problems| panic!("{problems}\n{text}"));
    (source.streams[0].auth.clone(), source.secrets())
}

fn named(secret: &str, field: Option<&str>) -> SecretRef {
    SecretRef { secret: secret.to_owned(), field: field.map(str::to_owned) }
}

#[test]
fn a_refresh_token_is_a_secret_beside_the_clients() {
    let (auth, secrets) = auth(
        "type: oauth2_refresh_token\ntoken_url: https://id.example/token\nclient_id: abc\nclient_secret: { secret: xero, field: client_secret }\nrefresh_token: { secret: xero, field: refresh_token }\nclient_auth: basic\nscopes: [offline_access]\nparams: { audience: api }",
    );
    let Auth::OAuth2RefreshToken(settings) = auth else { panic!("{auth:?}") };
    assert_eq!(settings.client.client_auth, ClientAuth::Basic);
    assert_eq!(settings.client.params, [("audience".to_owned(), "api".to_owned())]);
    assert_eq!(secrets, [named("xero", Some("client_secret")), named("xero", Some("refresh_token"))]);
}

#[test]
fn a_google_key_file_and_a_salesforce_app() {
    let (google, secrets) = auth(
        "type: jwt_bearer\ntoken_url: https://oauth2.googleapis.com/token\nprivate_key: { secret: google, field: private_key }\nissuer: { secret: google, field: client_email }\nscopes: [a, b]",
    );
    let Auth::JwtBearer(google) = google else { panic!("{google:?}") };
    assert_eq!(google.audience, "https://oauth2.googleapis.com/token", "as it stands in the file");
    assert_eq!((google.algorithm, google.lifetime), (Algorithm::Rs256, Duration::from_hours(1)));
    assert_eq!(secrets, [named("google", Some("client_email")), named("google", Some("private_key"))]);

    let (salesforce, _) = auth(
        "type: jwt_bearer\ntoken_url: https://login.salesforce.com/services/oauth2/token\nprivate_key: { secret: sf }\nissuer: 3MVG9\nsubject: etl@acme.example\naudience: https://login.salesforce.com\nlifetime: 3m\nbase_url_from: { body: instance_url, hosts: ['*.my.salesforce.com'] }",
    );
    let from = salesforce.base_url_from().unwrap();
    assert_eq!(from.at, Address::Body("instance_url".to_owned().try_into().unwrap()));
    assert!(from.lets(&"https://acme.my.salesforce.com".parse().unwrap()));
    assert!(!from.lets(&"https://acme.my.salesforce.com.evil.example".parse().unwrap()));
}

#[test]
fn a_login_may_have_secrets_anywhere_in_its_body() {
    let (login, secrets) = auth(
        "type: login\nrequest:\n  path: /sessions\n  headers: { X-Tenant: { secret: tenant } }\n  body: { auth: { user: reader, secret: { secret: pw, field: p } }, keys: [{ secret: k }], n: 1 }\ntoken: { header: X-Session }\nsend: { query: sid }\nexpires: { body: expires_in }",
    );
    assert_eq!(login.query_parameter(), Some("sid"));
    let Auth::Login(login) = login else { panic!("{login:?}") };
    assert_eq!(secrets, [named("k", None), named("pw", Some("p")), named("tenant", None)]);
    assert_eq!(login.method, Method::Post);
    assert!(matches!(login.expires, Some(Expires::At(Address::Body(_)))));
}

#[test]
fn what_does_not_fit_together_is_told() {
    let refresh = "type: oauth2_refresh_token, token_url: 'https://id.example', client_id: a, refresh_token: { secret: r }";
    let jwt = "type: jwt_bearer, token_url: 'https://id.example', private_key: { secret: k }, issuer: { secret: i }";
    let login = |request: &str, rest: &str| {
        format!("type: login, request: {{ {request} }}, token: {{ body: t }}, send: {{ header: X-T }}{rest}")
    };
    for (auth, part) in [
        (format!("{refresh}, client_auth: basic"), "basic needs client_secret"),
        (format!("{refresh}, params: {{ grant_type: x }}"), "the type sets it"),
        (format!("{refresh}, base_url_from: {{ hosts: [a.b] }}"), "does not say where"),
        (format!("{refresh}, base_url_from: {{ body: a, header: b }}"), "does not say where"),
        (format!("{refresh}, base_url_from: {{ body: a, hosts: ['*'] }}"), "host or *.domain"),
        (format!("{jwt}, claims: {{ exp: 5 }}"), "the key lifetime sets it"),
        (format!("{jwt}, lifetime: 500ms"), "1s or more"),
        (format!("{jwt}, algorithm: HS256"), "one of RS256, ES256"),
        (login("method: POST", ""), "exactly one of path and url"),
        (login("path: /a, url: 'https://x.example'", ""), "exactly one of path and url"),
        (login("path: sessions", ""), "starts with /"),
        (login("path: /a, method: GET, form: { a: b }", ""), "a GET has no body"),
        (login("path: /a, body: { a: b }, form: { a: b }", ""), "either body or form"),
        (login("path: /a, body: { a: { secret: x, filed: y } }", ""), "{ secret: <name> }"),
        (login("path: /a", ", expires: soon"), "with its unit"),
        (login("path: /a", ", expires: { link: next }"), "{ header: … }"),
        (
            "type: login, request: { path: /a }, token: { body: t }, send: { prefix: x }".to_owned(),
            "exactly one of header and query",
        ),
        (
            "type: login, request: { path: /a }, token: { status: true }, send: { query: x }".to_owned(),
            "{ header: … }",
        ),
    ] {
        one(&format!("auth: {{ {auth} }}"), part);
    }
    one(
        "auth: { type: login, request: { path: /a }, token: { body: t }, send: { header: X-T } }\nheaders: { X-T: a }",
        "this header is set by auth",
    );
    one(
        "auth: { type: login, request: { path: /a }, token: { body: t }, send: { query: sid } }\nparams: { sid: a }",
        "this parameter is set by auth",
    );
    none(&format!("auth: {{ {jwt}, claims: {{ tier: 3, deep: {{ a: [true] }} }}, params: {{ scope: a }} }}"));
}

#[test]
fn a_base_url_is_not_taken_over_plain_http() {
    let text = |url: &str| {
        format!(
            "source: x\nbase_url: https://x.example\nallow_http: true\nauth: {{ type: jwt_bearer, token_url: '{url}', private_key: {{ secret: k }}, issuer: a, base_url_from: {{ body: b }} }}\nstreams: {{ s: {{ path: /p, records: i }} }}"
        )
    };
    assert!(
        parse("x.yaml", &text("http://id.example/token")).unwrap_err().to_string().contains("over https")
    );
    assert!(parse("x.yaml", &text("http://127.0.0.1:1/token")).is_ok());
}

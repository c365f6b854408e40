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
        (format!("{jwt}, algorithm: HS256"), "one of RS256, RS384, PS256, ES256, ES384"),
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
            "exactly one of header, query and cookie",
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
fn a_client_signs_who_it_is_in_place_of_a_secret() {
    let (signed, secrets) = auth(
        "type: oauth2_client_credentials\ntoken_url: https://id.example/token\nclient_id: abc\nclient_assertion: { private_key: { secret: key }, key_id: k1, certificate: { secret: crt }, algorithm: PS256 }",
    );
    let Auth::OAuth2ClientCredentials(settings) = signed else { panic!("{signed:?}") };
    let assertion = settings.client_assertion.as_ref().unwrap();
    assert_eq!((assertion.algorithm, assertion.lifetime), (Algorithm::Ps256, Duration::from_mins(5)));
    assert_eq!((settings.client.client_secret.is_none(), assertion.audience.is_none()), (true, true));
    assert_eq!(secrets, [named("crt", None), named("key", None)]);
    let client = "type: oauth2_client_credentials, token_url: 'https://id.example', client_id: a";
    let assertion = "client_assertion: { private_key: { secret: k } }";
    for (keys, part) in [
        (client.to_owned(), "exactly one of client_secret and client_assertion"),
        (format!("{client}, client_secret: {{ secret: s }}, {assertion}"), "exactly one of client_secret"),
        (format!("{client}, {assertion}, client_auth: basic"), "means nothing beside client_assertion"),
        (
            format!("{client}, {assertion}, params: {{ client_assertion: x }}"),
            "the key client_assertion sets it",
        ),
        (
            format!("{client}, client_assertion: {{ private_key: {{ secret: k }}, lifetime: 10ms }}"),
            "1s or more",
        ),
    ] {
        one(&format!("auth: {{ {keys} }}"), part);
    }
}

#[test]
fn kinds_that_sign_each_request() {
    let (oauth1, secrets) = auth(
        "type: oauth1\nconsumer_key: a\nconsumer_secret: { secret: n, field: c }\ntoken: { secret: n, field: t }\ntoken_secret: { secret: n, field: s }\nrealm: '12'",
    );
    assert_eq!(oauth1.header_names(), ["authorization"]);
    let Auth::OAuth1(oauth1) = oauth1 else { panic!("{oauth1:?}") };
    assert_eq!(oauth1.signature_method, SignatureMethod::HmacSha256);
    assert_eq!(secrets, [named("n", Some("c")), named("n", Some("s")), named("n", Some("t"))]);
    let (aws, secrets) = auth("type: aws_sigv4\nservice: execute-api\nregion: eu-central-1");
    assert!(aws.header_names().contains(&"x-amz-security-token") && secrets.is_empty());
    let oauth1 = "type: oauth1, consumer_key: a, consumer_secret: { secret: c }";
    for (auth, part) in [
        (format!("{oauth1}, token: t"), "needs token_secret beside it"),
        (format!("{oauth1}, token_secret: {{ secret: t }}"), "needs token beside it"),
        (format!("{oauth1}, realm: 'a\"b'"), "without quotes"),
        (format!("{oauth1}, signature_method: PLAINTEXT"), "one of HMAC-SHA256, HMAC-SHA1"),
        ("type: aws_sigv4, service: 'a b', region: eu-central-1".to_owned(), "a service such as execute-api"),
        ("type: aws_sigv4, service: es".to_owned(), "region: this key is missing"),
    ] {
        one(&format!("auth: {{ {auth} }}"), part);
    }
}

#[test]
fn a_session_may_be_in_cookies_and_a_header_may_have_a_prefix() {
    let (login, _) = auth("type: login\nrequest: { path: /a }\nsend: { cookie: [JSESSIONID, XSRF] }");
    assert_eq!(login.header_names(), ["cookie"]);
    let Auth::Login(login) = login else { panic!("{login:?}") };
    assert_eq!(login.place, KeyPlace::Cookies(vec!["JSESSIONID".to_owned(), "XSRF".to_owned()]));
    let (headers, secrets) =
        auth("type: headers\nheaders: { Authorization: { secret: k, prefix: 'Token ' }, X-App: mine }");
    let Auth::Headers { headers } = headers else { panic!("{headers:?}") };
    assert_eq!((headers[0].name.as_str(), headers[0].prefix.as_deref()), ("authorization", Some("Token ")));
    assert_eq!((headers[1].prefix.as_ref(), secrets), (None, vec![named("k", None)]));
    let login = "type: login, request: { path: /a }";
    for (auth, part) in [
        (format!("{login}, send: {{ header: X-T }}"), "needs token beside it"),
        (format!("{login}, send: {{ cookie: [A, A] }}"), "the name of a cookie, once"),
        (format!("{login}, send: {{ cookie: 'a b' }}"), "the name of a cookie, once"),
        (format!("{login}, send: {{ cookie: A, prefix: x }}"), "a cookie's value is sent as it came"),
        (format!("{login}, token: {{ body: t }}, send: {{ cookie: [A, B] }}"), "is one value"),
        ("type: headers, headers: { X-A: { secret: k, prefx: a } }".to_owned(), "did you mean \"prefix\"?"),
    ] {
        one(&format!("auth: {{ {auth} }}"), part);
    }
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

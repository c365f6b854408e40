//! Credentials: where they stand, and what they are made of.

use serde_json::json;

use super::{converted, imported, stream, with};

#[test]
fn a_credential_made_of_several_values_is_one_secret_and_its_recipe_is_told() {
    let requester = "        authenticator: { type: ApiKeyAuthenticator, api_token: \"Key user={{ config['api_key'] }}, token={{ config['region'] }}\", inject_into: { inject_into: header, field_name: Authorization } }";
    let report = imported(&stream(requester, "", ""));
    let text = &report.sources[0].text;
    assert!(
        text.contains(
            "auth: { type: api_key, in: header, name: Authorization, value: { secret: acme-key } }"
        ),
        "{text}"
    );
    assert_eq!(report.secrets[0].was, "Key user=<api_key>, token=<region>");
}

#[test]
fn secrets_of_the_same_name_at_two_places_are_two_secrets() {
    let requester = "        authenticator: { type: BasicHttpAuthenticator, username: \"{{ config['a']['key'] }}\", password: \"{{ config['b']['key'] }}\" }";
    let report = imported(&stream(requester, "", ""));
    let text = &report.sources[0].text;
    assert!(text.contains("username: { secret: acme-key }, password: { secret: acme-key-2 }"), "{text}");
    let told: Vec<_> = report.secrets.iter().map(|secret| secret.was.as_str()).collect();
    assert_eq!(told, ["a.key", "b.key"]);
}

#[test]
fn what_stands_in_the_header_authorization_is_a_secret_whatever_the_flag_says() {
    let requester = "        request_headers: { Authorization: \"Token {{ config['region'] }}\" }";
    let text = imported(&stream(requester, "", "")).sources[0].text.clone();
    assert!(
        text.contains("name: Authorization, prefix: \"Token \", value: { secret: acme-region } }"),
        "{text}"
    );
}

#[test]
fn a_key_goes_into_a_form() {
    let requester = "        http_method: POST\n        authenticator: { type: ApiKeyAuthenticator, api_token: \"{{ config['api_key'] }}\", inject_into: { inject_into: body_data, field_name: apiKey } }";
    assert_eq!(
        converted(&imported(&stream(requester, "", "")))["form"],
        json!({"apiKey": {"secret": "acme-api-key"}})
    );
}

#[test]
fn a_login_that_authenticates_itself_has_a_header_with_a_secret() {
    let login = |own: &str| {
        let requester = format!(
            "        authenticator: {{ type: SessionTokenAuthenticator, session_token_path: [token], request_authentication: {{ type: Bearer }}, login_requester: {{ type: HttpRequester, url_base: https://api.example.com, path: token, http_method: GET, authenticator: {{ {own} }} }} }}"
        );
        let report = imported(&stream(&requester, "", ""));
        (report.sources[0].text.clone(), report.secrets[0].was.clone())
    };
    let (text, was) = login(
        "type: ApiKeyAuthenticator, api_token: \"{{ config['api_key'] }}\", inject_into: { inject_into: header, field_name: X-Key }",
    );
    assert!(text.contains("X-Key: { secret: acme-api-key }"), "{text}");
    assert_eq!(was, "api_key");
    let (text, was) =
        login("type: BasicHttpAuthenticator, username: \"{{ config['api_key'] }}\", password: x");
    assert!(text.contains("Authorization: { secret: acme-login-authorization }"), "{text}");
    assert_eq!(was, "Basic <base64 of <api_key>:x>");
}

#[test]
fn what_decides_between_credentials_is_no_secret() {
    let requester = "        authenticator: { type: BearerAuthenticator, api_token: \"{{ config['api_key'] if config.get('region') == 'eu' else config['other'] }}\" }";
    let text = imported(&stream(requester, "", "")).sources[0].text.clone();
    assert!(text.contains("token: { secret: acme-api-key }"), "{text}");
}

#[test]
fn a_given_setting_takes_the_place_of_code_of_the_connector() {
    let requester = "        authenticator: { type: CustomAuthenticator, class_name: a.B }";
    let report = with(&stream(requester, "", ""), |options| {
        options.auth = Some("type: bearer\ntoken: { secret: mine }\n".to_owned());
    });
    assert_eq!(report.streams[0].refused, None);
    assert!(report.sources[0].text.contains("secret: mine"));
}

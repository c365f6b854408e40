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

#[test]
fn a_token_for_a_password_or_under_another_name_is_a_login() {
    let oauth = |more: &str| {
        let requester = format!(
            "        authenticator: {{ type: OAuthAuthenticator, token_refresh_endpoint: https://api.example.com/token, client_id: me, client_secret: \"{{{{ config['api_key'] }}}}\", {more} }}"
        );
        imported(&stream(&requester, "", "")).sources[0].text.clone()
    };
    let text = oauth(
        "grant_type: password, refresh_request_body: { username: \"{{ config['user'] }}\", password: \"{{ config['word'] }}\" }",
    );
    for part in [
        "type: login",
        "grant_type: password",
        "client_secret: { secret: acme-api-key }",
        "password: { secret: acme-word }",
        "token: { body: access_token }",
        "expires: { body: expires_in }",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let text = oauth("grant_type: client_credentials, access_token_name: jwt, client_id_name: app");
    assert!(text.contains("token: { body: jwt }") && text.contains("app: me"), "{text}");
}

#[test]
fn parameters_of_a_token_request_that_are_sent_anyway_are_not_sent_twice() {
    let requester = "        authenticator: { type: OAuthAuthenticator, token_refresh_endpoint: https://api.example.com/token, client_id: me, client_secret: \"{{ config['api_key'] }}\", refresh_token: \"{{ config['refresh'] }}\", refresh_request_body: { refresh_token: \"{{ config['refresh'] }}\", scope: a b, audience: c } }";
    let text = imported(&stream(requester, "", "")).sources[0].text.clone();
    assert!(text.contains("scopes: [a, b]") && text.contains("params: { audience: c }"), "{text}");
}

#[test]
fn without_a_choice_the_first_credential_that_a_source_file_can_say_counts() {
    let requester = "        authenticator: { type: SelectiveAuthenticator, authenticator_selection_path: [kind], authenticators: { code: { type: CustomAuthenticator, class_name: a.B }, key: { type: BearerAuthenticator, api_token: \"{{ config['api_key'] }}\" } } }";
    let report = imported(&stream(requester, "", ""));
    assert!(report.sources[0].text.contains("type: bearer"), "{report}");
    let chosen = with(&stream(requester, "", ""), |options| {
        options.config = Some(json!({"kind": "code", "api_key": "x", "start_date": "2024-01-01T00:00:00Z"}));
    });
    assert_eq!(super::refusal(&chosen).0, "custom component");
}

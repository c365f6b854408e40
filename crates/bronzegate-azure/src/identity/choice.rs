//! Which identity the environment offers: decided from variables alone, nothing is called.

use bronzegate_core::error::{Error, ErrorKind};

/// The variable that names the identity to use, where what the environment offers is not what is meant.
pub(super) const IDENTITY: &str = "BRONZEGATE_AZURE_IDENTITY";

const CLIENT_ID: &str = "AZURE_CLIENT_ID";
const CLIENT_SECRET: &str = "AZURE_CLIENT_SECRET";
const TENANT_ID: &str = "AZURE_TENANT_ID";
const TOKEN_FILE: &str = "AZURE_FEDERATED_TOKEN_FILE";
const MANAGED_ENDPOINT: &str = "IDENTITY_ENDPOINT";
const MANAGED_HEADER: &str = "IDENTITY_HEADER";

/// An identity, with all it needs.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Identity {
    /// The one Azure gave to the machine; user-assigned where a client id is told, else system-assigned.
    Managed { client_id: Option<String> },
    /// A token file that a cluster or a pipeline keeps up to date.
    Workload { tenant_id: String, client_id: String, token_file: String },
    /// An application with a secret.
    ClientSecret { tenant_id: String, client_id: String, client_secret: String },
    /// Who is signed in to the Azure CLI or the Azure Developer CLI.
    Developer,
}

/// An identity, and why those before it in order were skipped.
#[derive(PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) identity: Identity,
    pub(super) passed_over: Vec<String>,
}

impl Identity {
    /// As messages call it.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Managed { client_id: None } => "the system-assigned managed identity",
            Self::Managed { client_id: Some(_) } => "the user-assigned managed identity of AZURE_CLIENT_ID",
            Self::Workload { .. } => "workload identity",
            Self::ClientSecret { .. } => "the client secret",
            Self::Developer => "Azure CLI and Azure Developer CLI",
        }
    }
}

/// Chooses managed identity, workload identity, client secret or the developer's tools: the first that
/// the variables offer, or the one that [`IDENTITY`] names.
///
/// # Errors
/// [`ErrorKind::Config`] when an identity is offered by some of its variables only: taking another
/// one silently would hide the mistake.
pub(super) fn choose(look_up: &dyn Fn(&str) -> Option<String>) -> Result<Choice, Error> {
    let set = |name: &str| look_up(name).filter(|value| !value.is_empty());
    let kinds: [(&str, Offer); 3] =
        [("managed", managed(&set)), ("workload", workload(&set)), ("client-secret", client_secret(&set))];
    if let Some(named) = set(IDENTITY) {
        return by_name(&named, kinds);
    }
    let mut passed_over = Vec::new();
    for (kind, offer) in kinds {
        match offer {
            Offer::Made(identity) => return Ok(Choice { identity, passed_over }),
            Offer::Absent(why) => passed_over.push(format!("{kind}: {why}")),
            Offer::Half(why) => return Err(config(why)),
        }
    }
    Ok(Choice { identity: Identity::Developer, passed_over })
}

/// What one kind of identity has to offer.
enum Offer {
    Made(Identity),
    /// It is not offered, and why.
    Absent(String),
    /// One of its variables is set and another is not.
    Half(String),
}

fn by_name(named: &str, kinds: [(&str, Offer); 3]) -> Result<Choice, Error> {
    let chosen = |identity| Ok(Choice { identity, passed_over: Vec::new() });
    if named == "developer" {
        return chosen(Identity::Developer);
    }
    match kinds.into_iter().find(|(kind, _)| *kind == named) {
        Some((_, Offer::Made(identity))) => chosen(identity),
        Some((_, Offer::Absent(why) | Offer::Half(why))) => {
            Err(config(format!("{IDENTITY} is `{named}`, but {why}")))
        }
        None => {
            let known = "it is one of managed, workload, client-secret, developer";
            Err(config(format!("{IDENTITY} is `{named}`: {known}")))
        }
    }
}

fn managed(set: &dyn Fn(&str) -> Option<String>) -> Offer {
    let endpoint = set(MANAGED_ENDPOINT).is_some() && set(MANAGED_HEADER).is_some();
    // Virtual machines have a managed identity and no variables for it, so there it must be named.
    if endpoint || set(IDENTITY).is_some_and(|named| named == "managed") {
        return Offer::Made(Identity::Managed { client_id: set(CLIENT_ID) });
    }
    let unset = format!("{MANAGED_ENDPOINT} and {MANAGED_HEADER} are not both set");
    Offer::Absent(format!("{unset}, and {IDENTITY} is not `managed`"))
}

fn workload(set: &dyn Fn(&str) -> Option<String>) -> Offer {
    application(set, TOKEN_FILE, |tenant_id, client_id, token_file| Identity::Workload {
        tenant_id,
        client_id,
        token_file,
    })
}

fn client_secret(set: &dyn Fn(&str) -> Option<String>) -> Offer {
    application(set, CLIENT_SECRET, |tenant_id, client_id, client_secret| Identity::ClientSecret {
        tenant_id,
        client_id,
        client_secret,
    })
}

/// An application that proves itself by what one variable holds; tenant and client id go with it.
fn application(
    set: &dyn Fn(&str) -> Option<String>,
    proof: &str,
    make: impl FnOnce(String, String, String) -> Identity,
) -> Offer {
    let Some(value) = set(proof) else { return Offer::Absent(format!("{proof} is not set")) };
    let half = |missing| Offer::Half(format!("{proof} is set, but {missing} is not"));
    let Some(tenant_id) = set(TENANT_ID) else { return half(TENANT_ID) };
    let Some(client_id) = set(CLIENT_ID) else { return half(CLIENT_ID) };
    Offer::Made(make(tenant_id, client_id, value))
}

fn config(text: String) -> Error {
    Error::new(ErrorKind::Config, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(variables: &[(&str, &str)]) -> Result<(&'static str, usize), String> {
        let look_up = |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
        choose(&look_up)
            .map(|choice| (choice.identity.name(), choice.passed_over.len()))
            .map_err(|e| e.to_string())
    }

    const SYSTEM: &str = "the system-assigned managed identity";
    const USER: &str = "the user-assigned managed identity of AZURE_CLIENT_ID";

    #[test]
    fn the_first_that_the_environment_offers_is_chosen() {
        let app = [(MANAGED_ENDPOINT, "http://127.0.0.1/"), (MANAGED_HEADER, "h")];
        let ids = [(TENANT_ID, "t"), (CLIENT_ID, "c")];
        let tools = "Azure CLI and Azure Developer CLI";
        let cases = [
            (vec![], (tools, 3)),
            (app.to_vec(), (SYSTEM, 0)),
            ([&app[..], &ids[1..]].concat(), (USER, 0)),
            (vec![app[0]], (tools, 3)),
            ([&ids[..], &[(TOKEN_FILE, "/f")]].concat(), ("workload identity", 1)),
            ([&ids[..], &[(CLIENT_SECRET, "s")]].concat(), ("the client secret", 2)),
            ([&app[..], &ids[..], &[(CLIENT_SECRET, "s")]].concat(), (USER, 0)),
            (vec![(IDENTITY, "managed")], (SYSTEM, 0)),
            ([&app[..], &[(IDENTITY, "developer")]].concat(), (tools, 0)),
        ];
        for (variables, expected) in cases {
            assert_eq!(chosen(&variables), Ok(expected), "{variables:?}");
        }
    }

    #[test]
    fn an_identity_that_is_half_there_is_an_error_and_not_another_identity() {
        for (variables, error) in [
            (
                vec![(CLIENT_SECRET, "s"), (TENANT_ID, "t")],
                "AZURE_CLIENT_SECRET is set, but AZURE_CLIENT_ID is not",
            ),
            (
                vec![(TOKEN_FILE, "/f"), (TENANT_ID, "")],
                "AZURE_FEDERATED_TOKEN_FILE is set, but AZURE_TENANT_ID is not",
            ),
            (
                vec![(IDENTITY, "workload")],
                "BRONZEGATE_AZURE_IDENTITY is `workload`, but AZURE_FEDERATED_TOKEN_FILE is not set",
            ),
            (
                vec![(IDENTITY, "x")],
                "BRONZEGATE_AZURE_IDENTITY is `x`: it is one of managed, workload, client-secret, developer",
            ),
        ] {
            assert_eq!(chosen(&variables), Err(error.to_owned()));
        }
    }
}

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

/// An identity, and why those before it in order were passed over.
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
    let look_up = |name: &str| look_up(name).filter(|value| !value.is_empty());
    let named = look_up(IDENTITY);
    let offers = [managed, workload, client_secret];
    let names = ["managed", "workload", "client-secret"];
    let mut passed_over = Vec::new();
    match named.as_deref() {
        None => {}
        Some("developer") => return Ok(Choice { identity: Identity::Developer, passed_over }),
        Some(named) => {
            let at = names.iter().position(|name| *name == named);
            let at = at.ok_or_else(|| {
                config(format!(
                    "{IDENTITY} is `{named}`: it is one of managed, workload, client-secret, developer"
                ))
            })?;
            let identity = offers[at](&look_up, true)?
                .map_err(|why| config(format!("{IDENTITY} is `{named}`, but {why}")))?;
            return Ok(Choice { identity, passed_over });
        }
    }
    for (offer, name) in offers.into_iter().zip(names) {
        match offer(&look_up, false)? {
            Ok(identity) => return Ok(Choice { identity, passed_over }),
            Err(why) => passed_over.push(format!("{name}: {why}")),
        }
    }
    Ok(Choice { identity: Identity::Developer, passed_over })
}

/// What one kind of identity has to offer, or why it is not offered.
type Offer = Result<Identity, String>;

fn managed(look_up: &dyn Fn(&str) -> Option<String>, asked_for: bool) -> Result<Offer, Error> {
    // Virtual machines have no variables for it, so there it must be asked for.
    let offered = asked_for || (look_up(MANAGED_ENDPOINT).is_some() && look_up(MANAGED_HEADER).is_some());
    Ok(if offered {
        Ok(Identity::Managed { client_id: look_up(CLIENT_ID) })
    } else {
        Err(format!(
            "{MANAGED_ENDPOINT} and {MANAGED_HEADER} are not both set, and {IDENTITY} is not `managed`"
        ))
    })
}

fn workload(look_up: &dyn Fn(&str) -> Option<String>, _: bool) -> Result<Offer, Error> {
    let Some(token_file) = look_up(TOKEN_FILE) else { return Ok(Err(format!("{TOKEN_FILE} is not set"))) };
    let (tenant_id, client_id) = application(look_up, TOKEN_FILE)?;
    Ok(Ok(Identity::Workload { tenant_id, client_id, token_file }))
}

fn client_secret(look_up: &dyn Fn(&str) -> Option<String>, _: bool) -> Result<Offer, Error> {
    let Some(client_secret) = look_up(CLIENT_SECRET) else {
        return Ok(Err(format!("{CLIENT_SECRET} is not set")));
    };
    let (tenant_id, client_id) = application(look_up, CLIENT_SECRET)?;
    Ok(Ok(Identity::ClientSecret { tenant_id, client_id, client_secret }))
}

/// The tenant and the application that go with a variable.
fn application(look_up: &dyn Fn(&str) -> Option<String>, with: &str) -> Result<(String, String), Error> {
    let needed = |name| look_up(name).ok_or_else(|| config(format!("{with} is set, but {name} is not")));
    Ok((needed(TENANT_ID)?, needed(CLIENT_ID)?))
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
        let cases: [(Vec<(&str, &str)>, (&str, usize)); 9] = [
            (vec![], ("Azure CLI and Azure Developer CLI", 3)),
            (app.to_vec(), (SYSTEM, 0)),
            ([&app[..], &ids[1..]].concat(), (USER, 0)),
            (vec![app[0]], ("Azure CLI and Azure Developer CLI", 3)),
            ([&ids[..], &[(TOKEN_FILE, "/f")]].concat(), ("workload identity", 1)),
            ([&ids[..], &[(CLIENT_SECRET, "s")]].concat(), ("the client secret", 2)),
            ([&app[..], &ids[..], &[(CLIENT_SECRET, "s")]].concat(), (USER, 0)),
            (vec![(IDENTITY, "managed")], (SYSTEM, 0)),
            ([&app[..], &[(IDENTITY, "developer")]].concat(), ("Azure CLI and Azure Developer CLI", 0)),
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

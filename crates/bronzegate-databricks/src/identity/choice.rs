//! Which identity the environment offers: decided from variables alone, nothing is called.

use bronzegate_core::error::Result;
use secrecy::SecretString;

use crate::settings::{config, set};

const TOKEN: &str = "DATABRICKS_TOKEN";
const CLIENT_ID: &str = "DATABRICKS_CLIENT_ID";
const CLIENT_SECRET: &str = "DATABRICKS_CLIENT_SECRET";
/// The variable that names, in a vault of another cloud, the secret with the value of [`CLIENT_SECRET`]: a function's
/// variables stand in the state of Terraform, where no secret may be.
pub(crate) const SECRET: &str = "BRONZEGATE_DATABRICKS_SECRET";
/// The variable that names the identity to use, in the words of Databricks' unified authentication.
const AUTH_TYPE: &str = "DATABRICKS_AUTH_TYPE";

/// The words of [`AUTH_TYPE`] for identities of Azure, and what the cloud's own crate calls them. Databricks' own tools
/// have no word for a workload's token file in Azure.
const AZURE: [(&str, &str); 4] = [
    ("azure-msi", "managed"),
    ("azure-workload-identity", "workload"),
    ("azure-client-secret", "client-secret"),
    ("azure-cli", "developer"),
];

/// An identity, with all it needs.
#[derive(Clone, Debug)]
pub(crate) enum Identity {
    /// A personal access token.
    Pat(SecretString),
    /// A service principal of Databricks with an OAuth secret.
    Principal {
        /// Its application id.
        client_id: String,
        /// Its secret.
        client_secret: ClientSecret,
    },
    /// An identity of Azure; of this kind, or the one that the environment offers.
    Azure(Option<&'static str>),
}

/// The OAuth secret of a service principal.
#[derive(Clone, Debug)]
pub(crate) enum ClientSecret {
    /// The secret itself.
    Value(SecretString),
    /// Its name in a vault.
    Named(String),
}

/// Chooses what the variables offer, or the one that [`AUTH_TYPE`] names.
///
/// The identities of Azure are taken only where none of Databricks' own is offered: a function app or a virtual
/// machine has one whether it is meant for Databricks or not.
///
/// # Errors
/// [`ErrorKind::Config`](bronzegate_core::error::ErrorKind::Config) when two are offered and none is named, when one is
/// offered by half of its variables, and when there is none. `has_azure` is whether this program can make tokens of
/// Azure.
pub(crate) fn choose(look_up: &dyn Fn(&str) -> Option<String>, has_azure: bool) -> Result<Identity> {
    let token = set(look_up, TOKEN).map(|token| Identity::Pat(token.into()));
    let named = set(look_up, AUTH_TYPE);
    let azure = |kind| {
        if has_azure {
            return Ok(Identity::Azure(kind));
        }
        let ways = format!("{TOKEN}, or {CLIENT_ID} and {CLIENT_SECRET}");
        Err(config(format!("no identity for Databricks: this program has none of Azure, so set {ways}")))
    };
    match named.as_deref() {
        Some("pat") => token.ok_or_else(|| config(format!("{AUTH_TYPE} is `pat`, but {TOKEN} is not set"))),
        Some("oauth-m2m") => principal(look_up)?.ok_or_else(|| {
            config(format!("{AUTH_TYPE} is `oauth-m2m`, but {CLIENT_ID} and {CLIENT_SECRET} are not set"))
        }),
        Some(word) => match AZURE.iter().find(|(known, _)| *known == word) {
            Some((_, kind)) => azure(Some(*kind)),
            None => {
                let known: Vec<_> = AZURE.iter().map(|(word, _)| *word).collect();
                let known = known.join(", ");
                Err(config(format!("{AUTH_TYPE} is `{word}`: it is one of pat, oauth-m2m, {known}")))
            }
        },
        None => match (token, principal(look_up)?) {
            (Some(_), Some(_)) => Err(config(format!(
                "two identities for Databricks: {TOKEN}, and {CLIENT_ID} with {CLIENT_SECRET}; unset one, or name the \
                 one to use with {AUTH_TYPE}: pat or oauth-m2m"
            ))),
            (Some(identity), None) | (None, Some(identity)) => Ok(identity),
            (None, None) => azure(None),
        },
    }
}

fn principal(look_up: &dyn Fn(&str) -> Option<String>) -> Result<Option<Identity>> {
    let value = set(look_up, CLIENT_SECRET).map(|secret| ClientSecret::Value(secret.into()));
    let named = set(look_up, SECRET).map(ClientSecret::Named);
    if value.is_some() && named.is_some() {
        return Err(config(format!("{CLIENT_SECRET} and {SECRET} are both set: unset one")));
    }
    match (set(look_up, CLIENT_ID), value.or(named)) {
        (Some(client_id), Some(client_secret)) => Ok(Some(Identity::Principal { client_id, client_secret })),
        (None, None) => Ok(None),
        (Some(_), None) => Err(config(format!("{CLIENT_ID} is set, but {CLIENT_SECRET} is not"))),
        (None, Some(ClientSecret::Value(_))) => {
            Err(config(format!("{CLIENT_SECRET} is set, but {CLIENT_ID} is not")))
        }
        (None, Some(ClientSecret::Named(_))) => {
            Err(config(format!("{SECRET} is set, but {CLIENT_ID} is not")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(variables: &[(&str, &str)], has_azure: bool) -> Result<String, String> {
        let look_up = |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
        choose(&look_up, has_azure).map_err(|error| error.to_string()).map(|identity| match identity {
            Identity::Pat(_) => "pat".to_owned(),
            Identity::Principal { client_id, .. } => client_id,
            Identity::Azure(kind) => format!("azure {}", kind.unwrap_or("offered")),
        })
    }

    #[test]
    fn what_the_environment_offers_is_chosen_and_azure_only_where_nothing_else_is() {
        let pat = (TOKEN, "dapi1");
        let principal = [(CLIENT_ID, "app"), (CLIENT_SECRET, "s")];
        let msi = ("IDENTITY_ENDPOINT", "http://127.0.0.1");
        for (variables, expected) in [
            (vec![pat], "pat"),
            (principal.to_vec(), "app"),
            (vec![(CLIENT_ID, "app"), (SECRET, "bronzegate/databricks")], "app"),
            (vec![], "azure offered"),
            (vec![msi, pat], "pat"),
            ([&principal[..], &[pat, (AUTH_TYPE, "pat")]].concat(), "pat"),
            ([&principal[..], &[pat, (AUTH_TYPE, "oauth-m2m")]].concat(), "app"),
            (vec![pat, (AUTH_TYPE, "azure-msi")], "azure managed"),
            (vec![(AUTH_TYPE, "azure-client-secret")], "azure client-secret"),
            (vec![(AUTH_TYPE, "azure-workload-identity")], "azure workload"),
        ] {
            assert_eq!(chosen(&variables, true), Ok(expected.to_owned()), "{variables:?}");
        }
    }

    #[test]
    fn two_identities_or_half_a_one_are_an_error_and_not_a_choice() {
        for (variables, why) in [
            (vec![(TOKEN, "t"), (CLIENT_ID, "a"), (CLIENT_SECRET, "s")], "two identities for Databricks"),
            (vec![(CLIENT_ID, "a")], "DATABRICKS_CLIENT_ID is set, but DATABRICKS_CLIENT_SECRET is not"),
            (vec![(SECRET, "a")], "BRONZEGATE_DATABRICKS_SECRET is set, but DATABRICKS_CLIENT_ID is not"),
            (
                vec![(SECRET, "a"), (CLIENT_SECRET, "s"), (CLIENT_ID, "i")],
                "DATABRICKS_CLIENT_SECRET and BRONZEGATE_DATABRICKS_SECRET are both set",
            ),
            (vec![(CLIENT_SECRET, "a")], "DATABRICKS_CLIENT_SECRET is set, but DATABRICKS_CLIENT_ID is not"),
            (vec![(AUTH_TYPE, "pat")], "DATABRICKS_AUTH_TYPE is `pat`, but DATABRICKS_TOKEN is not set"),
            (vec![(AUTH_TYPE, "oauth-m2m")], "DATABRICKS_CLIENT_ID and DATABRICKS_CLIENT_SECRET are not set"),
            (vec![(AUTH_TYPE, "basic")], "it is one of pat, oauth-m2m, azure-msi"),
            (vec![], "this program has none of Azure"),
            (vec![(AUTH_TYPE, "azure-msi")], "this program has none of Azure"),
        ] {
            let error = chosen(&variables, false).unwrap_err();
            assert!(error.contains(why), "{variables:?}: {error}");
        }
    }

    #[test]
    fn no_secret_is_in_what_is_shown() {
        let look_up = |name: &str| (name == TOKEN).then(|| "dapi-secret".to_owned());
        assert!(!format!("{:?}", choose(&look_up, true).unwrap()).contains("dapi-secret"));
    }
}

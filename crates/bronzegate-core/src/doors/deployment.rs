//! A deployment of a function that stays up: what its variables name, opened.

use super::clouds::Clouds;
use super::dispatcher::Dispatcher;
use super::setting::{Setting, Unset};
use crate::error::Result;
use crate::proxy::Proxies;

/// A deployment.
#[derive(Debug)]
pub struct Deployment {
    /// Answers its events.
    pub dispatcher: Dispatcher,
    /// `BRONZEGATE_TARGET` as it was given, for people.
    pub target: String,
    /// `BRONZEGATE_ENVIRONMENT`: the value of `_environment` in the records.
    pub environment: String,
}

/// What a program takes where one of these variables is not set.
#[derive(Clone, Copy, Debug)]
pub struct Defaults {
    /// `BRONZEGATE_TARGET`.
    pub target: Unset,
    /// `BRONZEGATE_SECRETS`.
    pub secrets: Unset,
}

/// The root of tables; a deployment without one writes files alone.
const TABLES: &str = "BRONZEGATE_TABLES";

impl Deployment {
    /// Reads the variables and opens what they name. Nothing is sent anywhere yet.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::error::ErrorKind::Config), naming the variable that is missing or wrong.
    pub async fn open(clouds: &Clouds, defaults: Defaults) -> Result<Self> {
        let read = |name, unset| Setting::of_variable(clouds.look_up(), name, unset);
        let target = clouds.place(read("BRONZEGATE_TARGET", defaults.target)?)?;
        let secrets = read("BRONZEGATE_SECRETS", defaults.secrets)?;
        let sources = clouds.place(read("BRONZEGATE_SOURCES", Unset::Default("./sources"))?)?;
        let environment = read("BRONZEGATE_ENVIRONMENT", Unset::Default("dev"))?.text;
        // What is set to nothing, as templates of deployments do it, is not set.
        let tables = (clouds.look_up())(TABLES).filter(|text| !text.is_empty());
        let tables = tables.map(|text| clouds.tables(Setting::new(TABLES, text))).transpose()?;
        let proxies = Proxies::read(&**clouds.look_up())?;
        let store = target.open().await?;
        let tables = match tables {
            Some(tables) => Some(tables.open(store.clone()).await?),
            None => None,
        };
        let dispatcher = Dispatcher::new(
            sources.open_sources().await?,
            store,
            clouds.open_vault(&secrets).await?,
            clouds.clock().clone(),
            environment.as_str(),
        );
        let dispatcher = dispatcher.with_signer(clouds.signer()).with_proxies(proxies).with_tables(tables);
        Ok(Self { dispatcher, target: target.to_string(), environment })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::clock::SystemClock;

    const DEFAULTS: Defaults =
        Defaults { target: Unset::Required("shed://<folder>"), secrets: Unset::Default("env") };

    fn clouds(variables: &[(&'static str, String)]) -> Clouds {
        let variables = variables.to_vec();
        let look_up = move |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
        };
        Clouds::new(look_up, Arc::new(SystemClock::default()))
    }

    #[tokio::test]
    async fn variables_name_what_is_opened_and_have_defaults() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        let mut variables = vec![("BRONZEGATE_TARGET", path("bronze"))];
        let usual = Deployment::open(&clouds(&variables), DEFAULTS).await.unwrap();
        assert_eq!((usual.target, usual.environment), (path("bronze"), "dev".to_owned()));
        assert_eq!(usual.dispatcher.sources().file("crm"), "sources/crm.yaml");
        assert!(folder.path().join("bronze").exists());
        variables
            .extend([("BRONZEGATE_SOURCES", path("files")), ("BRONZEGATE_ENVIRONMENT", "prod".to_owned())]);
        let set = Deployment::open(&clouds(&variables), DEFAULTS).await.unwrap();
        assert_eq!(set.environment, "prod");
        assert_eq!(set.dispatcher.sources().file("crm"), path("files/crm.yaml"));
    }

    #[tokio::test]
    async fn a_variable_that_is_missing_or_wrong_is_named() {
        for (variables, message) in [
            (vec![], "BRONZEGATE_TARGET: it is not set; write shed://<folder>"),
            (vec![("BRONZEGATE_TARGET", "gs://b")], "BRONZEGATE_TARGET `gs://b`: "),
            (
                vec![("BRONZEGATE_TARGET", "/never-made"), ("BRONZEGATE_SOURCES", "gs://b")],
                "BRONZEGATE_SOURCES `gs://b`: ",
            ),
        ] {
            let variables: Vec<_> =
                variables.into_iter().map(|(name, value)| (name, value.to_owned())).collect();
            let error = Deployment::open(&clouds(&variables), DEFAULTS).await.unwrap_err();
            assert!(error.to_string().starts_with(message), "{error}");
        }
    }
}

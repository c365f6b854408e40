//! One invocation of the real custom handler, and the work that follows from it, on this machine: the
//! Functions host, Key Vault and the managed identity are played, storage is Azurite, and the source is the
//! demo API.

use std::collections::BTreeMap;
use std::fs;

use bronzegate_azure::{BLOB_ENDPOINT, TransportOptions};
use bronzegate_tests::azure::{Azurite, Certificates, Held, KeyVault, TokenEndpoints};
use bronzegate_tests::functions_host::{FunctionApp, Invoked};
use serde_json::Value;

use crate::Outcome;
use crate::invoke::{self, SECRETS};
use crate::output::say;

/// Invokes the function of a file with its data, then works on the queue until it is empty.
pub(crate) fn run(event: &str) -> Outcome {
    invoke::with(event, invoke)
}

async fn invoke(event: &Value) -> Outcome {
    let (_api, folder) = invoke::deployment()?;
    // No example runs by itself; this is what the timer of the sample fires for.
    let tickets = folder.path().join("sources/demo-tickets.yaml");
    let text =
        fs::read_to_string(&tickets)?.replace("  tickets:\n", "  tickets:\n    schedule: { every: 1h }\n");
    fs::write(&tickets, text)?;
    let roots = folder.path().join("roots.pem");
    fs::write(&roots, &Certificates::shared().authority)?;
    let tokens = TokenEndpoints::start().await;
    let vault = KeyVault::start(SECRETS.map(|secret| (secret, Held::Value(secret)))).await;
    let azurite = Azurite::shared();
    let target = format!("abfss://{}@demo.dfs.core.windows.net/bronze", azurite.container().await);
    let mut variables: BTreeMap<_, _> = tokens.function_app();
    for (name, value) in [
        ("BRONZEGATE_TARGET", target.clone()),
        ("BRONZEGATE_SECRETS", format!("azure-keyvault:{}", vault.url())),
        ("BRONZEGATE_QUEUE", "bronzegate-work".to_owned()),
        (BLOB_ENDPOINT, azurite.endpoint().to_string()),
        ("SSL_CERT_FILE", roots.display().to_string()),
    ] {
        variables.insert(name.to_owned(), value);
    }
    let mut app = FunctionApp::new(variables, folder.path());
    let function = event["function"].as_str().ok_or("the file names no `function`")?;
    show(function, &app.invoke(function, event["Data"].clone(), event["Metadata"].clone()).await);
    while let Some(invoked) = app.work().await {
        show("ingest_queue", &invoked);
    }
    app.stop().await;
    say("\nlog");
    app.log().iter().for_each(|line| say(line));
    say(&format!("\nblobs in {target}"));
    let azure = azurite.connect(&tokens, azurite.endpoint(), &TransportOptions::default());
    for path in azure.store(&target)?.list("").await? {
        say(&path);
    }
    if app.poison.is_empty() { Ok(()) } else { Err(format!("given up: {:?}", app.poison).into()) }
}

fn show(function: &str, invoked: &Invoked) {
    match invoked {
        Invoked::Outputs(outputs) => say(&format!("{function}\n{outputs:#}")),
        Invoked::Failed(status, body) => say(&format!("{function} failed with {status}: {body}")),
        Invoked::Died => say(&format!("{function}: the process died")),
    }
}

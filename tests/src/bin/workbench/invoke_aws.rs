//! One event through the real Lambda handler, on this machine: the Runtime API is played, AWS is moto,
//! and the source is the demo API.

use std::collections::BTreeMap;
use std::time::Duration;

use bronzegate_tests::lambda_runtime::{Invoked, Lambda};
use bronzegate_tests::moto;
use serde_json::Value;

use crate::Outcome;
use crate::invoke::{self, SECRETS};
use crate::output::say;

const BUCKET: &str = "bronze-demo";
/// What the function has for one invocation.
const TIME: Duration = Duration::from_mins(1);
/// How often the event is repeated while the answer is partial, as the state machine does.
const MOST: usize = 20;

/// Invokes the function with the event of a file, again while the answer is partial.
pub(crate) fn run(event: &str) -> Outcome {
    invoke::with(event, invoke)
}

async fn invoke(event: &Value) -> Outcome {
    let (_api, folder) = invoke::deployment()?;
    moto::bucket(BUCKET).await;
    for secret in SECRETS {
        let name = format!("bronzegate/{secret}");
        moto::secrets().await.create_secret().name(name).secret_string(secret).send().await?;
    }
    let mut variables: BTreeMap<_, _> = moto::variables().into_iter().collect();
    variables.insert("BRONZEGATE_TARGET".to_owned(), format!("s3://{BUCKET}/bronze"));
    variables.insert("BRONZEGATE_SECRETS".to_owned(), "aws-secretsmanager:bronzegate/".to_owned());
    let mut lambda = Lambda::new(variables, folder.path()).await;
    let mut failed = None;
    for _ in 0..MOST {
        let invoked = lambda.invoke(event, TIME).await;
        let goes_on = matches!(&invoked, Invoked::Answer(answer) if answer["status"] == "partial");
        match invoked {
            Invoked::Answer(answer) => say(&format!("answer\n{answer:#}\n")),
            Invoked::Failed { kind, message } => failed = Some(format!("errorType {kind}: {message}")),
            Invoked::Died => failed = Some("the function died".to_owned()),
        }
        if !goes_on {
            break;
        }
    }
    lambda.stop().await;
    say("log");
    lambda.log().iter().for_each(|line| say(line));
    say(&format!("\nobjects in s3://{BUCKET}"));
    let listed = moto::s3().await.list_objects_v2().bucket(BUCKET).send().await?;
    for object in listed.contents() {
        say(&format!("{}  ({} bytes)", object.key().unwrap_or_default(), object.size().unwrap_or_default()));
    }
    failed.map_or(Ok(()), |failed| Err(failed.into()))
}

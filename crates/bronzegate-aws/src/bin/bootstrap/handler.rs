//! One invocation: envelope off, events dispatched before the deadline, metrics told, answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bronzegate_aws::AwsCloud;
use bronzegate_core::clock::{Clock, Deadline, SystemClock};
use bronzegate_core::doors::{
    Answer, Clouds, Defaults, Deployment, Dispatcher, Event, LookUp, MissedRun, Unset, Watch,
};
use bronzegate_core::error::Result;
use bronzegate_core::report::{self, RunReport, Status};
use bronzegate_core::run::CancellationToken;
use bronzegate_databricks::DatabricksCloud;
use lambda_runtime::{Context, LambdaEvent};
use serde_json::Value;
use tracing::Instrument as _;

use crate::answer::{self, Failed};
use crate::emf::Teller;
use crate::envelope::{self, Invocation, Message};
use crate::environment;
use crate::output;

/// The function: made once a process, asked once an invocation.
#[derive(Debug)]
pub(crate) struct Handler {
    dispatcher: Dispatcher,
    teller: Teller,
    clock: Arc<dyn Clock>,
    is_cold: AtomicBool,
}

/// What is taken where a variable is not set.
const DEFAULTS: Defaults =
    Defaults { target: Unset::Required("s3://bucket/prefix"), secrets: Unset::Default("aws-secretsmanager") };

impl Handler {
    /// Makes it ready. Nothing is sent anywhere before the first event.
    ///
    /// # Errors
    /// The setting that is wrong.
    pub(crate) async fn open() -> Result<Self> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
        let clouds = Clouds::new(environment::look_up, clock.clone())
            .with(AwsCloud::new)
            .with(databricks)
            .with_folder_tables(bronzegate_delta::folder_tables)
            .noting("this is the AWS function");
        let deployment = Deployment::open(&clouds, DEFAULTS).await?;
        let Deployment { dispatcher, environment, .. } = deployment;
        let teller = Teller { namespace: environment::metrics_namespace(), environment };
        Ok(Self { dispatcher, teller, clock, is_cold: AtomicBool::new(true) })
    }

    /// Answers one invocation.
    pub(crate) async fn answer(&self, invocation: LambdaEvent<Value>) -> Result<Value, Failed> {
        let LambdaEvent { payload, context } = invocation;
        let span = tracing::info_span!("invocation", request_id = context.request_id);
        let deadline = self.deadline(&context);
        async {
            match envelope::unwrap(&payload)? {
                Invocation::Event(event) => answer::of_event(&self.dispatch(&event, deadline).await?),
                Invocation::Watch(watch) => self.watch(watch, deadline).await,
                Invocation::Messages { messages, is_fifo } => {
                    Ok(answer::of_messages(self.messages(messages, is_fifo, deadline).await))
                }
            }
        }
        .instrument(span)
        .await
        .inspect_err(|failed| tracing::error!(error = %failed, "invocation failed"))
    }

    /// What Lambda allows, from its clock to ours.
    fn deadline(&self, context: &Context) -> Deadline {
        let now = u64::try_from(self.clock.now().as_millisecond()).unwrap_or_default();
        Deadline::within(&*self.clock, Duration::from_millis(context.deadline.saturating_sub(now)))
    }

    async fn dispatch(&self, event: &Event, deadline: Deadline) -> Result<Answer> {
        let is_cold = self.is_cold.swap(false, Ordering::Relaxed);
        let answer = self.dispatcher.handle(event, deadline, &CancellationToken::default()).await?;
        if let Answer::Runs { reports, .. } = &answer {
            for report in reports {
                self.tell(report, is_cold);
            }
        }
        Ok(answer)
    }

    /// Which runs are missing: a line and a metric for each.
    async fn watch(&self, watch: Watch, deadline: Deadline) -> Result<Value, Failed> {
        let watched = self.dispatcher.watch(watch, deadline).await?;
        for error in &watched.unusable {
            tracing::error!(%error, "a source file cannot be used; its streams are not watched");
        }
        for missed in &watched.missed {
            let MissedRun { source, stream, run } = missed;
            let reason = run.reason.as_str();
            tracing::error!(source, stream, due = %run.due, reason, last = run.last, "a run is missing");
            output::line(&self.teller.missed(missed, self.clock.now()));
        }
        Ok(answer::of_watch(&watched))
    }

    /// The messages one after the other; returns the ids of those to be delivered again: what failed,
    /// what is partial, and what there was no time for.
    async fn messages(&self, messages: Vec<Message>, is_fifo: bool, deadline: Deadline) -> Vec<String> {
        let mut again = Vec::new();
        for message in messages {
            let no_time = deadline.left_to_fetch(&*self.clock).is_some_and(|left| left.is_zero());
            let must_wait = no_time || is_fifo && !again.is_empty();
            if must_wait || !self.message(&message, deadline).await {
                again.push(message.id);
            }
        }
        again
    }

    async fn message(&self, message: &Message, deadline: Deadline) -> bool {
        let outcome = match &message.event {
            Ok(event) => self.dispatch(event, deadline).await.map(|answer| answer.status()),
            Err(error) => {
                tracing::error!(message_id = message.id, %error, "message cannot be read");
                return false;
            }
        };
        match outcome {
            Ok(status) => matches!(status, Status::Complete | Status::AlreadyCommitted | Status::Skipped),
            Err(error) => {
                tracing::error!(message_id = message.id, %error, "message failed");
                false
            }
        }
    }

    /// A run's outcome: its lines for people, and one for CloudWatch's metrics.
    fn tell(&self, report: &RunReport, is_cold: bool) {
        report::log(report);
        output::line(&self.teller.line(report, is_cold, self.clock.now()));
    }
}

/// Databricks, whose service principal has its secret in Secrets Manager.
fn databricks(look_up: LookUp, clock: Arc<dyn Clock>) -> DatabricksCloud {
    let vault = Arc::new(AwsCloud::new(Arc::clone(&look_up), Arc::clone(&clock)));
    DatabricksCloud::new(look_up, clock).with_vault(vault, "aws-secretsmanager")
}

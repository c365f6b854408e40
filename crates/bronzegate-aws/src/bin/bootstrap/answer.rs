//! What the function answers: the reports of the event's runs, or a Diagnostic whose `errorType` is the
//! kind of error, so that a state machine can tell what is worth another try.

use aws_lambda_events::event::sqs::SqsBatchResponse;
use bronzegate_core::doors::{Answer, Watched};
use bronzegate_core::error::{Error, ErrorKind};
use bronzegate_core::report::{self, Failure, RunReport, Status};
use lambda_runtime::Diagnostic;
use serde_json::{Value, json};

/// The most windows a list may have: a state of Step Functions holds 256 KiB, and what a window did takes 160
/// bytes there. The state machine of `infra/modules/aws` has the same bound.
const MOST_WINDOWS: usize = 1_500;

/// An invocation that failed.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Failed {
    /// What the state machine turns on.
    error_type: &'static str,
    message: String,
}

impl Failed {
    /// Fails an invocation for an error.
    pub(crate) fn of(error: &Error) -> Self {
        let failure = Failure::from(error);
        Self { error_type: failure.retry_name(), message: failure.message }
    }
}

impl From<Failed> for Diagnostic {
    fn from(failed: Failed) -> Self {
        Self { error_type: failed.error_type.to_owned(), error_message: failed.message }
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::of(&error)
    }
}

/// The answer to one event.
///
/// # Errors
/// [`Failed`] when a stream did. Its message has a line for each of the event's streams.
pub(crate) fn of_event(answer: &Answer) -> Result<Value, Failed> {
    match answer {
        Answer::Windows(list) if list.count > MOST_WINDOWS => Err(Failed {
            error_type: ErrorKind::Config.as_str(),
            message: format!(
                "the backfill has {} windows; a state machine carries {MOST_WINDOWS}: make them longer, \
                 or split the backfill",
                list.count
            ),
        }),
        Answer::Windows(list) => Ok(json!(list)),
        Answer::Runs { reports, windows } => {
            let status = answer.status();
            if status == Status::Failed {
                return Err(failed(reports));
            }
            let records = reports.iter().fold(0_u64, |sum, report| sum.saturating_add(report.counts.records));
            let mut answer = json!({ "status": status, "records": records, "reports": reports });
            for (name, count) in [
                ("windows_left", windows.left),
                ("windows_committed", windows.committed),
                ("windows_not_over", windows.not_over),
            ] {
                if count > 0 {
                    answer[name] = json!(count);
                }
            }
            Ok(answer)
        }
    }
}

/// What the watch has seen.
pub(crate) fn of_watch(watched: &Watched) -> Value {
    json!({ "status": Status::Complete, "streams": watched.streams, "missed": watched.missed })
}

/// The answer to a batch of messages: those that are to be delivered again.
pub(crate) fn of_messages(failed: Vec<String>) -> Value {
    let mut response = SqsBatchResponse::default();
    for id in failed {
        response.add_failure(id);
    }
    json!(response)
}

fn failed(reports: &[RunReport]) -> Failed {
    let error_type = report::most_retryable(reports).map(Failure::retry_name);
    let line = |report: &RunReport| {
        let outcome = match &report.error {
            Some(error) => format!("{} ({})", error.message, error.kind),
            None => format!("{} records", report.counts.records),
        };
        format!("{}/{} {}: {outcome}", report.source, report.stream, report.status.as_str())
    };
    let error_type = error_type.unwrap_or(ErrorKind::Api.as_str());
    Failed { error_type, message: reports.iter().map(line).collect::<Vec<_>>().join("\n") }
}

#[cfg(test)]
mod tests {
    use bronzegate_core::doors::{NotRun, WindowList};
    use bronzegate_core::report::Counts;

    use super::*;

    fn complete(stream: &str) -> RunReport {
        let counts = Counts { records: 12, ..Counts::default() };
        RunReport { status: Status::Complete, counts, ..RunReport::new("crm", stream) }
    }

    #[test]
    fn a_failed_stream_fails_the_invocation_with_its_kind_and_names_its_neighbours() {
        let message = "crm/deals, page 3: HTTP 503".to_owned();
        let deals = RunReport {
            error: Some(Failure { kind: ErrorKind::Api, message, is_transient: false, is_quota: false }),
            ..RunReport::new("crm", "deals")
        };
        let answer = Answer::Runs { reports: vec![complete("contacts"), deals], windows: NotRun::default() };
        let diagnostic = Diagnostic::from(of_event(&answer).unwrap_err());
        assert_eq!(diagnostic.error_type, "api");
        insta::assert_snapshot!(diagnostic.error_message, @"
        crm/contacts complete: 12 records
        crm/deals failed: crm/deals, page 3: HTTP 503 (api)
        ");
    }

    #[test]
    fn of_several_failures_the_one_that_most_likely_passes_names_the_type() {
        let failed = |(kind, is_transient): (ErrorKind, bool)| {
            let failure = Failure { kind, message: String::new(), is_transient, is_quota: false };
            RunReport { error: Some(failure), ..RunReport::new("crm", "deals") }
        };
        for (errors, told) in [
            (&[(ErrorKind::Config, false), (ErrorKind::Data, false)][..], "data"),
            (&[(ErrorKind::Data, false), (ErrorKind::Api, false), (ErrorKind::Auth, false)], "api"),
            (&[(ErrorKind::Api, false), (ErrorKind::Auth, true)], "transient"),
            (&[(ErrorKind::Auth, false)], "auth"),
        ] {
            let reports = errors.iter().copied().map(failed).chain([complete("contacts")]).collect();
            let answer = Answer::Runs { reports, windows: NotRun::default() };
            assert_eq!(of_event(&answer).unwrap_err().error_type, told);
        }
    }

    #[test]
    fn records_are_those_of_all_reports() {
        let reports = vec![complete("deals"), complete("contacts")];
        let answer = of_event(&Answer::Runs { reports, windows: NotRun::default() }).unwrap();
        assert_eq!(answer["records"], 24);
    }

    #[test]
    fn what_is_left_makes_the_answer_partial() {
        let answer = |windows| of_event(&Answer::Runs { reports: vec![complete("deals")], windows }).unwrap();
        let left = answer(NotRun { left: 3, ..NotRun::default() });
        assert_eq!((&left["status"], &left["windows_left"]), (&json!("partial"), &json!(3)));
        let whole = answer(NotRun::default());
        assert_eq!((&whole["status"], whole.get("windows_left")), (&json!("complete"), None));
        assert_eq!(whole["reports"][0]["records"], 12);
    }

    #[test]
    fn windows_that_are_not_over_are_told_and_leave_the_answer_whole() {
        let windows = NotRun { committed: 2, not_over: 4, left: 0 };
        let answer = |reports| of_event(&Answer::Runs { reports, windows }).unwrap();
        let first = answer(vec![complete("deals")]);
        assert_eq!((&first["status"], &first["windows_not_over"]), (&json!("complete"), &json!(4)));
        let again = answer(Vec::new());
        assert_eq!((&again["status"], &again["windows_committed"]), (&json!("already_committed"), &json!(2)));
    }

    #[test]
    fn a_list_that_no_state_can_hold_is_refused() {
        let list = |count| WindowList {
            count,
            not_over: 0,
            revision: 1,
            rate_share: 0.125,
            windows: Vec::new(),
            warnings: Vec::new(),
        };
        assert!(of_event(&Answer::Windows(list(MOST_WINDOWS))).is_ok());
        let failed = of_event(&Answer::Windows(list(MOST_WINDOWS + 1))).unwrap_err();
        assert_eq!(failed.error_type, "config");
    }

    #[test]
    fn the_state_machine_bounds_a_list_alike() {
        let workflow =
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../infra/modules/aws/workflow.tf"));
        let bounds: Vec<_> =
            workflow.lines().filter_map(|line| line.trim().strip_prefix("max_windows = ")).collect();
        assert_eq!(bounds, [&MOST_WINDOWS.to_string(), "local.max_windows"]);
    }

    #[test]
    fn messages_are_named_by_their_ids() {
        let answer = of_messages(vec!["a".to_owned(), "b".to_owned()]);
        assert_eq!(answer, json!({"batchItemFailures": [{"itemIdentifier": "a"}, {"itemIdentifier": "b"}]}));
        assert_eq!(of_messages(Vec::new()), json!({"batchItemFailures": []}));
    }
}

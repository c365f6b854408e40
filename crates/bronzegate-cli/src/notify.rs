//! `BRONZEGATE_NOTIFY`: a message to a webhook when a run failed or breached a threshold.
//!
//! The message has names, counts, kinds of errors and thresholds. Errors' texts are left out, because they may quote what
//! an API answered, which may be a record. What goes wrong here is logged: a run never fails by it.

use bronzegate_core::error::{Error, ErrorKind};
use bronzegate_core::proxy::Proxies;
use bronzegate_core::report::{RunReport, Status};
use serde_json::json;

use crate::{human, post};

/// The most streams that a message names.
const MOST_STREAMS: usize = 20;

/// How the command ended.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Outcome<'a> {
    /// With these reports.
    Reports(&'a [RunReport]),
    /// It was refused, or could not begin.
    Refused(&'a Error),
}

/// Sends a message where there is something to say.
pub(crate) async fn notify(
    (address, proxies): (&str, &Proxies),
    environment: &str,
    command: &str,
    outcome: Outcome<'_>,
) {
    let Some(text) = text(environment, command, outcome) else { return };
    // The address is a secret: whoever has it can write to the channel. So no error is shown that may quote it.
    match send(address, proxies, &text).await {
        Ok(status) if (200..300).contains(&status) => {}
        Ok(status) => tracing::warn!(status, "BRONZEGATE_NOTIFY: the webhook refused the message"),
        Err(cause) => tracing::warn!(cause, "BRONZEGATE_NOTIFY: the message was not sent"),
    }
}

async fn send(address: &str, proxies: &Proxies, text: &str) -> Result<u16, &'static str> {
    let address: reqwest::Url = address.parse().map_err(|_| "it is not a URL")?;
    if address.scheme() != "https" && !(address.scheme() == "http" && post::is_local(&address)) {
        return Err("write an https:// URL");
    }
    post::json(address, proxies, &[], json!({ "text": text }).to_string()).await
}

/// The message; `None` where all is well.
fn text(environment: &str, command: &str, outcome: Outcome<'_>) -> Option<String> {
    let reports = match outcome {
        Outcome::Reports(reports) => reports,
        Outcome::Refused(error) if error.kind() == ErrorKind::Interrupted => return None,
        Outcome::Refused(error) => {
            let kind = error.kind();
            return Some(format!(
                "bronzegate ({environment}): `{command}` did not begin: {} (exit code {})",
                kind.as_str(),
                kind.exit_code()
            ));
        }
    };
    let lines: Vec<_> = reports.iter().filter_map(line).collect();
    let (first, rest) = lines.split_at(lines.len().min(MOST_STREAMS));
    if first.is_empty() {
        return None;
    }
    let mut text = format!(
        "bronzegate ({environment}): `{command}`: look at {} of {}",
        lines.len(),
        human::counted(reports.len() as u64, "stream")
    );
    for line in first {
        text.extend(["\n• ", line]);
    }
    if !rest.is_empty() {
        text.extend(["\n• and ", &rest.len().to_string(), " more"]);
    }
    Some(text)
}

/// What is said of one stream.
fn line(report: &RunReport) -> Option<String> {
    let RunReport { source, stream, status, counts, breaches, error, key, .. } = report;
    let key = key.as_ref().map(|key| format!(", run {key}")).unwrap_or_default();
    match (status, error) {
        (Status::Failed, Some(error)) if error.kind == ErrorKind::Interrupted => None,
        (Status::Failed, error) => {
            let kind = error.as_ref().map_or(ErrorKind::Api, |error| error.kind);
            let code = kind.exit_code();
            Some(format!("{source}/{stream} failed: {} (exit code {code}{key})", kind.as_str()))
        }
        _ if breaches.is_empty() => None,
        (status, _) => {
            let told: Vec<_> = breaches.iter().map(ToString::to_string).collect();
            let records = human::counted(counts.records, "record");
            Some(format!("{source}/{stream} {}, {records}{key}: {}", status.as_str(), told.join("; ")))
        }
    }
}

#[cfg(test)]
mod tests {
    use bronzegate_core::breach::{Breach, Threshold};
    use bronzegate_core::report::{Counts, Failure};

    use super::*;

    fn failed(kind: ErrorKind) -> RunReport {
        let message = "crm/deals, page 3: HTTP 500: {\"name\":\"Ada\"}".to_owned();
        RunReport {
            error: Some(Failure { kind, message, is_transient: false, is_quota: false }),
            key: Some("seq-4".to_owned()),
            ..RunReport::new("crm", "deals")
        }
    }

    #[test]
    fn a_message_names_what_failed_or_breached_and_quotes_no_answer() {
        let breach =
            Breach { threshold: Threshold::MinRecords, value: 3.0, limit: 1000.0, is_default: false };
        let short = RunReport {
            status: Status::Complete,
            counts: Counts { records: 3, ..Counts::default() },
            breaches: vec![breach],
            ..RunReport::new("crm", "contacts")
        };
        let fine = RunReport { status: Status::Complete, ..RunReport::new("crm", "notes") };
        let reports = [failed(ErrorKind::Api), short, fine.clone()];
        insta::assert_snapshot!(text("prod", "run crm", Outcome::Reports(&reports)).unwrap(), @"
        bronzegate (prod): `run crm`: look at 2 of 3 streams
        • crm/deals failed: api (exit code 5, run seq-4)
        • crm/contacts complete, 3 records: 3 records came, fewer than the 1000 of `expect.min_records`
        ");
        assert_eq!(text("prod", "run crm", Outcome::Reports(&[fine, failed(ErrorKind::Interrupted)])), None);
    }

    #[test]
    fn a_command_that_did_not_begin_is_told_by_its_kind() {
        let refused = |kind| {
            let error = Error::new(kind, "no such file crm.yaml");
            text("prod", "run crm", Outcome::Refused(&error))
        };
        insta::assert_snapshot!(refused(ErrorKind::Config).unwrap(), @"bronzegate (prod): `run crm` did not begin: config (exit code 2)");
        assert_eq!(refused(ErrorKind::Interrupted), None);
    }

    #[test]
    fn a_message_has_a_bound() {
        let reports = vec![failed(ErrorKind::Auth); 500];
        let text = text("prod", "run --all", Outcome::Reports(&reports)).unwrap();
        assert_eq!(text.lines().count(), MOST_STREAMS + 2);
        assert!(text.ends_with("\n• and 480 more"), "{text}");
    }

    #[tokio::test]
    async fn only_https_leaves_this_machine() {
        for address in ["http://hooks.example.com/x", "ftp://hooks.example.com/x", "hooks.example.com"] {
            assert!(send(address, &Proxies::default(), "text").await.is_err(), "{address}");
        }
    }
}

//! Export jobs that are lost or never end, and submissions that are on their way when a run is stopped.

use std::sync::Arc;
use std::time::Duration;

use bronzegate_core::clock::Deadline;
use bronzegate_core::error::ErrorKind;
use bronzegate_core::report::{RunReport, Status};
use bronzegate_core::run::{CancellationToken, RunOptions, RunRequest};
use bronzegate_demo_api::{Fault, FaultKind, Job, When};
use bronzegate_tests::command_line::until;
use bronzegate_tests::{Bench, SCHEDULED, ShiftedClock, failure, request};
use jiff::SignedDuration;

use super::jobs::{
    RECORDS, at_request, landed, poll_says, polled, quick, rows, run_later, run_soon, slow, stream, waiting,
};

/// A job that is done after so many polls.
async fn bench(settings: &str, polls: u32) -> Bench {
    Bench::new(vec![stream().job(Job { polls, ..Job::default() })], Vec::new(), settings).await
}

/// A run of five minutes, so many hours after the first.
async fn run_after(bench: &Bench, hours: i64) -> RunReport {
    let clock = Arc::new(ShiftedClock::by(SignedDuration::from_hours(hours)));
    let deadline = Deadline::within(&*clock, Duration::from_mins(5));
    let run = bench.stream_with("accounts", clock);
    run.run(bench.store(), request(SCHEDULED), RunOptions::until(deadline)).await
}

#[tokio::test]
async fn a_job_that_never_ends_is_submitted_again_once_a_day_and_else_fails() {
    let bench = bench(&slow(), 1_000).await;
    for (hours, status, jobs) in [
        (0, Status::Partial, 1),
        (1, Status::Partial, 2),
        (2, Status::Failed, 2),
        (7, Status::Failed, 2),
        (24, Status::Failed, 2),
        (26, Status::Partial, 3),
        (27, Status::Failed, 3),
    ] {
        let report = run_after(&bench, hours).await;
        assert_eq!((report.status, bench.stats("accounts").jobs), (status, jobs), "{hours}: {report:?}");
        if status == Status::Failed {
            let (kind, message) = failure(&report);
            assert_eq!(kind, ErrorKind::Api);
            let why = "it is not done within 3600 s of its submission; it was submitted at";
            assert!(message.contains(why) && message.contains("once a day"), "{message}");
        }
    }
}

#[tokio::test]
async fn a_submission_that_is_on_its_way_when_the_run_is_stopped_is_not_lost() {
    let bench = bench(&quick(), 2).await;
    bench.api.set_faults(vec![at_request(1, FaultKind::Held)]);
    let (stop, run) = (CancellationToken::default(), bench.stream("accounts"));
    let (store, asked) = (bench.store(), stop.clone());
    let running = tokio::spawn(async move {
        run.run(store, request(SCHEDULED), RunOptions { stop: asked, ..RunOptions::default() }).await
    });
    until("the submission", || bench.stats("accounts").faults >= 1).await;
    stop.cancel();
    bench.api.set_faults(vec![]);
    let report = running.await.expect("it does not panic");
    assert_eq!((report.status, &report.error), (Status::Partial, &None), "{report:?}");
    assert_eq!((report.counts.requests, bench.commits("accounts").len()), (1, 1));
    let report = bench.run("accounts").await;
    assert_eq!((report.status, report.counts.records), (Status::Complete, RECORDS), "{report:?}");
    assert_eq!(bench.stats("accounts").jobs, 1);
}

/// Meta says with 400 and a code that it is too much.
#[tokio::test]
async fn a_submission_that_is_refused_by_a_status_of_the_vendors_own_is_sent_again_by_rule() {
    let refused = |status| {
        let body = Some(r#"{"error":{"code":17}}"#.into());
        at_request(1, FaultKind::Status { code: status, body, headers: Vec::new(), content_type: None })
    };
    let rule = "responses: [{ when: { at: { body: error.code }, equals: 17 }, then: retry }]";
    let settings = format!("{rule}\n{}", polled("every: 5s"));
    for (status, jobs) in [(400, 1), (409, 1), (408, 0), (500, 0)] {
        let bench = Bench::new(vec![stream()], vec![refused(status)], &settings).await;
        let (report, _) = bench.run_waiting("accounts").await;
        assert_eq!(
            (report.status == Status::Complete, bench.stats("accounts").jobs),
            (jobs == 1, jobs),
            "{report:?}"
        );
    }
}

#[tokio::test]
async fn a_job_lost_before_its_first_page_is_submitted_again() {
    let failed = poll_says(r#"{"state":"Failed","errorMessage":"expired"}"#);
    for lost in [FaultKind::status(404), FaultKind::status(410), failed] {
        let mut bench = waiting(9).await;
        bench.reads_with(&quick());
        bench.api.set_faults(vec![at_request(1, lost)]);
        let report = run_soon(&bench).await;
        landed(&bench, &report, RECORDS);
        assert_eq!(bench.stats("accounts").jobs, 2);
    }
    // One that has taken too long will hardly be done.
    let mut bench = waiting(9).await;
    bench.reads_with(&quick());
    let report = run_later(&bench, SignedDuration::from_hours(1)).await;
    landed(&bench, &report, RECORDS);
    assert_eq!(bench.stats("accounts").jobs, 2);
}

#[tokio::test]
async fn a_job_whose_id_no_path_can_hold_is_bad_data() {
    let named = FaultKind::RawBody {
        content_type: "application/json".to_owned(),
        body: r#"{"id":".."}"#.into(),
        status: 200,
    };
    let bench = Bench::new(vec![stream()], vec![at_request(1, named)], &quick()).await;
    let report = run_soon(&bench).await;
    let (kind, message) = failure(&report);
    assert_eq!(kind, ErrorKind::Data, "{message}");
    assert!(message.contains("a value makes a . or .. segment of the path"), "{message}");
}

#[tokio::test]
async fn a_job_lost_behind_a_committed_page_ends_the_run() {
    let bench = Bench::new(vec![stream()], vec![], &quick()).await;
    bench.api.set_faults(vec![Fault::new("accounts", When::Page(4), FaultKind::retry_after(429, "3600"))]);
    let first = run_soon(&bench).await;
    assert_eq!((first.status, first.counts.pages), (Status::Partial, 3));
    bench.api.set_faults(vec![at_request(1, FaultKind::status(404)).always()]);
    let report = run_soon(&bench).await;
    let (kind, message) = failure(&report);
    assert_eq!(kind, ErrorKind::Data);
    assert!(message.contains("the job 750J0 is lost (the API does not know it any more)"), "{message}");
    assert_eq!((bench.stats("accounts").jobs, bench.records("accounts")), (1, rows(30)));
    bench.api.set_faults(Vec::new());
    let anew = RunRequest::Restart { at: SCHEDULED.parse().ok() };
    let report = bench.stream("accounts").run(bench.store(), anew, RunOptions::default()).await;
    assert_eq!((report.status, report.counts.records), (Status::Complete, RECORDS), "{report:?}");
    let all = [rows(30), rows(RECORDS)].concat();
    assert_eq!((bench.stats("accounts").jobs, bench.records("accounts")), (2, all), "its own job, whole");
}

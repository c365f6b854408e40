//! Events that are handled at the same time by one process.

use std::sync::Arc;
use std::time::Duration;

use bronzegate_core::bronze::LocalStore;
use bronzegate_core::clock::{Clock, Deadline, SystemClock};
use bronzegate_core::doors::{Answer, Dispatcher, Event, SourceFolder};
use bronzegate_core::report::Status;
use bronzegate_core::run::CancellationToken;
use bronzegate_core::secret::EnvSecrets;
use bronzegate_demo_api::{Auth, Shape, Stream, Style};
use bronzegate_tests::command_line::Shell;
use bronzegate_tests::streams::changes::{self, BOUNDED};
use serde_json::{Value, json};

/// 40 requests a second, and no burst.
const SETTINGS: &str = "auth:
  type: oauth2_client_credentials
  token_url: BASE/oauth/token
  client_id: demo-client
  client_secret: { secret: client-secret }
rate_limit: { requests_per_second: 40, burst: 1 }
streams:
  items:
    path: /items
    records: results
    pagination: { type: cursor, next: { body: paging.next.after }, send: { query: after }, page_size: { query: limit, value: 10 } }
  changes:
    path: /changes
";

#[tokio::test]
async fn of_many_streams_those_whose_turn_never_came_are_partial() {
    let names: Vec<String> = (0..6).map(|number| format!("stream{number}")).collect();
    let stream = |name: &String| {
        format!("  {name}: {{ path: /{name}, records: results, pagination: {{ type: none }} }}")
    };
    let text = names.iter().map(stream).collect::<Vec<_>>().join("\n");
    let shell = Shell::new(Vec::new(), Vec::new(), &format!("streams:\n{text}")).await;
    let dispatcher = Dispatcher::new(
        SourceFolder::local(shell.path("sources")),
        Arc::new(LocalStore::open(shell.target()).unwrap()),
        Arc::new(EnvSecrets::new(|_| None)),
        Arc::new(SystemClock::default()),
        "test",
    );
    let stop = CancellationToken::default();
    stop.cancel();
    let event = Event::parse(&json!({ "source": "demo", "streams": names })).unwrap();
    let answer = dispatcher.handle(&event, Deadline::NONE, &stop).await.unwrap();
    let Answer::Runs { reports, .. } = &answer else { panic!("{answer:?}") };
    let statuses: Vec<_> = reports.iter().map(|report| report.status).collect();
    let (first, late) = ([Status::Failed; 4], [Status::Partial; 2]);
    assert_eq!(statuses, [&first[..], &late[..]].concat());
    assert_eq!(reports[5].warnings.len(), 1);
    assert_eq!(answer.status(), Status::Partial, "the same event again runs them");
}

#[tokio::test]
async fn events_at_once_share_one_token_and_one_rate_whatever_share_each_has() {
    let changes = changes::changes(changes::ten_days()).auth(Auth::OAuth2);
    let items = Stream::new("items", Style::Cursor, Shape::Small, 300).page_size(10).auth(Auth::OAuth2);
    let settings = changes::settings(BOUNDED).replace('\n', "\n    ");
    let shell = Shell::new(vec![items, changes], Vec::new(), &format!("{SETTINGS}    {settings}")).await;
    let secret = shell.api.credentials().client_secret;
    let clock = Arc::new(SystemClock::default());
    let dispatcher = Dispatcher::new(
        SourceFolder::local(shell.path("sources")),
        Arc::new(LocalStore::open(shell.target()).unwrap()),
        Arc::new(EnvSecrets::new(move |_| Some(secret.clone()))),
        clock.clone(),
        "test",
    );
    let handle = async |event: Value| {
        let event = Event::parse(&event).unwrap();
        let answer = dispatcher.handle(&event, Deadline::NONE, &CancellationToken::default()).await.unwrap();
        let Answer::Runs { reports, .. } = &answer else { panic!("{answer:?}") };
        assert_eq!(answer.status(), Status::Complete, "{reports:?}");
    };
    let run = |hour: u64| json!({ "source": "demo", "stream": "items", "scheduled_time": format!("2026-11-22T{hour}:00:00Z") });
    let window = |day: u64| {
        let window = json!({ "from": format!("2026-01-0{day}"), "to": format!("2026-01-0{}", day + 1) });
        json!({ "source": "demo", "stream": "changes", "window": window, "rate_share": 0.5 / day as f64 })
    };
    // A share comes between two that are alike, while all of them run.
    tokio::join!(handle(run(10)), handle(window(1)), handle(run(11)), handle(window(2)), handle(run(12)));

    let stats = shell.api.stats();
    assert_eq!(stats.oauth.issued, 1, "one token for all");
    let requests = stats.stream("items").requests + stats.stream("changes").requests;
    assert!(requests > 90, "{requests}");
    let least = Duration::from_secs_f64((requests - 1) as f64 / 40.0);
    assert!(clock.elapsed() >= least, "{requests} requests within {:?}, and not {least:?}", clock.elapsed());
}

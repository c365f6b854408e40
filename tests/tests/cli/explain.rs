//! `explain`: what streams do, by their file alone.

use super::commands::shell;

#[tokio::test]
async fn explain_shows_requests_with_the_names_of_secrets_and_sends_nothing() {
    let mut shell = shell(Vec::new()).await;
    shell.unset("BRONZEGATE_SECRET_TOKEN");
    shell.unset("BRONZEGATE_SECRET_API_KEY");
    let explained = shell.run("explain demo").await;
    assert_eq!((explained.code(), explained.err.as_str()), (Some(0), ""), "{explained:?}");
    let text = explained.out.replace(&shell.api.base_url(), "BASE");
    for line in [
        "demo/contacts",
        "  Asks GET /contacts page by page (body paging.next.after goes into query parameter after, 10 records a page). The records are at results.",
        "  Ends when nothing stands at body paging.next.after. Fewer records than body total states are an error. There is no mark: each run reads all there is.",
        "  1. GET BASE/contacts?limit=10",
        "     authorization: Bearer {secret: token}",
        "  2. GET BASE/contacts?limit=10&after=<what stands at body paging.next.after>",
        "demo/events",
        "  2. GET <the URL at link next>",
        "     x-api-key: {secret: api-key}",
    ] {
        assert!(text.lines().any(|found| found == line), "`{line}` is not in:\n{text}");
    }
    let json = shell.run("explain demo/events --json").await.report();
    assert_eq!((&json["stream"], &json["requests"][0]["method"]), (&"events".into(), &"GET".into()));
    assert_eq!(shell.api.stats().connections, 0);
    assert!(!shell.target().exists());
    for (line, code) in [("explain nothing", 2), ("explain demo/nothing", 2)] {
        assert_eq!(shell.run(line).await.code(), Some(code), "{line}");
    }
}

//! Listings that begin in the middle.

use bronzegate_core::bronze::{Layout, RunKey};
use bytes::Bytes;
use jiff::Timestamp;

use super::{Store, list};

pub(super) async fn check(open: &impl AsyncFn(&str) -> Store) {
    what_comes_after_a_path_is_listed_whether_it_is_there_or_not(open("after-paths").await).await;
    a_prefix_may_end_within_a_name(open("after-prefixes").await).await;
    folders_below_the_prefix_are_listed_too(open("after-folders").await).await;
    paths_are_compared_by_their_bytes(open("after-bytes").await).await;
    a_second_s_commits_come_after_it_with_fractions_and_segments(open("after-seconds").await).await;
}

async fn what_comes_after_a_path_is_listed_whether_it_is_there_or_not(store: Store) {
    assert_eq!(after(&store, "log/", "log/2.json").await, [""; 0], "an absent folder is empty");
    put(&store, &["log/1.json", "log/2.json", "log/3.json", "logs/4.json", "m.json"]).await;
    for (path, comes_after) in [
        ("", &["log/1.json", "log/2.json", "log/3.json"][..]),
        // It need not begin with the prefix.
        ("a", &["log/1.json", "log/2.json", "log/3.json"]),
        ("log/1.json", &["log/2.json", "log/3.json"]),
        ("log/10", &["log/2.json", "log/3.json"]),
        ("log/2", &["log/2.json", "log/3.json"]),
        ("log/2.jsonx", &["log/3.json"]),
        ("log/3.json", &[]),
        ("log0", &[]),
        ("x", &[]),
    ] {
        assert_eq!(after(&store, "log/", path).await, comes_after, "after `{path}`");
    }
    assert_eq!(after(&store, "", "").await, list(&store, "").await, "of the whole target");
    assert_eq!(after(&store, "", "log/3.json").await, ["logs/4.json", "m.json"]);
}

async fn a_prefix_may_end_within_a_name(store: Store) {
    put(&store, &["log/at-1", "log/at-2", "log/seq-1", "log/a/b", "log/at-1x/y", "log.json", "other/at-3"])
        .await;
    assert_eq!(after(&store, "log/at-", "").await, ["log/at-1", "log/at-1x/y", "log/at-2"]);
    assert_eq!(after(&store, "log/at-", "log/at-1").await, ["log/at-1x/y", "log/at-2"]);
    assert_eq!(after(&store, "log/at-2", "").await, ["log/at-2"]);
    assert_eq!(after(&store, "log/at-3", "").await, [""; 0]);
    assert_eq!(after(&store, "lo", "log/at-2").await, ["log/seq-1"]);
    assert_eq!(after(&store, "log", "").await[..2], ["log.json", "log/a/b"], "a folder's name is no folder");
}

async fn folders_below_the_prefix_are_listed_too(store: Store) {
    put(&store, &["t/a/1", "t/b/c/2", "t/b/3", "t/d"]).await;
    assert_eq!(after(&store, "t/", "").await, ["t/a/1", "t/b/3", "t/b/c/2", "t/d"]);
    assert_eq!(after(&store, "t/", "t/b/3").await, ["t/b/c/2", "t/d"]);
    assert_eq!(after(&store, "t/b/", "t/b/3").await, ["t/b/c/2"]);
}

async fn paths_are_compared_by_their_bytes(store: Store) {
    put(&store, &["n/10", "n/9", "n/Z", "n/a", "n/ä", "n/日", "n/a b+c%20&d"]).await;
    assert_eq!(after(&store, "n/", "n/10").await, ["n/9", "n/Z", "n/a", "n/a b+c%20&d", "n/ä", "n/日"]);
    assert_eq!(after(&store, "n/", "n/a").await, ["n/a b+c%20&d", "n/ä", "n/日"]);
    assert_eq!(after(&store, "n/", "n/a b+c%20&d").await, ["n/ä", "n/日"]);
    assert_eq!(after(&store, "n/ä", "").await, ["n/ä"]);
}

async fn a_second_s_commits_come_after_it_with_fractions_and_segments(store: Store) {
    let layout = Layout::new("shop", "orders");
    let path = |time: &str, segment: u32| {
        layout.commit(&RunKey::at(time.parse::<Timestamp>().expect("a time")).key, segment)
    };
    let before = path("2026-11-22T16:59:59.999999999Z", 1);
    let within = [
        path("2026-11-22T17:00:00.25Z", 1),
        path("2026-11-22T17:00:00.5Z", 2),
        path("2026-11-22T17:00:00Z", 1),
        path("2026-11-22T17:00:00Z", 10_000),
    ];
    let paths: Vec<&str> = within.iter().chain([&before]).map(String::as_str).collect();
    put(&store, &paths).await;
    let second = layout.commits_from("2026-11-22T17:00:00.75Z".parse().expect("a time"));
    let second = second.expect("its year is not before 0");
    let mut found = after(&store, &format!("{}/", layout.commits()), &second).await;
    found.sort_by_key(|path| within.iter().position(|within| within == path));
    assert_eq!(found, within);
}

async fn put(store: &Store, paths: &[&str]) {
    for path in paths {
        store.put_new(path, Bytes::from_static(b"x")).await.expect("an object is put");
    }
}

async fn after(store: &Store, prefix: &str, path: &str) -> Vec<String> {
    store.list_after(prefix, path).await.expect("what comes after is listed")
}

//! Objects: create-only puts, reads and listings.

use bronzegate_core::bronze::Created;
use bytes::Bytes;

use super::{Store, get, list};

pub(super) async fn check(open: &impl AsyncFn(&str) -> Store) {
    an_object_is_read_as_it_was_put_and_nothing_is_none(open("objects-read").await).await;
    put_new_never_replaces(open("objects-create-only").await).await;
    of_two_at_once_exactly_one_creates(open).await;
    put_replaces(open("objects-put").await).await;
    what_is_removed_is_gone_and_may_be_removed_again(open).await;
    another_handle_sees_what_a_call_created(open).await;
    a_listing_is_sorted_and_recursive_and_ends_at_the_folder(open("objects-list").await).await;
    names_that_need_escaping_elsewhere_are_kept(open("objects-names").await).await;
}

async fn an_object_is_read_as_it_was_put_and_nothing_is_none(store: Store) {
    assert_eq!(get(&store, "a/b.json").await, None, "nothing is there");
    for (path, content) in [("a/b.json", &b"{\"\0\": \"\xff\"}\n"[..]), ("a/empty.json", b"")] {
        let created = store.put_new(path, Bytes::from_static(content)).await.expect("an object is put");
        assert_eq!(created, Created::Yes, "{path} is new");
        assert_eq!(get(&store, path).await.as_deref(), Some(content), "{path} is as it was put");
    }
    assert_eq!(get(&store, "a").await, None, "a folder is no object");
    assert_eq!(get(&store, "a/b.json/c").await, None, "an object is no folder");
}

async fn put_new_never_replaces(store: Store) {
    let first = store.put_new("log/1.json", Bytes::from_static(b"first")).await.expect("an object is put");
    let second = store.put_new("log/1.json", Bytes::from_static(b"second")).await.expect("a put is answered");
    assert_eq!((first, second), (Created::Yes, Created::No));
    assert_eq!(get(&store, "log/1.json").await.as_deref(), Some(&b"first"[..]));
}

async fn of_two_at_once_exactly_one_creates(open: &impl AsyncFn(&str) -> Store) {
    const RIVALS: usize = 8;
    const ROUNDS: usize = 10;
    for round in 0..ROUNDS {
        let path = format!("race/{round}.json");
        let mut rivals = Vec::new();
        for rival in 0..RIVALS {
            let (store, path) = (open("objects-race").await, path.clone());
            // Long enough to be seen half written, were it written in place.
            let content = Bytes::from(format!("{rival}").repeat(100_000));
            let put = async move { store.put_new(&path, content).await.expect("a put is answered") };
            rivals.push(tokio::spawn(put));
        }
        let mut winners = Vec::new();
        for (rival, put) in rivals.into_iter().enumerate() {
            if put.await.expect("a put does not panic") == Created::Yes {
                winners.push(rival);
            }
        }
        assert_eq!(winners.len(), 1, "exactly one creates {path}, not {winners:?}");
        let content = get(&open("objects-race").await, &path).await.expect("the winner's object is there");
        assert_eq!(content, winners[0].to_string().repeat(100_000), "it is the winner's, whole");
    }
}

async fn put_replaces(store: Store) {
    for content in ["one", "two, and longer", ""] {
        store.put("head.json", content.into()).await.expect("an object is put");
        assert_eq!(get(&store, "head.json").await.as_deref(), Some(content.as_bytes()));
    }
    assert_eq!(list(&store, "").await, ["head.json"], "nothing else is left of it");
}

async fn what_is_removed_is_gone_and_may_be_removed_again(open: &impl AsyncFn(&str) -> Store) {
    let (one, other) = (open("objects-remove").await, open("objects-remove").await);
    one.remove("log/1.json").await.expect("what was never there is no error");
    for path in ["log/1.json", "log/2.json"] {
        one.put_new(path, Bytes::from_static(b"x")).await.expect("an object is put");
    }
    for store in [&one, &other] {
        store.remove("log/1.json").await.expect("an object is removed, or is gone");
    }
    assert_eq!(
        (get(&other, "log/1.json").await, list(&one, "").await),
        (None, vec!["log/2.json".to_owned()])
    );
    let again = other.put_new("log/1.json", Bytes::from_static(b"new")).await.expect("an object is put");
    assert_eq!(again, Created::Yes, "its path is free");
    one.remove("log/2.json/x").await.expect("an object is no folder, so nothing is below it");
    assert_eq!(list(&one, "").await, ["log/1.json", "log/2.json"]);
}

async fn another_handle_sees_what_a_call_created(open: &impl AsyncFn(&str) -> Store) {
    let (one, other) = (open("objects-handles").await, open("objects-handles").await);
    assert_eq!(get(&other, "x/1.json").await, None);
    one.put_new("x/1.json", Bytes::from_static(b"1")).await.expect("an object is put");
    assert_eq!(get(&other, "x/1.json").await.as_deref(), Some(&b"1"[..]));
    assert_eq!(list(&other, "x").await, ["x/1.json"]);
}

async fn a_listing_is_sorted_and_recursive_and_ends_at_the_folder(store: Store) {
    assert_eq!(list(&store, "a/b").await, [""; 0], "an absent folder is empty");
    for path in ["a/b/z.json", "a/b/10.json", "a/b/9.json", "a/b/c/d/e.json", "a/bc/x.json", "a/b.json"] {
        store.put_new(path, Bytes::from_static(b"x")).await.expect("an object is put");
    }
    assert_eq!(list(&store, "a/b").await, ["a/b/10.json", "a/b/9.json", "a/b/c/d/e.json", "a/b/z.json"]);
    assert_eq!(list(&store, "").await.len(), 6, "the whole target");
    // `/` sorts after `.`: the order is that of whole paths, not folder by folder.
    assert_eq!(list(&store, "a").await[..2], ["a/b.json", "a/b/10.json"]);
}

async fn names_that_need_escaping_elsewhere_are_kept(store: Store) {
    let path = "shöp/ingest_date=2026-11-22/a b+c%20&d#e?f.日本.ndjson";
    store.put_new(path, Bytes::from_static(b"x")).await.expect("an object is put");
    assert_eq!(get(&store, path).await.as_deref(), Some(&b"x"[..]));
    assert_eq!(list(&store, "shöp/ingest_date=2026-11-22").await, [path]);
}

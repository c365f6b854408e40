//! What a stream asks of its store does not grow with its commit log.

use bronzegate_tests::scale::{Kind, asked};

#[tokio::test]
async fn a_long_log_costs_a_run_no_more_requests_than_a_short_one() {
    for kind in [Kind::Snapshot, Kind::Incremental] {
        let (short, long, longer) =
            (asked(kind, 10).await, asked(kind, 1_000).await, asked(kind, 5_000).await);
        assert_eq!((short.run, short.look), (long.run, long.look), "{kind:?}");
        assert_eq!(long, longer, "{kind:?}");
    }
}

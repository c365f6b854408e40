use bronzegate_tests::delta::{Place, Rivalry, Rivals};

/// A bounded number of trials. `make torture KIND=delta` runs more.
async fn trials(place: impl AsyncFn(u64) -> Place, trials: u64, segments: i64) {
    let (mut killed, mut failed, mut rival) = (0, 0, 0);
    for seed in 1..=trials {
        let rivals = [Rivals::None, Rivals::All, Rivals::Restoring][seed as usize % 3];
        let trial = Rivalry { seed, appenders: 3, segments, rivals };
        let tally = trial.run(&place(seed).await).await.unwrap_or_else(|what| panic!("{trial:?}: {what}"));
        killed += tally.killed;
        failed += tally.failed;
        rival += tally.rival;
    }
    assert!(killed > 0 && failed > 0 && rival > 0, "{killed} {failed} {rival}: nothing was disturbed");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_row_comes_once_into_a_table_in_a_folder() {
    trials(async |_| Place::folder(), 6, 8).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_row_comes_once_into_a_table_on_s3() {
    trials(async |seed| Place::s3(&format!("delta-rivalry-{seed}")).await, 3, 4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_row_comes_once_into_a_table_on_azure() {
    trials(async |_| Place::azure().await, 3, 4).await;
}

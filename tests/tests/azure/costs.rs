//! What a run asks of its storage that Azure bills, beside the counts of the cost table.

use bronzegate_azure::functions::WATCH;
use bronzegate_demo_api::Options;
use bronzegate_tests::azure::{Azurite, Call, FaultProxy};
use bronzegate_tests::azure_deployment::{Deployment, item};
use bronzegate_tests::functions_host::Invoked;
use bronzegate_tests::streams::items::{SETTINGS, stream};
use bronzegate_tests::{SEED, one_stream, repository};
use serde_json::{Value, json};

const WRITES: &[Call] = &[Call::PutBlob, Call::PutBlock, Call::PutBlockList];
const READS: &[Call] = &[Call::GetBlob, Call::GetProperties];
const LISTS: &[Call] = &[Call::ListBlobs, Call::ListUncommitted];
/// The log is listed from the run's month to today's, which is another one for some days or in later years.
const MONTHS: &[Call] = &[Call::ListWithinName];

#[tokio::test]
async fn a_run_costs_what_the_table_counts() {
    let proxy = FaultProxy::start(Azurite::shared().endpoint()).await;
    let options = Options { seed: SEED, streams: vec![stream()], ..Options::default() };
    let settings = format!("{SETTINGS}\nschedule: {{ every: 1h }}");
    let mut deployment =
        Deployment::through(&proxy.endpoint(), options, &one_stream("items", &settings)).await;
    let seen = |calls: &[Call]| calls.iter().map(|call| proxy.seen(*call)).sum::<usize>();
    let all = || [WRITES, READS, LISTS, MONTHS].map(&seen);
    let between = |before: [usize; 4], after: [usize; 4]| {
        let [writes, reads, lists, months] = [0, 1, 2, 3].map(|kind| after[kind] - before[kind]);
        [writes, reads, lists + usize::from(months > 0)]
    };
    let mut before = all();
    for hour in 10..14 {
        before = all();
        let mut item = item("items");
        item["scheduled_time"] = json!(format!("2026-11-22T{hour}:00:00Z"));
        deployment.put(item);
        assert_eq!(deployment.app.work_all().await, [Invoked::Outputs(json!({}))]);
    }
    let after = all();
    let run = between(before, after);
    deployment.app.invoke(WATCH, json!({ "timer": {} }), json!({})).await.outputs();
    let looked = all();
    let look = between(after, looked);

    let text = std::fs::read_to_string(repository().join("infra/costs.json")).unwrap();
    let counts: Value = serde_json::from_str(&text).unwrap();
    let of = |name: &str| counts["azure"][name].as_u64().unwrap_or_default() as usize;
    let table = ["blob_writes_per_run", "blob_reads_per_run", "blob_lists_per_run"].map(of);
    assert_eq!(table, run, "writes, reads and lists of a run");
    assert_eq!(["blob_reads_per_look", "blob_lists_per_look"].map(of), [look[1], look[2]], "of a look");
}

//! What a run asks of its storage that Azure bills, beside the counts of the cost table.

use bronzegate_azure::functions::WATCH;
use bronzegate_demo_api::Options;
use bronzegate_tests::azure::{Azurite, FaultProxy};
use bronzegate_tests::azure_deployment::{Deployment, item};
use bronzegate_tests::functions_host::Invoked;
use bronzegate_tests::scale::Requests;
use bronzegate_tests::streams::items::{SETTINGS, stream};
use bronzegate_tests::{SEED, one_stream, repository};
use serde_json::{Value, json};

#[tokio::test]
async fn a_run_costs_what_the_table_counts() {
    let proxy = FaultProxy::start(Azurite::shared().endpoint()).await;
    let options = Options { seed: SEED, streams: vec![stream()], ..Options::default() };
    let settings = format!("{SETTINGS}\nschedule: {{ every: 1h }}");
    let mut deployment =
        Deployment::through(&proxy.endpoint(), options, &one_stream("items", &settings)).await;
    let mut before = 0;
    for hour in 10..14 {
        before = proxy.calls().len();
        let mut item = item("items");
        item["scheduled_time"] = json!(format!("2026-11-22T{hour}:00:00Z"));
        deployment.put(item);
        assert_eq!(deployment.app.work_all().await, [Invoked::Outputs(json!({}))]);
    }
    let run_to = proxy.calls().len();
    deployment.app.invoke(WATCH, json!({ "timer": {} }), json!({})).await.outputs();
    let calls = proxy.calls();
    let (run, look) = (Requests::of_blob(&calls[before..run_to]), Requests::of_blob(&calls[run_to..]));

    let text = std::fs::read_to_string(repository().join("infra/costs.json")).unwrap();
    let counts: Value = serde_json::from_str(&text).unwrap();
    let of = |name: &str| counts["azure"][name].as_u64().unwrap_or_default();
    let table = |of_what: &str| Requests {
        writes: of(&format!("blob_writes_per_{of_what}")),
        reads: of(&format!("blob_reads_per_{of_what}")),
        lists: of(&format!("blob_lists_per_{of_what}")),
    };
    assert_eq!((table("run"), table("look")), (run, look));
}

//! APIs whose answer holds all of the day, hour, minute or second that the end of a request names.

use bronzegate_core::report::RunReport;
use bronzegate_core::run::{RunOptions, RunRequest};
use bronzegate_core::window::{TimeWindow, parse_instant};
use bronzegate_demo_api::{Grain, Manner, Stream, TimeFormat, Timeline};
use bronzegate_tests::streams::changes::{BOUNDED, at, change, settings, sorted, with};
use bronzegate_tests::{Bench, assert_complete};

fn timeline() -> Timeline {
    Timeline::new("updatedAt", TimeFormat::Rfc3339, "updated_after", Some("updated_before"))
}

/// Sums of clicks: 1 on the first of January, 10 on the second, 100 on the third, 1,000 on the fourth.
fn sums() -> Stream {
    let day = |day: u32| {
        format!("{{\"updatedAt\":\"{}\",\"clicks\":{}}}", at(day, "10:00:00"), 10_u32.pow(day - 1))
    };
    let manner = Manner { whole: Some(Grain::Day), sum_of: Some("clicks".to_owned()), ..Manner::default() };
    with(Timeline { manner, ..timeline().with((1..=4).map(day)) })
}

async fn load(bench: &Bench, from: &str, to: &str) -> RunReport {
    let [from, to] = [from, to].map(|text| parse_instant(text).expect("an instant"));
    let request = RunRequest::Window { window: TimeWindow::new(from, to).expect("a window"), revision: 1 };
    bench.stream("changes").run(bench.store(), request, RunOptions::default()).await
}

#[tokio::test]
async fn sums_of_days_are_those_of_the_day_alone() {
    let keys = format!("{}, missing: keep", BOUNDED.replace("rfc3339", "date"));
    let told = |warnings: &[String]| warnings.iter().any(|told| told.contains("write `to_inclusive: day`"));
    for (more, values, warns) in [("", [11, 110, 1100], true), (", to_inclusive: day", [1, 10, 100], false)] {
        let bench = Bench::one(sums(), vec![], &settings(&format!("{keys}{more}"))).await;
        for day in 1..=3 {
            let report = load(&bench, &format!("2026-01-0{day}"), &format!("2026-01-0{}", day + 1)).await;
            assert_complete(&report, 1);
            assert_eq!(told(&report.warnings), warns, "{report:?}");
        }
        let landed = bench.records("changes");
        assert_eq!(landed, values.map(|value| format!("{{\"clicks\":{value}}}")), "{more}");
        assert_eq!(told(&bench.stream("changes").probe().await.unwrap().warnings), warns);
    }
}

#[tokio::test]
async fn a_template_is_filled_in_with_the_end_that_is_asked_for() {
    let text = format!(
        "params: {{ updated_after: '{{{{ window.from }}}}', updated_before: '{{{{ window.to }}}}' }}\n{}",
        settings("cursor: updatedAt, format: date, start: 2026-01-01, missing: keep, to_inclusive: day")
    );
    let bench = Bench::one(sums(), vec![], &text).await;
    assert_complete(&load(&bench, "2026-01-02", "2026-01-04").await, 1);
    assert_eq!(bench.records("changes"), [r#"{"clicks":110}"#]);
}

/// Windows that begin and end within the unit, and an API that stores finer than requests can say.
#[tokio::test]
async fn records_of_units_that_two_windows_share_come_once() {
    let times =
        ["00:00:00", "01:29:59.999", "01:30:00", "06:00:00.5", "13:30:00", "19:29:59", "23:59:59.999999"];
    let all = (1..=3).flat_map(|day| times.map(|time| at(day, time)));
    let records: Vec<_> = all.zip(0..).map(|(time, id)| change(id, &time)).collect();
    for (grain, unit) in
        [(Grain::Second, "second"), (Grain::Minute, "minute"), (Grain::Hour, "hour"), (Grain::Day, "day")]
    {
        let manner = Manner { whole: Some(grain), ..Manner::default() };
        let stream = with(Timeline { manner, ..timeline().with(records.clone()) });
        let keys = format!("{BOUNDED}, key: id, start: 2026-01-01, window: 90m, to_inclusive: {unit}");
        let bench = Bench::one(stream, vec![], &settings(&keys)).await;
        for (day, time) in [(1, "07:07:07"), (2, "01:30:00"), (2, "23:59:59"), (4, "00:00:01")] {
            let report = bench.run_at("changes", &at(day, time)).await;
            assert_eq!(report.error, None, "{unit}: {report:?}");
        }
        assert_eq!(sorted(bench.records("changes")), sorted(records.clone()), "{unit}");
    }
}

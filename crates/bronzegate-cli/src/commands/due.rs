//! `--due` and `--at due`: the run that a stream's schedule asks for now.

use bronzegate_core::config::Stream;
use bronzegate_core::run::RunRequest;
use jiff::Timestamp;

use crate::arguments::{RunArguments, RunTime};

/// What is asked of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// A run.
    At(RunRequest),
    /// Nothing: why no run of it is ever due.
    Never(&'static str),
}

/// The run that the command asks for of a stream.
pub(super) fn request(stream: &Stream, arguments: &RunArguments, now: Timestamp) -> Due {
    let at = match arguments.time() {
        None => None,
        Some(RunTime::At(at)) => Some(at),
        Some(RunTime::Due) => match due(stream, now) {
            Ok(at) => Some(at),
            Err(why) => return Due::Never(why),
        },
    };
    Due::At(if arguments.restart { RunRequest::Restart { at } } else { RunRequest::Scheduled { at } })
}

/// The newest time of the stream's schedule that is not later than now.
fn due(stream: &Stream, now: Timestamp) -> Result<Timestamp, &'static str> {
    let schedule = stream.schedule.as_ref().ok_or("it has no `schedule`, so no run of it is due")?;
    schedule.last_until(now).ok_or("its `schedule` names no day that exists")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_is_the_newest_time_of_the_schedule_until_now() {
        let due_at = |schedule: &str, now: &str| {
            let text = format!(
                "source: x\nbase_url: https://x.example\nstreams: {{ s: {{ path: /p, records: $, pagination: {{ type: none }}{schedule} }} }}"
            );
            let source = bronzegate_core::config::parse("x.yaml", &text).unwrap();
            due(&source.streams[0], now.parse().unwrap()).map(|time| time.to_string())
        };
        for (schedule, now, at) in [
            (", schedule: { every: 1h }", "2026-11-22T17:00:00Z", "2026-11-22T17:00:00Z"),
            (", schedule: { every: 1h }", "2026-11-22T17:59:59.999Z", "2026-11-22T17:00:00Z"),
            (", schedule: { every: 1d }", "2026-11-22T17:59:00Z", "2026-11-22T00:00:00Z"),
            // A Sunday; the offset of Berlin is an hour in winter.
            (
                ", schedule: { cron: \"30 2 * * MON-FRI\", timezone: Europe/Berlin }",
                "2026-11-22T17:00:00Z",
                "2026-11-20T01:30:00Z",
            ),
        ] {
            assert_eq!(due_at(schedule, now).as_deref(), Ok(at), "{schedule} {now}");
        }
        assert_eq!(due_at("", "2026-11-22T17:00:00Z"), Err("it has no `schedule`, so no run of it is due"));
        assert_eq!(
            due_at(", schedule: { cron: \"0 0 31 FEB *\" }", "2026-11-22T17:00:00Z"),
            Err("its `schedule` names no day that exists")
        );
    }
}

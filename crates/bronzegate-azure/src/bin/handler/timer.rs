//! `ingest_timer_…`: a schedule's time has come. It only puts one item for each source on the queue, so it
//! answers at once whatever the streams have to do.

use bronzegate_azure::functions::{App, Due, TIMER};
use bronzegate_core::doors::Event;
use bronzegate_core::error::{Error, ErrorKind, Result};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::handler::Handler;
use crate::invocation::{Invocation, unwrapped};
use crate::reply::Reply;

impl Handler {
    pub(crate) async fn timer(&self, function: &str, invocation: &Invocation) -> Result<Reply> {
        let firing = invocation.data(TIMER)?;
        let expected = expected(&firing);
        let is_past_due = firing.get("IsPastDue").map(unwrapped) == Some(Value::Bool(true));
        let (app, mut unusable) = App::of_folder(self.dispatcher.sources()).await?;
        if let Some(at) = unusable.iter().position(Error::is_transient) {
            // The host fires again for the same time, and nothing is queued yet.
            return Err(unusable.swap_remove(at));
        }
        for error in &unusable {
            // Its streams do not run; those of the other files do.
            tracing::error!(%error, "a source file cannot be used");
        }
        let now = self.clock.now();
        let events = match app.due(function, expected, now) {
            Due::Events(events) => events,
            Due::NotYet => {
                tracing::info!(%now, ?expected, "fired at none of the schedule's times");
                return Ok(Reply::default());
            }
            Due::Unknown => {
                let cause = "no stream has this timer's schedule: deploy the functions and the sources that belong to \
                             each other";
                return Err(unusable
                    .into_iter()
                    .next()
                    .unwrap_or_else(|| Error::new(ErrorKind::Config, cause)));
            }
        };
        for event in &events {
            let (source, streams) = (&event.source, event.streams.join(", "));
            tracing::info!(source, streams, is_past_due, item = %event.to_json(), "is due");
        }
        Ok(Reply::default().work(events.iter().map(Event::to_json)))
    }
}

/// When the host meant to fire: what it keeps as `Next` until the firing is over. Without a status it does
/// not say.
fn expected(firing: &Value) -> Option<Timestamp> {
    let status = unwrapped(firing.get("ScheduleStatus")?);
    let next = status.get("Next")?.as_str()?;
    // Some versions of the host leave the offset out; its clock is UTC.
    let utc = || next.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok().map(|time| time.timestamp());
    next.parse().ok().or_else(utc).filter(|next: &Timestamp| next.as_second() > 0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_host_s_status_tells_when_it_meant_to_fire() {
        let status = json!({ "Last": "2026-11-22T16:00:00.0127+00:00", "Next": "2026-11-22T18:00:00+01:00",
            "LastUpdated": "2026-11-22T16:00:00.0127+00:00" });
        let want = "2026-11-22T17:00:00Z".parse().ok();
        assert_eq!(expected(&json!({ "ScheduleStatus": status })), want);
        assert_eq!(expected(&json!({ "ScheduleStatus": status.to_string() })), want);
        assert_eq!(expected(&json!({ "ScheduleStatus": { "Next": "2026-11-22T17:00:00" } })), want);
        assert_eq!(expected(&json!({ "ScheduleStatus": null })), None);
        assert_eq!(expected(&json!({})), None);
        assert_eq!(expected(&json!({ "ScheduleStatus": { "Next": "0001-01-01T00:00:00" } })), None);
    }
}

//! The time that a run is for: it has come, as far as clocks agree.

use jiff::{SignedDuration, Timestamp};

use crate::bronze::CommitRecord;
use crate::error::{Error, ErrorKind};
use crate::window::EARLIEST;

/// How far the clock of a scheduler may be ahead of this machine's.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// Lets the time of a run pass that is one, and has come or is ahead by what clocks differ.
///
/// # Errors
/// [`ErrorKind::Config`] otherwise: what is due is counted up to a run's time, so every run until then
/// would find nothing due.
pub fn come(at: Timestamp, now: Timestamp) -> Result<(), Error> {
    if at < EARLIEST {
        let cause = format!("the run's time {at:.0} is before the year 1");
        return Err(Error::new(ErrorKind::Config, cause));
    }
    if is_come(at, now) {
        return Ok(());
    }
    let cause = format!(
        "the run's time {at:.0} is still to come, it is {now:.0}: give a time that has passed, or none, which is now"
    );
    Err(Error::new(ErrorKind::Config, cause))
}

/// Whether a run's time had come at this moment.
pub(crate) fn is_come(at: Timestamp, moment: Timestamp) -> bool {
    at.duration_since(moment) <= SKEW
}

/// Up to when a finished run has brought what was due: up to its time, unless that lay ahead of it. Earlier
/// versions took such a time, and nothing would be due until it comes.
pub(super) fn done_until(run: &CommitRecord) -> Timestamp {
    if is_come(run.scheduled_time, run.finished_at) { run.scheduled_time } else { run.finished_at }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_may_be_ahead_by_what_clocks_differ() {
        let time = |text: &str| text.parse::<Timestamp>().unwrap();
        let now = time("2026-11-22T17:00:00Z");
        for at in ["2020-01-01T00:00:00Z", "2026-11-22T17:00:00Z", "2026-11-22T17:05:00Z"] {
            assert!(come(time(at), now).is_ok(), "{at}");
        }
        let error = come(time("2026-11-22T17:05:01Z"), now).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(come(EARLIEST, now).is_ok());
        for at in [Timestamp::MIN, EARLIEST - SignedDuration::from_nanos(1)] {
            assert_eq!(come(at, now).unwrap_err().kind(), ErrorKind::Config);
        }
        insta::assert_snapshot!(error, @"the run's time 2026-11-22T17:05:01Z is still to come, it is 2026-11-22T17:00:00Z: give a time that has passed, or none, which is now");
    }
}

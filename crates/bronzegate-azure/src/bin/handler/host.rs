//! What the Functions host's own settings say of this process: how long an invocation may take.

use std::io;
use std::path::Path;
use std::time::Duration;

use bronzegate_core::bounded_file::read_file;
use bronzegate_core::doors::Setting;
use bronzegate_core::error::{Error, ErrorKind, Result};
use serde_json::Value;

/// The file in the folder in which the host starts the handler.
const FILE: &str = "host.json";
/// The most bytes of it.
const LARGEST: u64 = 1 << 20;
/// What the host allows where nothing is set, on the plan that allows least.
const LEAST: Duration = Duration::from_mins(5);

/// `functionTimeout` of `host.json`; five minutes without it.
///
/// # Errors
/// [`ErrorKind::Config`] when the file cannot be read.
pub(crate) fn timeout_of_file() -> Result<Duration> {
    let text = match read_file(Path::new(FILE), LARGEST) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(LEAST),
        Err(error) => return Err(Error::new(ErrorKind::Config, format!("cannot read {FILE}: {error}"))),
    };
    let host: Value = serde_json::from_slice(&text)
        .map_err(|error| Error::new(ErrorKind::Config, format!("{FILE} is not JSON: {error}")))?;
    match host.get("functionTimeout").and_then(Value::as_str) {
        Some(text) => timeout(&Setting::new("functionTimeout of host.json", text)),
        None => Ok(LEAST),
    }
}

/// Reads a time span of .NET such as `00:10:00` or `1.00:00:00`; `-1`, which is no limit, counts as a day.
///
/// # Errors
/// [`ErrorKind::Config`], naming the setting.
pub(crate) fn timeout(setting: &Setting) -> Result<Duration> {
    const DAY: Duration = Duration::from_hours(24);
    let text = setting.text.as_str();
    if text == "-1" {
        return Ok(DAY);
    }
    let (days, clock) = text.split_once('.').map_or(("0", text), |(days, clock)| (days, clock));
    let parts: Vec<Option<u64>> =
        std::iter::once(days).chain(clock.split(':')).map(|part| part.parse().ok()).collect();
    match parts[..] {
        [Some(days @ 0..=366), Some(hours @ 0..24), Some(minutes @ 0..60), Some(seconds @ 0..60)]
            if days + hours + minutes + seconds > 0 =>
        {
            Ok(Duration::from_secs(((days * 24 + hours) * 60 + minutes) * 60 + seconds))
        }
        _ => Err(setting.wrong("write hours, minutes and seconds, such as 00:10:00")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timeout(text: &str) -> Result<Duration> {
        super::timeout(&Setting::new("t", text))
    }

    #[test]
    fn a_time_span_is_that_of_dot_net() {
        for (text, seconds) in [
            ("00:10:00", 600),
            ("00:00:30", 30),
            ("1.00:00:00", 86_400),
            ("23:59:59", 86_399),
            ("-1", 86_400),
        ] {
            assert_eq!(timeout(text).unwrap(), Duration::from_secs(seconds), "{text}");
        }
        for text in [
            "",
            "10",
            "00:60:00",
            "24:00:00",
            "00:00:00",
            "x",
            "00:10",
            "-00:01:00",
            "18446744073709551615.00:00:00",
        ] {
            let error = timeout(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{text}");
            assert!(error.to_string().contains("write hours, minutes and seconds"), "{error}");
        }
    }
}

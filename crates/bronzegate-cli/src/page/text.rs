//! Times, numbers and anchors as the page writes them.

use bronzegate_core::health::StreamHealth;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// `2026-11-22 17:00`, in UTC; seconds only where there are some.
pub(super) fn time(time: Timestamp) -> String {
    let utc = time.to_zoned(TimeZone::UTC);
    let format = if utc.second() == 0 { "%Y-%m-%d %H:%M" } else { "%Y-%m-%d %H:%M:%S" };
    utc.strftime(format).to_string()
}

/// A ratio with two digits; `–` without one.
pub(super) fn ratio(ratio: Option<f64>) -> String {
    ratio.map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.2}"))
}

/// `0.4 %`; `–` without a number.
pub(super) fn percent(percent: Option<f64>) -> String {
    percent.map_or_else(|| "–".to_owned(), |percent| format!("{} %", (percent * 10.0).round() / 10.0))
}

/// The anchor of a stream. Names have letters, digits, `-` and `_` only.
pub(super) fn anchor(health: &StreamHealth) -> String {
    format!("{}.{}", health.source, health.stream)
}

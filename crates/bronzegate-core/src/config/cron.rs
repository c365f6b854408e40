//! The five-field cron that means the same on every platform.
//!
//! Days of the week are names: 1 is Monday in one platform's cron and Sunday in another's. Day of
//! month and day of week are not both restricted: one platform refuses it, others read "or".

const FORM: &str = "five fields: minute hour day-of-month month day-of-week, such as \"30 2 * * MON-FRI\"";
const DAY_NAMES: &str =
    "days of the week by name (MON, TUE, … SUN): platforms do not agree on what their numbers mean";
const BOTH_DAYS: &str =
    "either a day of month or a day of week, the other *: platforms do not agree on what both mean";
const MINUTE: &str = "a minute from 0 to 59, *, a-b, a list or a step such as */15";
const HOUR: &str = "an hour from 0 to 23, *, a-b, a list or a step such as */6";
const DAY: &str = "a day of month from 1 to 31, *, a-b, a list or a step";
const MONTH: &str = "a month from 1 to 12 or JAN to DEC, *, a-b, a list or a step";

const DAYS: [&str; 7] = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"];
const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

/// Checks an expression; the error is the form that is accepted.
pub(super) fn check(text: &str) -> Result<(), &'static str> {
    let fields: Vec<&str> = text.split_whitespace().collect();
    let [minute, hour, day, month, weekday] = fields[..] else {
        return Err(FORM);
    };
    field(minute, &|text| number(text, 0, 59)).ok_or(MINUTE)?;
    field(hour, &|text| number(text, 0, 23)).ok_or(HOUR)?;
    field(day, &|text| number(text, 1, 31)).ok_or(DAY)?;
    field(month, &|text| number(text, 1, 12).or_else(|| named(text, &MONTHS))).ok_or(MONTH)?;
    field(weekday, &|text| named(text, &DAYS)).ok_or(DAY_NAMES)?;
    if day != "*" && weekday != "*" {
        return Err(BOTH_DAYS);
    }
    Ok(())
}

/// A list of `*`, values and ranges, each with a step or without.
fn field(text: &str, value: &dyn Fn(&str) -> Option<u32>) -> Option<()> {
    for item in text.split(',') {
        let (range, step) = item.split_once('/').map_or((item, None), |(range, step)| (range, Some(step)));
        if let Some(step) = step {
            number(step, 1, 59)?;
        }
        match range.split_once('-') {
            _ if range == "*" => {}
            Some((from, to)) if value(from)? < value(to)? => {}
            None if step.is_none() => {
                value(range)?;
            }
            _ => return None,
        }
    }
    Some(())
}

fn number(text: &str, from: u32, to: u32) -> Option<u32> {
    let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| is_plain && (from..=to).contains(number))
}

fn named(text: &str, names: &[&str]) -> Option<u32> {
    names.iter().position(|name| *name == text).and_then(|index| u32::try_from(index).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_what_means_the_same_everywhere() {
        for text in [
            "30 2 * * MON-FRI",
            "*/15 * * * *",
            "0 6,18 * * *",
            "0 0 1 * *",
            "0 0 1 JAN,JUL *",
            "0 8-18/2 * * MON,WED",
            "0 0 * 1-6 SUN",
        ] {
            assert_eq!(check(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn refuses_what_does_not_with_the_reason() {
        for (text, want) in [
            ("", FORM),
            ("* * * *", FORM),
            ("0 0 2 * * MON", FORM),
            ("@daily", FORM),
            ("60 * * * *", MINUTE),
            ("5/10 * * * *", MINUTE),
            ("*/0 * * * *", MINUTE),
            ("0 24 * * *", HOUR),
            ("0 0 0 * *", DAY),
            ("0 0 L * *", DAY),
            ("0 0 * 13 *", MONTH),
            ("0 0 * * 1", DAY_NAMES),
            ("0 0 * * 1-5", DAY_NAMES),
            ("0 0 * * mon", DAY_NAMES),
            ("0 0 * * FRI-MON", DAY_NAMES),
            ("0 0 * * ?", DAY_NAMES),
            ("0 0 1 * MON", BOTH_DAYS),
        ] {
            assert_eq!(check(text), Err(want), "{text}");
        }
    }
}

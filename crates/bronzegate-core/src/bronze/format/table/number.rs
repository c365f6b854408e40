//! A JSON number's exact value: its digits and where its point is.

/// A number: `digits` times ten to the power of `exponent`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Number<'a> {
    is_negative: bool,
    /// All digits but leading and trailing zeros, which may be in two pieces; without any it is zero.
    before_point: &'a [u8],
    behind_point: &'a [u8],
    exponent: i64,
}

impl<'a> Number<'a> {
    /// Reads a number in the form of JSON (RFC 8259, section 6); `None` for anything else.
    pub(super) fn parse(text: &'a [u8]) -> Option<Self> {
        let (is_negative, text) = match text {
            [b'-', rest @ ..] => (true, rest),
            rest => (false, rest),
        };
        let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (before, rest) = text.split_at(digits(text));
        if before.is_empty() || (before.len() > 1 && before[0] == b'0') {
            return None;
        }
        let (behind, rest) = match rest {
            [b'.', rest @ ..] => {
                let (behind, rest) = rest.split_at(digits(rest));
                if behind.is_empty() {
                    return None;
                }
                (behind, rest)
            }
            rest => (&rest[..0], rest),
        };
        let exponent = match rest {
            [] => 0,
            [b'e' | b'E', power @ ..] => exponent(power)?,
            _ => return None,
        };
        Some(Self::new(is_negative, before, behind, exponent))
    }

    fn new(is_negative: bool, before: &'a [u8], behind: &'a [u8], exponent: i64) -> Self {
        let mut number = Self { is_negative, before_point: before, behind_point: behind, exponent };
        let zeros = |digits: &[u8]| digits.iter().take_while(|digit| **digit == b'0').count();
        let trailing = |digits: &[u8]| digits.iter().rev().take_while(|digit| **digit == b'0').count();
        number.exponent = number.exponent.saturating_sub(signed(behind.len()));
        let cut = trailing(number.behind_point);
        number.behind_point = &behind[..behind.len() - cut];
        number.exponent = number.exponent.saturating_add(signed(cut));
        if number.behind_point.is_empty() {
            let cut = trailing(number.before_point);
            number.before_point = &before[..before.len() - cut];
            number.exponent = number.exponent.saturating_add(signed(cut));
        }
        number.before_point = &number.before_point[zeros(number.before_point)..];
        if number.before_point.is_empty() {
            number.behind_point = &number.behind_point[zeros(number.behind_point)..];
        }
        number
    }

    fn digits(&self) -> impl Iterator<Item = u8> {
        self.before_point.iter().chain(self.behind_point).map(|digit| digit - b'0')
    }

    fn length(&self) -> usize {
        self.before_point.len() + self.behind_point.len()
    }

    /// The number times ten to the power of `scale`, if that is whole and has at most `precision` digits.
    pub(super) fn scaled(&self, precision: u8, scale: u8) -> Option<i128> {
        if self.length() == 0 {
            return Some(0);
        }
        let zeros = self.exponent.checked_add(i64::from(scale))?;
        let zeros = u32::try_from(zeros).ok()?;
        let length = u64::from(zeros).checked_add(self.length() as u64)?;
        if length > u64::from(precision.min(38)) {
            return None;
        }
        let digits = self.digits().fold(0_i128, |sum, digit| sum * 10 + i128::from(digit));
        let magnitude = digits.checked_mul(10_i128.checked_pow(zeros)?)?;
        Some(if self.is_negative { -magnitude } else { magnitude })
    }

    /// The number as a signed integer of 64 bits, if it is one.
    pub(super) fn long(&self) -> Option<i64> {
        self.scaled(19, 0)?.try_into().ok()
    }

    /// Whether two numbers have one value.
    fn is(&self, other: &Number<'_>) -> bool {
        let is_zero = self.length() == 0;
        is_zero && other.length() == 0
            || (self.is_negative, self.exponent) == (other.is_negative, other.exponent)
                && self.digits().eq(other.digits())
    }
}

/// The number as one of 64 bits with a floating point, if the shortest text that stands for that is the same number.
pub(super) fn double(text: &[u8]) -> Option<f64> {
    let number = Number::parse(text)?;
    let value: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    if !value.is_finite() {
        return None;
    }
    let shortest = format!("{value:e}");
    Number::parse(shortest.as_bytes())?.is(&number).then_some(value)
}

fn signed(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

/// Reads a power of ten. One that no number of 38 digits could have is the greatest.
fn exponent(text: &[u8]) -> Option<i64> {
    let (is_negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] | digits => (false, digits),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let sum = |sum: i64, digit: &u8| sum.saturating_mul(10).saturating_add(i64::from(digit - b'0'));
    let power = digits.iter().fold(0, sum).min(i64::MAX / 4);
    Some(if is_negative { -power } else { power })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scaled(text: &str, precision: u8, scale: u8) -> Option<i128> {
        Number::parse(text.as_bytes())?.scaled(precision, scale)
    }

    #[test]
    fn a_decimal_is_exact_or_none() {
        for (text, expected) in [
            ("0", Some(0)),
            ("-0.000", Some(0)),
            ("12.5", Some(1_250)),
            ("12.50", Some(1_250)),
            ("-12.34", Some(-1_234)),
            ("1e2", Some(10_000)),
            ("1.5E-1", Some(15)),
            ("0.010", Some(1)),
            ("120e-1", Some(1_200)),
            ("999.99", Some(99_999)),
            ("1000", None),
            ("12.345", None),
            ("1e-3", None),
            ("1e999999999999999999999", None),
            ("0e999999999999999999999", Some(0)),
        ] {
            assert_eq!(scaled(text, 5, 2), expected, "{text}");
        }
        let largest = "9".repeat(38);
        assert_eq!(scaled(&largest, 38, 0), largest.parse().ok());
        assert_eq!(scaled(&format!("{largest}9"), 38, 0), None);
        assert_eq!(scaled(&format!("0.{largest}"), 38, 38), largest.parse().ok());
    }

    #[test]
    fn a_long_is_whole_and_within_64_bits() {
        let long = |text: &str| Number::parse(text.as_bytes()).and_then(|number| number.long());
        for (text, expected) in [
            ("9223372036854775807", Some(i64::MAX)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775808", None),
            ("1.0", Some(1)),
            ("1e3", Some(1_000)),
            ("1.5", None),
        ] {
            assert_eq!(long(text), expected, "{text}");
        }
        for text in ["", "-", "01", "1.", ".5", "1e", "+1", "1 ", "0x1", "NaN", "1e+"] {
            assert_eq!(Number::parse(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn a_double_is_taken_where_its_shortest_text_is_the_same_number() {
        for (text, expected) in [
            ("0.1", Some(0.1)),
            ("-0", Some(-0.0)),
            ("1.50", Some(1.5)),
            ("1e22", Some(1e22)),
            ("123456789012345680000", Some(123_456_789_012_345_680_000.0)),
            ("12345678901234567890", None),
            ("0.10000000000000000001", None),
            ("1e400", None),
            ("5e-324", Some(5e-324)),
        ] {
            assert_eq!(double(text.as_bytes()), expected, "{text}");
        }
    }
}

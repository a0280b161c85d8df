//! Virtual time in words: how plans and reports write it.

use crate::time::Nanos;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A length of virtual time, or a moment since the start of a run, written in seconds without loss: `0.412s`.
///
/// ```
/// use squall::Span;
///
/// assert_eq!("0.412s".parse::<Span>(), Ok(Span(412_000_000)));
/// assert_eq!("3ms".parse::<Span>(), Ok(Span(3_000_000)));
/// assert_eq!(Span(1_000_000_001).to_string(), "1.000000001s");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(pub Nanos);

const UNITS: [(&str, u64); 4] = [("ns", 1), ("us", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000)];

impl Span {
    /// Cut off after four significant digits: enough for a person.
    pub fn rounded(self) -> Span {
        let unit = 10_u64.pow(self.0.checked_ilog10().unwrap_or(0).saturating_sub(3));
        Span(self.0 / unit * unit)
    }
}

impl From<Duration> for Span {
    fn from(duration: Duration) -> Span {
        Span(Nanos::try_from(duration.as_nanos()).unwrap_or(Nanos::MAX))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / 1_000_000_000, self.0 % 1_000_000_000);
        if rest == 0 {
            return write!(f, "{whole}s");
        }
        let digits = format!("{rest:09}");
        write!(f, "{whole}.{}s", digits.trim_end_matches('0'))
    }
}

/// Why a text is not a length of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpanError(String);

impl fmt::Display for SpanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is not a length of time: write a number and a unit such as 0.412s, 3ms, 20us or 7ns",
            self.0
        )
    }
}

impl std::error::Error for SpanError {}

impl FromStr for Span {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Span, SpanError> {
        let error = || SpanError(text.to_owned());
        let trimmed = text.trim();
        let (number, unit) = UNITS
            .iter()
            .find_map(|(name, unit)| Some((trimmed.strip_suffix(name)?, *unit)))
            .ok_or_else(error)?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
            return Err(error());
        }
        let mut nanos =
            whole.parse::<u64>().ok().and_then(|n| n.checked_mul(unit)).ok_or_else(error)?;
        let mut place = unit;
        for digit in fraction.bytes() {
            place /= 10;
            if place == 0 && digit != b'0' {
                return Err(error());
            }
            nanos = nanos.checked_add(place * u64::from(digit - b'0')).ok_or_else(error)?;
        }
        Ok(Span(nanos))
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Span, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Durations by their units, as in `2.minutes()`.
pub trait Units {
    /// So many hours.
    fn hours(self) -> Duration;
    /// So many minutes.
    fn minutes(self) -> Duration;
    /// So many seconds.
    fn seconds(self) -> Duration;
    /// So many milliseconds.
    fn millis(self) -> Duration;
    /// So many microseconds.
    fn micros(self) -> Duration;
}

impl Units for u64 {
    fn hours(self) -> Duration {
        Duration::from_secs(self * 3_600)
    }
    fn minutes(self) -> Duration {
        Duration::from_secs(self * 60)
    }
    fn seconds(self) -> Duration {
        Duration::from_secs(self)
    }
    fn millis(self) -> Duration {
        Duration::from_millis(self)
    }
    fn micros(self) -> Duration {
        Duration::from_micros(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_digits_are_enough() {
        for (nanos, told) in [
            (0, "0s"),
            (243_560, "0.0002435s"),
            (1_000, "0.000001s"),
            (47_094_963_967, "47.09s"),
            (120_000_000_001, "120s"),
        ] {
            assert_eq!(Span(nanos).rounded().to_string(), told);
        }
    }

    #[test]
    fn every_span_survives_its_text() {
        for nanos in
            [0, 1, 999, 1_000_000, 412_000_000, 1_000_000_000, 86_400_000_000_000, u64::MAX]
        {
            assert_eq!(Span(nanos).to_string().parse(), Ok(Span(nanos)));
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in ["", "s", "5", "-1s", "1.5ns", "1..2s", "1e3s", "99999999999s", "0x1s"] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
        assert_eq!("1.50ms".parse(), Ok(Span(1_500_000)));
    }
}

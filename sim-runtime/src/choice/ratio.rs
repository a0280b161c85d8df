//! Probabilities as integer ratios.

use std::fmt;
use std::str::FromStr;

/// A probability `numerator / denominator`, exact and the same on every platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ratio {
    numerator: u32,
    denominator: u32,
}

impl Ratio {
    /// Never.
    pub const ZERO: Ratio = Ratio { numerator: 0, denominator: 1 };
    /// Always.
    pub const ONE: Ratio = Ratio { numerator: 1, denominator: 1 };

    /// # Panics
    /// If `denominator` is 0 or the ratio exceeds 1.
    pub const fn new(numerator: u32, denominator: u32) -> Ratio {
        assert!(denominator > 0, "a ratio needs a denominator above 0");
        assert!(numerator <= denominator, "a probability is at most 1");
        Ratio { numerator, denominator }
    }

    /// How many in a million.
    ///
    /// # Panics
    /// If `count` exceeds a million.
    pub const fn per_million(count: u32) -> Ratio {
        Ratio::new(count, 1_000_000)
    }

    /// The upper number.
    pub const fn numerator(self) -> u32 {
        self.numerator
    }

    /// The lower number.
    pub const fn denominator(self) -> u32 {
        self.denominator
    }

    /// Whether it never happens.
    pub const fn is_zero(self) -> bool {
        self.numerator == 0
    }

    /// Whether 64 random bits fall into the ratio's share.
    #[inline]
    pub(crate) fn hit(self, raw: u64) -> bool {
        // The share lies at the top, so that the least outcomes are the benign ones.
        let at = (u128::from(raw) * u128::from(self.denominator)) >> 64;
        at as u64 >= u64::from(self.denominator - self.numerator)
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.numerator, self.denominator)
    }
}

/// Why a text is not a ratio.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RatioError(String);

impl fmt::Display for RatioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is not a probability: write two whole numbers such as 1/100, the first at most the second",
            self.0
        )
    }
}

impl std::error::Error for RatioError {}

impl FromStr for Ratio {
    type Err = RatioError;

    fn from_str(text: &str) -> Result<Ratio, RatioError> {
        let error = || RatioError(text.to_owned());
        let (n, d) = text.split_once('/').ok_or_else(error)?;
        let (n, d): (u32, u32) =
            (n.trim().parse().map_err(|_| error())?, d.trim().parse().map_err(|_| error())?);
        if d == 0 || n > d {
            return Err(error());
        }
        Ok(Ratio::new(n, d))
    }
}

//! Integer distributions, the same on every platform.

use super::fixed::{minus_ln, scale_exp2};
use super::mix::mix64;
use super::{Ratio, reduce};

/// How a value (usually nanoseconds) is spread. All arithmetic is on integers.
///
/// ```
/// use sim_runtime::choice::{Choices, Distribution, Kind};
///
/// let choices = Choices::new(1);
/// let mut link = choices.stream(&["link".into()]);
/// let latency = Distribution::exponential(1_000_000, 4_000_000, 100_000_000);
/// let ns = choices.sample(&mut link, Kind::Delay, &latency);
/// assert!((1_000_000..=100_000_000).contains(&ns));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distribution {
    min: u64,
    span: u64,
    shape: Shape,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Shape {
    Uniform,
    Exponential { mean: u64 },
    LogNormal { median: u64, sigma: i64 },
    LogUniform,
    Bimodal { tail_chance: Ratio, body: Box<Distribution>, tail: Box<Distribution> },
}

impl Distribution {
    /// Always `value`.
    pub const fn constant(value: u64) -> Distribution {
        Distribution { min: value, span: 0, shape: Shape::Uniform }
    }

    /// Every value of `min..=max` alike.
    ///
    /// # Panics
    /// If `min` exceeds `max`.
    pub const fn uniform(min: u64, max: u64) -> Distribution {
        assert!(min <= max, "the least value of a distribution exceeds its greatest");
        Distribution { min, span: max - min, shape: Shape::Uniform }
    }

    /// `min` plus an exponentially distributed part, cut at `max`; `mean` is that of the uncut whole.
    ///
    /// # Panics
    /// Unless `min <= mean <= max`.
    pub const fn exponential(min: u64, mean: u64, max: u64) -> Distribution {
        assert!(min <= mean && mean <= max, "an exponential distribution needs min <= mean <= max");
        Distribution { min, span: max - min, shape: Shape::Exponential { mean: mean - min } }
    }

    /// `min` plus a log-normal part with the given median, cut at `max`. `sigma_milli` is the
    /// standard deviation of the logarithm in thousandths: 500 is mild, 1500 has a long tail.
    /// The normal variate is a sum of four uniform ones (Irwin-Hall), so it ends at 3.46 sigma.
    ///
    /// # Panics
    /// Unless `min <= median <= max`, and if `sigma_milli` exceeds 10,000.
    pub const fn log_normal(min: u64, median: u64, sigma_milli: u32, max: u64) -> Distribution {
        assert!(
            min <= median && median <= max,
            "a log-normal distribution needs min <= median <= max"
        );
        assert!(sigma_milli <= 10_000, "sigma_milli is at most 10,000");
        // log2(e) * 2^32 / 1000, so that `sigma` is in powers of two with 32 fractional bits.
        let sigma = (sigma_milli as i64 * 6_196_328_019) / 1_000;
        Distribution {
            min,
            span: max - min,
            shape: Shape::LogNormal { median: median - min, sigma },
        }
    }

    /// Every order of magnitude of `min..=max` alike (uniform in the logarithm). `min` must not be 0.
    ///
    /// # Panics
    /// If `min` is 0 or exceeds `max`.
    pub const fn log_uniform(min: u64, max: u64) -> Distribution {
        assert!(min > 0 && min <= max, "a log-uniform distribution needs 0 < min <= max");
        Distribution { min, span: max - min, shape: Shape::LogUniform }
    }

    /// `body` mostly, `tail` with probability `tail_chance`. The benign outcome is the least value of `body`.
    ///
    /// # Panics
    /// If the tail starts below the body.
    pub fn bimodal(body: Distribution, tail_chance: Ratio, tail: Distribution) -> Distribution {
        assert!(tail.min >= body.min, "the tail of a distribution starts below its body");
        let max = (body.min + body.span).max(tail.min + tail.span);
        Distribution {
            min: body.min,
            span: max - body.min,
            shape: Shape::Bimodal { tail_chance, body: Box::new(body), tail: Box::new(tail) },
        }
    }

    /// The least value.
    pub fn min(&self) -> u64 {
        self.min
    }

    /// The greatest value.
    pub fn max(&self) -> u64 {
        self.min + self.span
    }

    #[inline]
    pub(super) fn range(&self) -> (u64, u64) {
        (self.min, self.span)
    }

    /// The value that 64 random bits stand for, less the least value.
    #[inline]
    pub(super) fn above_min(&self, raw: u64) -> u64 {
        match &self.shape {
            Shape::Uniform => match self.span.checked_add(1) {
                Some(n) => reduce(raw, n),
                None => raw,
            },
            Shape::Exponential { mean } => {
                let value = (u128::from(*mean) * u128::from(minus_ln(raw))) >> 32;
                u64::try_from(value).unwrap_or(u64::MAX).min(self.span)
            }
            Shape::LogNormal { median, sigma } => {
                let exponent = (i128::from(irwin_hall(raw)) * i128::from(*sigma)) >> 32;
                scale_exp2(*median, exponent as i64).min(self.span)
            }
            Shape::LogUniform => {
                let octaves = minus_log2_ratio(self.min, self.min + self.span);
                let exponent = (u128::from(raw) * u128::from(octaves)) >> 64;
                (scale_exp2(self.min, exponent as i64).max(self.min) - self.min).min(self.span)
            }
            Shape::Bimodal { tail_chance, body, tail } => {
                let second = mix64(raw ^ 0x5851_F42D_4C95_7F2D);
                let part = if tail_chance.hit(raw) { tail } else { body };
                part.min + part.above_min(second) - self.min
            }
        }
    }
}

/// An approximately standard normal variate in 32 fractional bits: four uniform ones of 16 bits each,
/// centred and scaled by sqrt(3).
fn irwin_hall(raw: u64) -> i64 {
    let sum: u64 = (0..4).map(|i| (raw >> (16 * i)) & 0xFFFF).sum();
    let centred = 2 * sum as i64 - 4 * 0xFFFF; // in units of 2^-17
    // sqrt(3) * 2^32 / 2^17
    centred * 56_756
}

/// `log2(high / low)` in 32 fractional bits.
fn minus_log2_ratio(low: u64, high: u64) -> u64 {
    let ln = minus_ln((u128::from(low) * (u128::from(u64::MAX)) / u128::from(high)) as u64);
    // 1 / ln 2 in 32 fractional bits.
    ((u128::from(ln) * 6_196_328_019) >> 32) as u64
}

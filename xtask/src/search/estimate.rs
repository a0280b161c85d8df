//! How likely a seed fails, and how two such likelihoods compare.
//!
//! Seeds are independent trials and their number is fixed beforehand, so failures are binomial: Clopper and Pearson's interval
//! (1934) is exact for one cell, and for the ratio of two the logarithm is about normal (Katz and others, 1978).

use serde::Serialize;
use statrs::function::beta::inv_beta_reg;
use std::f64::consts::LN_2;

/// Half of what a 95% interval leaves out.
const TAIL: f64 = 0.025;
/// How many standard deviations 95% are.
const DEVIATIONS: f64 = 1.959_964;

/// A share with its 95% interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// The estimate.
    pub at: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// How a cell compares with the default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// Beyond the interval worse.
    Loses,
    /// Neither.
    Even,
    /// Beyond the interval better.
    Wins,
}

/// So many seeds, so many failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// Seeds that failed.
    pub failures: u64,
    /// Seeds that were run.
    pub seeds: u64,
}

impl Count {
    /// The share of seeds that fail, with the interval of Clopper and Pearson.
    pub fn share(self) -> Interval {
        let (k, n) = (self.failures as f64, self.seeds as f64);
        assert!(n > 0.0 && k <= n, "failures are some of the seeds");
        let low = if k == 0.0 { 0.0 } else { inv_beta_reg(k, n - k + 1.0, TAIL) };
        let high = if k == n { 1.0 } else { inv_beta_reg(k + 1.0, n - k, 1.0 - TAIL) };
        Interval { at: k / n, low, high }
    }

    /// After how many seeds half of all campaigns have found it. `None` without a failure: then it is more than `ln 2 * N / 3`.
    pub fn median_seeds(self) -> Option<f64> {
        (self.failures > 0).then(|| (LN_2 * self.seeds as f64 / self.failures as f64).max(1.0))
    }

    /// The variance of the logarithm of the share.
    fn variance(self) -> f64 {
        1.0 / self.failures as f64 - 1.0 / self.seeds as f64
    }

    /// By what factor it fails more often than `usual`. `None` when one of them never failed: then there is no ratio to speak of.
    pub fn ratio(self, usual: Count) -> Option<Interval> {
        mean_ratio(&[(self, usual)])
    }

    /// Whether it is beyond the intervals worse or better than `usual`.
    pub fn mark(self, usual: Count) -> Mark {
        let (own, other) = (self.share(), usual.share());
        match self.ratio(usual) {
            Some(ratio) => ratio.mark(),
            None if own.high < other.low => Mark::Loses,
            None if own.low > other.high => Mark::Wins,
            None => Mark::Even,
        }
    }
}

impl Interval {
    /// What a ratio says.
    pub fn mark(self) -> Mark {
        match self {
            ratio if ratio.high < 1.0 => Mark::Loses,
            ratio if ratio.low > 1.0 => Mark::Wins,
            _ => Mark::Even,
        }
    }
}

impl Mark {
    /// The word used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Mark::Loses => "loses",
            Mark::Even => "",
            Mark::Wins => "wins",
        }
    }
}

/// The geometric mean of the ratios of several pairs of counts, over those pairs of which both failed at least once.
pub fn mean_ratio(pairs: &[(Count, Count)]) -> Option<Interval> {
    let both: Vec<&(Count, Count)> =
        pairs.iter().filter(|(own, usual)| own.failures > 0 && usual.failures > 0).collect();
    if both.is_empty() {
        return None;
    }
    let count = both.len() as f64;
    let log = |(own, usual): &(Count, Count)| (own.share().at / usual.share().at).ln();
    let mean = both.iter().map(|pair| log(pair)).sum::<f64>() / count;
    let variance: f64 = both.iter().map(|(own, usual)| own.variance() + usual.variance()).sum();
    let reach = DEVIATIONS * variance.sqrt() / count;
    Some(Interval { at: mean.exp(), low: (mean - reach).exp(), high: (mean + reach).exp() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(failures: u64, seeds: u64) -> Count {
        Count { failures, seeds }
    }

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-4 * b.abs().max(1e-9)
    }

    /// The ends by their definition: with a share at an end, the tail of the binomial distribution is 2.5%.
    #[test]
    fn intervals_are_those_of_clopper_and_pearson() {
        let at_most = |k: u64, n: u64, p: f64| -> f64 {
            let mut term = (1.0 - p).powi(n as i32);
            let mut sum = term;
            for i in 0..k {
                term *= (n - i) as f64 / (i + 1) as f64 * p / (1.0 - p);
                sum += term;
            }
            sum
        };
        for (k, n) in [(1, 20), (10, 100), (3, 300), (45, 50), (49, 50)] {
            let share = count(k, n).share();
            assert!(near(at_most(k, n, share.high), TAIL), "{k} of {n}: {share:?}");
            assert!(near(1.0 - at_most(k - 1, n, share.low), TAIL), "{k} of {n}: {share:?}");
        }
    }

    #[test]
    fn nothing_found_is_a_bound_and_not_a_zero() {
        let share = count(0, 3_000).share();
        assert_eq!((share.at, share.low), (0.0, 0.0));
        assert!(near(share.high, 1.0 - TAIL.powf(1.0 / 3_000.0)));
        assert_eq!(count(0, 3_000).median_seeds(), None);
        assert_eq!(count(3_000, 3_000).share().high, 1.0);
        assert_eq!(count(3_000, 3_000).median_seeds(), Some(1.0));
        assert!(near(count(3, 3_000).median_seeds().unwrap(), 693.147));
    }

    #[test]
    fn ratios_are_marked_beyond_their_interval_only() {
        let usual = count(100, 1_000);
        assert_eq!(count(100, 1_000).mark(usual), Mark::Even);
        assert_eq!(count(85, 1_000).mark(usual), Mark::Even);
        assert_eq!(count(60, 1_000).mark(usual), Mark::Loses);
        assert_eq!(count(150, 1_000).mark(usual), Mark::Wins);
        assert_eq!(count(0, 1_000).mark(usual), Mark::Loses);
        assert_eq!(usual.mark(count(0, 1_000)), Mark::Wins);
        assert_eq!(count(0, 1_000).mark(count(1, 1_000)), Mark::Even);
        let ratio = count(60, 1_000).ratio(usual).unwrap();
        let reach = (1.96 * (1.0 / 60.0 + 1.0 / 100.0 - 2.0 / 1_000.0_f64).sqrt()).exp();
        assert!(near(ratio.high, 0.6 * reach) && near(ratio.low, 0.6 / reach));
    }

    #[test]
    fn means_are_geometric_over_what_both_found() {
        let pairs = [
            (count(200, 1_000), count(100, 1_000)),
            (count(50, 1_000), count(100, 1_000)),
            (count(0, 1_000), count(100, 1_000)),
        ];
        let mean = mean_ratio(&pairs).unwrap();
        assert!(near(mean.at, 1.0));
        assert_eq!(mean_ratio(&pairs[2..]), None);
    }
}

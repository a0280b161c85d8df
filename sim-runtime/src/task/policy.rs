//! Which runnable task is polled next.

use std::fmt;
use std::str::FromStr;

/// How runnable tasks are ordered. Every policy respects time: it chooses among what can run now, and
/// never fires a timer early or delivers before a link's minimum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// First in, first out.
    Fifo,
    /// Each wake draws a priority from its task's own stream.
    Random,
    /// Probabilistic concurrency testing with bug depth `d` (Burckhardt et al., ASPLOS 2010): each task has
    /// one random priority for its whole life, and `d - 1` times in a run the running task falls behind all others.
    Pct(u32),
    /// By seed one of `fifo`, `random` (twice as often), `pct:2` and `pct:3`: no single policy dominates.
    #[default]
    Portfolio,
}

impl Policy {
    /// The policy that a portfolio means for a seed; any other is itself.
    pub fn resolve(self, seed: u64) -> Policy {
        match self {
            Policy::Portfolio => match crate::choice::mix64(seed ^ 0x9A7F_0110) % 5 {
                0 => Policy::Fifo,
                1 | 2 => Policy::Random,
                3 => Policy::Pct(2),
                _ => Policy::Pct(3),
            },
            Policy::Fifo | Policy::Random | Policy::Pct(_) => self,
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Policy::Fifo => f.write_str("fifo"),
            Policy::Random => f.write_str("random"),
            Policy::Pct(depth) => write!(f, "pct:{depth}"),
            Policy::Portfolio => f.write_str("portfolio"),
        }
    }
}

/// Why a text is not a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError(String);

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is not a policy: write fifo, random, portfolio or pct:D with D from 1 to 99",
            self.0
        )
    }
}

impl std::error::Error for PolicyError {}

impl FromStr for Policy {
    type Err = PolicyError;

    fn from_str(text: &str) -> Result<Policy, PolicyError> {
        match text {
            "fifo" => Ok(Policy::Fifo),
            "random" => Ok(Policy::Random),
            "portfolio" => Ok(Policy::Portfolio),
            _ => match text.strip_prefix("pct:").map(str::parse) {
                Some(Ok(depth @ 1..=99)) => Ok(Policy::Pct(depth)),
                Some(Ok(_) | Err(_)) | None => Err(PolicyError(text.to_owned())),
            },
        }
    }
}

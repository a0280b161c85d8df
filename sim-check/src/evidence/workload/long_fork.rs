//! Evidence for and against long forks.

use super::claim;
use crate::workload::{ForkChains, ForkRead, LongFork};

impl ForkChains {
    /// Checks that each read stands in one chain, that each chain holds all reads of its keys, and that no read
    /// saw less than the one before it.
    ///
    /// # Errors
    /// The first claim that is not true.
    pub fn verify<K: Ord>(&self, reads: &[ForkRead<K>]) -> Result<(), String> {
        let of = |read: usize| reads.get(read).ok_or_else(|| format!("there is no read {read}"));
        let mut placed = vec![false; reads.len()];
        let mut last: Option<&ForkRead<K>> = None;
        for chain in &self.chains {
            let first = *chain.first().ok_or("it is not so that a chain has reads")?;
            let keys = || of(first).map(|read| read.seen.keys());
            if let Some(last) = last {
                // So no two chains share their keys.
                claim(last.seen.keys().lt(keys()?), || "the chains ascend".to_string())?;
            }
            last = Some(of(first)?);
            for (place, read) in chain.iter().enumerate() {
                claim(of(*read)?.seen.keys().eq(keys()?), || format!("read {read} is of them"))?;
                claim(!std::mem::replace(&mut placed[*read], true), || {
                    format!("read {read} stands once")
                })?;
                let before = of(chain[place.saturating_sub(1)])?;
                let grows = before.seen.values().zip(of(*read)?.seen.values());
                claim(grows.into_iter().all(|(before, now)| before <= now), || {
                    format!("read {read} saw no less than the one before it")
                })?;
            }
        }
        claim(placed.iter().all(|placed| *placed), || "each read has a chain".to_string())
    }
}

impl<K: Ord> LongFork<K> {
    /// Checks what the two reads saw of the two keys.
    ///
    /// # Errors
    /// The first claim that is not true.
    pub fn verify(&self, reads: &[ForkRead<K>]) -> Result<(), String> {
        let of = |read: usize| reads.get(read).ok_or_else(|| format!("there is no read {read}"));
        let (first, second) = (&of(self.first)?.seen, &of(self.second)?.seen);
        claim(first.keys().eq(second.keys()), || "both read the same keys".to_string())?;
        for (read, known, unknown) in [
            (first, &self.first_key, &self.second_key),
            (second, &self.second_key, &self.first_key),
        ] {
            let saw = (read.get(known), read.get(unknown));
            claim(saw == (Some(&true), Some(&false)), || "each saw one of the two".to_string())?;
        }
        Ok(())
    }
}

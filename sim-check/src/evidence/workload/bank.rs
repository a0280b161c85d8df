//! Evidence for and against a bank.

use super::claim;
use crate::workload::{Bank, BankAudit, BankViolation};

fn sum<A>(read: &[(A, i64)]) -> i128 {
    read.iter().fold(0, |sum, (_, balance)| sum + i128::from(*balance))
}

impl BankAudit {
    /// Checks the sum and the lowest balance of each read.
    ///
    /// # Errors
    /// The first claim that is not true.
    pub fn verify<A>(&self, reads: &[Vec<(A, i64)>], bank: Bank) -> Result<(), String> {
        claim(self.reads.len() == reads.len(), || "there are as many reads".to_string())?;
        for (number, (read, (seen, lowest))) in reads.iter().zip(&self.reads).enumerate() {
            let all = *seen == bank.total && sum(read) == *seen;
            claim(all, || format!("read {number} saw {} in all", bank.total))?;
            let is_lowest = read.iter().map(|(_, balance)| *balance).min() == *lowest;
            claim(is_lowest, || format!("{lowest:?} is the lowest balance of read {number}"))?;
            let covered = bank.negative_allowed || lowest.is_none_or(|lowest| lowest >= 0);
            claim(covered, || format!("read {number} saw no overdrawn account"))?;
        }
        Ok(())
    }
}

impl<A: PartialEq> BankViolation<A> {
    /// Checks what the violation says of the read that it names.
    ///
    /// # Errors
    /// The first claim that is not true.
    pub fn verify(&self, reads: &[Vec<(A, i64)>], bank: Bank) -> Result<(), String> {
        let of = |read: usize| reads.get(read).ok_or_else(|| format!("there is no read {read}"));
        match self {
            Self::WrongTotal { read, seen, total } => {
                claim(sum(of(*read)?) == *seen, || format!("read {read} saw {seen} in all"))?;
                claim(*total == bank.total && seen != total, || "the total is another".to_string())
            }
            Self::Negative { read, account, balance } => {
                let saw = of(*read)?.iter().any(|(a, b)| a == account && b == balance);
                claim(saw, || format!("read {read} saw {balance} in that account"))?;
                claim(*balance < 0 && !bank.negative_allowed, || "that is forbidden".to_string())
            }
        }
    }
}

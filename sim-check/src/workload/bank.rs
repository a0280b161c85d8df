//! Bank: transfers move money between accounts, so each read of all accounts sees the same total.

use crate::verdict::Verdict;
use std::fmt;

/// What a bank promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bank {
    /// The sum of all balances.
    pub total: i128,
    /// Whether an account may be overdrawn.
    pub negative_allowed: bool,
}

/// A read that no state of the bank explains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BankViolation<A> {
    /// Money was created or destroyed.
    WrongTotal {
        /// The number of the read.
        read: usize,
        /// The total that it saw.
        seen: i128,
        /// The total that there is.
        total: i128,
    },
    /// An account was overdrawn.
    Negative {
        /// The number of the read.
        read: usize,
        /// The account.
        account: A,
        /// Its balance.
        balance: i64,
    },
}

impl<A: fmt::Display> fmt::Display for BankViolation<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongTotal { read, seen, total } => {
                write!(f, "read {read} saw {seen} in all accounts together, but there are {total}")
            }
            Self::Negative { read, account, balance } => {
                write!(
                    f,
                    "read {read} saw {balance} in account {account}, which may not be negative"
                )
            }
        }
    }
}

/// Proof that each read saw the total, checked by [`verify`](Self::verify).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankAudit {
    /// For each read, in their order, the sum of its balances and the lowest of them.
    pub reads: Vec<(i128, Option<i64>)>,
}

/// Judges reads of all accounts.
///
/// ```
/// use sim_check::Verdict;
/// use sim_check::workload::{Bank, check_bank};
///
/// let bank = Bank { total: 10, negative_allowed: false };
/// let good = [vec![("a", 4), ("b", 6)]];
/// let Verdict::Ok(audit) = check_bank(&good, bank) else { panic!("the sum is 10") };
/// assert_eq!(audit.reads, [(10, Some(4))]);
/// assert!(audit.verify(&good, bank).is_ok());
/// assert!(check_bank(&[vec![("a", 4), ("b", 7)]], bank).is_violation());
/// ```
pub fn check_bank<A: Clone>(
    reads: &[Vec<(A, i64)>],
    bank: Bank,
) -> Verdict<BankAudit, BankViolation<A>> {
    let mut audit = BankAudit { reads: Vec::with_capacity(reads.len()) };
    for (read, balances) in reads.iter().enumerate() {
        let seen = balances.iter().map(|(_, balance)| i128::from(*balance)).sum();
        if seen != bank.total {
            return Verdict::Violation(BankViolation::WrongTotal { read, seen, total: bank.total });
        }
        let overdrawn = balances.iter().find(|(_, balance)| *balance < 0);
        if let Some((account, balance)) = overdrawn.filter(|_| !bank.negative_allowed) {
            return Verdict::Violation(BankViolation::Negative {
                read,
                account: account.clone(),
                balance: *balance,
            });
        }
        audit.reads.push((seen, balances.iter().map(|(_, balance)| *balance).min()));
    }
    Verdict::Ok(audit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_overdrawn_account_is_seen() {
        let reads = [vec![("a", -1), ("b", 11)]];
        let mut bank = Bank { total: 10, negative_allowed: false };
        let expected = BankViolation::Negative { read: 0, account: "a", balance: -1 };
        assert_eq!(check_bank(&reads, bank), Verdict::Violation(expected));
        bank.negative_allowed = true;
        assert_eq!(
            check_bank(&reads, bank),
            Verdict::Ok(BankAudit { reads: vec![(10, Some(-1))] })
        );
    }

    #[test]
    fn a_sum_does_not_wrap_around() {
        let reads = [vec![("a", i64::MAX), ("b", i64::MAX), ("c", 2)]];
        let bank = Bank { total: 0, negative_allowed: false };
        assert!(check_bank(&reads, bank).is_violation());
    }

    #[test]
    fn the_wrong_total_is_named() {
        let reads = [vec![("a", 10)], vec![("a", 9)]];
        let bank = Bank { total: 10, negative_allowed: false };
        let expected = BankViolation::WrongTotal { read: 1, seen: 9, total: 10 };
        assert_eq!(check_bank(&reads, bank), Verdict::Violation(expected));
    }
}

//! Bank: transfers move money between accounts, so each read of all accounts sees the same total.

use crate::verdict::Verdict;
use std::fmt;

/// What a bank promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bank {
    /// The sum of all balances.
    pub total: i64,
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
        seen: i64,
        /// The total that there is.
        total: i64,
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

/// Judges reads of all accounts. The certificate is the number of reads.
///
/// ```
/// use sim_check::workload::{Bank, check_bank};
///
/// let bank = Bank { total: 10, negative_allowed: false };
/// assert!(check_bank(&[vec![("a", 4), ("b", 6)]], bank).is_ok());
/// assert!(check_bank(&[vec![("a", 4), ("b", 7)]], bank).is_violation());
/// ```
pub fn check_bank<A: Clone>(
    reads: &[Vec<(A, i64)>],
    bank: Bank,
) -> Verdict<usize, BankViolation<A>> {
    for (read, balances) in reads.iter().enumerate() {
        let seen = balances.iter().map(|(_, balance)| balance).sum();
        if seen != bank.total {
            return Verdict::Violation(BankViolation::WrongTotal { read, seen, total: bank.total });
        }
        if bank.negative_allowed {
            continue;
        }
        if let Some((account, balance)) = balances.iter().find(|(_, balance)| *balance < 0) {
            return Verdict::Violation(BankViolation::Negative {
                read,
                account: account.clone(),
                balance: *balance,
            });
        }
    }
    Verdict::Ok(reads.len())
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
        assert_eq!(check_bank(&reads, bank), Verdict::Ok(1));
    }

    #[test]
    fn the_wrong_total_is_named() {
        let reads = [vec![("a", 10)], vec![("a", 9)]];
        let bank = Bank { total: 10, negative_allowed: false };
        let expected = BankViolation::WrongTotal { read: 1, seen: 9, total: 10 };
        assert_eq!(check_bank(&reads, bank), Verdict::Violation(expected));
    }
}

//! Why a datagram did not arrive.

use std::fmt;

/// Why a datagram did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Cause {
    /// The link lost it.
    Loss,
    /// The link was blocked when it was sent, or when it would have arrived.
    Blocked,
    /// The machine at that address is off, or there is none.
    NoMachine,
    /// The machine is on, but no socket takes datagrams on that port from that sender.
    NoSocket,
    /// The receive buffer of the socket was full.
    Full,
}

impl Cause {
    const ALL: [Cause; 5] =
        [Cause::Loss, Cause::Blocked, Cause::NoMachine, Cause::NoSocket, Cause::Full];

    /// The cause of a number, as a trace record carries it.
    pub(crate) fn from_number(number: u64) -> Option<Cause> {
        Cause::ALL.get(usize::try_from(number).ok()?).copied()
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Cause::Loss => "lost",
            Cause::Blocked => "blocked",
            Cause::NoMachine => "no machine",
            Cause::NoSocket => "no socket",
            Cause::Full => "receive buffer full",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_causes_are_one_to_one() {
        for cause in Cause::ALL {
            assert_eq!(Cause::from_number(cause as u64), Some(cause));
        }
        assert_eq!(Cause::from_number(Cause::ALL.len() as u64), None);
    }
}

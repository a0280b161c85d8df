//! Compares a judge with the definition of its property on random small inputs, and its proofs with their verifiers.

use super::random::Random;
use sim_check::Verdict;
use std::fmt::Debug;

/// A judge of inputs `I` with certificates `C` and violations `X`.
pub struct Judge<'j, I, C, X> {
    pub draw: &'j dyn Fn(&mut Random) -> I,
    pub judge: &'j dyn Fn(&I) -> Verdict<C, X>,
    /// The property, word by word; `None` if the input does not tell.
    pub holds: &'j dyn Fn(&I) -> Option<bool>,
    pub accepts: &'j dyn Fn(&C, &I) -> Result<(), String>,
    pub convicts: &'j dyn Fn(&X, &I) -> Result<(), String>,
    /// Damaged certificates, each of which proves nothing.
    pub damaged: &'j dyn Fn(&C, &I) -> Vec<C>,
    /// False accusations.
    pub forged: &'j dyn Fn(&X, &I) -> Vec<X>,
}

impl<I: Debug, C: Debug + Clone, X: Debug + Clone> Judge<'_, I, C, X> {
    /// Judges as many inputs.
    pub fn agrees(&self, runs: u64) {
        let mut random = Random::new(11);
        let (mut goods, mut bads): (Vec<C>, Vec<X>) = (Vec::new(), Vec::new());
        let (mut ok, mut bad, mut damaged, mut forged) = (0, 0, 0, 0);
        for _ in 0..runs {
            let input = (self.draw)(&mut random);
            match (self.judge)(&input) {
                Verdict::Ok(certificate) => {
                    assert_eq!((self.holds)(&input), Some(true), "called good: {input:#?}");
                    let verified = (self.accepts)(&certificate, &input);
                    assert_eq!(verified, Ok(()), "{certificate:?} {input:#?}");
                    for damaged_one in (self.damaged)(&certificate, &input) {
                        let verified = (self.accepts)(&damaged_one, &input);
                        assert!(verified.is_err(), "accepted {damaged_one:?} of {input:#?}");
                        damaged += 1;
                    }
                    for other in &bads {
                        let verified = (self.convicts)(other, &input);
                        assert!(verified.is_err(), "accepted {other:?} against {input:#?}");
                    }
                    ok += 1;
                    keep(&mut goods, certificate, &mut random);
                }
                Verdict::Violation(violation) => {
                    assert_eq!((self.holds)(&input), Some(false), "called bad: {input:#?}");
                    let verified = (self.convicts)(&violation, &input);
                    assert_eq!(verified, Ok(()), "{violation:?} {input:#?}");
                    for forged_one in (self.forged)(&violation, &input) {
                        let verified = (self.convicts)(&forged_one, &input);
                        assert!(verified.is_err(), "accepted {forged_one:?} against {input:#?}");
                        forged += 1;
                    }
                    for other in &goods {
                        let verified = (self.accepts)(other, &input);
                        assert!(verified.is_err(), "accepted {other:?} for {input:#?}");
                    }
                    bad += 1;
                    keep(&mut bads, violation, &mut random);
                }
                Verdict::Unknown(_) => {
                    assert_eq!((self.holds)(&input), None, "undecided: {input:#?}");
                }
            }
        }
        let counts = format!("{ok} good, {bad} bad, {damaged} damaged, {forged} forged");
        let few = runs / 50;
        assert!(ok > few && bad > few && damaged > few && forged > few, "{counts}");
        eprintln!("{counts}");
    }
}

/// A few proofs about other inputs.
pub fn keep<T>(pool: &mut Vec<T>, proof: T, random: &mut Random) {
    if pool.len() < 12 {
        pool.push(proof);
    } else if random.chance(20) {
        let place = random.below(pool.len());
        pool[place] = proof;
    }
}

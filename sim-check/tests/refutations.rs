//! Violations of long histories are proved, whatever the object: of linearizability and of sequential consistency.

mod support;

use sim_check::certificate::verify_violation;
use sim_check::linearizability::check_linearizability;
use sim_check::refutation::{refute_linearizability, refute_sequential_consistency};
use sim_check::sequential::check_sequential_consistency;
use sim_check::spec::*;
use sim_check::{Budget, Verdict};
use support::draw::{Drawn, Shape, draw_history};
use support::random::Random;
use support::specs::{DistinctQueue, Growing, UniqueWrites};

/// What a judge may spend on a history, and what its proof may cost.
const BUDGET: Budget = Budget::configurations(20_000);
const PROOF: Budget = Budget::configurations(320_000);

const LENGTHS: [usize; 3] = [60, 200, 600];

/// Where no value is used twice, and there are 256 of them.
const SHORT: [usize; 3] = [60, 120, 200];

/// Proves what the judges find in long histories; how many violations there were of each kind.
fn prove<D: Drawn, S: NondeterministicSpec<Op = D::Op, Ret = D::Ret>>(
    drawn: &D,
    restart: impl Fn(&D),
    lengths: [usize; 3],
    spec: &S,
) -> Found {
    let mut found = Found::default();
    for seed in 0..36 {
        let shape = Shape {
            operations: lengths[seed % 3],
            clients: [3, 5, 8][seed / 3 % 3],
            unknown_percent: [0, 2][seed % 2],
            fail_percent: 2,
            wrong_percent: 1,
        };
        restart(drawn);
        let history = draw_history(drawn, &mut Random::new(seed as u64), shape);
        if let Verdict::Violation(violation) = check_linearizability(spec, &history, BUDGET) {
            let refutation = refute_linearizability(spec, &history, &violation, PROOF);
            let refutation = refutation.unwrap_or_else(|| panic!("seed {seed}: {violation:?}"));
            assert_eq!(verify_violation(spec, &history, &refutation), Ok(()), "seed {seed}");
            found.not_linearizable += 1;
            found.long += u32::from(refutation.operations().len() > 64);
        }
        if let Verdict::Violation(violation) = check_sequential_consistency(spec, &history, BUDGET)
        {
            let refutation = refute_sequential_consistency(spec, &history, &violation, PROOF);
            let refutation = refutation.unwrap_or_else(|| panic!("seed {seed}: {violation:?}"));
            assert_eq!(verify_violation(spec, &history, &refutation), Ok(()), "seed {seed}");
            found.not_sequential += 1;
            found.long += u32::from(refutation.operations().len() > 64);
        }
    }
    found
}

#[derive(Default, Debug)]
struct Found {
    not_linearizable: u32,
    not_sequential: u32,
    /// Proofs of more than 64 operations.
    long: u32,
}

fn same<S: Drawn>(spec: &S) -> Found {
    prove(spec, |_| {}, LENGTHS, spec)
}

#[track_caller]
fn at_least(all: &[Found], not_linearizable: u32, not_sequential: u32, long: u32) {
    let sum = |count: fn(&Found) -> u32| all.iter().map(count).sum::<u32>();
    assert!(sum(|found| found.not_linearizable) >= not_linearizable, "{all:?}");
    assert!(sum(|found| found.not_sequential) >= not_sequential, "{all:?}");
    assert!(sum(|found| found.long) >= long, "{all:?}");
}

#[test]
fn registers() {
    let all = [
        same(&Register::new(0)),
        same(&CasRegister::new(0)),
        same(&MultiRegister::new(Default::default(), 0)),
        same(&KeyValue::new()),
        same(&TextMap::new("")),
        prove(&UniqueWrites::new(), UniqueWrites::restart, SHORT, &Register::new(0)),
    ];
    at_least(&all, 50, 15, 15);
}

#[test]
fn queues() {
    let all = [
        same(&FifoQueue::new()),
        same(&UnorderedQueue::new()),
        same(&PriorityQueue::new()),
        same(&Stack::new()),
        prove(&DistinctQueue::new(), DistinctQueue::restart, SHORT, &FifoQueue::new()),
    ];
    at_least(&all, 50, 15, 15);
}

#[test]
fn other_collections() {
    let growing = Growing { set: GrowOnlySet::new(), whole_reads_only: true };
    let all = [
        same(&Set::new()),
        same(&AppendList::new()),
        same(&UniqueIds::new()),
        same(&Counter::new(0)),
        same(&Mutex),
        prove(&growing, |_| {}, LENGTHS, &GrowOnlySet::new()),
    ];
    at_least(&all, 120, 80, 20);
}

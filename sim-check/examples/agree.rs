//! Compares the judges with an exhaustive search on many random small histories of each specification:
//! `cargo run --release -p sim-check --example agree -- [HISTORIES] [SPECIFICATION]`.
//!
//! Half a minute a million histories for most specifications. Exits with a panic that shows the first history on which
//! they differ.

#[path = "../tests/support/mod.rs"]
mod support;

use sim_check::certificate::{verify_linearization, verify_sequential_order};
use sim_check::linearizability::{StreamingChecker, check_linearizability};
use sim_check::sequential::check_sequential_consistency;
use sim_check::spec::*;
use sim_check::{Budget, History, Verdict};
use support::{
    DistinctQueue, Drawn, Growing, Order, Random, Shape, UniqueWrites, draw_history, exhaustive,
};

fn main() {
    let mut args = std::env::args().skip(1);
    let histories = args.next().map_or(1_000_000, |n| n.parse().expect("a number of histories"));
    let only = args.next().unwrap_or_default();
    let run = Run { histories, only };
    run.compare("register", &Register::new(0), &Register::new(0), || {});
    run.compare("cas-register", &CasRegister::new(0), &CasRegister::new(0), || {});
    let multi = MultiRegister::new(Default::default(), 0);
    run.compare("multi-register", &multi, &multi, || {});
    run.compare("key-value", &KeyValue::new(), &KeyValue::new(), || {});
    run.compare("text-map", &TextMap::new(""), &TextMap::new(""), || {});
    run.compare("counter", &Counter::new(0), &Counter::new(0), || {});
    run.compare("mutex", &Mutex, &Mutex, || {});
    run.compare("fifo-queue", &FifoQueue::new(), &FifoQueue::new(), || {});
    run.compare("unordered-queue", &UnorderedQueue::new(), &UnorderedQueue::new(), || {});
    run.compare("priority-queue", &PriorityQueue::new(), &PriorityQueue::new(), || {});
    run.compare("stack", &Stack::new(), &Stack::new(), || {});
    run.compare("set", &Set::new(), &Set::new(), || {});
    run.compare("append-list", &AppendList::new(), &AppendList::new(), || {});
    run.compare("unique-ids", &UniqueIds::new(), &UniqueIds::new(), || {});
    let unique = UniqueWrites::new();
    run.compare("unique-writes", &unique, &unique.register, || unique.restart());
    let distinct = DistinctQueue::new();
    run.compare("distinct-queue", &distinct, &distinct.queue, || distinct.restart());
    for whole_reads_only in [false, true] {
        let growing = Growing { set: GrowOnlySet::new(), whole_reads_only };
        run.compare("grow-only-set", &growing, &growing.set, || {});
    }
}

struct Run {
    histories: u64,
    only: String,
}

impl Run {
    fn compare<D, S>(&self, name: &str, drawn: &D, spec: &S, restart: impl Fn())
    where
        D: Drawn,
        S: NondeterministicSpec<Op = D::Op, Ret = D::Ret>,
    {
        if !name.contains(&self.only) {
            return;
        }
        let (mut linearizable, mut sequential) = (0_u64, 0_u64);
        for seed in 0..self.histories {
            let mut random = Random(seed.wrapping_mul(0x9e37_79b9));
            let shape = Shape {
                operations: 4 + random.below(7),
                clients: 2 + random.below(4),
                unknown_percent: [0, 0, 10, 25, 50][random.below(5)],
                fail_percent: 4,
                wrong_percent: [0, 10, 30][random.below(3)],
            };
            restart();
            let history = draw_history(drawn, &mut random, shape);
            linearizable += u64::from(agree(spec, &history));
            if seed % 8 == 0 {
                sequential += u64::from(sequential_agree(spec, &history));
            }
        }
        let histories = self.histories;
        println!(
            "{name}: {histories} histories agree, {linearizable} linearizable; of {} {sequential} sequentially \
             consistent",
            histories.div_ceil(8)
        );
    }
}

fn agree<S: NondeterministicSpec>(spec: &S, history: &History<S::Op, S::Ret>) -> bool {
    let expected = exhaustive(spec, history, Order::RealTime);
    let verdict = check_linearizability(spec, history, Budget::UNLIMITED);
    assert_eq!(verdict.is_ok(), expected, "{history:#?}");
    assert!(!verdict.is_unknown());
    if let Verdict::Ok(found) = verdict {
        verify_linearization(spec, history, &found.order)
            .unwrap_or_else(|e| panic!("{e}: {history:#?}"));
    }
    let mut streaming = StreamingChecker::new(spec, Budget::UNLIMITED);
    for event in history.events() {
        streaming.push(event).expect("the events of a history are in order");
    }
    assert_eq!(streaming.finish().is_ok(), expected, "streaming: {history:#?}");
    expected
}

fn sequential_agree<S: NondeterministicSpec>(spec: &S, history: &History<S::Op, S::Ret>) -> bool {
    let expected = exhaustive(spec, history, Order::Process);
    let verdict = check_sequential_consistency(spec, history, Budget::UNLIMITED);
    assert_eq!(verdict.is_ok(), expected, "sequential: {history:#?}");
    if let Verdict::Ok(found) = verdict {
        verify_sequential_order(spec, history, &found.order)
            .unwrap_or_else(|e| panic!("{e}: {history:#?}"));
    }
    expected
}

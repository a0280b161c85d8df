//! The judges agree with an exhaustive search on random small histories, and each verdict's certificate holds.

mod support;

use sim_check::certificate::{verify_linearization, verify_refutation, verify_sequential_order};
use sim_check::explain::{explain_linearizability, explain_sequential_consistency};
use sim_check::linearizability::check_linearizability;
use sim_check::sequential::check_sequential_consistency;
use sim_check::spec::*;
use sim_check::{Budget, History, Verdict};
use support::{
    DistinctQueue, Drawn, Growing, Order, Random, Shape, UniqueWrites, draw_history, exhaustive,
    exhaustive_relaxed,
};

const HISTORIES: u64 = 2_000;
const EXPLANATION: Budget = Budget::configurations(100_000);

fn shapes() -> [Shape; 3] {
    let plain =
        Shape { operations: 9, clients: 4, unknown_percent: 0, fail_percent: 3, wrong_percent: 35 };
    [
        plain,
        Shape { unknown_percent: 15, ..plain },
        Shape { unknown_percent: 30, clients: 3, ..plain },
    ]
}

/// Judges `history`, checks the certificate, and compares with the exhaustive answer.
fn agree<S: NondeterministicSpec>(spec: &S, history: &History<S::Op, S::Ret>) -> bool {
    let expected = exhaustive(spec, history, Order::RealTime);
    match check_linearizability(spec, history, Budget::UNLIMITED) {
        Verdict::Ok(linearization) => {
            assert!(expected, "called linearizable: {history:#?}");
            verify_linearization(spec, history, &linearization.order)
                .unwrap_or_else(|error| panic!("{error}: {history:#?} {linearization:#?}"));
        }
        Verdict::Violation(violation) => {
            assert!(!expected, "called not linearizable: {violation:#?} {history:#?}");
            let explanation = explain_linearizability(spec, history, &violation, EXPLANATION);
            let refutation = explanation.refutation.expect("few operations can be explored");
            verify_refutation(spec, history, &refutation)
                .unwrap_or_else(|error| panic!("{error}: {history:#?} {refutation:#?}"));
            let smallest = history.restricted_to(&explanation.smallest);
            assert!(!exhaustive(spec, &smallest, Order::RealTime), "{smallest:#?}");
            let others = history.iter().filter(|(id, _)| !explanation.core.contains(id));
            let possible = others.fold(0, |set, (id, _)| set | 1 << id.0);
            assert!(
                !exhaustive_relaxed(spec, history, Order::RealTime, possible),
                "no proof: {:?} {history:#?}",
                explanation.core
            );
        }
        Verdict::Unknown(exhausted) => panic!("no budget, and still {exhausted}"),
    }
    expected
}

fn sequential_agree<S: NondeterministicSpec>(spec: &S, history: &History<S::Op, S::Ret>) {
    let expected = exhaustive(spec, history, Order::Process);
    match check_sequential_consistency(spec, history, Budget::UNLIMITED) {
        Verdict::Ok(found) => {
            assert!(expected, "called sequentially consistent: {history:#?}");
            verify_sequential_order(spec, history, &found.order)
                .unwrap_or_else(|error| panic!("{error}: {history:#?} {found:#?}"));
        }
        Verdict::Violation(violation) => {
            assert!(!expected, "called not sequentially consistent: {history:#?}");
            let explanation =
                explain_sequential_consistency(spec, history, &violation, EXPLANATION);
            let refutation = explanation.refutation.expect("few operations can be explored");
            verify_refutation(spec, history, &refutation)
                .unwrap_or_else(|error| panic!("{error}: {history:#?} {refutation:#?}"));
        }
        Verdict::Unknown(exhausted) => panic!("no budget, and still {exhausted}"),
    }
}

fn agree_on_many<S: Drawn>(spec: &S, restart: impl Fn()) {
    agree_on_histories_of(spec, spec, restart);
}

/// Draws the histories from `drawn` and judges them with `spec`.
fn agree_on_histories_of<D, S>(drawn: &D, spec: &S, restart: impl Fn())
where
    D: Drawn,
    S: NondeterministicSpec<Op = D::Op, Ret = D::Ret>,
{
    for shape in shapes() {
        let mut good = 0;
        for seed in 0..HISTORIES {
            restart();
            let history = draw_history(drawn, &mut Random(seed), shape);
            good += u64::from(agree(spec, &history));
            if seed % 4 == 0 {
                sequential_agree(spec, &history);
            }
        }
        assert!(good > HISTORIES / 20, "only {good} of {HISTORIES} were linearizable");
        assert!(good < HISTORIES * 19 / 20, "all but {} were linearizable", HISTORIES - good);
    }
}

macro_rules! agreement {
    ($($name:ident: $spec:expr;)*) => {
        $(
            #[test]
            fn $name() {
                agree_on_many(&$spec, || {});
            }
        )*
    };
}

agreement! {
    register: Register::new(0);
    cas_register: CasRegister::new(0);
    multi_register: MultiRegister::new(Default::default(), 0);
    key_value: KeyValue::new();
    text_map: TextMap::new("");
    counter: Counter::new(0);
    mutex: Mutex;
    fifo_queue: FifoQueue::new();
    unordered_queue: UnorderedQueue::new();
    priority_queue: PriorityQueue::new();
    stack: Stack::new();
    set: Set::new();
    append_list: AppendList::new();
    unique_ids: UniqueIds::new();
}

#[test]
fn register_with_unique_writes() {
    let drawn = UniqueWrites::new();
    agree_on_histories_of(&drawn, &drawn.register, || drawn.restart());
}

#[test]
fn queue_with_distinct_values() {
    let drawn = DistinctQueue::new();
    agree_on_histories_of(&drawn, &drawn.queue, || drawn.restart());
}

#[test]
fn grow_only_set() {
    for whole_reads_only in [false, true] {
        let drawn = Growing { set: GrowOnlySet::new(), whole_reads_only };
        agree_on_histories_of(&drawn, &drawn.set, || {});
    }
}

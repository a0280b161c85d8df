//! Whether the judges of linearizability and sequential consistency agree with an exhaustive one.

use sim_check::certificate::{
    verify_linearization, verify_refutation, verify_sequential_order, verify_violation,
};
use sim_check::explain::{explain_linearizability, explain_sequential_consistency};
use sim_check::history::{HistoryRecorder, Outcome};
use sim_check::linearizability::{StreamingChecker, check_linearizability};
use sim_check::refutation::{refute_linearizability, refute_sequential_consistency};
use sim_check::sequential::check_sequential_consistency;
use sim_check::spec::*;
use sim_check::{Budget, History, OperationId, Verdict};

use super::draw::{Drawn, Shape, draw_history};
use super::orders::{Order, exhaustive, exhaustive_relaxed};
use super::random::Random;
use super::specs::{DistinctQueue, Growing, UniqueWrites};

const EXPLANATION: Budget = Budget::configurations(100_000);

/// How much is asked about a history.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// The verdicts, and the certificates of good ones.
    Verdicts,
    /// Explanations of bad ones too: they are smallest, and have a refutation that holds, as has the history.
    Explanations,
}

/// A specification under which histories are drawn and judged.
pub trait Judged {
    fn name(&self) -> &'static str;

    /// Draws a history, judges it, and compares. Whether it is linearizable; and sequentially consistent, if that was
    /// asked for.
    ///
    /// # Panics
    /// With the history, if the judges differ or a certificate does not hold.
    fn agree(
        &self,
        random: &mut Random,
        shape: Shape,
        depth: Depth,
        sequential: bool,
    ) -> (bool, bool);
}

struct Pair<D, S, R> {
    name: &'static str,
    drawn: D,
    judged: S,
    restart: R,
}

impl<D, S, R> Judged for Pair<D, S, R>
where
    D: Drawn,
    S: NondeterministicSpec<Op = D::Op, Ret = D::Ret>,
    R: Fn(&D),
{
    fn name(&self) -> &'static str {
        self.name
    }

    fn agree(
        &self,
        random: &mut Random,
        shape: Shape,
        depth: Depth,
        sequential: bool,
    ) -> (bool, bool) {
        (self.restart)(&self.drawn);
        let history = draw_history(&self.drawn, random, shape);
        let linearizable = linearizable_agree(&self.judged, &history, depth);
        (linearizable, sequential && sequential_agree(&self.judged, &history, depth))
    }
}

/// All specifications, and those restrictions of them for which there are judges of their own.
pub fn all() -> Vec<Box<dyn Judged>> {
    fn same<S: Drawn + Clone + 'static>(name: &'static str, spec: S) -> Box<dyn Judged> {
        Box::new(Pair { name, drawn: spec.clone(), judged: spec, restart: |_: &S| {} })
    }
    let growing = |name, whole_reads_only| -> Box<dyn Judged> {
        let drawn = Growing { set: GrowOnlySet::new(), whole_reads_only };
        Box::new(Pair { name, drawn, judged: GrowOnlySet::new(), restart: |_: &Growing| {} })
    };
    vec![
        same("register", Register::new(0)),
        same("cas-register", CasRegister::new(0)),
        same("multi-register", MultiRegister::new(Default::default(), 0)),
        same("key-value", KeyValue::new()),
        same("text-map", TextMap::new("")),
        same("counter", Counter::new(0)),
        same("mutex", Mutex),
        same("fifo-queue", FifoQueue::new()),
        same("unordered-queue", UnorderedQueue::new()),
        same("priority-queue", PriorityQueue::new()),
        same("stack", Stack::new()),
        same("set", Set::new()),
        same("append-list", AppendList::new()),
        same("unique-ids", UniqueIds::new()),
        Box::new(Pair {
            name: "register-unique-writes",
            drawn: UniqueWrites::new(),
            judged: Register::new(0),
            restart: UniqueWrites::restart,
        }),
        Box::new(Pair {
            name: "fifo-queue-distinct",
            drawn: DistinctQueue::new(),
            judged: FifoQueue::new(),
            restart: DistinctQueue::restart,
        }),
        growing("grow-only-set", false),
        growing("grow-only-set-whole-reads", true),
    ]
}

/// A shape that the source of choices draws too.
pub fn draw_shape(random: &mut Random) -> Shape {
    Shape {
        operations: 4 + random.below(7),
        clients: 2 + random.below(4),
        unknown_percent: [0, 0, 10, 25, 50][random.below(5)],
        fail_percent: 4,
        wrong_percent: [0, 10, 30][random.below(3)],
    }
}

fn linearizable_agree<S: NondeterministicSpec>(
    spec: &S,
    history: &History<S::Op, S::Ret>,
    depth: Depth,
) -> bool {
    let expected = exhaustive(spec, history, Order::RealTime);
    match check_linearizability(spec, history, Budget::UNLIMITED) {
        Verdict::Ok(linearization) => {
            assert!(expected, "called linearizable: {history:#?}");
            verify_linearization(spec, history, &linearization.order)
                .unwrap_or_else(|error| panic!("{error}: {history:#?} {linearization:#?}"));
        }
        Verdict::Violation(violation) => {
            assert!(!expected, "called not linearizable: {violation:#?} {history:#?}");
            let evidence = history.restricted_to(&violation.evidence);
            assert!(!exhaustive(spec, &evidence, Order::RealTime), "{violation:#?} {history:#?}");
            if depth == Depth::Explanations {
                let explanation = explain_linearizability(spec, history, &violation, EXPLANATION);
                let refutation = explanation.refutation.expect("few operations can be explored");
                verify_refutation(spec, history, &refutation)
                    .unwrap_or_else(|error| panic!("{error}: {history:#?} {refutation:#?}"));
                let whole = refute_linearizability(spec, history, &violation, EXPLANATION);
                verify_violation(spec, history, &whole.expect("few operations can be explored"))
                    .unwrap_or_else(|error| panic!("{error}: {violation:#?} {history:#?}"));
                let smallest = history.restricted_to(&explanation.smallest);
                assert!(!exhaustive(spec, &smallest, Order::RealTime), "{smallest:#?}");
                assert_core(spec, history, &explanation.core, Order::RealTime);
            }
        }
        Verdict::Unknown(exhausted) => panic!("no budget, and still {exhausted}"),
    }
    let mut streaming = StreamingChecker::new(spec, Budget::UNLIMITED);
    for event in history.events() {
        streaming.push(event).expect("the events of a history are in order");
    }
    assert_eq!(streaming.finish().is_ok(), expected, "streaming: {history:#?}");
    expected
}

/// The operations of a core have no explanation, whichever of the others took effect.
fn assert_core<S: NondeterministicSpec>(
    spec: &S,
    history: &History<S::Op, S::Ret>,
    core: &[OperationId],
    order: Order,
) {
    let others = history.iter().filter(|(id, _)| !core.contains(id));
    let possible = others.fold(0, |set, (id, _)| set | 1 << id.0);
    assert!(!exhaustive_relaxed(spec, history, order, possible), "no proof: {core:?} {history:#?}");
}

fn sequential_agree<S: NondeterministicSpec>(
    spec: &S,
    history: &History<S::Op, S::Ret>,
    depth: Depth,
) -> bool {
    let expected = exhaustive(spec, history, Order::Process);
    sequential_is(expected, spec, history, depth);
    // What is linearizable is seen at once. Hardly anything is if each process comes after all of the next one, and
    // the order of each process is the same.
    sequential_is(expected, spec, &process_by_process(history), depth);
    expected
}

fn process_by_process<Op: Clone, Ret: Clone>(history: &History<Op, Ret>) -> History<Op, Ret> {
    let mut recorder = HistoryRecorder::new();
    let mut operations: Vec<_> = history.iter().map(|(_, operation)| operation).collect();
    operations.sort_by_key(|operation| std::cmp::Reverse(operation.process));
    for operation in operations {
        let id = recorder.invoke(operation.process, None, operation.op.clone());
        match &operation.outcome {
            Outcome::Ok(ret) => recorder.ok(id, None, ret.clone()),
            Outcome::Fail => recorder.fail(id, None),
            Outcome::Unknown => recorder.info(id, None),
        }
        .expect("it is open");
    }
    recorder.finish()
}

fn sequential_is<S: NondeterministicSpec>(
    expected: bool,
    spec: &S,
    history: &History<S::Op, S::Ret>,
    depth: Depth,
) {
    match check_sequential_consistency(spec, history, Budget::UNLIMITED) {
        Verdict::Ok(found) => {
            assert!(expected, "called sequentially consistent: {history:#?}");
            verify_sequential_order(spec, history, &found.order)
                .unwrap_or_else(|error| panic!("{error}: {history:#?} {found:#?}"));
        }
        Verdict::Violation(violation) => {
            assert!(!expected, "called not sequentially consistent: {history:#?}");
            let evidence = history.restricted_to(&violation.evidence);
            assert!(!exhaustive(spec, &evidence, Order::Process), "{violation:#?} {history:#?}");
            if depth == Depth::Explanations {
                let explanation =
                    explain_sequential_consistency(spec, history, &violation, EXPLANATION);
                let refutation = explanation.refutation.expect("few operations can be explored");
                verify_refutation(spec, history, &refutation)
                    .unwrap_or_else(|error| panic!("{error}: {history:#?} {refutation:#?}"));
                let whole = refute_sequential_consistency(spec, history, &violation, EXPLANATION);
                verify_violation(spec, history, &whole.expect("few operations can be explored"))
                    .unwrap_or_else(|error| panic!("{error}: {violation:#?} {history:#?}"));
                let smallest = history.restricted_to(&explanation.smallest);
                assert!(!exhaustive(spec, &smallest, Order::Process), "{smallest:#?}");
                // Of all operations it need not be one: what is not evidence was left out.
                let place = |id| violation.evidence.binary_search(id).expect("it is evidence");
                let core: Vec<OperationId> =
                    explanation.core.iter().map(|id| OperationId(place(id) as u32)).collect();
                assert_core(spec, &evidence, &core, Order::Process);
            }
        }
        Verdict::Unknown(exhausted) => panic!("no budget, and still {exhausted}"),
    }
}

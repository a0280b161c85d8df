//! Rules of order as reasons: where an explanation is, nothing that follows from them goes in a circle; and they prove
//! violations.

mod support;

use std::cell::Cell;

use sim_check::certificate::{CertificateError, verify_refutation, verify_violation};
use sim_check::history::HistoryRecorder;
use sim_check::refutation::{Beginning, Order, Refutation, refute_sequential_consistency};
use sim_check::sequential::{Because, Precedence, SequentialOrder, check_sequential_consistency};
use sim_check::spec::*;
use sim_check::{Budget, History, OperationId, Outcome, ProcessId, Verdict};
use support::draw::{Drawn, Shape, draw_history};
use support::random::Random;
use support::specs::Growing;

const SHAPE: Shape =
    Shape { operations: 9, clients: 3, unknown_percent: 12, fail_percent: 3, wrong_percent: 15 };

/// An object that tells all that was done to it, and so has too many states to look at. It keeps the rules of the other.
struct Traced<'s, S>(&'s S);

impl<S: NondeterministicSpec> NondeterministicSpec for Traced<'_, S> {
    type State = (S::State, Vec<S::Op>);
    type Op = S::Op;
    type Ret = S::Ret;
    type Key = ();

    fn initial(&self) -> Self::State {
        (self.0.initial(), Vec::new())
    }

    fn steps(
        &self,
        (state, trace): &Self::State,
        op: &S::Op,
        ret: Option<&S::Ret>,
        next: &mut Vec<Self::State>,
    ) {
        let mut states = Vec::new();
        self.0.steps(state, op, ret, &mut states);
        let trace: Vec<S::Op> = trace.iter().chain([op]).cloned().collect();
        next.extend(states.into_iter().map(|state| (state, trace.clone())));
    }

    fn order_rules(&self, calls: &[Call<'_, S::Op, S::Ret>], rules: &mut Vec<OrderRule>) {
        self.0.order_rules(calls, rules);
    }
}

/// Each value comes once.
struct Distinct<S: NondeterministicSpec> {
    spec: S,
    /// The same with this value, if it brings one.
    renew: fn(&S::Op, u8) -> Option<S::Op>,
    values: u8,
    next: Cell<u8>,
}

impl<S: NondeterministicSpec> NondeterministicSpec for Distinct<S> {
    type State = S::State;
    type Op = S::Op;
    type Ret = S::Ret;
    type Key = S::Key;

    fn initial(&self) -> S::State {
        self.spec.initial()
    }

    fn steps(&self, state: &S::State, op: &S::Op, ret: Option<&S::Ret>, next: &mut Vec<S::State>) {
        self.spec.steps(state, op, ret, next);
    }
}

impl<S: Drawn> Drawn for Distinct<S> {
    fn draw(&self, random: &mut Random) -> S::Op {
        loop {
            let op = self.spec.draw(random);
            let next = self.next.get();
            match (self.renew)(&op, next) {
                None => return op,
                Some(op) if next < self.values => {
                    self.next.set(next + 1);
                    return op;
                }
                Some(_) => {}
            }
        }
    }

    fn results(&self, op: &S::Op) -> Vec<S::Ret> {
        self.spec.results(op)
    }
}

type Pair = (OperationId, OperationId);

/// Nobody names it.
const NOBODY: OperationId = OperationId(u32::MAX);

/// Claims that there is no explanation that begins with the first operations of `order`, for these reasons.
fn claim<S: NondeterministicSpec>(
    spec: &S,
    history: &History<S::Op, S::Ret>,
    order: &[OperationId],
    contradiction: Vec<Precedence<OperationId>>,
) -> Refutation<S::State> {
    let (mut certain, mut optional): (Vec<Vec<OperationId>>, _) = (Vec::new(), Vec::new());
    let mut rows = std::collections::BTreeMap::new();
    for (id, operation) in history.iter() {
        match operation.outcome {
            Outcome::Ok(_) => {
                let row = *rows.entry(operation.process).or_insert(certain.len());
                certain.resize(certain.len().max(row + 1), Vec::new());
                certain[row].push(id);
            }
            Outcome::Fail => {}
            Outcome::Unknown => optional.push(vec![id]),
        }
    }
    let done = certain.iter().chain(&optional).map(|row| {
        let done = row.iter().filter(|id| order.contains(id));
        done.count() as u32
    });
    let done: Box<[u32]> = done.collect();
    let without_reason =
        Precedence { first: NOBODY, then: NOBODY, because: Because::Chain { through: NOBODY } };
    // Of the beginning without any operation nothing is shown: it comes second, and is told from the first by its error.
    let start = Beginning {
        done: done.iter().map(|_| 0).collect(),
        state: 0,
        contradiction: vec![without_reason],
    };
    Refutation {
        order: Order::Process,
        certain,
        optional,
        anytime: Vec::new(),
        states: vec![spec.initial()],
        beginnings: vec![Beginning { done, state: 0, contradiction }, start],
        trusts_promises: true,
    }
}

/// How many reasons were found good: of chains, and of rules by how many premises they have.
type Good = [u32; 4];

/// Tries all reasons of a suitable form again and again and keeps those that the verifier accepts, for a beginning of
/// an explanation.
fn conclude<S: NondeterministicSpec>(
    spec: &S,
    history: &History<S::Op, S::Ret>,
    order: &[OperationId],
    begun: &[OperationId],
    good: &mut Good,
) {
    let ids: Vec<OperationId> = history.iter().map(|(id, _)| id).collect();
    let pairs: Vec<Pair> = ids.iter().flat_map(|a| ids.iter().map(move |b| (*a, *b))).collect();
    let is_given = |(first, then): &Pair| {
        let (one, other) = (history.operation(*first), history.operation(*then));
        one.process == other.process && one.precedes(other)
            || begun.contains(first) && !begun.contains(then)
    };
    let mut known: Vec<Pair> = pairs.iter().copied().filter(is_given).collect();
    let mut steps: Vec<Precedence<OperationId>> = Vec::new();
    let mut attempt = |(first, then): Pair, because, known: &mut Vec<Pair>| {
        if known.contains(&(first, then)) {
            return false;
        }
        steps.push(Precedence { first, then, because });
        let claimed = claim(spec, history, begun, steps.clone());
        match verify_refutation(spec, history, &claimed) {
            Err(CertificateError::Open(_)) => {
                known.push((first, then));
                true
            }
            Err(CertificateError::Precedence(NOBODY)) | Ok(()) => {
                panic!("{begun:?} goes on as {order:?}: {steps:#?} {history:#?}")
            }
            Err(CertificateError::Precedence(_)) => {
                steps.pop();
                false
            }
            Err(error) => panic!("{error}"),
        }
    };
    let Refutation { certain, optional, .. } = claim(spec, history, begun, Vec::new());
    let rows: Vec<OperationId> = certain.into_iter().chain(optional).flatten().collect();
    let call = |id: &OperationId| {
        let operation = history.operation(*id);
        let ret = operation.outcome.ok();
        Call { op: &operation.op, ret, is_certain: ret.is_some() }
    };
    let mut rules = Vec::new();
    spec.order_rules(&rows.iter().map(call).collect::<Vec<_>>(), &mut rules);
    let mut looked = 0;
    while looked != known.len() {
        looked = known.len();
        for rule in 0..rules.len() as u32 {
            let by = |premises| Because::Rule { rule, premises };
            for pair in &pairs {
                good[1] += u32::from(attempt(*pair, by([None, None]), &mut known));
            }
            // What is not known may be no premise.
            let others = known.iter().map(|(first, then)| (*then, *first));
            let offered: Vec<Pair> = known.iter().copied().chain(others).collect();
            for one in offered {
                for pair in &pairs {
                    good[2] += u32::from(attempt(*pair, by([Some(one), None]), &mut known));
                }
            }
            let OrderRule::Nested(nested) = &rules[rule as usize] else { continue };
            let named: Vec<OperationId> =
                nested.iter().flat_map(|(first, then)| [rows[*first], rows[*then]]).collect();
            let is_named = |(a, b): &&Pair| named.contains(a) && named.contains(b);
            let named: Vec<Pair> = pairs.iter().filter(is_named).copied().collect();
            for one in &named {
                for other in &named {
                    if !known.contains(one) && !known.contains(other) {
                        continue;
                    }
                    for pair in &named {
                        let premises = [Some(*one), Some(*other)];
                        good[3] += u32::from(attempt(*pair, by(premises), &mut known));
                    }
                }
            }
        }
        for pair in &pairs {
            for through in &ids {
                let because = Because::Chain { through: *through };
                good[0] += u32::from(attempt(*pair, because, &mut known));
            }
        }
    }
}

/// The same with the results of two operations exchanged that asked for the same.
fn exchanged<Op: Clone + PartialEq, Ret: Clone>(
    history: &History<Op, Ret>,
    random: &mut Random,
) -> History<Op, Ret> {
    let mut operations = history.operations().to_vec();
    for _ in 0..100 {
        let [a, b] = [0, 1].map(|_| random.below(operations.len()));
        let succeeded = [a, b].map(|at| operations[at].outcome.ok().is_some()) == [true, true];
        if a != b && succeeded && operations[a].op == operations[b].op {
            let outcome = operations[a].outcome.clone();
            operations[a].outcome = std::mem::replace(&mut operations[b].outcome, outcome);
            break;
        }
    }
    History::from_operations(operations)
}

#[derive(Debug, Default)]
struct Found {
    good: Good,
    /// Violations proved by rules.
    proved: u32,
    refused: u32,
}

fn reasons_hold<D: Drawn<Op = S::Op, Ret = S::Ret>, S: NondeterministicSpec>(
    drawn: D,
    spec: &S,
    renew: fn(&S::Op, u8) -> Option<S::Op>,
    values: u8,
) -> Found {
    let drawn = Distinct { spec: drawn, renew, values, next: Cell::new(0) };
    let mut found = Found::default();
    for seed in 0..30 {
        let mut random = Random::new(seed);
        drawn.next.set(0);
        let history = draw_history(&drawn, &mut random, SHAPE);
        let verdict = check_sequential_consistency(spec, &history, Budget::UNLIMITED);
        let Verdict::Ok(SequentialOrder { order, .. }) = &verdict else { continue };
        if order.is_empty() {
            continue;
        }
        for begun in [0, random.below(order.len())] {
            conclude(spec, &history, order, &order[..begun], &mut found.good);
        }
    }
    let traced = Traced(spec);
    for seed in 0..400 {
        drawn.next.set(0);
        let mut random = Random::new(seed);
        let shape = Shape { operations: 20, clients: 4, wrong_percent: 0, ..SHAPE };
        let history = exchanged(&draw_history(&drawn, &mut random, shape), &mut random);
        let verdict = check_sequential_consistency(spec, &history, Budget::UNLIMITED);
        let Verdict::Violation(violation) = verdict else { continue };
        let budget = Budget::configurations(20_000);
        let refutation = refute_sequential_consistency(&traced, &history, &violation, budget);
        let Some(mut refutation) = refutation else { continue };
        assert_eq!(verify_violation(&traced, &history, &refutation), Ok(()), "seed {seed}");
        let mut beginnings = refutation.beginnings.iter_mut();
        let reasoned = beginnings.find(|beginning| !beginning.contradiction.is_empty());
        let Some(beginning) = reasoned else { continue };
        found.proved += 1;
        // Without its end it proves nothing.
        beginning.contradiction.pop();
        if !beginning.contradiction.is_empty() {
            let verified = verify_violation(&traced, &history, &refutation);
            assert!(verified.is_err(), "seed {seed}: {refutation:#?}");
            found.refused += 1;
        }
    }
    let [chains, alone, ..] = found.good;
    assert!(chains > 5 && alone > 20 && found.proved > 1 && found.refused > 1, "{found:?}");
    found
}

/// A history, and what is claimed of it.
type Claim<S> = (
    History<<S as NondeterministicSpec>::Op, <S as NondeterministicSpec>::Ret>,
    Refutation<<S as NondeterministicSpec>::State>,
);

/// A claim for this reason about operations that one process after another asked for.
fn claim_at_once<S: NondeterministicSpec>(spec: &S, asked: &[(S::Op, Option<S::Ret>)]) -> Claim<S> {
    let mut recorder = HistoryRecorder::new();
    for (process, (op, ret)) in (0..).zip(asked) {
        let id = recorder.invoke(ProcessId(process), None, op.clone());
        if let Some(ret) = ret {
            recorder.ok(id, None, ret.clone()).expect("it is open");
        }
    }
    let history = recorder.finish();
    let because = Because::Rule { rule: 0, premises: [None, None] };
    let circle = Precedence { first: OperationId(0), then: OperationId(0), because };
    let mut refutation = claim(spec, &history, &[], vec![circle]);
    refutation.beginnings.pop();
    (history, refutation)
}

#[test]
fn rules_are_promises_about_what_happens_once() {
    let took = || (QueueOp::Dequeue, Some(QueueRet::Dequeued(Some(1))));
    let asked = [(QueueOp::Enqueue(1), Some(QueueRet::Enqueued)), took(), took()];
    let queue = FifoQueue::new();
    let (history, mut refutation) = claim_at_once(&queue, &asked);
    assert_eq!(verify_refutation(&queue, &history, &refutation), Ok(()));
    refutation.trusts_promises = false;
    assert!(verify_refutation(&queue, &history, &refutation).is_err());
    // Here the value may have come again.
    let again = [asked.as_slice(), &[(QueueOp::Enqueue(1), None)]].concat();
    let (history, mut refutation) = claim_at_once(&queue, &again);
    assert!(verify_refutation(&queue, &history, &refutation).is_err());
    refutation.anytime = refutation.optional.drain(..).flatten().collect();
    refutation.beginnings[0].done = vec![0; refutation.certain.len()].into();
    assert!(verify_refutation(&queue, &history, &refutation).is_err());
}

/// Its operations come before all others.
struct First;

impl SequentialSpec for First {
    type State = ();
    type Op = ();
    type Ret = ();
    type Key = ();

    fn initial(&self) {}

    fn step(&self, (): &(), (): &(), _: Option<&()>) -> Option<()> {
        Some(())
    }

    fn order_rules(&self, calls: &[Call<'_, (), ()>], rules: &mut Vec<OrderRule>) {
        let first = (0..calls.len()).map(|call| (call, None)).collect();
        rules.push(OrderRule::Before { first, then: (0..calls.len()).collect() });
    }
}

#[test]
fn nothing_comes_before_itself() {
    let (history, refutation) = claim_at_once(&First, &[((), Some(()))]);
    assert!(verify_refutation(&First, &history, &refutation).is_err());
}

#[test]
fn what_may_not_happen_comes_before_nothing() {
    let mut recorder = HistoryRecorder::new();
    for _ in 0..2 {
        let id = recorder.invoke(ProcessId(0), None, ());
        recorder.ok(id, None, ()).expect("it is open");
    }
    let (history, [one, other]) = (recorder.finish(), [0, 1].map(OperationId));
    // Each comes before the other, by the rule and by the order of their process.
    let because = Because::Rule { rule: 0, premises: [None, None] };
    let by_rule = Precedence { first: other, then: one, because };
    let because = Because::Chain { through: one };
    let circle = Precedence { first: other, then: other, because };
    let mut refutation = claim(&First, &history, &[], vec![by_rule, circle]);
    refutation.beginnings.pop();
    assert_eq!(verify_refutation(&First, &history, &refutation), Ok(()));
    refutation.certain = vec![vec![other]];
    refutation.optional = vec![vec![one]];
    refutation.beginnings[0].done = [0, 0].into();
    assert!(verify_refutation(&First, &history, &refutation).is_err());
}

fn enqueued(op: &QueueOp<u8>, v: u8) -> Option<QueueOp<u8>> {
    matches!(op, QueueOp::Enqueue(_)).then_some(QueueOp::Enqueue(v))
}

#[test]
fn queues() {
    let fifo = reasons_hold(FifoQueue::new(), &FifoQueue::new(), enqueued, 3);
    let unordered = reasons_hold(UnorderedQueue::new(), &UnorderedQueue::new(), enqueued, 3);
    let priority = reasons_hold(PriorityQueue::new(), &PriorityQueue::new(), enqueued, 3);
    for found in [fifo, unordered, priority] {
        assert!(found.good[2] > 2 && found.proved > 5, "{found:?}");
    }
}

#[test]
fn other_collections() {
    let pushed = |op: &StackOp<u8>, v| matches!(op, StackOp::Push(_)).then_some(StackOp::Push(v));
    let found = reasons_hold(Stack::new(), &Stack::new(), pushed, 3);
    assert!(found.good[2] > 5 && found.good[3] > 1 && found.proved > 5, "{found:?}");
    let appended = |op: &AppendListOp<u8>, v| {
        matches!(op, AppendListOp::Append(_)).then_some(AppendListOp::Append(v))
    };
    reasons_hold(AppendList::new(), &AppendList::new(), appended, 2);
    let added = |op: &GrowOnlySetOp<u8>, v| {
        matches!(op, GrowOnlySetOp::Add(_)).then_some(GrowOnlySetOp::Add(v))
    };
    let growing = Growing { set: GrowOnlySet::new(), whole_reads_only: false };
    reasons_hold(growing, &GrowOnlySet::new(), added, 3);
}

//! Random small histories of an object.

use sim_check::ProcessId;
use sim_check::history::{History, HistoryRecorder, OperationId};
use sim_check::spec::NondeterministicSpec;

use super::random::Random;

/// A specification whose operations can be drawn.
pub trait Drawn: NondeterministicSpec {
    fn draw(&self, random: &mut Random) -> Self::Op;
    /// All results that could be told for the operation; the true one is among them.
    fn results(&self, op: &Self::Op) -> Vec<Self::Ret>;
}

/// How histories are drawn.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    pub operations: usize,
    pub clients: usize,
    pub unknown_percent: usize,
    pub fail_percent: usize,
    pub wrong_percent: usize,
}

/// Draws the history of an object that takes each operation's effect at a random moment while it is open, and then,
/// sometimes, lies about a result.
pub fn draw_history<S: Drawn>(
    spec: &S,
    random: &mut Random,
    shape: Shape,
) -> History<S::Op, S::Ret> {
    struct Open<R> {
        id: OperationId,
        result: Option<R>,
        took_effect: bool,
    }
    let mut recorder = HistoryRecorder::new();
    let mut state = spec.initial();
    let mut ops: Vec<S::Op> = Vec::new();
    let mut open: Vec<Option<Open<S::Ret>>> = (0..shape.clients).map(|_| None).collect();
    let mut zombies: Vec<usize> = Vec::new();
    let target = 1 + random.below(shape.operations);
    let effect = |state: &mut S::State, op: &S::Op, random: &mut Random| {
        let results = spec.results(op);
        let mut choices = Vec::new();
        for result in &results {
            let mut next = Vec::new();
            spec.steps(state, op, Some(result), &mut next);
            choices.extend(next.into_iter().map(|next| (next, result.clone())));
        }
        if choices.is_empty() {
            return None;
        }
        let (next, result) = choices.swap_remove(random.below(choices.len()));
        *state = next;
        Some(result)
    };
    loop {
        let client = random.below(shape.clients);
        match &mut open[client] {
            None if recorder.len() < target => {
                let op = spec.draw(random);
                ops.push(op.clone());
                let id = recorder.invoke(ProcessId(client as u64), None, op);
                open[client] = Some(Open { id, result: None, took_effect: false });
            }
            None => {
                if open.iter().all(Option::is_none) {
                    break;
                }
            }
            Some(pending) if !pending.took_effect => {
                if random.chance(shape.unknown_percent) {
                    if random.chance(50) {
                        zombies.push(pending.id.index());
                    }
                    recorder.info(pending.id, None).unwrap();
                    open[client] = None;
                } else if random.chance(shape.fail_percent) {
                    recorder.fail(pending.id, None).unwrap();
                    open[client] = None;
                } else {
                    pending.result = effect(&mut state, &ops[pending.id.index()], random);
                    pending.took_effect = true;
                }
            }
            Some(pending) => {
                let results = spec.results(&ops[pending.id.index()]);
                let told = match pending.result.take() {
                    Some(result) if !random.chance(shape.wrong_percent) => result,
                    _ => results[random.below(results.len())].clone(),
                };
                recorder.ok(pending.id, None, told).unwrap();
                open[client] = None;
            }
        }
        if !zombies.is_empty() && random.chance(20) {
            let zombie = zombies.swap_remove(random.below(zombies.len()));
            effect(&mut state, &ops[zombie], random);
        }
    }
    recorder.finish()
}

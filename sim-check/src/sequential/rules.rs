//! What holds in each order of the operations of a program.

use super::demands::Demands;
use super::node::Node;
use super::program::Program;
use crate::linearizability::Machine;
use crate::spec::{Call, NondeterministicSpec, OrderRule};

/// What the states tell, and what the specification knows.
pub(super) fn rules<S: NondeterministicSpec>(
    machine: &Machine<'_, S>,
    program: &Program,
    demands: &Demands,
) -> Vec<OrderRule<Node>> {
    let nodes = program.shape().nodes();
    let calls: Vec<Call<'_, S::Op, S::Ret>> = nodes
        .iter()
        .map(|node| {
            let (op, ret) = machine.class_parts(program.place(*node).class);
            Call { op, ret, is_certain: node.process < program.processes.len() }
        })
        .collect();
    let mut known = Vec::new();
    machine.spec().order_rules(&calls, &mut known);
    let mut rules = demands.rules();
    rules.extend(known.into_iter().map(|rule| rule.map(|call: usize| nodes[call])));
    rules
}

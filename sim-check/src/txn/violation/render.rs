//! Violations as text and as a graph.

use super::sentence::Narrator;
use super::{Evidence, Violation};
use crate::txn::cycle::Cycle;
use crate::txn::finding::Witness;
use crate::txn::graph::Kind;
use crate::txn::history::{Status, TxnId};
use crate::txn::proof::Proof;
use std::fmt;

impl Violation {
    fn narrator(&self) -> Narrator<'_> {
        Narrator { history: &self.history, names: &self.original }
    }

    /// The graph of the cycle, or of the mildest cycle of a proof, for Graphviz.
    ///
    /// Solid edges are reads and writes, dashed ones anti-dependencies, dotted ones the order of
    /// clients.
    pub fn to_dot(&self) -> String {
        let narrator = self.narrator();
        let mut dot = String::from("digraph violation {\n  node [shape=box];\n");
        let cycle = self.cycle();
        let txns: Vec<TxnId> = match cycle {
            Some(cycle) => cycle.txns(),
            None => (0..self.history.len() as TxnId).collect(),
        };
        for txn in txns {
            let label = format!("{}\n{}", narrator.txn(txn), narrator.ops(txn));
            dot += &format!("  {} [label={label:?}];\n", narrator.txn(txn));
        }
        for step in cycle.map_or(&[][..], |cycle| &cycle.steps) {
            let style = match step.kind {
                Kind::Ww | Kind::Wr => "solid",
                Kind::Rw => "dashed",
                Kind::Process | Kind::Realtime => "dotted",
            };
            dot += &format!(
                "  {} -> {} [label=\"{}\", style={style}];\n",
                narrator.txn(step.from),
                narrator.txn(step.to),
                step.kind.name()
            );
        }
        dot + "}\n"
    }

    fn cycle(&self) -> Option<&Cycle> {
        match &self.evidence {
            Evidence::Finding(finding) => match &finding.witness {
                Witness::Cycle(cycle) => Some(cycle),
                Witness::Local { .. } | Witness::Unordered => None,
            },
            Evidence::Proof(proof) => Some(proof.mildest()),
            Evidence::Search => None,
        }
    }
}

/// The most transactions and steps that are written out.
const LINES_MAX: usize = 24;

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let narrator = self.narrator();
        match self.anomaly() {
            Some(anomaly) => writeln!(f, "Not {}: {anomaly}.", self.level)?,
            None => writeln!(f, "Not {}: no order of the transactions works.", self.level)?,
        }
        let count = self.history.len();
        for txn in 0..count.min(LINES_MAX) as TxnId {
            let entry = self.history.txn(txn);
            let status = match entry.status {
                Status::Ok => "",
                Status::Fail => " (failed)",
                Status::Info => " (outcome unknown)",
            };
            let name = narrator.txn(txn);
            writeln!(f, "  {name}{status}, process {}: {}", entry.process, narrator.ops(txn))?;
        }
        if count > LINES_MAX {
            writeln!(f, "  and {} more transactions", count - LINES_MAX)?;
        }
        match &self.evidence {
            Evidence::Finding(finding) => match &finding.witness {
                Witness::Cycle(cycle) => write_cycle(f, &narrator, cycle, 0),
                Witness::Local { .. } | Witness::Unordered => {
                    writeln!(f, "{}", narrator.finding(finding))
                }
            },
            Evidence::Proof(proof) => write_proof(f, &narrator, proof, 0),
            Evidence::Search => writeln!(f, "All orders were tried."),
        }
    }
}

fn write_proof(
    f: &mut fmt::Formatter<'_>,
    narrator: &Narrator<'_>,
    proof: &Proof,
    depth: usize,
) -> fmt::Result {
    let indent = depth * 2;
    match proof {
        Proof::Cycle(cycle) => write_cycle(f, narrator, cycle, depth),
        Proof::Split { first, second, if_first, if_second } => {
            for (a, b, proof) in [(first, second, if_first), (second, first, if_second)] {
                let (a, b) = (narrator.txn(*a), narrator.txn(*b));
                writeln!(f, "{:indent$}If {a} commits before {b}:", "")?;
                write_proof(f, narrator, proof, depth + 1)?;
            }
            Ok(())
        }
    }
}

fn write_cycle(
    f: &mut fmt::Formatter<'_>,
    narrator: &Narrator<'_>,
    cycle: &Cycle,
    depth: usize,
) -> fmt::Result {
    let indent = depth * 2;
    for step in cycle.steps.iter().take(LINES_MAX) {
        writeln!(f, "{:indent$}{}", "", narrator.step(*step))?;
    }
    if cycle.steps.len() > LINES_MAX {
        writeln!(f, "{:indent$}and {} more steps.", "", cycle.steps.len() - LINES_MAX)?;
    }
    let first = narrator.txn(cycle.steps[0].from);
    writeln!(f, "{:indent$}So {first} would come before itself.", "")
}

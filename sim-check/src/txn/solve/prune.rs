//! Settles the choices of which one answer contradicts what is known.

use super::problem::{Arc, Problem};

/// Graphs of more nodes than this are not pruned: the table of who reaches whom grows with the
/// square.
const NODES_MAX: u32 = 8_192;

/// Who reaches whom.
struct Reach {
    words: usize,
    rows: Vec<u64>,
}

impl Reach {
    /// `None` if there is a cycle.
    fn new(nodes: u32, arcs: &[Arc]) -> Option<Self> {
        let mut out = vec![Vec::new(); nodes as usize];
        let mut incoming = vec![0u32; nodes as usize];
        for (from, to) in arcs {
            out[*from as usize].push(*to);
            incoming[*to as usize] += 1;
        }
        let mut order: Vec<u32> = (0..nodes).filter(|node| incoming[*node as usize] == 0).collect();
        let mut next = 0;
        while next < order.len() {
            for to in &out[order[next] as usize] {
                incoming[*to as usize] -= 1;
                if incoming[*to as usize] == 0 {
                    order.push(*to);
                }
            }
            next += 1;
        }
        if order.len() < nodes as usize {
            return None;
        }
        let words = (nodes as usize).div_ceil(64);
        let mut rows = vec![0u64; words * nodes as usize];
        for node in order.iter().rev() {
            let at = *node as usize * words;
            for to in &out[*node as usize] {
                let from = *to as usize * words;
                for word in 0..words {
                    rows[at + word] |= rows[from + word];
                }
                rows[at + *to as usize / 64] |= 1 << (to % 64);
            }
        }
        Some(Self { words, rows })
    }

    fn reaches(&self, from: u32, to: u32) -> bool {
        self.rows[from as usize * self.words + to as usize / 64] >> (to % 64) & 1 == 1
    }

    fn closes_cycle(&self, (from, to): Arc) -> bool {
        from == to || self.reaches(to, from)
    }
}

/// Settles what can be settled; false if the known edges already contradict each other.
pub(super) fn prune(problem: &mut Problem) -> bool {
    if problem.node_count() > NODES_MAX {
        return true;
    }
    loop {
        let Some(reach) = Reach::new(problem.node_count(), &problem.known) else { return false };
        let mut open = Vec::new();
        let mut settled = false;
        let closes = |arcs: &[Arc]| arcs.iter().any(|arc| reach.closes_cycle(*arc));
        for choice in std::mem::take(&mut problem.choices) {
            match (closes(&choice.forward), closes(&choice.backward)) {
                (true, true) => return false,
                (true, false) => problem.known.extend(choice.backward),
                (false, true) => problem.known.extend(choice.forward),
                (false, false) => {
                    open.push(choice);
                    continue;
                }
            }
            settled = true;
        }
        problem.choices = open;
        if !settled {
            return true;
        }
        problem.known.sort_unstable();
        problem.known.dedup();
    }
}

//! A topological order that is kept while edges come and go.

/// The label of an edge that is there in any case.
pub(in crate::txn) const KNOWN: u32 = u32::MAX;

/// A graph without cycles, and an order of its nodes in which all edges lead forward.
///
/// Pearce and Kelly, "A dynamic topological sort algorithm for directed acyclic graphs" (JEA
/// 2006): an edge that leads backward reorders only the nodes between its ends.
pub(in crate::txn) struct TopologicalOrder {
    position: Vec<u32>,
    out: Vec<Vec<(u32, u32)>>,
    into: Vec<Vec<u32>>,
    mark: Vec<u32>,
    round: u32,
    parent: Vec<(u32, u32)>,
}

impl TopologicalOrder {
    /// No edges; the nodes in this order.
    pub fn new(position: Vec<u32>) -> Self {
        let nodes = position.len();
        Self {
            position,
            out: vec![Vec::new(); nodes],
            into: vec![Vec::new(); nodes],
            mark: vec![0; nodes],
            round: 0,
            parent: vec![(0, 0); nodes],
        }
    }

    /// Where a node stands.
    pub fn position(&self, node: u32) -> u32 {
        self.position[node as usize]
    }

    /// Adds an edge. If it would close a cycle it is not added, and the labels of the other edges
    /// of that cycle are returned.
    pub fn insert(&mut self, from: u32, to: u32, label: u32) -> Result<(), Vec<u32>> {
        if from == to {
            return Err(Vec::new());
        }
        let (low, high) = (self.position(to), self.position(from));
        if low < high {
            self.reorder(from, to, low, high)?;
        }
        self.out[from as usize].push((to, label));
        self.into[to as usize].push(from);
        Ok(())
    }

    /// Removes the edge that was added last between these nodes; edges must go in the reverse
    /// order of their coming.
    pub fn remove_last(&mut self, from: u32, to: u32) {
        let out = self.out[from as usize].pop();
        assert!(out.is_some_and(|(end, _)| end == to), "edges go in reverse order");
        let into = self.into[to as usize].pop();
        assert_eq!(into, Some(from), "edges go in reverse order");
    }

    fn reorder(&mut self, from: u32, to: u32, low: u32, high: u32) -> Result<(), Vec<u32>> {
        self.round += 1;
        let mut forward = vec![to];
        self.mark[to as usize] = self.round;
        let mut next = 0;
        while next < forward.len() {
            let node = forward[next];
            next += 1;
            for (end, label) in &self.out[node as usize] {
                if *end == from {
                    let mut labels = vec![*label];
                    let mut at = node;
                    while at != to {
                        let (before, label) = self.parent[at as usize];
                        labels.push(label);
                        at = before;
                    }
                    return Err(labels);
                }
                let end_at = *end as usize;
                if self.position[end_at] < high && self.mark[end_at] != self.round {
                    self.mark[end_at] = self.round;
                    self.parent[end_at] = (node, *label);
                    forward.push(*end);
                }
            }
        }
        let mut backward = vec![from];
        self.mark[from as usize] = self.round;
        let mut next = 0;
        while next < backward.len() {
            let node = backward[next];
            next += 1;
            for start in &self.into[node as usize] {
                let start_at = *start as usize;
                if self.position[start_at] > low && self.mark[start_at] != self.round {
                    self.mark[start_at] = self.round;
                    backward.push(*start);
                }
            }
        }
        // What leads to `from` takes the lower ones of the positions, what follows `to` the rest.
        backward.sort_unstable_by_key(|node| self.position[*node as usize]);
        forward.sort_unstable_by_key(|node| self.position[*node as usize]);
        let nodes: Vec<u32> = backward.into_iter().chain(forward).collect();
        let mut free: Vec<u32> = nodes.iter().map(|node| self.position[*node as usize]).collect();
        free.sort_unstable();
        for (node, position) in nodes.iter().zip(free) {
            self.position[*node as usize] = position;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_reorder_the_nodes_until_one_closes_a_cycle() {
        let mut order = TopologicalOrder::new((0..4).collect());
        order.insert(3, 1, 7).unwrap();
        order.insert(1, 0, 8).unwrap();
        assert!(order.position(3) < order.position(1) && order.position(1) < order.position(0));
        let mut labels = order.insert(0, 3, 9).unwrap_err();
        labels.sort_unstable();
        assert_eq!(labels, [7, 8]);
        order.remove_last(1, 0);
        order.insert(0, 3, 9).unwrap();
        assert!(order.position(0) < order.position(3));
    }
}

//! Operations by process and place.

/// An operation: a process, and its place there; or, after all processes, one of the possible operations alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Node {
    pub(crate) process: usize,
    pub(crate) place: u32,
}

/// How many operations there are, and what comes before the possible ones.
pub(crate) struct Shape {
    /// The length of each process.
    pub(crate) processes: Vec<usize>,
    /// The process of each possible operation, and how many operations of it must have taken effect before.
    pub(crate) possible: Vec<(usize, u32)>,
}

impl Shape {
    /// All operations, the possible ones last.
    pub(crate) fn nodes(&self) -> Vec<Node> {
        let lengths = self.processes.iter().copied().chain(self.possible.iter().map(|_| 1));
        let nodes = lengths.enumerate().flat_map(|(process, places)| {
            (0..places as u32).map(move |place| Node { process, place })
        });
        nodes.collect()
    }
}

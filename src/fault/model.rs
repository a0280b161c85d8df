//! What a system claims to tolerate.

use super::Selection;
use crate::NodeId;
use crate::node::Nodes;
use crate::span::Span;
use sim_runtime::fault::{Cost, FaultKind};
use std::time::Duration;

/// What a system claims to tolerate: which kinds of fault, on which nodes, how many at once. Faults are drawn within it, so a violation is a bug.
///
/// ```no_run
/// # use squall::prelude::*;
/// # async fn serve() {}
/// # fn example(sim: Sim) {
/// let replicas = sim.nodes("replica", 3, serve);
/// sim.faults(FaultModel::crash_recovery().partitions().omission().tolerates(minority(&replicas)));
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct FaultModel {
    kinds: Vec<&'static str>,
    budgets: Vec<Budget>,
    others: Vec<NodeId>,
    lasts: Span,
}

/// How many nodes of a group may be down or damaged at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The group.
    pub nodes: Vec<NodeId>,
    /// How many.
    pub down_max: usize,
}

/// Fewer than half of a group.
pub fn minority(nodes: &Nodes) -> Budget {
    Budget { nodes: nodes.ids().collect(), down_max: nodes.len().saturating_sub(1) / 2 }
}

/// The first nodes of a group that are more than half of it.
pub fn majority(nodes: &Nodes) -> Vec<crate::node::Node> {
    nodes.iter().take(nodes.len() / 2 + 1).collect()
}

impl FaultModel {
    /// Nothing fails.
    pub fn none() -> FaultModel {
        FaultModel {
            kinds: Vec::new(),
            budgets: Vec::new(),
            others: Vec::new(),
            lasts: Span::from(Duration::from_secs(10)),
        }
    }

    /// Everything that there is, except the loss of a disk.
    pub fn everything() -> FaultModel {
        let kinds =
            sim_runtime::fault::kinds().into_iter().filter(|kind| kind.cost != Cost::Damaged);
        FaultModel { kinds: kinds.map(|kind| kind.name).collect(), ..FaultModel::none() }
    }

    /// Processes end in every way that keeps what was synced, freeze, and come back.
    pub fn crash_recovery() -> FaultModel {
        FaultModel::none().and(&["kill", "power_off", "shutdown", "pause"])
    }

    /// Messages are lost, duplicated and late, too.
    pub fn omission(self) -> FaultModel {
        self.and(&["loss", "duplicate", "slow_link", "slow_node", "hold"])
    }

    /// The network falls apart, too.
    pub fn partitions(self) -> FaultModel {
        self.and(&["partition", "one_way", "ring", "isolate", "block_link"])
    }

    /// Disks are lost for good, too; each lost one counts as down for ever.
    pub fn wipes(self) -> FaultModel {
        self.and(&["wipe"])
    }

    /// Adds kinds by name.
    pub fn and(mut self, kinds: &[&'static str]) -> FaultModel {
        for kind in kinds {
            if !self.kinds.contains(kind) {
                self.kinds.push(kind);
            }
        }
        self
    }

    /// Nodes of the group fail, but no more at once than the budget says.
    pub fn tolerates(mut self, budget: Budget) -> FaultModel {
        self.budgets.push(budget);
        self
    }

    /// Goes beyond what the system tolerates: as many nodes more of each group as said may be down or damaged at once.
    /// Then unavailability is to be expected, and a wrong answer is still a bug.
    pub fn beyond(mut self, nodes: usize) -> FaultModel {
        for budget in &mut self.budgets {
            budget.down_max = (budget.down_max + nodes).min(budget.nodes.len());
        }
        self
    }

    /// Nodes of the group fail, any number of them.
    pub fn also(mut self, nodes: &Nodes) -> FaultModel {
        self.others.extend(nodes.ids());
        self
    }

    /// Faults begin for so long; 10 virtual seconds unless said otherwise.
    pub fn lasting(mut self, duration: Duration) -> FaultModel {
        self.lasts = duration.into();
        self
    }

    /// The kinds it has, in the order of their names. A kind that no crate of the program provides is left out.
    pub(crate) fn kinds(&self) -> Vec<&'static FaultKind> {
        sim_runtime::fault::kinds()
            .into_iter()
            .filter(|kind| self.kinds.contains(&kind.name))
            .collect()
    }

    /// The names of its kinds that a selection allows.
    pub(crate) fn declared(&self, selection: &Selection) -> Vec<&'static str> {
        self.kinds()
            .into_iter()
            .filter(|kind| selection.allows(kind))
            .map(|kind| kind.name)
            .collect()
    }

    /// The nodes that fail: those of the groups, or all when there is no group.
    pub(crate) fn nodes(&self, all: &[NodeId]) -> Vec<NodeId> {
        if self.budgets.is_empty() && self.others.is_empty() {
            return all.to_vec();
        }
        let mut nodes: Vec<NodeId> =
            self.budgets.iter().flat_map(|budget| budget.nodes.clone()).collect();
        nodes.extend(&self.others);
        nodes.sort_unstable();
        nodes.dedup();
        nodes
    }

    pub(crate) fn budgets(&self) -> &[Budget] {
        &self.budgets
    }

    pub(crate) fn lasts(&self) -> Span {
        self.lasts
    }
}

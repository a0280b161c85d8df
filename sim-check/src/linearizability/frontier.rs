//! The frontier driver: all configurations of one step, then all of the next. Best when there is no
//! linearization; needs no memory of earlier steps.

use super::config::{Config, ConfigSet};
use super::counts::Counts;
use super::depth_first::Progress;
use super::expand::{Choice, absorb, enter, expand_others, expand_returning};
use super::machine::Machine;
use super::mask::Mask;
use super::problem::Problem;
use super::replay::replay;
use super::step::View;
use crate::spec::NondeterministicSpec;

const NO_NODE: u32 = u32::MAX;

/// All configurations at one step, and the choices that led to each.
pub(super) struct Frontier<M> {
    step: usize,
    /// The configurations of this step; those up to `at` were examined.
    now: Vec<(Config<M>, u32)>,
    at: usize,
    next: Vec<(Config<M>, u32)>,
    children: Vec<(Config<M>, Choice)>,
    seen: ConfigSet<M>,
    seen_next: ConfigSet<M>,
    counts: Counts,
    paths: Paths,
    examined: u64,
    peak: usize,
}

impl<M: Mask> Frontier<M> {
    pub(super) fn new(state: u32, slots: usize, keeps_paths: bool) -> Self {
        let config = Config { state, used: 0, mask: M::empty(slots) };
        Frontier {
            step: 0,
            now: vec![(config, NO_NODE)],
            at: 0,
            next: Vec::new(),
            children: Vec::new(),
            seen: ConfigSet::new(),
            seen_next: ConfigSet::new(),
            counts: Counts::default(),
            paths: Paths { nodes: Vec::new(), keep: keeps_paths, collect_at: 4096 },
            examined: 0,
            peak: 1,
        }
    }

    /// How many configurations were examined.
    pub(super) fn examined(&self) -> u64 {
        self.examined
    }

    /// The most configurations that one step had.
    pub(super) fn peak(&self) -> usize {
        self.peak
    }

    /// The configurations of the present step.
    pub(super) fn now(&self) -> impl Iterator<Item = &Config<M>> {
        self.now.iter().map(|(config, _)| config)
    }

    /// The same, to be renumbered.
    pub(super) fn now_mut(&mut self) -> impl Iterator<Item = &mut Config<M>> {
        self.now.iter_mut().map(|(config, _)| config)
    }

    /// Forgets the counts that no configuration of the present step has.
    pub(super) fn forget_counts(&mut self) {
        self.counts.forget_others(self.now.iter_mut().map(|(config, _)| &mut config.used));
    }

    /// Examines configurations until the search ends or about `limit` were examined in all.
    pub(super) fn run<S: NondeterministicSpec>(
        &mut self,
        problem: &mut Problem<'_, S>,
        limit: u64,
    ) -> Progress {
        while self.examined < limit {
            if !problem.reach(self.step) {
                let choices = self.paths.choices(self.now[0].1);
                return Progress::Found(replay::<S, M>(problem, &choices));
            }
            let (view, machine) = problem.at(self.step);
            if self.at == 0 {
                self.begin(machine, view);
            }
            if !self.level(machine, view, limit) {
                return Progress::Paused;
            }
            if !self.finish() {
                return Progress::Stuck(self.step);
            }
        }
        Progress::Paused
    }

    /// The configurations enter the step.
    pub(super) fn begin<S: NondeterministicSpec>(
        &mut self,
        machine: &mut Machine<'_, S>,
        view: View<'_>,
    ) {
        self.seen.clear();
        for (config, _) in &mut self.now {
            enter(machine, view.step, view.fresh_pure, config, |_| ());
        }
        if self.now.len() > 1 {
            let (seen, counts) = (&mut self.seen, &self.counts);
            self.now.retain(|(config, _)| seen.insert(0, config, counts));
        }
    }

    /// Examines the configurations of the step; false if the limit stopped it.
    pub(super) fn level<S: NondeterministicSpec>(
        &mut self,
        machine: &mut Machine<'_, S>,
        view: View<'_>,
        limit: u64,
    ) -> bool {
        let slot = view.returning.slot;
        while self.at < self.now.len() {
            if self.examined >= limit {
                return false;
            }
            let (mut config, node) = self.now[self.at].clone();
            self.at += 1;
            self.examined += 1;
            let (counts, paths) = (&mut self.counts, &mut self.paths);
            if config.mask.has(slot) {
                config.mask.remove(slot);
                if self.seen_next.insert(0, &config, counts) {
                    self.next.push((config, node));
                }
                continue;
            }
            if self.at == 1 && self.now.len() == 1 {
                // A single configuration is entered only here, where it may have company; once more does no harm.
                self.seen.insert(0, &config, counts);
            }
            expand_returning(machine, view, &config, |machine, mut next, choice| {
                if next.state != config.state {
                    absorb(machine, view.pure, &mut next, |_| ());
                }
                next.mask.remove(slot);
                if self.seen_next.insert(0, &next, counts) {
                    self.next.push((next, paths.add(node, choice)));
                }
            });
            let (seen, now) = (&mut self.seen, &mut self.now);
            self.children.clear();
            let children = &mut self.children;
            expand_others(machine, counts, view, &config, |machine, mut next, choice| {
                if next.state != config.state {
                    absorb(machine, view.pure, &mut next, |_| ());
                }
                children.push((next, choice));
            });
            for (mut config, choice) in self.children.drain(..) {
                if config.mask.has(slot) {
                    config.mask.remove(slot);
                    if self.seen_next.insert(0, &config, counts) {
                        self.next.push((config, paths.add(node, choice)));
                    }
                } else if seen.insert(0, &config, counts) {
                    now.push((config, paths.add(node, choice)));
                }
            }
        }
        true
    }

    /// Goes on to the next step; false if no configuration does.
    pub(super) fn finish(&mut self) -> bool {
        self.peak = self.peak.max(self.now.len());
        if self.next.is_empty() {
            return false;
        }
        std::mem::swap(&mut self.now, &mut self.next);
        self.next.clear();
        self.seen_next.clear();
        self.at = 0;
        self.step += 1;
        self.paths.collect(&mut self.now);
        true
    }
}

/// The choices that led to each configuration, as a tree. Branches that died out are collected, so that it
/// holds little more than one path.
struct Paths {
    nodes: Vec<(u32, Choice)>,
    keep: bool,
    collect_at: usize,
}

impl Paths {
    fn add(&mut self, parent: u32, choice: Choice) -> u32 {
        if !self.keep {
            return NO_NODE;
        }
        self.nodes.push((parent, choice));
        (self.nodes.len() - 1) as u32
    }

    fn choices(&self, mut node: u32) -> Vec<Choice> {
        let mut choices = Vec::new();
        while node != NO_NODE {
            let (parent, choice) = self.nodes[node as usize];
            choices.push(choice);
            node = parent;
        }
        choices.reverse();
        choices
    }

    /// Drops the nodes that lead to no living configuration, once there are many.
    fn collect<M>(&mut self, living: &mut [(Config<M>, u32)]) {
        if self.nodes.len() < self.collect_at {
            return;
        }
        let mut renamed = vec![NO_NODE; self.nodes.len()];
        for (_, node) in living.iter() {
            let mut node = *node;
            while node != NO_NODE && renamed[node as usize] == NO_NODE {
                renamed[node as usize] = 0;
                node = self.nodes[node as usize].0;
            }
        }
        let mut kept = 0;
        for i in 0..self.nodes.len() {
            if renamed[i] == NO_NODE {
                continue;
            }
            let (parent, choice) = self.nodes[i];
            // A parent stands before its children, so it has its new name already.
            let parent = if parent == NO_NODE { NO_NODE } else { renamed[parent as usize] };
            self.nodes[kept] = (parent, choice);
            renamed[i] = kept as u32;
            kept += 1;
        }
        self.nodes.truncate(kept);
        for (_, node) in living {
            if *node != NO_NODE {
                *node = renamed[*node as usize];
            }
        }
        self.collect_at = (kept * 2).max(4096);
    }
}

//! Probes: properties, reachability, injected misbehaviour and varied constants in the code under test.
//!
//! Every site registers itself at link time, so a site that was never reached is known too. Outside of a
//! simulation the macros do next to nothing: `always!` and `sometimes!` look at their condition no further,
//! `buggify!` is false and `knob!` is its default.

mod buggify;
mod knob;
mod property;

use crate::world::World;
use std::cell::RefCell;

pub use buggify::{Buggify, buggify};
pub use knob::{KnobValue, knob};
pub use property::{always, reach};

/// What a site is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProbeKind {
    /// `always!`: must hold whenever it is reached.
    Always,
    /// `sometimes!`: must hold at least once in a swarm.
    Sometimes,
    /// `reachable!`: must be reached at least once in a swarm.
    Reachable,
    /// `unreachable!`: must never be reached.
    Unreachable,
    /// `buggify!`: may misbehave.
    Buggify,
    /// `knob!`: a varied constant.
    Knob,
}

impl ProbeKind {
    /// The name of the macro.
    pub fn name(self) -> &'static str {
        match self {
            ProbeKind::Always => "always",
            ProbeKind::Sometimes => "sometimes",
            ProbeKind::Reachable => "reachable",
            ProbeKind::Unreachable => "unreachable",
            ProbeKind::Buggify => "buggify",
            ProbeKind::Knob => "knob",
        }
    }
}

/// A place in the source that carries a probe.
#[derive(Debug)]
pub struct Site {
    /// What it is.
    pub kind: ProbeKind,
    /// Its name.
    pub name: &'static str,
    /// The module in which it stands.
    pub module: &'static str,
    /// The file in which it stands.
    pub file: &'static str,
    /// The line on which it stands.
    pub line: u32,
}

impl Site {
    /// `file:line`.
    pub fn place(&self) -> String {
        format!("{}:{}", self.file, self.line)
    }

    fn index(&'static self) -> usize {
        let index = (std::ptr::from_ref(self).addr() - SITES.as_ptr().addr()) / size_of::<Site>();
        assert!(index < SITES.len(), "a probe's site stands in the registry");
        index
    }
}

/// All sites of the program.
#[linkme::distributed_slice]
pub static SITES: [Site];

/// How often a site was hit in a run: for `sometimes!`, how often its condition held; for `buggify!`, how often it fired.
#[derive(Clone, Copy, Debug)]
pub struct ProbeHits {
    /// The site.
    pub site: &'static Site,
    /// Where it stands in [`SITES`].
    pub index: usize,
    /// How often.
    pub hits: u64,
}

/// The probes of the run in progress.
pub(crate) struct Probes {
    hits: RefCell<Vec<u64>>,
    pub(crate) buggify: buggify::Sites,
    pub(crate) knobs: knob::Knobs,
}

impl Probes {
    pub(crate) fn new(buggify: Buggify, knobs: std::collections::BTreeMap<String, u64>) -> Probes {
        Probes {
            hits: RefCell::default(),
            buggify: buggify::Sites::new(buggify),
            knobs: knob::Knobs::new(knobs),
        }
    }

    #[inline]
    pub(crate) fn hit(&self, site: &'static Site) {
        let mut hits = self.hits.borrow_mut();
        if hits.is_empty() {
            hits.resize(SITES.len(), 0);
        }
        hits[site.index()] += 1;
    }

    /// The sites that were hit, in the order of the registry.
    pub(crate) fn take_hits(&self) -> Vec<ProbeHits> {
        let counted = self.hits.take().into_iter().zip(SITES.iter()).enumerate();
        let hit = counted.filter(|(_, (hits, _))| *hits > 0);
        hit.map(|(index, (hits, site))| ProbeHits { site, index, hits }).collect()
    }
}

fn in_run<R>(f: impl FnOnce(&World) -> R) -> Option<R> {
    World::try_current(f)
}

#[doc(hidden)]
#[macro_export]
macro_rules! __site {
    ($kind:ident, $name:expr) => {{
        #[$crate::__private::linkme::distributed_slice($crate::probe::SITES)]
        #[linkme(crate = $crate::__private::linkme)]
        static SITE: $crate::probe::Site = $crate::probe::Site {
            kind: $crate::probe::ProbeKind::$kind,
            name: $name,
            module: module_path!(),
            file: file!(),
            line: line!(),
        };
        &SITE
    }};
}

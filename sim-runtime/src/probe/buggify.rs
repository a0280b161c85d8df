//! `buggify!`: misbehaviour that the code under test offers (FoundationDB's BUGGIFY).

use super::{SITES, Site, in_run};
use crate::choice::{Choices, Kind, Ratio, Stream};
use std::cell::RefCell;

/// How often `buggify!` sites misbehave, unless a site says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Buggify {
    /// How likely a site is on for a case.
    pub on: Ratio,
    /// How likely a site that is on fires each time it is reached.
    pub fires: Ratio,
}

impl Buggify {
    /// No site is on.
    pub const OFF: Buggify = Buggify { on: Ratio::ZERO, fires: Ratio::ZERO };
}

impl Default for Buggify {
    /// A quarter of the sites, a quarter of the time.
    fn default() -> Buggify {
        Buggify { on: Ratio::new(1, 4), fires: Ratio::new(1, 4) }
    }
}

pub(crate) struct Sites {
    config: Buggify,
    states: RefCell<Vec<Option<State>>>,
}

struct State {
    on: bool,
    stream: Stream,
}

impl Sites {
    pub(super) fn new(config: Buggify) -> Sites {
        Sites { config, states: RefCell::default() }
    }

    fn fires(
        &self,
        choices: &Choices,
        site: &'static Site,
        on: Option<Ratio>,
        fires: Option<Ratio>,
    ) -> bool {
        if self.config.on.is_zero() {
            return false;
        }
        let mut states = self.states.borrow_mut();
        if states.is_empty() {
            states.resize_with(SITES.len(), || None);
        }
        let state = states[site.index()].get_or_insert_with(|| {
            // Named by module and name, not by line, so that a case survives edits above the site.
            let mut stream =
                choices.stream(&["buggify".into(), site.module.into(), site.name.into()]);
            let on = choices.chance(&mut stream, Kind::Buggify, on.unwrap_or(self.config.on));
            State { on, stream }
        });
        state.on
            && choices.chance(&mut state.stream, Kind::Buggify, fires.unwrap_or(self.config.fires))
    }
}

/// What `buggify!` expands to.
pub fn buggify(site: &'static Site, on: Option<Ratio>, fires: Option<Ratio>) -> bool {
    in_run(|world| {
        let fires = world.probes().buggify.fires(world.choices(), site, on, fires);
        if fires {
            world.probes().hit(site);
        }
        fires
    })
    .unwrap_or(false)
}

/// Whether to misbehave here now. A site is on for a case with 1/4, and then fires with 1/4; both can be set
/// for the site. False outside of a simulation.
///
/// ```
/// use sim_runtime::choice::Ratio;
///
/// fn batch_size(asked: usize) -> usize {
///     if sim_runtime::buggify!("tiny batches") { 1 } else { asked }
/// }
/// fn is_slow() -> bool {
///     sim_runtime::buggify!("slow path", on = Ratio::new(1, 2), fires = Ratio::new(1, 100))
/// }
/// assert_eq!(batch_size(64), 64);
/// assert!(!is_slow());
/// ```
#[macro_export]
macro_rules! buggify {
    ($name:expr $(,)?) => {
        $crate::probe::buggify($crate::__site!(Buggify, $name), None, None)
    };
    ($name:expr, on = $on:expr, fires = $fires:expr $(,)?) => {
        $crate::probe::buggify($crate::__site!(Buggify, $name), Some($on), Some($fires))
    };
}

//! `knob!`: constants that each case perturbs.

use super::{Site, in_run};
use crate::choice::{Choices, Distribution, Kind, Ratio};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// The value of a knob in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnobValue {
    /// The knob's name.
    pub name: &'static str,
    /// Its value in this run.
    pub value: u64,
    /// Its value in production.
    pub default: u64,
}

pub(crate) struct Knobs {
    fixed: BTreeMap<String, u64>,
    values: RefCell<Vec<KnobValue>>,
}

impl Knobs {
    pub(super) fn new(fixed: BTreeMap<String, u64>) -> Knobs {
        Knobs { fixed, values: RefCell::default() }
    }

    fn value(
        &self,
        choices: &Choices,
        name: &'static str,
        default: u64,
        range: &RangeInclusive<u64>,
    ) -> u64 {
        if let Some(known) = self.values.borrow().iter().find(|knob| knob.name == name) {
            return known.value;
        }
        let value = match self.fixed.get(name) {
            Some(value) => *value,
            None => {
                let mut stream = choices.stream(&["knob".into(), name.into()]);
                if choices.chance(&mut stream, Kind::Knob, Ratio::new(1, 2)) {
                    let spread = Distribution::log_uniform(1, range.end() - range.start() + 1);
                    range.start() + choices.sample(&mut stream, Kind::Knob, &spread) - 1
                } else {
                    default
                }
            }
        };
        self.values.borrow_mut().push(KnobValue { name, value, default });
        value
    }

    /// The knobs that were read, and their values.
    pub(crate) fn take_values(&self) -> Vec<KnobValue> {
        self.values.take()
    }
}

/// What `knob!` expands to.
pub fn knob(site: &'static Site, default: u64, range: RangeInclusive<u64>) -> u64 {
    assert!(
        range.contains(&default),
        "the default of knob `{}` is outside of its range",
        site.name
    );
    in_run(|world| {
        world.probes().hit(site);
        world.probes().knobs.value(world.choices(), site.name, default, &range)
    })
    .unwrap_or(default)
}

/// A named constant that each case perturbs: half of the cases keep the default, the others draw from the range, every
/// order of magnitude alike. A case can fix it by name. The default outside of a simulation.
///
/// ```
/// let window = sim_runtime::knob!("replication window", 64, 1..=4096);
/// assert_eq!(window, 64);
/// ```
#[macro_export]
macro_rules! knob {
    ($name:expr, $default:expr, $range:expr $(,)?) => {
        $crate::probe::knob($crate::__site!(Knob, $name), $default, $range)
    };
}

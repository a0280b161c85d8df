//! Profiles: how hostile the plans are that seeds become.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sim_runtime::choice::{Choices, Kind, Ratio, Stream};
use std::fmt;
use std::str::FromStr;

/// How hostile the plans are that seeds become. The five classes are weights: their shares of all cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Cases without any fault. Some must pass for the other reason: that nothing happened.
    pub quiet: u32,
    /// Cases with exactly one fault: a second one, such as a restart, can hide what the first did.
    pub single_fault: u32,
    /// Cases with one kind of fault.
    pub single_kind: u32,
    /// Cases that throw a coin for each kind.
    pub coins: u32,
    /// Cases with every kind.
    pub everything: u32,
    /// Mean gaps are multiplied by this many hundredths: 100 as the kinds say, 300 calmer, 30 stormier.
    pub gap_percent: u64,
    /// How likely a fault of a process strikes at a boundary of a durable write instead of at a time.
    pub at_boundary: Ratio,
    /// How likely a fault is followed soon by another one of any kind that is on.
    pub coupled: Ratio,
}

/// The profiles that have a name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Preset {
    /// Few faults, far apart.
    Calm,
    /// The default: a tenth of the cases quiet, a tenth with a single kind or fault, six tenths by coins, two tenths everything.
    #[default]
    Realistic,
    /// No quiet cases, everything more often, gaps a third.
    Stormy,
    /// Not random: consecutive seeds go through one to three faults in every kind, order, target and moment of a small grid.
    Directed,
}

impl Preset {
    /// All presets.
    pub const ALL: [Preset; 4] =
        [Preset::Calm, Preset::Realistic, Preset::Stormy, Preset::Directed];

    /// What it stands for. `Directed` draws nothing; its profile is the realistic one.
    pub fn profile(self) -> Profile {
        let realistic = Profile {
            quiet: 2,
            single_fault: 1,
            single_kind: 1,
            coins: 12,
            everything: 4,
            gap_percent: 100,
            at_boundary: Ratio::new(1, 3),
            coupled: Ratio::new(1, 8),
        };
        match self {
            Preset::Realistic | Preset::Directed => realistic,
            Preset::Calm => Profile {
                quiet: 6,
                single_fault: 4,
                single_kind: 4,
                coins: 6,
                everything: 0,
                gap_percent: 400,
                coupled: Ratio::ZERO,
                ..realistic
            },
            Preset::Stormy => Profile {
                quiet: 0,
                single_fault: 0,
                single_kind: 2,
                coins: 8,
                everything: 10,
                gap_percent: 30,
                coupled: Ratio::new(1, 4),
                ..realistic
            },
        }
    }

    fn name(self) -> &'static str {
        match self {
            Preset::Calm => "calm",
            Preset::Realistic => "realistic",
            Preset::Stormy => "stormy",
            Preset::Directed => "directed",
        }
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Preset {
    type Err = String;

    fn from_str(text: &str) -> Result<Preset, String> {
        let found = Preset::ALL.into_iter().find(|preset| preset.name() == text);
        found.ok_or_else(|| {
            format!("`{text}` is not a profile: write calm, realistic, stormy or directed")
        })
    }
}

impl Serialize for Preset {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Preset {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Preset, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// What kind of case a seed is, as to its faults.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// No fault.
    #[default]
    Quiet,
    /// Exactly one fault.
    SingleFault,
    /// One kind of fault.
    SingleKind,
    /// A coin for each kind.
    Coins,
    /// Every kind.
    Everything,
    /// The plan was fixed by the case, or enumerated.
    Given,
}

impl Class {
    /// The name used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Class::Quiet => "quiet",
            Class::SingleFault => "single fault",
            Class::SingleKind => "single kind",
            Class::Coins => "coins",
            Class::Everything => "everything",
            Class::Given => "given",
        }
    }
}

impl Profile {
    /// Draws the class of a case.
    pub(super) fn class(&self, choices: &Choices, stream: &mut Stream) -> Class {
        let classes = [
            (Class::Quiet, self.quiet),
            (Class::SingleFault, self.single_fault),
            (Class::SingleKind, self.single_kind),
            (Class::Coins, self.coins),
            (Class::Everything, self.everything),
        ];
        let sum = classes.iter().map(|(_, weight)| weight).sum();
        let mut drawn = choices.pick(stream, Kind::Fault, sum);
        for (class, weight) in classes {
            if drawn < weight {
                return class;
            }
            drawn -= weight;
        }
        unreachable!("the weights sum up to what is drawn from")
    }
}

//! Profiles: how hostile the plans are that seeds become.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sim_runtime::choice::{Choices, Kind, Ratio, Stream};
use std::fmt;
use std::str::FromStr;

/// How hostile the plans are that seeds become: a preset, of which single values may be changed. The five classes are weights: their
/// shares of all cases.
///
/// As text it is the preset and what differs from it, such as `realistic,at_boundary=0/1,coupled=1/4`.
///
/// ```
/// use squall::choice::Ratio;
/// use squall::fault::{Preset, Profile};
///
/// let profile: Profile = "calm,quiet=0,coupled=1/4".parse().unwrap();
/// let by_hand = Profile { quiet: 0, coupled: Ratio::new(1, 4), ..Preset::Calm.profile() };
/// assert_eq!(profile, by_hand);
/// assert_eq!(profile.to_string(), "calm,quiet=0,coupled=1/4");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Where its values come from. `Directed` draws nothing and so has none to change.
    pub preset: Preset,
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
    /// How likely a fault of a process strikes at a boundary, of a durable write or of a message, instead of at a time.
    pub at_boundary: Ratio,
    /// How likely a boundary is one of a message: the process has just sent it, or is about to get it.
    pub at_message: Ratio,
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

    /// What it stands for. `Directed` draws nothing; its values are the realistic ones.
    pub fn profile(self) -> Profile {
        let realistic = Profile {
            preset: self,
            quiet: 2,
            single_fault: 1,
            single_kind: 1,
            coins: 12,
            everything: 4,
            gap_percent: 100,
            at_boundary: Ratio::new(1, 3),
            at_message: Ratio::new(1, 2),
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

/// No weight and no percentage is greater, so that neither sums nor mean gaps overflow.
const NUMBER_MAX: u64 = 1_000_000;

impl Profile {
    /// Its values by name, as they are written.
    fn values(&self) -> [(&'static str, String); 9] {
        [
            ("quiet", self.quiet.to_string()),
            ("single_fault", self.single_fault.to_string()),
            ("single_kind", self.single_kind.to_string()),
            ("coins", self.coins.to_string()),
            ("everything", self.everything.to_string()),
            ("gap_percent", self.gap_percent.to_string()),
            ("at_boundary", self.at_boundary.to_string()),
            ("at_message", self.at_message.to_string()),
            ("coupled", self.coupled.to_string()),
        ]
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let ratio = || value.parse::<Ratio>().map_err(|error| format!("`{name}`: {error}"));
        let number = |least: u64| match value.parse::<u64>() {
            Ok(number) if (least..=NUMBER_MAX).contains(&number) => Ok(number),
            Ok(_) | Err(_) => Err(format!(
                "`{name}={value}` is not right: write a whole number from {least} to {NUMBER_MAX}"
            )),
        };
        let weight = || number(0).map(|number| number as u32);
        match name {
            "quiet" => self.quiet = weight()?,
            "single_fault" => self.single_fault = weight()?,
            "single_kind" => self.single_kind = weight()?,
            "coins" => self.coins = weight()?,
            "everything" => self.everything = weight()?,
            "gap_percent" => self.gap_percent = number(1)?,
            "at_boundary" => self.at_boundary = ratio()?,
            "at_message" => self.at_message = ratio()?,
            "coupled" => self.coupled = ratio()?,
            _ => {
                let known = self.values().map(|(name, _)| name).join(", ");
                return Err(format!("a profile has no `{name}`: there are {known}"));
            }
        }
        Ok(())
    }
}

impl Default for Profile {
    fn default() -> Profile {
        Preset::default().profile()
    }
}

impl From<Preset> for Profile {
    fn from(preset: Preset) -> Profile {
        preset.profile()
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.preset)?;
        let usual = self.preset.profile().values();
        for ((name, value), (_, usual)) in self.values().into_iter().zip(usual) {
            if value != usual {
                write!(f, ",{name}={value}")?;
            }
        }
        Ok(())
    }
}

impl FromStr for Profile {
    type Err = String;

    fn from_str(text: &str) -> Result<Profile, String> {
        let mut parts = text.split(',').map(str::trim);
        let preset: Preset = parts.next().unwrap_or_default().parse()?;
        let mut profile = preset.profile();
        for part in parts {
            let (name, value) = part
                .split_once('=')
                .ok_or_else(|| format!("`{part}` changes nothing: write NAME=VALUE"))?;
            if preset == Preset::Directed {
                return Err(format!("`{part}` has no effect: the directed profile draws nothing"));
            }
            profile.set(name.trim(), value.trim())?;
        }
        let weights = [profile.quiet, profile.single_fault, profile.single_kind, profile.coins];
        if weights.iter().all(|weight| *weight == 0) && profile.everything == 0 {
            return Err(format!("`{text}` leaves no case: a weight must be above 0"));
        }
        Ok(profile)
    }
}

impl Serialize for Profile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Profile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Profile, D::Error> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Profile {
        text.parse().unwrap()
    }

    #[test]
    fn presets_are_read_as_they_are_printed() {
        for preset in Preset::ALL {
            assert_eq!(preset.profile().to_string(), preset.to_string());
            assert_eq!(read(&preset.to_string()), preset.profile());
        }
    }

    #[test]
    fn every_value_can_be_changed_and_survives_the_text() {
        let text = "stormy,quiet=7,single_fault=8,single_kind=9,coins=10,everything=11,gap_percent=12,\
                    at_boundary=13/14,at_message=3/7,coupled=15/16";
        let profile = read(text);
        let expected = Profile {
            preset: Preset::Stormy,
            quiet: 7,
            single_fault: 8,
            single_kind: 9,
            coins: 10,
            everything: 11,
            gap_percent: 12,
            at_boundary: Ratio::new(13, 14),
            at_message: Ratio::new(3, 7),
            coupled: Ratio::new(15, 16),
        };
        assert_eq!(profile, expected);
        assert_eq!(profile.to_string(), text);
        assert_eq!(read("realistic, coupled=1/8"), Profile::default());
    }

    #[test]
    fn a_wrong_text_says_what_would_be_right() {
        let error = |text: &str| text.parse::<Profile>().unwrap_err();
        assert_eq!(
            error("mild"),
            "`mild` is not a profile: write calm, realistic, stormy or directed"
        );
        assert_eq!(error("calm,wet"), "`wet` changes nothing: write NAME=VALUE");
        assert!(error("calm,wet=1").starts_with("a profile has no `wet`: there are quiet, "));
        assert!(error("calm,coupled=2").contains("`2` is not a probability"));
        assert!(error("calm,gap_percent=0").contains("from 1 to 1000000"));
        assert!(error("calm,quiet=1000001").contains("from 0 to 1000000"));
        assert!(error("directed,coupled=1/1").contains("draws nothing"));
        let nothing = "calm,quiet=0,single_fault=0,single_kind=0,coins=0";
        assert!(error(nothing).contains("a weight must be above 0"));
    }
}

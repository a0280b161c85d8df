//! Files of many objects, each with a key: judged one by one, which is exact as linearizability is a local property
//! (Herlihy and Wing, 1990, theorem 1).

use super::{Case, Ruling};
use crate::history::Value;
use crate::render::Picture;
use crate::verdict::{Budget, Verdict};

/// The histories of all keys.
pub(super) struct IndependentCase {
    pub(super) parts: Vec<(Value, Box<dyn Case>)>,
}

struct IndependentRuling<'c> {
    /// All until the first violation.
    parts: Vec<(&'c Value, Box<dyn Ruling + 'c>)>,
    /// The part that decides, unless all are good.
    decisive: Option<usize>,
}

impl Case for IndependentCase {
    fn operations(&self) -> usize {
        self.parts.iter().map(|(_, case)| case.operations()).sum()
    }

    fn decide(&self, budget: Budget) -> Box<dyn Ruling + '_> {
        let mut left = budget.meter();
        let (mut parts, mut decisive) = (Vec::with_capacity(self.parts.len()), None);
        for (place, (key, case)) in self.parts.iter().enumerate() {
            let ruling = case.decide(Budget::configurations(left.left()));
            left.spend(ruling.configurations());
            let verdict = ruling.verdict();
            parts.push((key, ruling));
            if verdict.is_violation() {
                decisive = Some(place);
                break;
            }
            if verdict.is_unknown() {
                decisive.get_or_insert(place);
            }
        }
        Box::new(IndependentRuling { parts, decisive })
    }
}

impl Ruling for IndependentRuling<'_> {
    fn verdict(&self) -> Verdict<(), ()> {
        self.decisive.map_or(Verdict::Ok(()), |place| self.parts[place].1.verdict())
    }

    fn configurations(&self) -> u64 {
        self.parts.iter().map(|(_, ruling)| ruling.configurations()).sum()
    }

    fn witness(&self) -> String {
        let named = |(key, ruling): &(&Value, Box<dyn Ruling + '_>)| {
            format!("key {key}: {}", ruling.witness())
        };
        match self.decisive {
            Some(place) => named(&self.parts[place]),
            None => self.parts.iter().map(named).collect::<Vec<String>>().join("\n"),
        }
    }

    fn picture(&self) -> Option<Picture> {
        let (key, ruling) = &self.parts[self.decisive?];
        let picture = ruling.picture()?;
        Some(Picture { title: format!("{}, key {key}", picture.title), ..picture })
    }

    fn verify(&self) -> Result<(), String> {
        self.parts.iter().try_for_each(|(key, ruling)| {
            ruling.verify().map_err(|error| format!("key {key}: {error}"))
        })
    }
}

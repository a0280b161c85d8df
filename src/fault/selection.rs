//! Which of the kinds of a model a case may draw.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sim_runtime::fault::FaultKind;
use std::fmt;
use std::str::FromStr;

/// Which of the kinds of a model a case may draw.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Selection {
    /// All.
    #[default]
    All,
    /// None.
    None,
    /// Those, by name.
    Only(Vec<String>),
}

impl Selection {
    pub(super) fn allows(&self, kind: &FaultKind) -> bool {
        match self {
            Selection::All => true,
            Selection::None => false,
            Selection::Only(names) => names.iter().any(|name| name == kind.name),
        }
    }

    /// Whether it is the usual one.
    pub fn is_all(&self) -> bool {
        *self == Selection::All
    }
}

impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Selection::All => f.write_str("all"),
            Selection::None => f.write_str("none"),
            Selection::Only(names) => f.write_str(&names.join(",")),
        }
    }
}

impl FromStr for Selection {
    type Err = String;

    fn from_str(text: &str) -> Result<Selection, String> {
        match text {
            "all" => Ok(Selection::All),
            "none" => Ok(Selection::None),
            _ => {
                let names: Vec<String> =
                    text.split(',').map(|name| name.trim().to_owned()).collect();
                match names.iter().find(|name| super::kind(name).is_none()) {
                    None => Ok(Selection::Only(names)),
                    Some(unknown) => {
                        let known: Vec<&str> =
                            super::kinds().iter().map(|kind| kind.name).collect();
                        Err(format!(
                            "there is no fault kind `{unknown}`: write all, none, or some of {}",
                            known.join(",")
                        ))
                    }
                }
            }
        }
    }
}

impl Serialize for Selection {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Selection {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Selection, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

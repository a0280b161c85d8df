//! Cases: everything that decides a run, as plain data.

use crate::choice::{Edit, Edits, Fallback};
use crate::fault::{FaultPlan, Profile, Selection};
use crate::scenario::Scenario;
use crate::seed::Seed;
use crate::task::Policy;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sim_runtime::choice::VERSION;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// The first line of a written case, which promises the last one, so that a file that was cut off is not taken for a shorter case.
const HEAD: &str = "# a case of squall, up to the line `# end of case`";
const END: &str = "# end of case";

/// Everything that decides a run of a scenario, as data that can be read and edited by hand.
///
/// ```
/// use squall::{Case, Scenario, Seed};
///
/// let scenario = Scenario::new("coin", |_| async { Ok(()) });
/// let case = Case::from_seed(&scenario, Seed(7));
/// let text = case.to_toml();
/// assert_eq!(Case::from_toml(&text).unwrap(), case);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// The version of squall that wrote it.
    pub squall: String,
    /// The version of the choices.
    pub choices: String,
    /// The scenario's name.
    pub scenario: String,
    /// The scenario's version.
    pub version: u32,
    /// The seed.
    pub seed: Seed,
    /// Which runnable task is polled next.
    #[serde(default, with = "by_text", skip_serializing_if = "is_default")]
    pub policy: Policy,
    /// The planted bug.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mutant: Option<String>,
    /// The fingerprint of the failure that the case shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// The trace hash of the run that wrote it, in hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_hash: Option<String>,
    /// Which kinds of fault are drawn when the plan is not fixed.
    #[serde(default, skip_serializing_if = "Selection::is_all")]
    pub faults: Selection,
    /// How hostile the plan is when it is not fixed: a preset, or one with some values changed.
    #[serde(default, skip_serializing_if = "is_default")]
    pub profile: Profile,
    /// What a choice without an edit does: `drawn` from the seed, or `benign`.
    #[serde(default, with = "fallback", skip_serializing_if = "is_default")]
    pub fallback: Fallback,
    /// Fixed choices, `path#counter = outcome`.
    #[serde(default, with = "edits", skip_serializing_if = "Vec::is_empty")]
    pub edits: Vec<Edit>,
    /// From an event on all choices are drawn anew.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub branches: Vec<Branch>,
    /// Fixed parameters, by name: topology and workload.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, u64>,
    /// Fixed knobs, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub knobs: BTreeMap<String, u64>,
    /// The faults. Drawn from the seed when it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<FaultPlan>,
}

/// From event number `event` on, all choices are drawn in epoch `epoch`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Branch {
    /// The event.
    pub event: u64,
    /// The epoch.
    pub epoch: u64,
}

/// Why a case cannot be read, or not be run by this program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseError(String);

impl CaseError {
    pub(crate) fn new(text: impl Into<String>) -> CaseError {
        CaseError(text.into())
    }

    /// The same error, with the file to which it belongs.
    pub(crate) fn of(self, path: &Path) -> CaseError {
        CaseError(format!("{}: {}", path.display(), self.0))
    }
}

impl fmt::Display for CaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for CaseError {}

impl Case {
    /// The case of a seed. Pure: topology, workload, knobs and faults follow from the seed as the run asks for them.
    pub fn from_seed(scenario: &Scenario, seed: Seed) -> Case {
        Case {
            squall: env!("CARGO_PKG_VERSION").to_owned(),
            choices: VERSION.to_owned(),
            scenario: scenario.name().to_owned(),
            version: scenario.version_number(),
            seed,
            policy: Policy::default(),
            mutant: None,
            expected: None,
            trace_hash: None,
            faults: Selection::default(),
            profile: Profile::default(),
            fallback: Fallback::default(),
            edits: Vec::new(),
            branches: Vec::new(),
            parameters: BTreeMap::new(),
            knobs: BTreeMap::new(),
            plan: None,
        }
    }

    /// Reads a case from TOML. A case by hand needs none of the comments that [`to_toml`](Case::to_toml) writes.
    ///
    /// # Errors
    /// When the text is not a case, with the line and what is wrong with it.
    pub fn from_toml(text: &str) -> Result<Case, CaseError> {
        if text.starts_with(HEAD) && !text.lines().any(|line| line.trim_end() == END) {
            return Err(CaseError(format!(
                "not a whole case: it is cut off, since the line `{END}` is missing"
            )));
        }
        toml::from_str(text).map_err(|error| {
            let before = error.span().map(|span| &text[..span.start.min(text.len())]);
            let at = before.map(|before| before.matches('\n').count() + 1);
            let place = at.map_or_else(String::new, |line| format!("line {line}: "));
            let message = error.message().lines().collect::<Vec<_>>().join("; ");
            CaseError(format!("{place}not a case: {message}"))
        })
    }

    /// Reads a case file.
    ///
    /// # Errors
    /// When the file cannot be read or is not a case.
    pub fn read(path: &Path) -> Result<Case, CaseError> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            CaseError(format!("{}: the case cannot be read: {error}", path.display()))
        })?;
        Case::from_toml(&text).map_err(|error| error.of(path))
    }

    /// The case as TOML.
    pub fn to_toml(&self) -> String {
        let text = toml::to_string(self).expect("a case is plain data");
        format!("{HEAD}\n{text}{END}\n")
    }

    /// Writes the case to a file in `folder`, named after its seed and mutant, and returns its path. The file is
    /// complete or not there: it is written under another name first.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_in(&self, folder: &Path) -> Result<PathBuf, CaseError> {
        let name = match &self.mutant {
            None => format!("{:x}.toml", self.seed.0),
            Some(mutant) => format!("{mutant}-{:x}.toml", self.seed.0),
        };
        let (path, part) = (folder.join(&name), folder.join(format!(".{name}.part")));
        let written = std::fs::create_dir_all(folder)
            .and_then(|()| std::fs::write(&part, self.to_toml()))
            .and_then(|()| std::fs::rename(&part, &path));
        match written {
            Ok(()) => Ok(path),
            Err(error) => {
                Err(CaseError(format!("{}: the case cannot be written: {error}", path.display())))
            }
        }
    }

    /// Whether this program can run the case as it was meant.
    ///
    /// # Errors
    /// When it belongs to another version of the choices or the scenario, or names a mutant that there is not.
    pub fn check(&self, scenario: &Scenario) -> Result<(), CaseError> {
        if self.choices != VERSION {
            return Err(CaseError(format!(
                "a stale case: its choices are {}, this squall makes {VERSION}; find the failure again with seed {} \
                 or delete the case",
                self.choices, self.seed
            )));
        }
        if self.scenario != scenario.name() {
            return Err(CaseError(format!(
                "the case is of scenario `{}`, not of `{}`",
                self.scenario,
                scenario.name()
            )));
        }
        if self.version != scenario.version_number() {
            return Err(CaseError(format!(
                "a stale case: it was written for version {} of scenario `{}`, which is at version {}; find the \
                 failure again or delete the case",
                self.version,
                self.scenario,
                scenario.version_number()
            )));
        }
        if let Some(mutant) = &self.mutant {
            scenario.check_mutant(mutant).map_err(CaseError)?;
        }
        Ok(())
    }

    pub(crate) fn all_edits(&self) -> Edits {
        Edits { edits: self.edits.clone(), fallback: self.fallback }
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

mod by_text {
    use super::{Deserialize, Deserializer, Serializer};
    use std::fmt::Display;
    use std::str::FromStr;

    pub(super) fn serialize<T: Display, S: Serializer>(
        value: &T,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(super) fn deserialize<'de, T, D>(deserializer: D) -> Result<T, D::Error>
    where
        T: FromStr<Err: Display>,
        D: Deserializer<'de>,
    {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

mod fallback {
    use super::{Deserialize, Deserializer, Fallback, Serializer};

    pub(super) fn serialize<S: Serializer>(
        value: &Fallback,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(match value {
            Fallback::Drawn => "drawn",
            Fallback::Benign => "benign",
        })
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Fallback, D::Error> {
        match String::deserialize(deserializer)?.as_str() {
            "drawn" => Ok(Fallback::Drawn),
            "benign" => Ok(Fallback::Benign),
            other => Err(serde::de::Error::custom(format!(
                "`{other}` is not a fallback: write drawn or benign"
            ))),
        }
    }
}

mod edits {
    use super::{Deserialize, Deserializer, Edit, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(
        edits: &[Edit],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        edits.iter().map(Edit::to_string).collect::<Vec<_>>().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<Edit>, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        texts.iter().map(|text| text.parse().map_err(serde::de::Error::custom)).collect()
    }
}

//! The scenarios that the command line knows.

use squall::{Case, Corpus, Scenario, Seed};
use std::path::{Path, PathBuf};

/// All of them.
pub fn all() -> Vec<Scenario> {
    protocols::scenarios()
}

/// One by name.
///
/// # Errors
/// When there is none.
pub fn named(name: &str) -> Result<Scenario, String> {
    let all = all();
    let known: Vec<String> = all.iter().map(|scenario| scenario.name().to_owned()).collect();
    let found = all.into_iter().find(|scenario| scenario.name() == name);
    found.ok_or_else(|| format!("there is no scenario `{name}`: there are {}", known.join(", ")))
}

/// The case that a command line names: a file, or a scenario and a seed.
///
/// # Errors
/// When neither or both are given, or the case cannot be read.
pub fn case(
    file: Option<&Path>,
    scenario: Option<&str>,
    seed: Option<Seed>,
    mutant: Option<&str>,
) -> Result<(Scenario, Case), String> {
    match (file, scenario, seed) {
        (Some(path), None, None) if mutant.is_none() => {
            let case = Case::read(path).map_err(|error| error.to_string())?;
            let scenario =
                named(&case.scenario).map_err(|error| format!("{}: {error}", path.display()))?;
            case.check(&scenario).map_err(|error| format!("{}: {error}", path.display()))?;
            Ok((scenario, case))
        }
        (None, Some(name), Some(seed)) => {
            let scenario = named(name)?;
            let case =
                Case { mutant: mutant.map(str::to_owned), ..Case::from_seed(&scenario, seed) };
            case.check(&scenario).map_err(|error| error.to_string())?;
            Ok((scenario, case))
        }
        _ => Err("name one case: a case file alone, or --scenario NAME --seed S [--mutant NAME]"
            .to_owned()),
    }
}

/// The root of the workspace, where `seeds/` stands.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().map_or_else(|| here.to_owned(), Path::to_owned)
}

/// Where failures of a scenario are kept. Those of a mutant are meant to be, so they do not become regressions.
pub fn corpus(scenario: &Scenario, mutant: Option<&str>) -> Corpus {
    match mutant {
        None => Corpus::new(&root(), scenario.name()),
        Some(_) => Corpus::aside(&root(), scenario.name()),
    }
}

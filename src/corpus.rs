//! The corpus: cases that failed once, one file each, run before anything else.

use crate::case::{Case, CaseError};
use std::path::{Path, PathBuf};

/// The cases of one scenario: `seeds/<scenario>/*.toml`.
#[derive(Clone, Debug)]
pub struct Corpus {
    home: PathBuf,
    new: PathBuf,
}

impl Corpus {
    /// The corpus of `scenario` below `root`, the folder that holds `seeds/`. New cases go there too, except in CI
    /// (where the variable `CI` is set): there they go to `target/squall/`, since nobody commits from CI.
    pub fn new(root: &Path, scenario: &str) -> Corpus {
        let folder = folder_of(scenario);
        let home = root.join("seeds").join(&folder);
        let ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false");
        let new = if ci { target(root).join(&folder) } else { home.clone() };
        Corpus { home, new }
    }

    /// The same, with new cases going to `target/squall/`, for failures that are meant to be: those of mutants.
    pub fn aside(root: &Path, scenario: &str) -> Corpus {
        let folder = folder_of(scenario);
        Corpus { home: root.join("seeds").join(&folder), new: target(root).join(&folder) }
    }

    /// The cases in the order of their file names.
    ///
    /// # Errors
    /// For each file that cannot be read or is not a case, instead of its case.
    pub fn cases(&self) -> Vec<(PathBuf, Result<Case, CaseError>)> {
        let Ok(entries) = std::fs::read_dir(&self.home) else { return Vec::new() };
        let mut paths: Vec<PathBuf> =
            entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
        paths.sort_unstable();
        paths.into_iter().map(|path| (path.clone(), Case::read(&path))).collect()
    }

    /// Writes a new case and returns its path.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn add(&self, case: &Case) -> Result<PathBuf, CaseError> {
        case.write_in(&self.new)
    }
}

/// A test's path as a folder: `module::test` becomes `module/test`.
fn folder_of(scenario: &str) -> PathBuf {
    scenario.split("::").collect()
}

/// Where output goes that nobody commits.
pub fn target(root: &Path) -> PathBuf {
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| nearest_target(root), PathBuf::from);
    target.join("squall")
}

/// The `target` folder of the package, or of the workspace it belongs to.
fn nearest_target(root: &Path) -> PathBuf {
    let known = root.ancestors().map(|folder| folder.join("target")).find(|folder| folder.is_dir());
    known.unwrap_or_else(|| root.join("target"))
}

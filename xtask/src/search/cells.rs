//! What is compared: the default, and all that differs from it in one thing.

use squall::choice::Ratio;
use squall::fault::{self, Preset, Profile, Selection};
use squall::task::Policy;
use squall::{Scenario, Seed, Swarm};

/// The kind of fault that holds a chosen message back for long.
const HELD: &str = "hold";

/// A way to search.
#[derive(Clone)]
pub struct Cell {
    /// What differs from the default; empty for the default itself.
    pub varies: &'static str,
    /// How.
    pub name: &'static str,
    profile: Profile,
    policy: Policy,
    faults: Selection,
}

impl Cell {
    /// The default.
    pub fn usual() -> Cell {
        Cell {
            varies: "",
            name: "default",
            profile: Profile::default(),
            policy: Policy::default(),
            faults: Selection::default(),
        }
    }

    fn with_profile(varies: &'static str, name: &'static str, profile: impl Into<Profile>) -> Cell {
        Cell { varies, name, profile: profile.into(), ..Cell::usual() }
    }

    fn with_policy(name: &'static str, policy: Policy) -> Cell {
        Cell { varies: "schedule", name, policy, ..Cell::usual() }
    }

    /// A swarm that searches so, and does not end at what it finds.
    pub fn swarm<'a>(&self, scenario: &'a Scenario, first: Seed, seeds: u64) -> Swarm<'a> {
        Swarm::new(scenario)
            .first_seed(first)
            .seeds(seeds)
            .profile(self.profile)
            .policy(self.policy)
            .faults(self.faults.clone())
            .keep_going()
    }
}

/// The cells of the comparison, the default first.
pub fn all() -> Vec<Cell> {
    let crashes = |name, at_boundary, at_message| {
        let profile = Profile { at_boundary, at_message, ..Profile::default() };
        Cell::with_profile("crashes", name, profile)
    };
    let usual = Profile::default().at_message;
    let kinds = fault::kinds().into_iter().map(|kind| kind.name).filter(|name| *name != HELD);
    let unheld = Selection::Only(kinds.map(str::to_owned).collect());
    vec![
        Cell::usual(),
        Cell::with_profile("profile", "calm", Preset::Calm),
        Cell::with_profile("profile", "stormy", Preset::Stormy),
        Cell::with_profile("profile", "directed", Preset::Directed),
        Cell::with_policy("fifo", Policy::Fifo),
        Cell::with_policy("random", Policy::Random),
        Cell::with_policy("pct:2", Policy::Pct(2)),
        Cell::with_policy("pct:3", Policy::Pct(3)),
        crashes("at times alone", Ratio::ZERO, usual),
        crashes("always at a boundary", Ratio::ONE, usual),
        crashes("always at a write", Ratio::ONE, Ratio::ZERO),
        crashes("always at a message", Ratio::ONE, Ratio::ONE),
        Cell { varies: "messages", name: "none held back", faults: unheld, ..Cell::usual() },
    ]
}

/// The default, and the cells that vary one of those things; all cells when none is named.
///
/// # Errors
/// When no cell varies what is named.
pub fn varying(wanted: &[String]) -> Result<Vec<Cell>, String> {
    let all = all();
    if let Some(name) =
        wanted.iter().find(|name| all.iter().skip(1).all(|cell| cell.varies != name.as_str()))
    {
        return Err(format!(
            "nothing varies `{name}`: write profile, schedule, crashes or messages"
        ));
    }
    let is_wanted =
        |cell: &Cell| wanted.is_empty() || wanted.iter().any(|name| name == cell.varies);
    let first = all.iter().take(1);
    Ok(first.chain(all.iter().skip(1).filter(|cell| is_wanted(cell))).cloned().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use squall::Case;

    #[test]
    fn every_cell_differs_from_the_default_in_one_thing() {
        let scenario = Scenario::new("still", |_| async { Ok(()) });
        let case = |cell: &Cell| -> Case { cell.swarm(&scenario, Seed(1), 1).case(0) };
        let cells = all();
        let usual = case(&cells[0]);
        for cell in &cells[1..] {
            let other = case(cell);
            let differences = [
                other.profile != usual.profile,
                other.policy != usual.policy,
                other.faults != usual.faults,
            ];
            assert_eq!(differences.into_iter().filter(|d| *d).count(), 1, "{}", cell.name);
            let mended = Case {
                profile: usual.profile,
                policy: usual.policy,
                faults: usual.faults.clone(),
                ..other
            };
            assert_eq!(mended, usual, "{}", cell.name);
        }
    }

    #[test]
    fn the_cell_without_held_messages_leaves_out_that_kind_alone() {
        let cells = all();
        let Some(Selection::Only(left)) = cells.last().map(|cell| &cell.faults) else {
            panic!("the last cell selects kinds");
        };
        let known = fault::kinds();
        assert!(known.iter().any(|kind| kind.name == HELD));
        assert_eq!(left.len(), known.len() - 1);
    }

    #[test]
    fn the_default_is_part_of_every_choice_of_cells() {
        let named = |wanted: &[&str]| -> Result<Vec<&str>, String> {
            let wanted: Vec<String> = wanted.iter().map(|name| (*name).to_owned()).collect();
            Ok(varying(&wanted)?.iter().map(|cell| cell.name).collect())
        };
        assert_eq!(named(&["messages"]).unwrap(), ["default", "none held back"]);
        assert_eq!(named(&[]).unwrap().len(), all().len());
        assert!(named(&["weather"]).unwrap_err().contains("nothing varies `weather`"));
    }
}

//! Sizes are drawn smallest first.

use squall::fault::Preset;
use squall::{Case, Record, Scenario, Seed, run};

fn sized() -> Scenario {
    Scenario::new("sized", |sim| async move {
        let size = sim.size("nodes", 3..=9);
        assert_eq!(sim.size("nodes", 3..=9), size, "asked again");
        assert_eq!(sim.size("one", 7..=7), 7);
        Ok(())
    })
}

/// How often each size from 0 to 9 is drawn in a thousand cases.
fn drawn(preset: Preset) -> [u32; 10] {
    let scenario = sized();
    let mut counts = [0; 10];
    for seed in 0..1_000 {
        let case = Case { profile: preset.into(), ..Case::from_seed(&scenario, Seed(seed)) };
        let outcome = run(&scenario, &case, Record::default()).unwrap();
        assert_eq!(outcome.fingerprint(), None, "{}", outcome.verdict);
        counts[outcome.parameters["nodes"] as usize] += 1;
    }
    counts
}

#[test]
fn half_of_the_cases_are_the_smallest_and_all_sizes_come() {
    let counts = drawn(Preset::Realistic);
    assert_eq!(counts[..3], [0, 0, 0]);
    assert!((450..=550).contains(&counts[3]), "{counts:?}");
    assert!(counts[4] > counts[9] && counts[3..].iter().all(|count| *count > 20), "{counts:?}");
}

#[test]
fn the_directed_profile_keeps_to_the_three_smallest() {
    let counts = drawn(Preset::Directed);
    assert!(counts[3..=5].iter().all(|count| *count > 140), "{counts:?}");
    assert_eq!(counts[6..], [0; 4]);
}

#[test]
fn a_case_can_fix_a_size() {
    let mut case = Case::from_seed(&sized(), Seed(1));
    case.parameters.insert("nodes".into(), 40);
    let outcome = run(&sized(), &case, Record::default()).unwrap();
    assert_eq!((outcome.parameters["nodes"], outcome.parameters["one"]), (40, 7));
}

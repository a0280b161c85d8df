//! Cases as files: written, read, edited by hand, and refused in one clear line when they are not what they should be.

use squall::choice::{Edit, Fallback, VERSION};
use squall::fault::{Preset, Selection};
use squall::prelude::*;
use squall::task::Policy;
use squall::trace::Keep;
use squall::{Branch, Case, Mutant, Outcome, Record, Scenario, Seed, knob};
use std::future::pending;
use std::path::Path;

/// Three nodes that only live and die.
fn lives() -> Scenario {
    let body = |sim: Sim| async move {
        let count = sim.parameter("nodes", 3..=3) as usize;
        sim.nodes("node", count, || async {
            sleep(knob!("pace_ms", 100, 10..=1_000).millis()).await;
            pending::<()>().await;
        });
        sim.faults(FaultModel::crash_recovery().omission().partitions());
        sleep(10.seconds()).await;
        squall::Result::Ok(())
    };
    let mutant = Mutant { name: "M-LIFE-01", violates: "nothing", seeds_max: None };
    Scenario::new("lives", body).version(3).mutants(vec![mutant])
}

const BY_HAND: &str = r#"
squall = "0.1.0"
choices = "choice-v1"
scenario = "lives"
version = 3
seed = "0x2a"

[parameters]
nodes = 3

[[plan.faults]]
at = "1s"
kind = "kill"
on = ["node-0"]
for = "500ms"

[[plan.faults]]
at = "2s"
kind = "power_off"
on = ["node-1"]
for = "0.25s"

[[plan.faults]]
at = "2.5s"
kind = "loss"
for = "1s"
magnitude = 1000
"#;

/// A case with every field set to something else than its default.
fn full() -> Case {
    let by_hand = Case::from_toml(BY_HAND).unwrap();
    Case {
        policy: Policy::Pct(3),
        mutant: Some("M-LIFE-01".to_owned()),
        expected: Some("check:nothing \"quoted\"".to_owned()),
        trace_hash: Some("00000000000000ff".to_owned()),
        faults: Selection::Only(vec!["kill".to_owned(), "loss".to_owned()]),
        profile: Preset::Stormy.into(),
        fallback: Fallback::Benign,
        edits: vec![
            Edit { path: "net/a>b".to_owned(), counter: 3, outcome: 1 },
            Edit { path: "task/a.0/main".to_owned(), counter: 0, outcome: u64::MAX },
        ],
        branches: vec![Branch { event: 500, epoch: 1 }, Branch { event: 900, epoch: 2 }],
        knobs: [("pace_ms".to_owned(), 17)].into(),
        ..by_hand
    }
}

fn run(text: &str) -> Result<Outcome, String> {
    let case = Case::from_toml(text).map_err(|error| error.to_string())?;
    squall::run(&lives(), &case, Record { keep: Keep::Text, choices: false })
        .map_err(|error| error.to_string())
}

/// The ends and starts of processes: when in milliseconds, which node, what.
fn fates(text: &str) -> Vec<(u64, String, String)> {
    let outcome = run(text).unwrap();
    let told = outcome.lines.into_iter().filter(|line| line.text.starts_with("node "));
    let later = told.filter(|line| line.at > 0);
    later.map(|line| (line.at / 1_000_000, line.node.to_string(), line.text)).collect()
}

fn fate(ms: u64, node: &str, text: &str) -> (u64, String, String) {
    (ms, node.to_owned(), text.to_owned())
}

/// One fault of [`BY_HAND`], as it is written.
fn block(kind: &str) -> &'static str {
    let blocks = BY_HAND.match_indices("[[").map(|(at, _)| at);
    let starts: Vec<usize> = blocks.chain([BY_HAND.len()]).collect();
    let mut all = starts.windows(2).map(|pair| &BY_HAND[pair[0]..pair[1]]);
    all.find(|text| text.contains(kind)).unwrap()
}

#[test]
fn every_field_survives_the_file() {
    let case = full();
    let text = case.to_toml();
    assert_eq!(Case::from_toml(&text), Ok(case), "{text}");
    let plain = Case::from_seed(&lives(), Seed(u64::MAX));
    assert_eq!(Case::from_toml(&plain.to_toml()), Ok(plain));
}

#[test]
fn a_file_is_written_whole_and_named_after_its_case() {
    let folder =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cases-{}", std::process::id()));
    let path = full().write_in(&folder).unwrap();
    assert_eq!(path, folder.join("M-LIFE-01-2a.toml"));
    assert_eq!(Case::read(&path), Ok(full()));
    let names: Vec<_> =
        std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names, ["M-LIFE-01-2a.toml"]);
    // A file where a folder should be: nothing can be written there.
    let error = full().write_in(&path).unwrap_err().to_string();
    assert!(
        error.contains("2a.toml: the case cannot be written: ") && !error.contains('\n'),
        "{error}"
    );
    let error = Case::read(&folder.join("none.toml")).unwrap_err().to_string();
    assert!(error.contains("none.toml: the case cannot be read: "), "{error}");
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn faults_happen_as_they_are_written() {
    assert_eq!(
        fates(BY_HAND),
        [
            fate(1_000, "node-0", "node end kill"),
            fate(1_500, "node-0", "node start incarnation 1"),
            fate(2_000, "node-1", "node end power_off"),
            fate(2_250, "node-1", "node start incarnation 1"),
        ]
    );
    assert_eq!(run(BY_HAND).unwrap().unmatched, Vec::<String>::new());
}

#[test]
fn a_fault_taken_out_does_not_happen() {
    let power_off = [
        fate(2_000, "node-1", "node end power_off"),
        fate(2_250, "node-1", "node start incarnation 1"),
    ];
    assert_eq!(fates(&BY_HAND.replace(block("kill"), "")), power_off);
}

#[test]
fn a_fault_moved_happens_then() {
    let moved = BY_HAND.replace("at = \"1s\"", "at = \"3s\"").replace("\"500ms\"", "\"20ms\"");
    assert_eq!(
        fates(&moved),
        [
            fate(2_000, "node-1", "node end power_off"),
            fate(2_250, "node-1", "node start incarnation 1"),
            fate(3_000, "node-0", "node end kill"),
            fate(3_020, "node-0", "node start incarnation 1"),
        ]
    );
}

#[test]
fn a_fault_doubled_happens_twice() {
    let again = block("kill").replace("\"1s\"", "\"4s\"");
    let doubled = format!("{BY_HAND}\n{again}");
    let fates = fates(&doubled);
    assert_eq!(fates.len(), 6);
    assert_eq!(
        fates[4..],
        [fate(4_000, "node-0", "node end kill"), fate(4_500, "node-0", "node start incarnation 2"),]
    );
    // Twice at one time: the second finds it down already.
    let at_once = format!("{BY_HAND}\n{}", block("kill"));
    assert_eq!(run(&at_once).unwrap().plan.unwrap().faults.len(), 4);
}

#[test]
fn an_edited_case_is_another_run_and_the_same_each_time() {
    let hash = |text: &str| run(text).unwrap().trace_hash;
    let moved = BY_HAND.replace("at = \"1s\"", "at = \"1.000001s\"");
    assert_eq!(hash(BY_HAND), hash(BY_HAND));
    assert_eq!(hash(&moved), hash(&moved));
    assert_ne!(hash(BY_HAND), hash(&moved));
}

/// What is wrong, and what the one line about it must say.
fn refused(text: &str, says: &[&str]) {
    let error = match run(text) {
        Err(error) => error,
        Ok(outcome) => panic!("{says:?} was not refused: {}", outcome.verdict),
    };
    assert!(!error.contains('\n'), "{error}");
    for part in says {
        assert!(error.contains(part), "`{part}` is not said: {error}");
    }
}

#[test]
fn a_plan_that_cannot_be_is_refused() {
    refused(
        &BY_HAND.replace("node-1", "node-9"),
        &["there is no node `node-9`", "there are node-0, node-1, node-2"],
    );
    refused(
        &BY_HAND.replace("power_off", "explode"),
        &["there is no fault kind `explode`", "power_off", "partition"],
    );
    refused(
        &BY_HAND.replace("on = [\"node-0\"]", "on = [\"node-0\", \"node-1\"]"),
        &["a fault `kill` takes on = [one node]"],
    );
    refused(
        &BY_HAND.replace("on = [\"node-0\"]", "on = [\"node-0\"]\nagainst = [\"node-1\"]"),
        &["a fault `kill` takes on = [one node]"],
    );
    refused(&BY_HAND.replace("kill", "partition"), &["`partition` takes on = [nodes] and against"]);
    refused(&BY_HAND.replace("kill", "one_way"), &["`one_way` takes on = ["]);
    refused(&BY_HAND.replace("magnitude = 1000", ""), &["a fault `loss` needs magnitude = ratio"]);
    refused(
        &BY_HAND.replace("for = \"500ms\"", "for = \"500ms\"\nmagnitude = 3"),
        &["a fault `kill` takes no magnitude"],
    );
    let when = |right: &str| BY_HAND.replacen("at = \"1s\"", right, 1);
    refused(
        &when(""),
        &["fault 0 (`kill`) does not say when: write one of at, point and after, or at and point"],
    );
    refused(
        &when("at = \"1s\"\nafter = { fault = 0, by = \"1s\" }"),
        &["does not say when: write one of at, point and after"],
    );
    refused(&when("after = { fault = 2, by = \"1s\" }"), &["can only come after an earlier one"]);
    refused(&when("point = { name = \"before-sync\", nth = 0 }"), &["counted from 1"]);
    // The test's own machine is no target.
    refused(&BY_HAND.replace("node-1", "test"), &["there is no node `test`"]);
}

#[test]
fn what_is_no_case_is_refused_with_its_line() {
    refused("", &["not a case", "missing field"]);
    refused(
        &BY_HAND.replace("\"1s\"", "\"soon\""),
        &["line 1", "not a case: `soon` is not a length"],
    );
    refused(&BY_HAND.replace("0x2a", "abc"), &["line 6", "`abc` is not a seed", "0x2a"]);
    refused(&BY_HAND.replace("version = 3", "version = 3\nvrsion = 3"), &["line 6", "vrsion"]);
    refused(&BY_HAND.replace("for = \"1s\"", "fro = \"1s\""), &["fro"]);
    let with = |line: &str| BY_HAND.replace("seed = \"0x2a\"", &format!("seed = \"0x2a\"\n{line}"));
    refused(&with("policy = \"odd\""), &["line 7", "odd", "fifo"]);
    refused(&with("fallback = \"odd\""), &["line 7", "`odd` is not a fallback"]);
    refused(&with("edits = [\"net/a>b = 3\"]"), &["line 7", "is not an edit: write path#counter"]);
    refused(&with("profile = \"odd\""), &["line 7", "`odd` is not a profile"]);
    refused(&with("faults = \"kill,odd\""), &["line 7", "no fault kind `odd`"]);
}

#[test]
fn a_file_cut_off_is_refused_wherever_it_was_cut() {
    let text = full().to_toml();
    for cut in (0..text.len() - 1).filter(|cut| text.is_char_boundary(*cut)) {
        let error = match Case::from_toml(&text[..cut]) {
            Err(error) => error.to_string(),
            Ok(_) => panic!("cut after byte {cut}, it passed for whole:\n{}", &text[..cut]),
        };
        assert!(error.contains("a case") || error.contains("whole case"), "{error}");
        assert!(!error.contains('\n'), "{error}");
    }
    assert_eq!(Case::from_toml(text.trim_end()), Ok(full()));
    // What a person adds at the end of the file belongs to the case.
    let added = Case::from_toml(&format!("{text}\n{}", block("kill"))).unwrap();
    assert_eq!(added.plan.unwrap().faults.len(), full().plan.unwrap().faults.len() + 1);
}

#[test]
fn a_case_of_other_code_is_stale() {
    refused(
        &BY_HAND.replace("version = 3", "version = 2"),
        &["stale", "version 2 of scenario `lives`, which is at version 3"],
    );
    refused(
        &BY_HAND.replace("choice-v1", "choice-v0"),
        &["stale", "its choices are choice-v0, this squall makes choice-v1", "0x2a"],
    );
    assert_eq!(VERSION, "choice-v1");
    refused(&BY_HAND.replace("\"lives\"", "\"dies\""), &["of scenario `dies`, not of `lives`"]);
    let with = |name: &str| BY_HAND.replace("seed =", &format!("mutant = \"{name}\"\nseed ="));
    refused(&with("M-LIFE-99"), &["`lives` has no mutant `M-LIFE-99`: it has M-LIFE-01"]);
    assert!(run(&with("M-LIFE-01")).is_ok());
}

#[test]
fn what_meets_nothing_is_reported() {
    let text = BY_HAND
        .replace("seed =", "edits = [\"fault/kill#9999 = 1\", \"nowhere#0 = 1\"]\nseed =")
        .replace("nodes = 3", "nodes = 3\nodes = 4\n[knobs]\npace_ms = 20\npeace_ms = 20");
    let mut unmatched = run(&text).unwrap().unmatched;
    unmatched.sort_unstable();
    assert_eq!(
        unmatched,
        ["edit fault/kill#9999 = 1", "edit nowhere#0 = 1", "knob peace_ms", "parameter odes"]
    );
}

#[test]
fn parameters_and_knobs_can_be_fixed_by_hand() {
    let outcome = run(&BY_HAND.replace("nodes = 3", "nodes = 5\n[knobs]\npace_ms = 777")).unwrap();
    assert!(outcome.lines.iter().any(|line| &*line.node == "node-4"));
    assert_eq!(outcome.parameters["nodes"], 5);
    assert_eq!(outcome.knobs.iter().map(|knob| knob.value).collect::<Vec<_>>(), [777]);
    assert!(outcome.unmatched.is_empty(), "{:?}", outcome.unmatched);
}

//! Reproduces the verdicts of `histories/public`, a collection of recorded histories that other checkers' own
//! tests have judged.

use std::path::PathBuf;

use sim_check::Budget;
use sim_check::history::{RawHistory, Value};
use sim_check::judge::prepare;

fn collection() -> Option<PathBuf> {
    let shared = std::env::var_os("SQUALL_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared")),
        PathBuf::from,
    );
    let folder = shared.join("histories/public");
    if folder.join("index.json").exists() {
        return Some(folder);
    }
    eprintln!("SKIPPED: no histories at {}; set SQUALL_SHARED", folder.display());
    None
}

/// All histories of the collection, by name.
fn histories() -> Vec<(String, RawHistory)> {
    let Some(folder) = collection() else { return Vec::new() };
    let index = std::fs::read_to_string(folder.join("index.json")).expect("the index can be read");
    let index: Vec<serde_json::Value> = serde_json::from_str(&index).expect("the index is JSON");
    let mut histories = Vec::new();
    for entry in index {
        let id = entry["id"].as_str().expect("an entry has an id").to_string();
        let text = std::fs::read_to_string(folder.join(format!("{id}.jsonl")))
            .expect("a listed history can be read");
        let raw =
            RawHistory::from_json_lines(&text).unwrap_or_else(|error| panic!("{id}: {error}"));
        histories.push((id, raw));
    }
    histories
}

/// Whether the source's verdict binds: an exact one does, and each false one.
fn binding_verdict(raw: &RawHistory) -> Option<bool> {
    let exact = raw.header.text("verdict_strength") == Some("exact");
    match raw.header.get("verdict") {
        Some(Value::Bool(true)) if exact => Some(true),
        Some(Value::Bool(false)) => Some(false),
        _ => None,
    }
}

fn reproduce(properties: &[&str], at_least: usize) {
    let histories = histories();
    if histories.is_empty() {
        return;
    }
    let mut judged = 0;
    let mut wrong = Vec::new();
    for (id, raw) in &histories {
        if !raw.header.property().is_some_and(|property| properties.contains(&property)) {
            continue;
        }
        let Some(expected) = binding_verdict(raw) else { continue };
        let prepared = prepare(raw, None).unwrap_or_else(|error| panic!("{id}: {error}"));
        let ruling = prepared.decide(Budget::configurations(1_000_000));
        let expected = if expected { "ok" } else { "violation" };
        let word = ruling.verdict().word();
        if word != expected {
            wrong.push(format!("{id}: {word}, expected {expected}"));
        } else if let Err(error) = ruling.verify() {
            wrong.push(format!("{id}: {word}, but {error}"));
        }
        judged += 1;
    }
    assert!(wrong.is_empty(), "{} of {judged} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(judged >= at_least, "only {judged} histories were judged, expected {at_least}");
}

#[test]
fn linearizability_verdicts_are_reproduced() {
    reproduce(&["linearizable"], 130);
}

#[test]
fn sequential_consistency_verdicts_are_reproduced() {
    reproduce(&["sequential"], 6);
}

/// Everything else: transactions at the level that the header names, and workloads.
#[test]
fn all_other_verdicts_are_reproduced() {
    let histories = histories();
    let mut properties: Vec<&str> =
        histories.iter().filter_map(|(_, raw)| raw.header.property()).collect();
    properties.retain(|property| !matches!(*property, "linearizable" | "sequential"));
    properties.sort_unstable();
    properties.dedup();
    reproduce(&properties, 85);
}

/// Where a source says that a set was not read enough to tell, so do we.
#[test]
fn undecided_verdicts_stay_undecided() {
    for (id, raw) in &histories() {
        if raw.header.model() == Some("set") && raw.header.text("verdict") == Some("unknown") {
            let prepared = prepare(raw, None).unwrap_or_else(|error| panic!("{id}: {error}"));
            assert_eq!(prepared.decide(Budget::default()).verdict().word(), "unknown", "{id}");
        }
    }
}

//! No text makes the readers of histories panic, and each error names a line.

mod support;

use std::path::PathBuf;

use sim_check::history::RawHistory;
use support::examples::{LISTS, QUEUE, REGISTER};
use support::parsers::{Reading, mutate, read_and_judge};
use support::random::Random;

fn hammer(text: &str, times: u64) -> [usize; 3] {
    let mut met = [0; 3];
    for seed in 0..times {
        for reading in read_and_judge(&mutate(text, &mut Random::new(seed))) {
            met[reading as usize] += 1;
        }
    }
    met
}

#[test]
fn changed_texts_are_judged_or_refused_with_a_line() {
    let [register, lists, queue] = [REGISTER, LISTS, QUEUE].map(|text| hammer(text, 6_000));
    for (text, [judged, _, refused]) in [("register", register), ("lists", lists)] {
        assert!(judged > 300 && refused > 300, "{text}: {judged} judged, {refused} refused");
    }
    let [_, unsupported, refused] = queue;
    assert!(unsupported > 300 && refused > 300, "{unsupported} have no model, {refused} refused");
}

#[test]
fn deep_and_empty_texts_are_refused() {
    for open in ["[", "{", "{:a ", "#{", "(", "[\"", "{\"value\":["] {
        assert_eq!(read_and_judge(&open.repeat(100)), [Reading::Refused; 2], "{open}");
        let deep = open.repeat(100_000);
        assert!(RawHistory::from_json_lines(&deep).is_err(), "{open}");
    }
    for text in ["", "\n\n", "\u{feff}", "\0", "{}", "[]", "nil"] {
        read_and_judge(text);
    }
}

#[test]
fn changed_files_of_the_collection_are_judged_or_refused_with_a_line() {
    let shared = std::env::var_os("SQUALL_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared")),
        PathBuf::from,
    );
    let folder = shared.join("histories/public");
    let Ok(index) = std::fs::read_to_string(folder.join("index.json")) else {
        eprintln!("SKIPPED: no histories at {}; set SQUALL_SHARED", folder.display());
        return;
    };
    let index: Vec<serde_json::Value> = serde_json::from_str(&index).expect("the index is JSON");
    let mut files = 0;
    for entry in index {
        let id = entry["id"].as_str().expect("an entry has an id");
        let path = folder.join(format!("{id}.jsonl"));
        let text = std::fs::read_to_string(path).expect("a listed history can be read");
        if text.len() <= 4_000 {
            hammer(&text, 40);
            files += 1;
        }
    }
    assert!(files > 60, "only {files} small files");
}

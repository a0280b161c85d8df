//! No text makes the readers of histories panic, and each error names a line.

mod support;

use std::path::PathBuf;

use sim_check::history::RawHistory;
use support::parsers::{Reading, mutate, read_and_judge};
use support::random::Random;

const REGISTER: &str = r#"{"model":"cas-register","property":"linearizable","cas_fail":"observed-mismatch"}
{"process":0,"type":"invoke","f":"write","value":1,"index":0}
{"process":1,"type":"invoke","f":"cas","value":[1,2],"index":1,"time":5}
{"process":0,"type":"ok","f":"write","value":1,"index":2}
{"process":1,"type":"fail","f":"cas","value":[1,2],"index":3,"time":9}
{"process":"nemesis","type":"info","f":"kill","value":null,"index":4}
{"process":2,"type":"invoke","f":"read","value":null,"index":5}
{"process":2,"type":"ok","f":"read","value":1,"index":6}
{"process":0,"type":"invoke","f":"write","value":3,"index":7}
{"process":0,"type":"info","f":"write","value":3,"index":8}"#;

const LISTS: &str = r#"{"model":"list-append","property":"serializable"}
{"process":0,"type":"invoke","f":"txn","value":[["append","x",1],["r","y",null]],"index":0}
{"process":1,"type":"invoke","f":"txn","value":[["append","y",1],["r","x",null]],"index":1}
{"process":0,"type":"ok","f":"txn","value":[["append","x",1],["r","y",null]],"index":2}
{"process":1,"type":"ok","f":"txn","value":[["append","y",1],["r","x",[1]]],"index":3}"#;

const QUEUE: &str = r#"{:process 0, :type :invoke, :f :enqueue, :value 1, :index 0}
{:process 0, :type :ok, :f :enqueue, :value 1, :index 1} ; a comment
{:process 1, :type :invoke, :f :dequeue, :value nil, :index 2}
{:process 1, :type :ok, :f :dequeue, :value 1, :index 3}
{:process :nemesis, :type :info, :f :start, :value #{"n1" "n2"}, :time 17}"#;

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

//! Every judge counts what it does, keeps to its budget, and never calls undecided what is good.

mod support;

use sim_check::Budget;
use sim_check::history::RawHistory;
use sim_check::judge::{Options, judge_file, prepare_with};
use sim_check::txn::Assumptions;
use support::examples::{EXAMPLES, text};

#[test]
fn every_judge_keeps_to_its_budget() {
    for example in EXAMPLES {
        let text = text(example);
        let judged = |budget| judge_file(&text, None, budget).expect("it can be judged");
        let free = judged(Budget::UNLIMITED);
        let name = format!("{} {}", example.0, example.1);
        assert_eq!((free.verdict.word(), &*free.property), ("ok", example.1), "{name}");
        // The special case of unique writes needs no search.
        let searches = !matches!(example.1, "linearizable" | "sequential");
        assert!(free.configurations > 0 || !searches, "{name} counts nothing");
        assert_eq!(judged(Budget::UNLIMITED), free, "{name} counts twice in two ways");
        for limit in 0..free.configurations {
            let verdict = judged(Budget::configurations(limit)).verdict;
            assert!(verdict.is_unknown(), "{name}: {verdict:?} of {limit}");
        }
        let enough = judged(Budget::configurations(free.configurations));
        assert_eq!(enough, free, "{name}");
    }
}

#[test]
fn assumptions_are_charged_too() {
    let example = EXAMPLES.iter().find(|(_, property, _)| *property == "serializable").unwrap();
    let raw = RawHistory::from_text(&text(example)).unwrap();
    let linearizable_keys = Assumptions { linearizable_keys: true, ..Assumptions::default() };
    let options = Options { property: None, assumptions: linearizable_keys };
    let prepared = prepare_with(&raw, &options).unwrap();
    let ruling = prepared.decide(Budget::UNLIMITED);
    // The read began after the write was acknowledged and missed it.
    assert!(ruling.verdict().is_violation(), "{}", ruling.witness());
    assert_eq!(ruling.verify(), Ok(()));
    for limit in 0..ruling.configurations() {
        let verdict = prepared.decide(Budget::configurations(limit)).verdict();
        assert!(!verdict.is_ok(), "{verdict:?} of {limit}");
    }
}

#[test]
fn assumptions_need_keys_of_transactions() {
    for example in EXAMPLES {
        let raw = RawHistory::from_text(&text(example)).unwrap();
        let assumptions = Assumptions { sequential_keys: true, ..Assumptions::default() };
        let prepared = prepare_with(&raw, &Options { property: None, assumptions });
        assert_eq!(prepared.is_ok(), example.1 == "serializable", "{}", example.1);
    }
}

/// A long history has long lists: what is charged grows with the transactions, so that the usual budget judges millions.
#[test]
fn what_is_read_in_one_operation_is_charged_once() {
    let list = |len: u32| (1..=len).map(|value| value.to_string()).collect::<Vec<_>>().join(",");
    let whole = list(1_000);
    let mut transactions = String::from("{\"model\":\"list-append\"}\n");
    let mut sets = String::from("{\"model\":\"set\",\"property\":\"set-full\"}\n");
    let both = |text: &mut String, f: &str, argument: &str, result: &str| {
        for (kind, value) in [("invoke", argument), ("ok", result)] {
            let event =
                format!("\"process\":0,\"type\":\"{kind}\",\"f\":\"{f}\",\"value\":{value}");
            text.push_str(&format!("{{{event}}}\n"));
        }
    };
    for value in 1..=1_000 {
        let append = format!("[[\"append\",1,{value}]]");
        both(&mut transactions, "txn", &append, &append);
        both(&mut sets, "add", &value.to_string(), &value.to_string());
    }
    for _ in 0..100 {
        let read = format!("[[\"r\",1,[{whole}]]]");
        both(&mut transactions, "txn", "[[\"r\",1,null]]", &read);
        both(&mut sets, "read", "null", &format!("[{whole}]"));
    }
    for text in [transactions, sets] {
        let judgement = judge_file(&text, None, Budget::default()).unwrap();
        assert_eq!((judgement.verdict.word(), judgement.operations), ("ok", 1_100));
        let counted = judgement.configurations;
        assert!(counted <= 2 * 1_100, "{counted} of 1,100 operations");
    }
}

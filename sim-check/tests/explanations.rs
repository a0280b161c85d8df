//! Explanations: the smallest part of a history that is still bad, a sentence, and pictures that are well-formed and the same
//! each time.

mod support;

use sim_check::history::{Header, RawHistory, Recorded};
use sim_check::judge::prepare;
use sim_check::render::Picture;
use sim_check::spec::{CasRegister, FifoQueue, Register};
use sim_check::txn::{IsolationLevel, Model, check, specimen};
use sim_check::{Budget, HistoryBuilder, ProcessId, Verdict};
use std::path::PathBuf;
use support::draw::{Drawn, Shape, draw_history};
use support::random::Random;

/// That all four forms are what they should be, and show each bar.
#[track_caller]
fn well_formed(picture: &Picture) {
    assert!(!picture.bars.is_empty() && !picture.why.is_empty(), "{picture:?}");
    let text = picture.to_text();
    let (svg, html, dot) = (picture.to_svg(), picture.to_html(), picture.to_dot());
    for form in [&svg, &html] {
        let mut open: Vec<&str> = Vec::new();
        for tag in form.split('<').skip(1) {
            let tag = tag.split_once('>').expect("a tag ends").0;
            let name = tag.split([' ', '/', '\n']).find(|part| !part.is_empty()).unwrap();
            match tag {
                tag if tag.starts_with('!') || tag.ends_with('/') || name == "meta" => {}
                tag if tag.starts_with('/') => assert_eq!(open.pop(), Some(name), "{form}"),
                _ => open.push(name),
            }
        }
        assert_eq!(open, [""; 0], "{form}");
        assert_eq!(form.matches("<rect class=\"bar\"").count(), picture.bars.len());
    }
    assert!(svg.starts_with("<svg xmlns=") && svg.contains("<style>"), "it is looked at alone");
    assert!(
        !html.contains("http://") || html.matches("http").count() == html.matches("xmlns").count()
    );
    assert_eq!(dot.matches(" -> ").count(), picture.edges.len());
    assert_eq!(dot.matches('{').count() - dot.matches('}').count(), 0, "{dot}");
    for (place, bar) in picture.bars.iter().enumerate() {
        assert!(text.contains(&bar.label) && dot.contains(&format!("n{place} [label=")), "{text}");
    }
    assert!(picture.why.iter().all(|sentence| text.contains(sentence)));
    let again = (picture.to_text(), picture.to_svg(), picture.to_html(), picture.to_dot());
    assert_eq!(again, (text, svg, html, dot));
}

#[test]
fn all_violations_of_the_collection_are_drawn() {
    let shared = std::env::var_os("SQUALL_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared")),
        PathBuf::from,
    );
    let folder = shared.join("histories/public");
    let Ok(index) = std::fs::read_to_string(folder.join("index.json")) else {
        eprintln!("SKIPPED: no histories at {}; set SQUALL_SHARED", folder.display());
        return;
    };
    let index: Vec<serde_json::Value> = serde_json::from_str(&index).unwrap();
    let mut drawn = 0;
    for entry in index {
        let id = entry["id"].as_str().unwrap();
        let text = std::fs::read_to_string(folder.join(format!("{id}.jsonl"))).unwrap();
        let raw = RawHistory::from_text(&text).unwrap();
        let prepared = prepare(&raw, None).unwrap();
        let ruling = prepared.decide(Budget::configurations(1_000_000));
        match ruling.picture() {
            None => assert!(!ruling.verdict().is_violation(), "{id}"),
            Some(picture) => {
                well_formed(&picture);
                let essential = picture.bars.iter().filter(|bar| bar.essential).count();
                assert!((1..=64).contains(&essential), "{id}: {essential} essential operations");
                assert!(!ruling.witness().is_empty(), "{id}");
                drawn += 1;
            }
        }
    }
    assert!(drawn > 120, "only {drawn} violations");
}

/// The operations that are shown as essential violate the property by themselves.
fn essential_parts_are_bad<S>(spec: &S, operations: usize)
where
    S: Drawn
        + Recorded<
            Op = <S as sim_check::spec::NondeterministicSpec>::Op,
            Ret = <S as sim_check::spec::NondeterministicSpec>::Ret,
        >,
{
    let shape =
        Shape { operations, clients: 4, unknown_percent: 10, fail_percent: 5, wrong_percent: 20 };
    let mut random = Random::new(11);
    let mut explained = 0;
    for _ in 0..300 {
        let history = draw_history(spec, &mut random, shape);
        let mut header = Header::empty().with("model", S::MODEL);
        for (field, value) in spec.header() {
            header = header.with(field, value);
        }
        for property in ["linearizable", "sequential"] {
            let judged = |history: &_| {
                let raw = RawHistory::of_history(header.clone(), history, S::call, S::result);
                let prepared = prepare(&raw, Some(property)).unwrap();
                let ruling = prepared.decide(Budget::UNLIMITED);
                assert_eq!(ruling.verify(), Ok(()));
                ruling.picture()
            };
            let Some(picture) = judged(&history) else { continue };
            well_formed(&picture);
            let places: Vec<u32> =
                picture.bars.iter().filter(|bar| bar.essential).map(|bar| bar.from).collect();
            let ids: Vec<_> = history
                .iter()
                .filter(|(_, operation)| places.contains(&operation.invoked.position))
                .map(|(id, _)| id)
                .collect();
            assert_eq!(ids.len(), places.len());
            assert!(judged(&history.restricted_to(&ids)).is_some(), "{property}: {picture:?}");
            explained += 1;
        }
    }
    assert!(explained > 50, "only {explained} violations");
}

#[test]
fn essential_parts_of_registers_are_bad() {
    essential_parts_are_bad(&Register::new(0), 12);
    essential_parts_are_bad(&CasRegister::new(0), 12);
}

#[test]
fn essential_parts_of_queues_are_bad() {
    essential_parts_are_bad(&FifoQueue::new(), 8);
}

#[test]
fn parts_of_transactions_are_bad() {
    let mut explained = 0;
    for model in [Model::ListAppend, Model::RwRegister] {
        for anomaly in support_anomalies() {
            let Some(history) = specimen(model, anomaly, 6, 6) else { continue };
            for level in IsolationLevel::ALL.iter().filter(|level| level.forbids(anomaly)) {
                let Verdict::Violation(violation) = check(&history, *level, Budget::default())
                else {
                    panic!("{anomaly} at {level}")
                };
                assert!(violation.history.len() < history.len(), "{anomaly} at {level}");
                let again = check(&violation.history, *level, Budget::default());
                assert!(again.is_violation(), "{anomaly} at {level}: {violation}");
                explained += 1;
            }
        }
    }
    assert!(explained > 100, "only {explained}");
}

fn support_anomalies() -> Vec<sim_check::txn::Anomaly> {
    use sim_check::txn::{Anomaly, ClientOrder};
    let order = ClientOrder::Free;
    vec![
        Anomaly::G0 { order },
        Anomaly::G1a,
        Anomaly::G1b,
        Anomaly::G1c { order },
        Anomaly::LostUpdate,
        Anomaly::WriteSkew,
        Anomaly::LongFork,
        Anomaly::GSingle { order },
        Anomaly::GNonadjacent { order },
        Anomaly::G2Item { order },
    ]
}

#[test]
fn the_sentence_says_what_must_come_before_what() {
    // The example of the handbook: 3 is read although 4, which came after it, was acknowledged before.
    use sim_check::spec::{RegisterOp, RegisterRet};
    let mut builder = HistoryBuilder::new();
    for value in [1, 3, 4] {
        builder.invoke(ProcessId(0), RegisterOp::Write(value)).unwrap();
        builder.ok(ProcessId(0), RegisterRet::Written).unwrap();
    }
    for value in [4, 4, 3, 4] {
        builder.invoke(ProcessId(1), RegisterOp::Read).unwrap();
        builder.ok(ProcessId(1), RegisterRet::Value(value)).unwrap();
    }
    let header = Header::empty().with("model", "register").with("initial", 0);
    type R = Register<i64>;
    let raw = RawHistory::of_history(header, &builder.finish(), R::call, R::result);
    let prepared = prepare(&raw, None).unwrap();
    let ruling = prepared.decide(Budget::default());
    let expected = "\
write(3) of p0 [2, 3] must come before write(4) of p0 [4, 5]: it had returned at 3.
write(4) of p0 [4, 5] must come before read() = 3 of p1 [10, 11]: it had returned at 5.
After write(3), then write(4) the state is 4, where read() = 3 of p1 [10, 11] is not possible.
These operations have no explanation.";
    assert_eq!(ruling.witness(), expected);
}

/// A stale read where its value was written twice: a read whose own source is left out would look like the culprit.
#[test]
fn all_but_the_culprit_can_be_explained() {
    use sim_check::explain::explain_linearizability;
    use sim_check::linearizability::check_linearizability;
    use sim_check::spec::{RegisterOp, RegisterRet};
    let (a, b) = (ProcessId(1), ProcessId(2));
    let mut builder = HistoryBuilder::new();
    let mut done = |process, op, ret| {
        builder.invoke(process, op).unwrap();
        builder.ok(process, ret).unwrap();
    };
    let write = |value| (RegisterOp::Write(value), RegisterRet::Written);
    let read = |value| (RegisterOp::Read, RegisterRet::Value(value));
    for (process, (op, ret)) in
        [(a, write(2)), (a, read(2)), (b, write(2)), (b, read(2)), (a, write(3)), (a, read(2))]
    {
        done(process, op, ret);
    }
    let (spec, history) = (Register::new(0), builder.finish());
    let verdict = check_linearizability(&spec, &history, Budget::default());
    let Verdict::Violation(violation) = verdict else { panic!("a stale read") };
    let found = explain_linearizability(&spec, &history, &violation, Budget::default());
    let alone = |ids: &[sim_check::OperationId]| {
        let mut builder = HistoryBuilder::new();
        for id in ids {
            let operation = history.operation(*id);
            builder.invoke(operation.process, operation.op.clone()).unwrap();
            builder.ok(operation.process, operation.outcome.ok().unwrap().clone()).unwrap();
        }
        check_linearizability(&spec, &builder.finish(), Budget::default()).is_ok()
    };
    let (culprit, others) = found.smallest.split_last().unwrap();
    assert_eq!(*culprit, violation.operation);
    assert!(!alone(&found.smallest) && alone(others), "{:?}", found.smallest);
    assert!(found.why.contains("the state is 3, where read() = 2"), "{}", found.why);
}

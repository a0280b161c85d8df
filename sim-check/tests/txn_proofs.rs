//! What is wrong with the order of writes that nobody saw one after the other is proved case by case.

mod support;

use sim_check::txn::{
    Evidence, IsolationLevel, MicroOp, Model, Proof, Status, TxnHistory, TxnHistoryBuilder,
    Violation, check,
};
use sim_check::{Budget, Verdict};
use support::random::Random;

/// Each transaction writes some keys, and reads some that any other one wrote, in whatever order.
fn draw(model: Model, random: &mut Random) -> TxnHistory {
    let (txns, keys, density) = (8 + random.below(20), 2 + random.below(12), 1 + random.below(3));
    let writes: Vec<Vec<usize>> = (0..txns)
        .map(|_| {
            let mut keys: Vec<usize> = (0..density).map(|_| random.below(keys)).collect();
            keys.sort_unstable();
            keys.dedup();
            keys
        })
        .collect();
    let value = |txn: usize, key: usize| (txn * 100 + key) as i64 + 1;
    let mut builder = TxnHistoryBuilder::new(model);
    for txn in 0..txns {
        let mut ops = Vec::new();
        for _ in 0..random.below(3) {
            let key = random.below(keys);
            let writes = |other: &usize| *other != txn && writes[*other].contains(&key);
            let writers: Vec<usize> = (0..txns).filter(writes).collect();
            let seen = writers.get(random.below(writers.len() + 1));
            match (model, seen) {
                (Model::RwRegister, Some(seen)) => {
                    ops.push(MicroOp::read(key as i64, value(*seen, key)));
                }
                (Model::RwRegister, None) => {}
                // All lists show the first writer, or nobody: most appends are unobserved.
                (Model::ListAppend, Some(seen)) if *seen == writers[0] => {
                    ops.push(MicroOp::read_list(key as i64, [value(*seen, key)]));
                }
                (Model::ListAppend, _) => {
                    ops.push(MicroOp::read_list(key as i64, Vec::<i64>::new()));
                }
            }
        }
        ops.extend(writes[txn].iter().map(|key| match model {
            Model::RwRegister => MicroOp::write(*key as i64, value(txn, *key)),
            Model::ListAppend => MicroOp::append(*key as i64, value(txn, *key)),
        }));
        if !ops.is_empty() {
            builder.ok(txn as u32, ops).unwrap();
        }
    }
    builder.build()
}

fn violations(model: Model) -> Vec<(TxnHistory, Violation)> {
    let levels = [
        IsolationLevel::PARALLEL_SNAPSHOT_ISOLATION,
        IsolationLevel::SNAPSHOT_ISOLATION,
        IsolationLevel::PREFIX,
        IsolationLevel::SERIALIZABLE,
    ];
    let mut violations = Vec::new();
    for seed in 0..400 {
        let history = draw(model, &mut Random::new(seed));
        for level in levels {
            match check(&history, level, Budget::configurations(2_000_000)) {
                Verdict::Ok(execution) => execution
                    .verify(&history, level)
                    .unwrap_or_else(|error| panic!("seed {seed}, {level}: {error}")),
                Verdict::Violation(violation) => violations.push((history.clone(), violation)),
                Verdict::Unknown(exhausted) => panic!("seed {seed}, {level}: {exhausted}"),
            }
        }
    }
    violations
}

#[test]
fn every_case_is_written_down() {
    for model in [Model::RwRegister, Model::ListAppend] {
        let (mut by_cases, mut large) = (0, 0);
        for (history, violation) in violations(model) {
            violation.verify(&history).unwrap_or_else(|error| panic!("{error}: {violation}"));
            match &violation.evidence {
                Evidence::Finding(finding) => {
                    let shows = !matches!(finding.witness, sim_check::txn::Witness::Unordered);
                    assert!(shows, "{violation}");
                }
                Evidence::Proof(proof) => by_cases += u32::from(proof.cycles().len() > 1),
                Evidence::Search => panic!("no proof: {violation}"),
            }
            large += u32::from(violation.history.len() > 6);
        }
        assert!(by_cases > 50 && large > 0, "{model:?}: {by_cases}, {large}");
    }
}

/// Of many transactions that read an empty list and append to it one also reads what another one wrote elsewhere: it should have
/// seen that one's append, too.
#[test]
fn one_of_many_blind_appends_should_have_been_seen() {
    for (writer, reader) in [(0, 1), (3, 7), (7, 3), (8, 5)] {
        let history = |is_bad| {
            let mut builder = TxnHistoryBuilder::new(Model::ListAppend);
            for txn in 0..9 {
                let mut ops = vec![MicroOp::read_list("k", Vec::<i64>::new())];
                if txn == reader {
                    let seen = if is_bad { vec![99] } else { Vec::new() };
                    ops.push(MicroOp::read_list("x", seen));
                }
                if txn == writer {
                    ops.push(MicroOp::append("x", 99));
                }
                ops.push(MicroOp::append("k", txn as i64));
                builder.ok(txn, ops).unwrap();
            }
            builder.build()
        };
        let level = IsolationLevel::PREFIX;
        let good = history(false);
        let Verdict::Ok(execution) = check(&good, level, Budget::default()) else {
            panic!("each may begin before all others")
        };
        execution.verify(&good, level).unwrap();
        let bad = history(true);
        let Verdict::Violation(violation) = check(&bad, level, Budget::default()) else {
            panic!("T{reader} saw T{writer} and missed its append")
        };
        violation.verify(&bad).unwrap();
    }
}

/// The same transactions, one of them with an unknown outcome.
fn copy(history: &TxnHistory, unknown: Option<u32>) -> TxnHistory {
    let mut builder = TxnHistoryBuilder::new(history.model());
    for (txn, entry) in history.txns().iter().enumerate() {
        let status = if unknown == Some(txn as u32) { Status::Info } else { entry.status };
        let ops = history.micro_ops(txn as u32);
        builder.invoke(entry.process, ops.clone()).unwrap();
        builder.complete(entry.process, status, ops).unwrap();
    }
    builder.build()
}

/// A transaction of which nobody knows whether it took effect proves nothing by where it comes.
#[test]
fn cases_need_transactions_that_took_effect() {
    let (mut accepted, mut refused) = (0, 0);
    for model in [Model::RwRegister, Model::ListAppend] {
        for (_, violation) in violations(model) {
            let level = violation.level;
            let whole = copy(&violation.history, None);
            let Verdict::Violation(mut claim) = check(&whole, level, Budget::default()) else {
                panic!("a part is bad by itself: {violation}");
            };
            let Evidence::Proof(Proof::Split { first, second, .. }) = &claim.evidence else {
                continue;
            };
            let unknown = [*first, *second];
            if claim.history.len() < whole.len() {
                continue;
            }
            claim.history = whole.clone();
            claim.original = (0..whole.len() as u32).collect();
            claim.verify(&whole).unwrap();
            accepted += 1;
            for txn in unknown {
                let other = copy(&whole, Some(txn));
                claim.history = other.clone();
                if check(&other, level, Budget::default()).is_ok() {
                    assert!(claim.verify(&other).is_err(), "T{txn} is unknown: {claim}");
                    refused += 1;
                }
            }
        }
    }
    assert!(accepted > 50 && refused > 50, "{accepted} {refused}");
}

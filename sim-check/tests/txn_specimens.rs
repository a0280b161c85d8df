//! Each anomaly is named right, alone and among transactions without anomaly.

use sim_check::Budget;
use sim_check::txn::{
    Anomaly, ClientOrder, Guarantee, IsolationLevel, MicroOp, Model, Status, TxnHistoryBuilder,
    analyze, check, specimen,
};

fn all() -> Vec<Anomaly> {
    let mut all = vec![
        Anomaly::DuplicateElements,
        Anomaly::IncompatibleOrder,
        Anomaly::ThinAirRead,
        Anomaly::G1a,
        Anomaly::G1b,
        Anomaly::DirtyUpdate,
        Anomaly::Internal,
        Anomaly::NonRepeatableRead,
        Anomaly::FutureRead,
        Anomaly::NonMonotonicView,
        Anomaly::FracturedRead,
        Anomaly::CausalityViolation,
        Anomaly::LostUpdate,
        Anomaly::LongFork,
        Anomaly::WriteSkew,
    ];
    for order in [ClientOrder::Free, ClientOrder::Session, ClientOrder::RealTime] {
        all.extend([
            Anomaly::G0 { order },
            Anomaly::G1c { order },
            Anomaly::GSingle { order },
            Anomaly::GNonadjacent { order },
            Anomaly::G2Item { order },
        ]);
    }
    all
}

#[test]
fn each_specimen_has_its_anomaly_and_no_other() {
    let mut made = 0;
    for model in [Model::ListAppend, Model::RwRegister] {
        for anomaly in all() {
            for (before, after) in [(0, 0), (7, 0), (13, 20)] {
                let Some(history) = specimen(model, anomaly, before, after) else { continue };
                made += 1;
                let analysis = analyze(&history, ClientOrder::RealTime, Budget::default());
                let context = format!("{model:?}, {before} before, {after} after");
                assert_eq!(analysis.anomalies(), [anomaly], "{context}: {:#?}", analysis.findings);
                assert!(!analysis.incomplete, "{context}");
            }
        }
    }
    assert!(made > 130, "only {made} specimens");
}

#[test]
fn the_levels_that_forbid_an_anomaly_reject_its_specimen_and_the_others_accept_it() {
    for model in [Model::ListAppend, Model::RwRegister] {
        for anomaly in all() {
            let Some(history) = specimen(model, anomaly, 2, 2) else { continue };
            for level in IsolationLevel::ALL {
                let verdict = check(&history, *level, Budget::default());
                let context = || format!("{model:?} {anomaly} at {level}: {verdict:?}");
                assert!(!verdict.is_unknown(), "{}", context());
                if level.forbids(anomaly) {
                    assert!(verdict.is_violation(), "{}", context());
                }
                // The specimen without write order has a read before each anti-dependency.
                let reads_prefix = level.guarantee() == Guarantee::Prefix
                    && matches!(anomaly, Anomaly::GNonadjacent { .. });
                if verdict.is_violation() && anomaly.is_plain() && !reads_prefix {
                    assert!(level.forbids(anomaly), "{}", context());
                }
            }
        }
    }
}

/// Whether the table of what levels forbid is complete for the anomaly. Cycles with process or
/// real-time edges violate some levels because of their other edges too.
trait Plain {
    fn is_plain(&self) -> bool;
}

impl Plain for Anomaly {
    fn is_plain(&self) -> bool {
        match self {
            Anomaly::G0 { order }
            | Anomaly::G1c { order }
            | Anomaly::GSingle { order }
            | Anomaly::GNonadjacent { order }
            | Anomaly::G2Item { order } => *order == ClientOrder::Free,
            _ => true,
        }
    }
}

/// `specimen` leaves it out, as it is a matter of naming: what is judged is the circle of reads that it has too.
#[test]
fn cyclic_versions_are_named() {
    let mut builder = TxnHistoryBuilder::new(Model::RwRegister);
    let replace = |from: i64, to: i64| vec![MicroOp::read("x", from), MicroOp::write("x", to)];
    for (process, (from, to)) in [(1, 2), (2, 1)].into_iter().enumerate() {
        builder.invoke(process as u32, replace(from, to)).unwrap();
    }
    for (process, (from, to)) in [(1, 2), (2, 1)].into_iter().enumerate() {
        builder.complete(process as u32, Status::Ok, replace(from, to)).unwrap();
    }
    let analysis = analyze(&builder.build(), ClientOrder::RealTime, Budget::default());
    assert_eq!(analysis.anomalies(), [Anomaly::CyclicVersions], "{analysis:?}");
}

#[test]
fn explanations_name_transactions_and_reasons() {
    let history = specimen(Model::ListAppend, Anomaly::WriteSkew, 3, 3).unwrap();
    let sim_check::Verdict::Violation(violation) =
        check(&history, IsolationLevel::SERIALIZABLE, Budget::default())
    else {
        panic!("write skew is not serializable")
    };
    let text = violation.to_string();
    let expected = "\
Not serializable: write-skew.
  T3, process 0: r x [], append y 1
  T4, process 1: r y [], append x 1
T3 < T4 (rw): T3 read x up to nothing, without the 1 that T4 appended later.
T4 < T3 (rw): T4 read y up to nothing, without the 1 that T3 appended later.
So T3 would come before itself.
";
    assert_eq!(text, expected);
    let dot = violation.to_dot();
    assert!(dot.contains("T3 -> T4 [label=\"rw\", style=dashed]"), "{dot}");
}

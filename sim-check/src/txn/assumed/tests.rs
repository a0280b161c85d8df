//! Contradictions of small histories.

use super::*;
use crate::history::Value;
use crate::txn::{MicroOp, Model, TxnHistoryBuilder};
use crate::verdict::Budget;

fn found(assumes: &[&str], level: IsolationLevel, txns: &[(u32, Vec<MicroOp>)]) -> Option<String> {
    let mut builder = TxnHistoryBuilder::new(Model::RwRegister);
    for (process, ops) in txns {
        builder.ok(*process, ops.clone()).unwrap();
    }
    let history = builder.build();
    let assumptions = Assumptions::of(&header(assumes)).unwrap();
    let mut meter = Budget::UNLIMITED.meter();
    let contradiction = assumptions.contradiction(&history, level, &mut meter).unwrap()?;
    assert_eq!(assumptions.verify(&history, level, &contradiction), Ok(()));
    Some(assumptions.why(&history, level, &contradiction))
}

fn header(assumes: &[&str]) -> Header {
    let names = assumes.iter().map(|name| Value::text(name)).collect();
    Header::empty().with("assumes", Value::list(names))
}

const SERIALIZABLE: IsolationLevel = IsolationLevel::SERIALIZABLE;

#[test]
fn processes_that_see_versions_in_opposite_orders() {
    let txns = [
        (0, vec![MicroOp::write("x", 1)]),
        (1, vec![MicroOp::write("x", 2)]),
        (0, vec![MicroOp::read("x", 2)]),
        (1, vec![MicroOp::read("x", 1)]),
    ];
    let why = found(&["sequential-keys"], SERIALIZABLE, &txns).unwrap();
    assert!(why.contains("cyclic-versions") && why.contains("x held 1, then 2, then 1"), "{why}");
    assert_eq!(found(&["wfr-keys"], SERIALIZABLE, &txns), None);
}

#[test]
fn real_time_orders_versions_of_linearizable_keys() {
    let txns = [
        (0, vec![MicroOp::write("x", 1)]),
        (1, vec![MicroOp::write("x", 2), MicroOp::write("y", 2)]),
        (2, vec![MicroOp::read("y", 2), MicroOp::read("x", 1)]),
    ];
    let why = found(&["linearizable-keys"], SERIALIZABLE, &txns).unwrap();
    assert!(why.contains("G-single") || why.contains("cyclic-versions"), "{why}");
    assert_eq!(found(&["sequential-keys"], SERIALIZABLE, &txns), None);
}

#[test]
fn a_level_that_allows_the_circle_is_not_violated() {
    // Write skew, whose anti-dependencies are known without any assumption.
    let txns = [
        (0, vec![MicroOp::read_initial("x"), MicroOp::write("y", 1)]),
        (1, vec![MicroOp::read_initial("y"), MicroOp::write("x", 1)]),
    ];
    assert!(found(&["wfr-keys"], SERIALIZABLE, &txns).unwrap().contains("write-skew"));
    assert_eq!(found(&["wfr-keys"], IsolationLevel::SNAPSHOT_ISOLATION, &txns), None);
}

#[test]
fn unknown_assumptions_are_refused() {
    assert!(Assumptions::of(&header(&["magic-keys"])).unwrap_err().contains("magic-keys"));
    assert!(Assumptions::of(&header(&["wfr-keys?"])).is_ok());
    assert!(Assumptions::of(&Header::empty()).unwrap().are_none());
}

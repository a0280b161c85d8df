//! The gate is seen red for each kind of fault.

use super::*;

#[allow(dead_code, reason = "other tests need more of it")]
#[path = "../../../tests/weather/chat.rs"]
mod chat;

/// The summary of 200 seeds, judged as if of so many that nothing is chance any more.
fn summary(muted: Option<&'static str>) -> Summary {
    let mut summary = Swarm::new(&chat::chat(muted)).seeds(200).run(|_| {}).unwrap();
    summary.seeds = GATE_FROM;
    summary
}

#[test]
fn each_kind_without_effect_turns_the_gate_red() {
    assert_eq!(verdict(&summary(None)), Exit::Well);
    for kind in squall::fault::kinds() {
        let mut summary = summary(Some(kind.name));
        assert_eq!(
            shortcomings(&summary),
            [format!("declared faults without effect: {}", kind.name)]
        );
        assert_eq!(verdict(&summary), Exit::Gate);
        summary.seeds = GATE_FROM - 1;
        assert_eq!(verdict(&summary), Exit::Well, "too few to say");
    }
}

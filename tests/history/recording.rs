//! What is recorded, and where it goes.

use super::{outcomes, register};
use squall::check::judge::judge_file;
use squall::check::spec::{Register, RegisterOp, RegisterRet};
use squall::check::{Budget, Outcome, ProcessId};
use squall::prelude::*;
use squall::{Case, Corpus, Record, Report, Scenario, Seed, Verdict, history, run};
use std::future::pending;

type R = Register<u64>;

fn of_body<F: Future<Output = squall::Result> + 'static>(
    body: impl Fn(Sim) -> F + Send + Sync + 'static,
) -> squall::Outcome {
    outcomes(&Scenario::new("recording", body), 1).remove(0)
}

fn is_unknown(history: &squall::check::History<RegisterOp<u64>, RegisterRet<u64>>) -> Vec<bool> {
    history.operations().iter().map(|op| op.outcome == Outcome::Unknown).collect()
}

#[test]
fn a_killed_client_leaves_an_unknown_outcome_and_comes_back_as_another_process() {
    let outcome = of_body(|sim| async move {
        let history = sim.history::<R>();
        let client = sim.node("client", move || async move {
            let mut client = history.client();
            client.invoke(RegisterOp::Write(1)).ok(RegisterRet::Written);
            let _open = client.invoke(RegisterOp::Write(2));
            pending::<()>().await;
        });
        sleep(3.seconds()).await;
        client.restart();
        sleep(1.seconds()).await;
        let history = history.so_far();
        assert_eq!(is_unknown(&history), [false, true, false, true]);
        let processes: Vec<u64> = history.operations().iter().map(|op| op.process.0).collect();
        assert_eq!(processes, [0, 0, 1, 1]);
        // The kill ended the first one, at its moment; the last is under way.
        let killed = history.operations()[1].completed.expect("it was ended by the kill");
        assert_eq!(killed.time, Some(3_000_000_000));
        assert_eq!(history.operations()[3].completed, None);
        Ok(())
    });
    assert_eq!(outcome.verdict, Verdict::Pass);
}

#[test]
fn futures_that_are_dropped_and_errors_leave_unknown_outcomes() {
    let outcome = of_body(|sim| async move {
        let history = sim.history::<R>();
        let mut client = history.client();
        // A timeout drops the call in the middle.
        let endless = client.call(RegisterOp::Write(1), pending::<Result<_, ()>>());
        assert!(timeout(1.seconds(), endless).await.is_err());
        let error = client.call(RegisterOp::Write(2), async { Err::<_, &str>("reset") }).await;
        assert_eq!(error, Err("reset"));
        client.invoke(RegisterOp::Write(3)).fail();
        client.invoke(RegisterOp::Write(4)).info();
        let read = client.call(RegisterOp::Read, async { Ok::<_, ()>(RegisterRet::Value(2)) });
        assert_eq!(read.await, Ok(RegisterRet::Value(2)));
        assert_eq!(history.len(), 5);
        let recorded = history.so_far();
        let processes: Vec<ProcessId> = recorded.operations().iter().map(|op| op.process).collect();
        assert_eq!(
            processes,
            [0, 1, 2, 2, 3].map(ProcessId),
            "a new process after each unknown outcome"
        );
        assert_eq!(is_unknown(&recorded), [true, true, false, true, false]);
        assert_eq!(recorded.operations()[2].outcome, Outcome::Fail);
        assert_eq!(recorded.operations()[0].completed.unwrap().time, Some(1_000_000_000));
        history.check(linearizable(Register::new(0)))
    });
    assert_eq!(outcome.verdict, Verdict::Pass);
}

#[test]
fn a_dead_process_asks_for_nothing() {
    struct AsksWhenDropped;
    impl Drop for AsksWhenDropped {
        fn drop(&mut self) {
            history::of::<R>().client().invoke(RegisterOp::Write(666)).ok(RegisterRet::Written);
        }
    }
    let outcome = of_body(|sim| async move {
        let client = sim.node("client", || async {
            let _asks = AsksWhenDropped;
            pending::<()>().await;
        });
        sleep(1.seconds()).await;
        client.kill();
        assert!(sim.history::<R>().is_empty());
        Ok(())
    });
    assert_eq!(outcome.verdict, Verdict::Pass);
}

#[test]
fn outside_of_a_simulation_nothing_is_recorded() {
    let mut client = history::of::<R>().client();
    client.invoke(RegisterOp::Write(1)).ok(RegisterRet::Written);
    drop(client.invoke(RegisterOp::Read));
    assert_eq!(history::of::<R>().len(), 0);
}

#[test]
fn undecided_is_not_passed() {
    let outcome = of_body(|sim| async move {
        let history = sim.history::<squall::check::spec::Stack<u64>>();
        use squall::check::spec::{Stack, StackOp, StackRet};
        let mut clients: Vec<_> = (0..14).map(|_| history.client()).collect();
        let open: Vec<_> = clients
            .iter_mut()
            .enumerate()
            .map(|(place, client)| {
                let place = place as u64;
                client.invoke(if place < 7 { StackOp::Push(place) } else { StackOp::Pop })
            })
            .collect();
        for (place, open) in open.into_iter().enumerate() {
            let popped = StackRet::Popped(Some((place as u64 * 3 + 5) % 7));
            open.ok(if place < 7 { StackRet::Pushed } else { popped });
        }
        history.client().invoke(StackOp::Pop).ok(StackRet::Popped(Some(9)));
        let small = linearizable(Stack::new()).budget(Budget::configurations(50));
        history.check(small)
    });
    let Verdict::Undecided(why) = outcome.verdict else { panic!("{}", outcome.verdict) };
    assert!(why.starts_with("linearizable: undecided after "), "{why}");
}

#[test]
fn a_failing_case_leaves_its_history_for_the_judge_of_files() {
    let scenario = register::scenario(register::Bug::StaleReads, true);
    let failing = |seed: &u64| {
        let case = Case::from_seed(&scenario, Seed(*seed));
        let outcome = run(&scenario, &case, Record::default()).unwrap();
        assert!(outcome.histories.is_empty(), "a swarm keeps no histories");
        outcome.verdict.failure().is_some()
    };
    let seed = (1..200).find(failing).expect("some seed fails");
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("history-of-a-failure");
    if folder.exists() {
        std::fs::remove_dir_all(&folder).unwrap();
    }
    let case = Case::from_seed(&scenario, Seed(seed));
    let hash = run(&scenario, &case, Record::default()).unwrap().trace_hash;
    let corpus = Corpus::new(&folder, "register");
    let report = Report::make(&scenario, &case, hash, &corpus, &folder).unwrap();
    assert!(report.same, "to keep the history is no part of the run");
    let text = report.text(|_| "again".to_owned());
    let path = folder.join(format!("register-{seed:x}.jsonl"));
    assert!(text.contains(&format!("history  {}\n", path.display())), "{text}");
    let written = std::fs::read_to_string(&path).unwrap();
    assert!(
        written.starts_with("{\"initial\":0,\"model\":\"register\",\"names\":{\"0\":\"client-"),
        "{written}"
    );
    let judgement = judge_file(&written, None, Budget::default()).unwrap();
    assert_eq!((&*judgement.property, judgement.verdict.word()), ("linearizable", "violation"));
    let message = report.outcome.verdict.failure().unwrap().message.clone();
    let first = judgement.witness.split(" of p").next().unwrap();
    assert!(message.starts_with(&format!("not linearizable: {first}")), "{message}");
}

//! Faults that strike at a message of one kind, on one link.

use super::chat::{case_with, everything};
use serde::{Deserialize, Serialize};
use squall::fault::{Fault, Preset};
use squall::net::{Mailbox, control as net};
use squall::prelude::*;
use squall::trace::Keep;
use squall::{Case, Outcome, Record, Scenario, Seed, World, run};
use std::cell::RefCell;
use std::io;
use std::rc::Rc;

#[derive(Serialize, Deserialize)]
enum Talk {
    Ask,
    Answer,
}

/// Who told whom what, as the receivers saw it.
type Heard = Rc<RefCell<Vec<String>>>;

/// Two clients ask two servers in turn, once in a tenth of a second each. At the end it is said who heard what.
fn questions() -> Scenario {
    Scenario::new("questions", |sim| async move {
        net::name_messages_of::<Talk>();
        let heard = Heard::default();
        let (to_servers, to_clients) = (heard.clone(), heard.clone());
        let servers = sim.nodes("server", 2, move || serve(to_servers.clone()));
        let clients = sim.nodes("client", 2, move || ask(to_clients.clone()));
        sim.faults(everything(&servers).also(&clients).lasting(1.seconds()));
        sleep(950.millis()).await;
        squall::export(&heard.borrow().join(" "));
        Ok(())
    })
}

fn here() -> String {
    World::current(|world| world.node_name(world.current_node()).to_string())
}

async fn serve(heard: Heard) -> io::Result<()> {
    let mailbox = Mailbox::<Talk>::bind("0.0.0.0:7").await?;
    while let Ok((_, from)) = mailbox.recv().await {
        heard.borrow_mut().push(format!("{}?", here()));
        mailbox.send(&Talk::Answer, from)?;
        yield_now().await;
    }
    Ok(())
}

async fn ask(heard: Heard) -> io::Result<()> {
    let mailbox = Mailbox::<Talk>::bind("0.0.0.0:7").await?;
    for server in [0, 1].into_iter().cycle() {
        mailbox.send(&Talk::Ask, format!("server-{server}:7"))?;
        let answered = timeout(100.millis(), mailbox.recv()).await;
        if answered.is_ok() {
            heard.borrow_mut().push(format!("{}!", here()));
        }
        sleep(100.millis()).await;
    }
    Ok(())
}

fn with_plan(plan: &str) -> Result<Outcome, String> {
    let case = case_with(&questions(), 1, plan).map_err(|error| error.to_string())?;
    run(&questions(), &case, Record { keep: Keep::Text, choices: false })
        .map_err(|error| error.to_string())
}

/// A node dies for good at a point.
fn dying(node: &str, point: &str) -> String {
    format!(
        "[[plan.faults]]\nkind = \"power_off\"\non = [\"{node}\"]\nfor = \"3600s\"\npoint = {{ {point} }}\n"
    )
}

/// How often `what` was heard.
fn times(outcome: &Outcome, what: &str) -> usize {
    let said = outcome.lines.iter().rev().find_map(|line| line.text.strip_prefix("export "));
    said.expect("it is said what was heard").matches(what).count()
}

#[test]
fn the_nth_message_of_a_kind_on_a_link_is_a_moment() {
    // Each client hears five answers or so, every other one of server 1.
    let whole = with_plan("plan.faults = []").unwrap();
    assert!(times(&whole, "client-0!") >= 8 && times(&whole, "server-1?") >= 8);
    for (node, point, what, heard) in [
        // The second answer of server 1 is the fourth of all that client 0 gets.
        (
            "client-0",
            r#"name = "deliver", on = "client-0", message = "Answer", nth = 4"#,
            "client-0!",
            3,
        ),
        (
            "client-0",
            r#"name = "deliver", on = "client-0", peer = "server-1", message = "Answer", nth = 2"#,
            "client-0!",
            3,
        ),
        (
            "client-0",
            r#"name = "deliver", on = "client-0", peer = "server-1", nth = 2"#,
            "client-0!",
            3,
        ),
        // It has asked server 0 three times, and two answers of that and two of server 1 have come.
        (
            "client-1",
            r#"name = "after-send", on = "client-1", peer = "server-0", message = "Ask", nth = 3"#,
            "client-1!",
            4,
        ),
        // Nobody asks a client, and a server gets no answers: this never comes.
        (
            "client-0",
            r#"name = "deliver", on = "client-0", message = "Ask", nth = 1"#,
            "client-0!",
            9,
        ),
        (
            "server-0",
            r#"name = "deliver", on = "server-0", message = "Answer", nth = 1"#,
            "server-0?",
            9,
        ),
    ] {
        let outcome = with_plan(&dying(node, point)).unwrap();
        let expected = if heard == 9 { times(&whole, what) } else { heard };
        assert_eq!(times(&outcome, what), expected, "{point}");
    }
}

#[test]
fn what_is_no_message_is_one_clear_line() {
    for (point, says) in [
        (
            r#"name = "deliver", message = "Anser", nth = 1"#,
            "point `deliver`: there is no message `Anser`: there are Ask, Answer",
        ),
        (r#"name = "deliver", peer = "nobody", nth = 1"#, "there is no node `nobody`"),
        (
            r#"name = "after-sync", peer = "server-0", nth = 1"#,
            "point `after-sync`: only after-send and deliver have a peer and a message",
        ),
    ] {
        let error = with_plan(&dying("client-0", point)).map(|_| ()).unwrap_err();
        assert!(error.contains(says) && !error.contains('\n'), "{point}: {error}");
    }
    let unnamed = Scenario::new("unnamed", |sim| async move {
        sim.node("client-0", std::future::pending::<()>);
        sim.faults(FaultModel::crash_recovery());
        Ok(())
    });
    let plan = dying("client-0", r#"name = "deliver", message = "Ask", nth = 1"#);
    let case = case_with(&unnamed, 1, &plan).unwrap();
    let error = run(&unnamed, &case, Record::default()).unwrap_err().to_string();
    assert!(error.contains("there is no message `Ask`: this test names no messages"), "{error}");
}

/// Half of the crashes at messages are at one of a kind, and so are the moments that the directed profile goes through.
#[test]
fn kinds_of_messages_are_drawn() {
    let points = |preset: Preset, seeds: std::ops::Range<u64>| {
        let of_case = |seed| -> Vec<Fault> {
            let scenario = questions();
            let case = Case { profile: preset.into(), ..Case::from_seed(&scenario, Seed(seed)) };
            run(&scenario, &case, Record::default()).unwrap().plan.unwrap().faults
        };
        seeds.flat_map(of_case).filter_map(|fault| fault.point).collect::<Vec<_>>()
    };
    for (preset, seeds) in [(Preset::Realistic, 0..600), (Preset::Directed, 0..2_000)] {
        let points = points(preset, seeds);
        for name in ["after-send", "deliver"] {
            for kind in ["Ask", "Answer"] {
                let is = |message: Option<&str>| message == Some(kind);
                let drawn = points.iter().filter(|p| p.name == name && is(p.message.as_deref()));
                assert!(drawn.count() >= 5, "{preset:?} {name} {kind}");
            }
            assert!(points.iter().any(|point| point.name == name && point.message.is_none()));
        }
        assert!(points.iter().all(|point| point.message.is_none() || point.name != "after-sync"));
    }
}

//! Canaries of what happens to single messages.

use super::Form::{self, Broken, Corrected};
use super::{hear, open, storm, tell};
use squall::prelude::*;
use squall::{Error, always};
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::io;
use std::rc::Rc;

/// More than a round trip of the network without faults takes.
const PATIENCE: Duration = Duration::from_millis(410);

/// A server adds up messages, or requests.
pub(super) async fn sum(sim: Sim, form: Form) -> squall::Result {
    const REQUESTS: u64 = 60;
    let added: Rc<RefCell<Vec<u64>>> = Rc::default();
    let seen = added.clone();
    sim.node("server", move || {
        let added = added.clone();
        async move {
            let socket = open().await?;
            let mut known = BTreeSet::new();
            loop {
                let (request, _) = hear(&socket).await?;
                if known.insert(request) || form == Broken {
                    added.borrow_mut().push(request);
                }
            }
            #[expect(unreachable_code, reason = "says what the errors are")]
            io::Result::Ok(())
        }
    });
    sim.node("client", || async {
        let socket = open().await?;
        for request in 0..REQUESTS {
            sleep(50.millis()).await;
            tell(&socket, "server", request, 0).await?;
        }
        std::future::pending::<io::Result<()>>().await
    });
    storm(sim).await;
    match seen.borrow().len() as u64 {
        REQUESTS => Ok(()),
        sum => Err(Error::check("each request counts once", format!("{sum} of {REQUESTS}"))),
    }
}

/// A client sends each notice once, or until it is acknowledged.
pub(super) async fn sent_once(sim: Sim, form: Form) -> squall::Result {
    const NOTICES: u64 = 40;
    let arrived: Rc<RefCell<BTreeSet<u64>>> = Rc::default();
    let seen = arrived.clone();
    sim.node("server", move || {
        let arrived = arrived.clone();
        async move {
            let socket = open().await?;
            loop {
                let (notice, _) = hear(&socket).await?;
                arrived.borrow_mut().insert(notice);
                tell(&socket, "client", notice, 0).await?;
            }
            #[expect(unreachable_code, reason = "says what the errors are")]
            io::Result::Ok(())
        }
    });
    let client = sim.node("client", move || async move {
        let socket = open().await?;
        for notice in 0..NOTICES {
            sleep(50.millis()).await;
            loop {
                tell(&socket, "server", notice, 0).await?;
                if form == Broken || answered(&socket, notice).await? {
                    break;
                }
            }
        }
        sleep(1.seconds()).await;
        io::Result::Ok(())
    });
    storm(sim).await;
    client.finished().promised("the client finishes").within(5.minutes()).await?;
    match seen.borrow().len() as u64 {
        NOTICES => Ok(()),
        count => Err(Error::check("every notice arrives", format!("{count} of {NOTICES}"))),
    }
}

/// Whether `number` is answered in time. Other answers are passed over.
async fn answered(socket: &UdpSocket, number: u64) -> io::Result<bool> {
    let deadline = Instant::now() + PATIENCE;
    while let Ok(heard) = squall::time::timeout_at(deadline, hear(socket)).await {
        if heard?.0 == number {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A client takes what it hears for the answer to what it asked last, or looks to which question it is.
pub(super) async fn earlier_question(sim: Sim, form: Form) -> squall::Result {
    sim.node("server", || async {
        let socket = open().await?;
        loop {
            let (question, _) = hear(&socket).await?;
            tell(&socket, "client", question, question * question).await?;
        }
        #[expect(unreachable_code, reason = "says what the errors are")]
        io::Result::Ok(())
    });
    sim.node("client", move || async move {
        let socket = open().await?;
        for question in 1.. {
            sleep(30.millis()).await;
            tell(&socket, "server", question, 0).await?;
            let deadline = Instant::now() + PATIENCE;
            while let Ok(heard) = squall::time::timeout_at(deadline, hear(&socket)).await {
                let (answered, answer) = heard?;
                if answered == question || form == Broken {
                    always!(answer == question * question, "answers answer");
                    break;
                }
            }
        }
        io::Result::Ok(())
    });
    storm(sim).await;
    Ok(())
}

/// A client takes silence within a deadline for the loss of its request, and asks for the same under another number; or under the
/// same. What is counted twice is paid twice.
pub(super) async fn deadline(sim: Sim, form: Form) -> squall::Result {
    const ORDERS: u64 = 40;
    let paid: Rc<RefCell<BTreeSet<(u64, u64)>>> = Rc::default();
    let seen = paid.clone();
    sim.node("server", move || {
        let paid = paid.clone();
        async move {
            let socket = open().await?;
            loop {
                let (order, attempt) = hear(&socket).await?;
                paid.borrow_mut().insert((order, attempt));
                tell(&socket, "client", order, 0).await?;
            }
            #[expect(unreachable_code, reason = "says what the errors are")]
            io::Result::Ok(())
        }
    });
    let client = sim.node("client", move || async move {
        let socket = open().await?;
        for order in 0..ORDERS {
            sleep(50.millis()).await;
            for attempt in 0.. {
                let number = if form == Broken { attempt } else { 0 };
                tell(&socket, "server", order, number).await?;
                if answered(&socket, order).await? {
                    break;
                }
            }
        }
        io::Result::Ok(())
    });
    storm(sim).await;
    client.finished().promised("the client finishes").within(10.minutes()).await?;
    match seen.borrow().len() as u64 {
        ORDERS => Ok(()),
        count => Err(Error::check("each order is paid once", format!("{count} of {ORDERS}"))),
    }
}

/// A register takes every write, or none that is older than the last.
pub(super) async fn old_write(sim: Sim, form: Form) -> squall::Result {
    let acknowledged = Rc::new(Cell::new(0));
    let known = acknowledged.clone();
    sim.node("register", move || {
        let known = known.clone();
        async move {
            let socket = open().await?;
            let mut value = 0;
            loop {
                let (written, _) = hear(&socket).await?;
                if written >= value || form != Corrected {
                    value = written;
                }
                always!(value >= known.get(), "what was written last stays");
                tell(&socket, "writer", written, 0).await?;
            }
            #[expect(unreachable_code, reason = "says what the errors are")]
            io::Result::Ok(())
        }
    });
    sim.node("writer", move || {
        let acknowledged = acknowledged.clone();
        async move {
            let socket = open().await?;
            for value in 1.. {
                sleep(30.millis()).await;
                loop {
                    tell(&socket, "register", value, 0).await?;
                    if answered(&socket, value).await? {
                        break;
                    }
                }
                acknowledged.set(value);
            }
            io::Result::Ok(())
        }
    });
    storm(sim).await;
    sleep(10.seconds()).await;
    Ok(())
}

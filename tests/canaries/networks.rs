//! Canaries of networks that fall apart.

use super::Form::{self, Broken, Corrected};
use super::{MS, hear, now, open, storm, tell};
use squall::always;
use squall::prelude::*;
use std::cell::Cell;
use std::io;
use std::rc::Rc;

/// How often a node gives sign of life.
const BEAT: Duration = Duration::from_millis(50);
/// Longer than the network without faults keeps silent.
const SILENCE: u64 = 600 * MS;

/// Until when each of two nodes takes itself for the one that serves.
#[derive(Clone, Default)]
struct Service(Rc<[Cell<u64>; 2]>);

impl Service {
    fn claim(&self, me: usize, until: u64) {
        let other = self.0[1 - me].get();
        always!(until <= now() || other <= now(), "one serves at a time");
        self.0[me].set(until);
    }
}

/// A backup that no longer hears the primary takes it for dead. Or both serve only while a witness lets them.
pub(super) async fn one_serves(sim: Sim, form: Form) -> squall::Result {
    let service = Service::default();
    sim.node("witness", witness);
    for (me, name) in ["primary", "backup"].into_iter().enumerate() {
        let service = service.clone();
        sim.node(name, move || {
            let service = service.clone();
            async move {
                match form {
                    Broken => serve_while_alone(me, service).await,
                    Corrected => serve_by_leave(me, service).await,
                }
            }
        });
    }
    storm(sim).await;
    Ok(())
}

const NAMES: [&str; 2] = ["primary", "backup"];

async fn serve_while_alone(me: usize, service: Service) -> io::Result<()> {
    let socket = open().await?;
    let mut heard = now();
    loop {
        tell(&socket, NAMES[1 - me], 0, 0).await?;
        if me == 0 || now() > heard + SILENCE {
            service.claim(me, now() + 100 * MS);
        }
        if until_beat(&socket, |_, _| {}).await? {
            heard = now();
        }
    }
}

/// How long the witness lets a node serve.
const LEAVE: u64 = 400 * MS;

async fn serve_by_leave(me: usize, service: Service) -> io::Result<()> {
    let socket = open().await?;
    loop {
        tell(&socket, "witness", me as u64, now()).await?;
        let mut until = 0;
        // Leave is counted from the moment of the question.
        until_beat(&socket, |_, asked| until = until.max(asked + LEAVE)).await?;
        if until > now() {
            service.claim(me, until);
        }
    }
}

async fn witness() -> io::Result<()> {
    let socket = open().await?;
    let (mut who, mut until) = (0, 0);
    loop {
        let (asks, at) = hear(&socket).await?;
        if asks == who || now() >= until {
            (who, until) = (asks, now() + LEAVE);
            tell(&socket, NAMES[asks as usize], asks, at).await?;
        }
    }
}

/// Hears messages for one beat, and says whether there were any.
async fn until_beat(socket: &UdpSocket, mut f: impl FnMut(u64, u64)) -> io::Result<bool> {
    let (deadline, mut any) = (Instant::now() + BEAT, false);
    while let Ok(heard) = squall::time::timeout_at(deadline, hear(socket)).await {
        let (a, b) = heard?;
        f(a, b);
        any = true;
    }
    Ok(any)
}

/// A primary serves while it hears the backup, or while the backup hears it.
pub(super) async fn hearing(sim: Sim, form: Form) -> squall::Result {
    let service = Service::default();
    let backup = service.clone();
    sim.node("primary", move || primary(service.clone(), form));
    sim.node("backup", move || self::backup(backup.clone()));
    storm(sim).await;
    Ok(())
}

async fn primary(service: Service, form: Form) -> io::Result<()> {
    let socket = open().await?;
    let mut until = 0;
    loop {
        tell(&socket, "backup", now(), 0).await?;
        until_beat(&socket, |echo, _| {
            let heard = if form == Corrected { echo } else { now() };
            until = until.max(heard + SILENCE / 2);
        })
        .await?;
        if until > now() {
            service.claim(0, until);
        }
    }
}

async fn backup(service: Service) -> io::Result<()> {
    let socket = open().await?;
    let (mut heard, mut last) = (now(), 0);
    loop {
        let any = until_beat(&socket, |sent, _| {
            last = sent.max(last);
            service.claim(1, 0);
        });
        if any.await? {
            heard = now();
        } else if now() > heard + 2 * SILENCE {
            service.claim(1, now() + 50 * MS);
        }
        tell(&socket, "primary", last, 0).await?;
    }
}

/// What each of four nodes knows is told by its source alone, or by everybody who knows it.
pub(super) async fn neighbours(sim: Sim, form: Form) -> squall::Result {
    const NODES: usize = 4;
    let known: Rc<[Cell<u64>; NODES]> = Rc::default();
    for me in 0..NODES {
        let known = known.clone();
        sim.node(&format!("node-{me}"), move || {
            let known = known.clone();
            async move {
                let socket = open().await?;
                loop {
                    if me == 0 && now() / (1_000 * MS) > known[0].get() {
                        let before = known[0].get();
                        let all = known.iter().all(|known| known.get() >= before);
                        always!(all, "what is new is known within a second");
                        known[0].set(before + 1);
                    }
                    let news = known[me].get();
                    for other in (0..NODES).filter(|other| *other != me) {
                        if me == 0 || form == Corrected {
                            tell(&socket, &format!("node-{other}"), news, 0).await?;
                        }
                    }
                    until_beat(&socket, |news, _| known[me].set(news.max(known[me].get()))).await?;
                }
                #[expect(unreachable_code, reason = "says what the errors are")]
                io::Result::Ok(())
            }
        });
    }
    storm(sim).await;
    Ok(())
}

/// A cache answers with what it has, or only while it is fresh.
pub(super) async fn old_answer(sim: Sim, form: Form) -> squall::Result {
    sim.node("origin", || async {
        let socket = open().await?;
        loop {
            tell(&socket, "cache", now(), 0).await?;
            sleep(BEAT).await;
        }
        #[expect(unreachable_code, reason = "says what the errors are")]
        io::Result::Ok(())
    });
    sim.node("cache", move || async move {
        let socket = open().await?;
        let mut value = now();
        loop {
            until_beat(&socket, |sent, _| value = sent.max(value)).await?;
            let fresh = now() <= value + SILENCE;
            if fresh || form == Broken {
                always!(now() <= value + 2 * SILENCE, "answers are not old");
            }
        }
        #[expect(unreachable_code, reason = "says what the errors are")]
        io::Result::Ok(())
    });
    storm(sim).await;
    Ok(())
}

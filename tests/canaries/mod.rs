//! Canaries: for each kind of fault a small program that breaks under that kind alone, and its corrected form, which never does. A kind
//! that stops having an effect lets its canary live.

mod messages;
mod networks;
mod processes;

use squall::fault::{Selection, kinds};
use squall::prelude::*;
use squall::{Scenario, Summary, Swarm};
use std::future::Future;
use std::pin::Pin;

/// Which of the two forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// With the bug that the kind brings to light.
    Broken,
    /// Without it.
    Corrected,
}

type Body = fn(Sim, Form) -> Pin<Box<dyn Future<Output = squall::Result>>>;

/// A program in two forms.
#[derive(Clone, Copy)]
pub struct Canary {
    /// The kind under which it breaks.
    pub kind: &'static str,
    /// Its name, after its bug.
    pub name: &'static str,
    body: Body,
}

impl Canary {
    /// One of the forms as a scenario, under faults of the kind for some seconds.
    pub fn scenario(self, form: Form) -> Scenario {
        Scenario::new(self.name, move |sim| (self.body)(sim, form))
    }

    /// Runs seeds of one form, under the kind alone or under nothing.
    pub fn swarm(self, form: Form, faults: Selection, seeds: u64) -> Summary {
        let scenario = self.scenario(form);
        let swarm = Swarm::new(&scenario).faults(faults).seeds(seeds).keep_going();
        swarm.run(|_| {}).expect("a canary's case can be run")
    }

    /// The kind alone.
    pub fn alone(self) -> Selection {
        Selection::Only(vec![self.kind.to_owned()])
    }
}

/// All canaries, in the order of their kinds.
pub fn canaries() -> Vec<Canary> {
    macro_rules! canary {
        ($kind:literal, $name:literal, $body:expr) => {
            Canary { kind: $kind, name: $name, body: |sim, form| Box::pin($body(sim, form)) }
        };
    }
    vec![
        canary!("block_link", "a deaf backup", networks::one_serves),
        canary!("duplicate", "a sum with a message twice", messages::sum),
        canary!("hold", "an old write", messages::old_write),
        canary!("isolate", "an old answer", networks::old_answer),
        canary!("kill", "a buffer in memory", processes::buffer),
        canary!("loss", "a message sent once", messages::sent_once),
        canary!("one_way", "hearing taken for being heard", networks::hearing),
        canary!("partition", "silence taken for death", networks::one_serves),
        canary!("pause", "an expired lease", processes::lease),
        canary!("power_off", "a late sync", processes::late_sync),
        canary!("ring", "the neighbours of neighbours", networks::neighbours),
        canary!("shutdown", "a job given up", processes::job),
        canary!("slow_link", "an answer to an earlier question", messages::earlier_question),
        canary!("slow_node", "a deadline met by luck", messages::deadline),
        canary!("wipe", "a forgotten vote", processes::vote),
    ]
}

/// Every registered kind, within no budget, and time for it to strike.
async fn storm(sim: Sim) {
    let all: Vec<&'static str> = kinds().iter().map(|kind| kind.name).collect();
    sim.faults(FaultModel::none().and(&all).lasting(4.seconds()));
    sleep(5.seconds()).await;
}

/// A message: two numbers.
async fn tell(socket: &UdpSocket, to: &str, a: u64, b: u64) -> std::io::Result<()> {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&a.to_le_bytes());
    bytes[8..].copy_from_slice(&b.to_le_bytes());
    socket.send_to(&bytes, format!("{to}:7")).await.map(|_| ())
}

/// The next message.
async fn hear(socket: &UdpSocket) -> std::io::Result<(u64, u64)> {
    let mut bytes = [0; 16];
    loop {
        if let (16, _) = socket.recv_from(&mut bytes).await? {
            let number = |half: &[u8]| half.try_into().map(u64::from_le_bytes);
            if let (Ok(a), Ok(b)) = (number(&bytes[..8]), number(&bytes[8..])) {
                return Ok((a, b));
            }
        }
    }
}

/// The socket of a node.
async fn open() -> std::io::Result<UdpSocket> {
    UdpSocket::bind("0.0.0.0:7").await
}

/// The virtual time in nanoseconds.
fn now() -> u64 {
    Instant::now().as_nanos()
}

const MS: u64 = 1_000_000;

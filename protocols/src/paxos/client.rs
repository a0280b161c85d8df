//! The client: has its value proposed, and waits until it is told what was decided.

use super::action::{Peer, Role, Timer};
use super::ballot::Value;
use super::event::Event;
use super::members::Deployment;
use super::message::{Message, RequestId};
use rand::RngExt;
use squall::net::{Mailbox, RecvError};
use squall::time::{Instant, sleep, timeout_at};
use squall::{always, export, sometimes};
use std::io;
use std::rc::Rc;
use std::time::Duration;

/// A question travels to a proposer, to the acceptors twice, and to a learner: so many times as long as one of the
/// proposer's takes to be answered is waited for an answer.
const PATIENCE: u32 = 3;

/// A client soon has asked everybody, and goes on asking.
const DOUBLINGS_MAX: u32 = 2;

/// A client with one value in its life.
pub struct Client {
    me: Peer,
    deployment: Rc<Deployment>,
    mailbox: Mailbox<Message>,
}

/// Runs client number `index`: it arrives within a time and has its value decided.
///
/// # Errors
/// Those of its socket.
pub async fn client(deployment: Rc<Deployment>, index: u16, arrivals: Duration) -> io::Result<()> {
    let proposers = deployment.members.count(Role::Proposer);
    let client = Client::bind(deployment, index).await?;
    let most = arrivals.as_nanos() as u64;
    if most > 0 {
        let nanos = squall::rand::rng().random_range(0..=most);
        sleep(Duration::from_nanos(nanos)).await;
    }
    client.propose(index % proposers).await.map(drop)
}

impl Client {
    /// Client number `index`, listening where the members say.
    ///
    /// # Errors
    /// Those of [`Mailbox::bind`].
    ///
    /// # Panics
    /// If there is no such member.
    pub async fn bind(deployment: Rc<Deployment>, index: u16) -> io::Result<Client> {
        let me = Peer::client(index);
        let address = deployment.members.address(me).expect("a client is a member");
        let mailbox = Mailbox::bind(address).await?;
        export(&Event::Started { by: me });
        Ok(Client { me, deployment, mailbox })
    }

    /// Has a value of its own proposed, by proposer `first` if that one answers, and returns what was decided.
    ///
    /// # Errors
    /// Those of its socket.
    pub async fn propose(self, first: u16) -> io::Result<Value> {
        let value = Value(u64::from(self.me.index));
        export(&Event::ValueProposed { value });
        let mut attempt = 0;
        loop {
            self.ask(value, first, attempt)?;
            let timer = Timer::Resend { attempt: attempt.min(DOUBLINGS_MAX) };
            let patience = self.deployment.pace.delay(timer) * PATIENCE;
            let deadline = Instant::now() + patience;
            while let Ok(received) = timeout_at(deadline, self.mailbox.recv()).await {
                match received {
                    Ok((Message::Reply { request, value }, _)) => {
                        always!(request == REQUEST, "replies answer requests");
                        sometimes!(attempt > 3, "a client is answered after many attempts");
                        export(&Event::Decided { by: self.me, value });
                        return Ok(value);
                    }
                    // Nothing else is for clients.
                    Ok(_) | Err(RecvError::Malformed { .. }) => {}
                    Err(RecvError::Io(error)) => return Err(error),
                }
            }
            attempt += 1;
        }
    }

    /// Another proposer and another learner at each attempt: who does not answer may be down.
    fn ask(&self, value: Value, first: u16, attempt: u32) -> io::Result<()> {
        let members = &self.deployment.members;
        let nth = |role, from: u16| {
            let count = u32::from(members.count(role));
            let index = (u32::from(from) + attempt) % count;
            members.address(Peer { role, index: index as u16 }).expect("indices are dense")
        };
        let propose = Message::Propose { request: REQUEST, value };
        self.mailbox.send(&propose, nth(Role::Proposer, first))?;
        let query = Message::Query { request: REQUEST };
        self.mailbox.send(&query, nth(Role::Learner, self.me.index))
    }
}

/// The one request of a client.
const REQUEST: RequestId = RequestId(1);

//! The shell around a role: sockets, files and timers. It decides nothing.
//!
//! One input is dealt with completely, all its actions in order, before the next is looked at. Each
//! action is exported as an [`Event`] right before it is performed, a persist when its sync is done.
//! On an I/O error the process stops: nobody knows what the disk holds then.

use super::action::{Action, Input, Peer, Role};
use super::cluster::{Boot, Standing};
use super::event::Event;
use super::members::Deployment;
use super::message::Message;
use super::record::{self, Journal, Record, RecoverError, SLOT_BYTES, SLOT_STRIDE};
use super::{Acceptor, Learner, Proposer};
use rand::RngExt;
use squall::fs::{File, OpenOptions};
use squall::net::{Mailbox, RecvError};
use squall::time::{Instant, Sleep, sleep, sleep_until};
use squall::{always, buggify, export, knob, node, reachable, sometimes};
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::Poll;

/// The journal's name.
const FILE: &str = "journal";
/// More than a journal is long, so that one read has it all.
const FILE_BYTES_MAX: usize = SLOT_STRIDE + SLOT_BYTES + 1;

/// Runs an acceptor until it is told to shut down.
///
/// # Errors
/// Those of its disk and of its socket.
pub async fn acceptor(deployment: Rc<Deployment>, index: u16) -> io::Result<()> {
    let me = Peer::acceptor(index);
    let mut process = Process::start(deployment, me).await?;
    let recovered = process.open_journal().await?;
    let boot = process.boot();
    let (role, actions) = Acceptor::boot(process.deployment.cluster, boot, recovered);
    sometimes!(role.standing() == Standing::StorageLost, "an acceptor has lost its disk");
    sometimes!(role.accepted().is_some(), "an acceptor remembers a vote");
    process.run(role, actions).await
}

/// Runs a proposer until it is told to shut down.
///
/// # Errors
/// Those of its disk and of its socket.
pub async fn proposer(deployment: Rc<Deployment>, index: u16) -> io::Result<()> {
    let me = Peer::proposer(index);
    let mut process = Process::start(deployment, me).await?;
    let recovered = process.open_journal().await?;
    let boot = process.boot();
    let (role, actions) = Proposer::boot(process.deployment.cluster, index, boot, recovered);
    sometimes!(role.standing() == Standing::StorageLost, "a proposer has lost its disk");
    process.run(role, actions).await
}

/// Runs a learner until it is told to shut down.
///
/// # Errors
/// Those of its socket.
pub async fn learner(deployment: Rc<Deployment>, index: u16) -> io::Result<()> {
    let process = Process::start(deployment, Peer::learner(index)).await?;
    let role = Learner::new(process.deployment.cluster);
    process.run(role, Vec::new()).await
}

/// A role, as the shell sees it.
trait Machine {
    fn on(&mut self, input: Input) -> Vec<Action>;
}

impl Machine for Acceptor {
    fn on(&mut self, input: Input) -> Vec<Action> {
        Acceptor::on(self, input)
    }
}

impl Machine for Proposer {
    fn on(&mut self, input: Input) -> Vec<Action> {
        Proposer::on(self, input)
    }
}

impl Machine for Learner {
    fn on(&mut self, input: Input) -> Vec<Action> {
        Learner::on(self, input)
    }
}

/// A process in one of its lives.
struct Process {
    me: Peer,
    deployment: Rc<Deployment>,
    mailbox: Mailbox<Message>,
    store: Option<Store>,
    timer: Option<Sleep>,
}

/// An open journal. There is none where the journal could not be read: nothing may be written then.
struct Store {
    file: File,
    journal: Journal,
}

impl Process {
    async fn start(deployment: Rc<Deployment>, me: Peer) -> io::Result<Process> {
        export(&Event::Started { by: me });
        let address = deployment.members.address(me).expect("a process is a member");
        let mailbox = Mailbox::bind(address).await?;
        Ok(Process { me, deployment, mailbox, store: None, timer: None })
    }

    fn boot(&self) -> Boot {
        self.deployment.boot(self.me)
    }

    /// Opens the journal, makes durable what is in it, and only then reads it.
    async fn open_journal(&mut self) -> io::Result<Result<Option<Record>, RecoverError>> {
        let file = OpenOptions::new().read(true).write(true).create(true).open(FILE).await?;
        file.sync_all().await?;
        squall::fs::sync_dir("/").await?;
        let mut bytes = vec![0; FILE_BYTES_MAX];
        let len = file.read_at(&mut bytes, 0).await?;
        let (journal, newest) = match record::recover(&bytes[..len]) {
            Ok(recovered) => recovered,
            Err(error) => return Ok(Err(error)),
        };
        if let Some(record) = newest {
            sometimes!(self.boot() == Boot::First, "a life ended between its record and its mark");
            export(&Event::Durable { by: self.me, record });
        }
        self.store = Some(Store { file, journal });
        Ok(Ok(newest))
    }

    async fn run(mut self, mut role: impl Machine, boot: Vec<Action>) -> io::Result<()> {
        self.perform(boot).await?;
        let mut shutdown = pin!(node::shutdown_requested());
        while let Some(input) = self.next(shutdown.as_mut()).await? {
            self.perform(role.on(input)).await?;
        }
        Ok(())
    }

    /// The next input; `None` when it is time to end.
    async fn next(
        &mut self,
        mut shutdown: Pin<&mut impl Future<Output = ()>>,
    ) -> io::Result<Option<Input>> {
        loop {
            let mut received = pin!(self.mailbox.recv());
            let timer = &mut self.timer;
            let arrived = poll_fn(|cx| {
                if shutdown.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(Woken::Shutdown);
                }
                if let Poll::Ready(received) = received.as_mut().poll(cx) {
                    return Poll::Ready(Woken::Received(received));
                }
                match timer.as_mut().map(|timer| Pin::new(timer).poll(cx)) {
                    Some(Poll::Ready(())) => Poll::Ready(Woken::Timer),
                    Some(Poll::Pending) | None => Poll::Pending,
                }
            });
            match arrived.await {
                Woken::Shutdown => {
                    reachable!("a process shut down in order");
                    return Ok(None);
                }
                Woken::Timer => {
                    self.timer = None;
                    return Ok(Some(Input::TimerFired));
                }
                Woken::Received(Ok((message, from))) => {
                    let from = self.deployment.members.at(from);
                    always!(from.is_some(), "messages come from members", "{message:?}");
                    if let Some(from) = from {
                        return Ok(Some(Input::Message { from, message }));
                    }
                }
                // Not of this protocol: a port may be hit by anything.
                Woken::Received(Err(RecvError::Malformed { .. })) => {}
                Woken::Received(Err(RecvError::Io(error))) => return Err(error),
            }
        }
    }

    async fn perform(&mut self, actions: Vec<Action>) -> io::Result<()> {
        for action in actions {
            if let Action::Persist(record) = &action {
                self.persist(record).await?;
            }
            if let Some(event) = Event::of(self.me, &action) {
                export(&event);
            }
            match action {
                Action::Persist(_) => {
                    if buggify!("a stall between a sync and the answer") {
                        self.stall().await;
                    }
                }
                Action::MarkInitialised => self.deployment.mark_initialised(self.me),
                Action::Send(to, message) => self.send(to, message)?,
                Action::SendToAll(role, message) => self.send_to_all(role, message).await?,
                Action::StartTimer(timer) => {
                    let deadline = Instant::now() + self.deployment.pace.delay(timer);
                    self.timer = Some(sleep_until(deadline));
                }
                Action::StopTimer => self.timer = None,
                Action::Decide(_) => {}
            }
        }
        Ok(())
    }

    /// Writes and syncs. When this returns, the record survives.
    async fn persist(&mut self, record: &Record) -> io::Result<()> {
        let silent = "a role without a journal is silent";
        let write = self.store.as_mut().expect(silent).journal.append(record);
        if buggify!("a stall before a write") {
            self.stall().await;
        }
        let file = &self.store.as_ref().expect(silent).file;
        file.write_all_at(&write.bytes, write.offset).await?;
        if buggify!("a stall between a write and its sync") {
            self.stall().await;
        }
        file.sync_all().await
    }

    fn send(&self, to: Peer, message: Message) -> io::Result<()> {
        let address = self.deployment.members.address(to);
        // Only a ballot can name a process that does not exist.
        always!(address.is_some(), "messages go to members", "{message:?} for {to}");
        address.map_or(Ok(()), |address| self.mailbox.send(&message, address))
    }

    /// Each process of a role may hear of it much later than another, and those behind not at all if this one dies.
    async fn send_to_all(&self, role: Role, message: Message) -> io::Result<()> {
        let first = squall::rand::rng().random_range(0..self.deployment.members.count(role).max(1));
        let members = || self.deployment.members.of(role);
        for (peer, address) in members().skip(first.into()).chain(members().take(first.into())) {
            if peer == self.me {
                continue;
            }
            if buggify!("a stall in the middle of a broadcast") {
                self.stall().await;
            }
            self.mailbox.send(&message, address)?;
        }
        Ok(())
    }

    /// What a busy disk or a descheduled process does to the time between two steps.
    async fn stall(&self) {
        let percent = knob!("paxos stall percent", 100, 1..=300) as u32;
        let percent = squall::rand::rng().random_range(0..=percent);
        sleep(self.deployment.pace.resend * percent / 100).await;
    }
}

enum Woken {
    Shutdown,
    Timer,
    Received(Result<(Message, std::net::SocketAddr), RecvError>),
}

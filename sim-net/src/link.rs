//! A directed link between two nodes: a pure state machine that decides what becomes of each message.

use crate::Cause;
use crate::fault::FaultId;
use sim_runtime::choice::{Choices, Distribution, Kind, Path, Ratio, Stream};
use sim_runtime::time::Nanos;
use std::rc::Rc;

/// What a link does to messages while no fault is on.
///
/// ```
/// use sim_net::LinkModel;
/// use sim_runtime::choice::{Distribution, Ratio};
///
/// let wan = LinkModel {
///     latency: Distribution::exponential(20_000_000, 30_000_000, 400_000_000),
///     loss: Ratio::per_million(500),
///     ..LinkModel::default()
/// };
/// assert!(!wan.fifo);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkModel {
    /// How long a message takes, in nanoseconds. Delays are independent, so later messages can overtake earlier ones.
    pub latency: Distribution,
    /// How likely a message is lost.
    pub loss: Ratio,
    /// How likely a message arrives twice. The copy has a delay of its own.
    pub duplicate: Ratio,
    /// Whether messages arrive in the order in which they were sent, as on a wire without alternative routes.
    pub fifo: bool,
}

impl Default for LinkModel {
    /// A data centre: 0.5 ms at least and 1 ms in the mean, a tail of up to 200 ms for one message in a thousand, nothing lost.
    fn default() -> LinkModel {
        let body = Distribution::exponential(500_000, 1_000_000, 20_000_000);
        let tail = Distribution::log_uniform(10_000_000, 200_000_000);
        LinkModel {
            latency: Distribution::bimodal(body, Ratio::new(1, 1_000), tail),
            loss: Ratio::ZERO,
            duplicate: Ratio::ZERO,
            fifo: false,
        }
    }
}

impl LinkModel {
    /// A model with this latency, and neither loss nor duplication.
    pub fn with_latency(latency: Distribution) -> LinkModel {
        LinkModel { latency, loss: Ratio::ZERO, duplicate: Ratio::ZERO, fifo: false }
    }
}

/// What becomes of a message. Instants are absolute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It arrives at an instant.
    Deliver {
        /// When.
        at: Nanos,
    },
    /// It arrives, and so does a copy of it.
    DeliverTwice {
        /// When the message arrives.
        at: Nanos,
        /// When the copy arrives. It may come first.
        again: Nanos,
    },
    /// It never arrives.
    Dropped(Cause),
}

/// Something that happens to a message with a certain probability, and the stream that decides.
#[derive(Debug)]
struct Coin {
    ratio: Ratio,
    stream: Stream,
}

/// A directed link.
///
/// Delays, losses and copies are drawn from streams of their own, and every message draws one delay, whatever becomes of it. So an
/// edit that rescues one message, and even a fault that is taken away, leave the delays of all other messages what they were.
#[derive(Debug)]
pub struct Link {
    stream: Stream,
    path: Path,
    model: Rc<LinkModel>,
    loss: Option<Coin>,
    copy: Option<Coin>,
    state: State,
    sent: u32,
    newest: u32,
    floor: Nanos,
}

/// What faults make of a link. The marks name the fault to which an effect is owed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// The fault that blocks it.
    pub blocked: Option<FaultId>,
    /// By how much delays are multiplied: 1 is healthy.
    pub slow_factor: u32,
    /// How much later messages arrive, on top.
    pub held: Nanos,
    /// Whether the fault that holds back is over with the next message.
    pub holds_once: bool,
    /// The fault that slows it or holds back.
    pub slowed: Option<FaultId>,
    /// The fault that loses messages, unless it is the model.
    pub lossy: Option<FaultId>,
    /// The fault that duplicates messages, unless it is the model.
    pub copying: Option<FaultId>,
}

impl State {
    /// A link without a fault.
    pub const HEALTHY: State = State {
        blocked: None,
        slow_factor: 1,
        held: 0,
        holds_once: false,
        slowed: None,
        lossy: None,
        copying: None,
    };
}

impl Link {
    /// The link at `path`, which names its choices.
    pub fn new(choices: &Choices, path: Path, model: Rc<LinkModel>) -> Link {
        let (loss, duplicate) = (model.loss, model.duplicate);
        let mut link = Link {
            stream: choices.stream_at(path),
            path,
            model,
            loss: None,
            copy: None,
            state: State::HEALTHY,
            sent: 0,
            newest: 0,
            floor: 0,
        };
        link.set_state(choices, State::HEALTHY, loss, duplicate);
        link
    }

    /// Decides what becomes of a message that is sent now.
    #[inline]
    pub fn send(&mut self, choices: &Choices, now: Nanos) -> Verdict {
        self.sent = self.sent.wrapping_add(1);
        let delay = choices.sample(&mut self.stream, Kind::Delay, &self.model.latency);
        let lost = match &mut self.loss {
            Some(coin) => choices.chance(&mut coin.stream, Kind::Loss, coin.ratio),
            None => false,
        };
        let copy = match &mut self.copy {
            Some(coin) if !coin.ratio.is_zero() => {
                let copied = choices.chance(&mut coin.stream, Kind::Duplicate, coin.ratio);
                let delay = choices.sample(&mut coin.stream, Kind::Delay, &self.model.latency);
                copied.then_some(delay)
            }
            Some(_) | None => None,
        };
        if self.state.blocked.is_some() {
            return Verdict::Dropped(Cause::Blocked);
        }
        if lost {
            return Verdict::Dropped(Cause::Loss);
        }
        let at = self.arrival(now, delay);
        match copy {
            None => Verdict::Deliver { at },
            Some(delay) => Verdict::DeliverTwice { at, again: self.arrival(now, delay) },
        }
    }

    #[inline]
    fn arrival(&mut self, now: Nanos, delay: Nanos) -> Nanos {
        let delay = delay.saturating_mul(u64::from(self.state.slow_factor));
        let at = now.saturating_add(delay).saturating_add(self.state.held);
        if !self.model.fifo {
            return at;
        }
        self.floor = self.floor.max(at);
        self.floor
    }

    /// The number of the message that [`Link::send`] decided on last.
    #[inline]
    pub fn sequence(&self) -> u32 {
        self.sent
    }

    /// Notes that message `sequence` arrives, and says whether one that was sent after it was faster.
    #[inline]
    pub fn arrives(&mut self, sequence: u32) -> bool {
        let ahead = sequence.wrapping_sub(self.newest) as i32;
        if ahead > 0 {
            self.newest = sequence;
        }
        ahead < 0
    }

    /// The model.
    pub fn model(&self) -> &Rc<LinkModel> {
        &self.model
    }

    /// Changes the model. Messages under way keep the delay they were given. The state has to be set anew.
    pub fn set_model(&mut self, model: Rc<LinkModel>) {
        self.model = model;
    }

    /// What faults make of it.
    #[inline]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Sets what faults and model make of it.
    pub fn set_state(&mut self, choices: &Choices, state: State, loss: Ratio, duplicate: Ratio) {
        assert!(state.slow_factor > 0, "a link slowed by a factor of 0 would be faster than light");
        self.state = state;
        let path = self.path;
        let set = |coin: &mut Option<Coin>, ratio: Ratio, label: &'static str| match coin {
            Some(coin) => coin.ratio = ratio,
            None if ratio.is_zero() => {}
            None => {
                let stream = choices.stream_at(choices.child(path, label.into()));
                *coin = Some(Coin { ratio, stream });
            }
        };
        set(&mut self.loss, loss, "loss");
        set(&mut self.copy, duplicate, "copy");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_runtime::choice::{Edits, Fallback};

    fn link(choices: &Choices, model: LinkModel) -> Link {
        let path = choices.child(choices.child(Path::ROOT, "net".into()), "a>b".into());
        Link::new(choices, path, Rc::new(model))
    }

    fn set(link: &mut Link, choices: &Choices, state: State) {
        let (loss, duplicate) = (link.model().loss, link.model().duplicate);
        link.set_state(choices, state, loss, duplicate);
    }

    fn uniform() -> LinkModel {
        LinkModel::with_latency(Distribution::uniform(1_000, 9_000))
    }

    fn arrivals(verdict: Verdict) -> Vec<Nanos> {
        match verdict {
            Verdict::Deliver { at } => vec![at],
            Verdict::DeliverTwice { at, again } => vec![at, again],
            Verdict::Dropped(_) => vec![],
        }
    }

    #[test]
    fn delays_lie_in_the_model_and_reorder() {
        let choices = Choices::new(1);
        let mut link = link(&choices, uniform());
        let times: Vec<Nanos> =
            (0..1_000).flat_map(|now| arrivals(link.send(&choices, now))).collect();
        assert_eq!(times.len(), 1_000);
        assert!((0..).zip(&times).all(|(now, at)| (now + 1_000..=now + 9_000).contains(at)));
        let overtakes = times.windows(2).filter(|w| w[1] < w[0]).count();
        assert!((300..700).contains(&overtakes), "{overtakes}");
    }

    #[test]
    fn a_fifo_link_keeps_order_even_when_it_duplicates() {
        let choices = Choices::new(2);
        let model = LinkModel { fifo: true, duplicate: Ratio::new(1, 3), ..uniform() };
        let mut link = link(&choices, model);
        let times: Vec<Nanos> =
            (0..1_000).flat_map(|now| arrivals(link.send(&choices, now))).collect();
        assert!(times.is_sorted());
        assert!((1_250..1_420).contains(&times.len()), "{}", times.len());
    }

    #[test]
    fn loss_and_duplication_follow_their_ratios() {
        let choices = Choices::new(3);
        let model = LinkModel { loss: Ratio::new(1, 10), duplicate: Ratio::new(1, 5), ..uniform() };
        let mut link = link(&choices, model);
        let counts = (0..10_000).fold([0; 3], |mut counts, now| {
            counts[arrivals(link.send(&choices, now)).len()] += 1;
            counts
        });
        assert!((900..1_100).contains(&counts[0]), "{counts:?}");
        assert!((1_650..1_950).contains(&counts[2]), "{counts:?}");
    }

    #[test]
    fn a_message_uses_as_few_choices_as_it_needs() {
        for (loss, duplicate, want) in [(0, 0, 1), (1, 0, 2), (0, 1, 3), (1, 1, 4)] {
            let choices = Choices::with(4, &Edits::default(), true);
            let (loss, duplicate) = (Ratio::new(loss, 2), Ratio::new(duplicate, 2));
            let mut link = link(&choices, LinkModel { loss, duplicate, ..uniform() });
            for sent in 1..50 {
                link.send(&choices, 0);
                assert_eq!(choices.recorded().len(), sent * want);
            }
            let blocked = State { blocked: Some(FaultId::new(0)), ..State::HEALTHY };
            set(&mut link, &choices, blocked);
            link.send(&choices, 0);
            assert_eq!(choices.recorded().len(), 50 * want, "a blocked message too");
        }
    }

    #[test]
    fn benign_choices_mean_the_least_delay_and_nothing_else() {
        let edits = Edits { edits: vec![], fallback: Fallback::Benign };
        let choices = Choices::with(5, &edits, false);
        let model = LinkModel { loss: Ratio::new(1, 2), duplicate: Ratio::new(1, 2), ..uniform() };
        let mut link = link(&choices, model);
        assert!(
            (0..100).all(|now| link.send(&choices, now) == Verdict::Deliver { at: now + 1_000 })
        );
    }

    #[test]
    fn an_edit_rescues_one_message_and_changes_no_other() {
        let model = LinkModel { loss: Ratio::new(1, 4), ..uniform() };
        let run = |edits: &Edits| {
            let choices = Choices::with(6, edits, false);
            let mut link = link(&choices, model.clone());
            (0..200).map(|now| link.send(&choices, now)).collect::<Vec<_>>()
        };
        let drawn = run(&Edits::default());
        let lost = drawn.iter().position(|v| arrivals(*v).is_empty()).unwrap();
        let edit = format!("net/a>b/loss#{lost} = 0").parse().unwrap();
        let edited = run(&Edits { edits: vec![edit], ..Edits::default() });
        let differing: Vec<usize> = (0..200).filter(|i| drawn[*i] != edited[*i]).collect();
        assert_eq!(differing, [lost]);
    }

    #[test]
    fn a_fault_that_is_taken_away_leaves_all_delays_alone() {
        let (one, two) = (Choices::new(6), Choices::new(6));
        let (mut plain, mut lossy) = (link(&one, uniform()), link(&two, uniform()));
        let mut lost = 0;
        for now in 0..300 {
            if now == 100 {
                lossy.set_state(&two, State::HEALTHY, Ratio::new(1, 3), Ratio::new(1, 3));
            }
            if now == 200 {
                lossy.set_state(&two, State::HEALTHY, Ratio::ZERO, Ratio::ZERO);
            }
            match (plain.send(&one, now), lossy.send(&two, now)) {
                (Verdict::Deliver { at }, Verdict::Deliver { at: other })
                | (Verdict::Deliver { at }, Verdict::DeliverTwice { at: other, .. }) => {
                    assert_eq!(at, other);
                }
                (_, verdict) => {
                    assert_eq!(verdict, Verdict::Dropped(Cause::Loss));
                    lost += 1;
                }
            }
        }
        assert!((20..50).contains(&lost), "{lost}");
    }

    #[test]
    fn a_slow_link_multiplies_delays() {
        let (one, two) = (Choices::new(7), Choices::new(7));
        let (mut healthy, mut slow) = (link(&one, uniform()), link(&two, uniform()));
        set(&mut slow, &two, State { slow_factor: 20, ..State::HEALTHY });
        for _ in 0..100 {
            let (a, b) = (healthy.send(&one, 0), slow.send(&two, 0));
            assert_eq!(20 * arrivals(a)[0], arrivals(b)[0]);
        }
    }

    #[test]
    fn an_overtaken_message_is_noticed() {
        let mut link = link(&Choices::new(9), uniform());
        assert_eq!([1, 3, 2, 3, 4].map(|n| link.arrives(n)), [false, false, true, false, false]);
    }

    #[test]
    fn the_default_has_a_body_and_a_tail() {
        let choices = Choices::new(10);
        let mut link = link(&choices, LinkModel::default());
        let mut times: Vec<Nanos> =
            (0..100_000).flat_map(|_| arrivals(link.send(&choices, 0))).collect();
        times.sort_unstable();
        assert!(times[0] >= 500_000);
        assert!((700_000..1_000_000).contains(&times[50_000]), "median {}", times[50_000]);
        assert!(times[99_950] > 10_000_000, "tail {}", times[99_950]);
        assert!(times[99_999] <= 200_000_000);
    }
}

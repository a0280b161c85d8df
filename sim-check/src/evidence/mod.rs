//! What the judges of protocol events and of [`workload`](crate::workload)s say can be checked without them, in time linear in
//! the run and the proof. A violation names events or operations, and its verifier looks at those alone, or, for what is
//! missing, once through the list. The certificate of a good run says for each event, read or element why it is in order.
//!
//! [`explain`] adds the smallest part of the run that still violates the property, and a picture of it.
//!
//! ```
//! use sim_check::evidence::explain;
//! use sim_check::mutual_exclusion::{Event, Promise, check};
//!
//! let mut events = vec![Event::Access { client: 7, token: 0, accepted: false }; 20];
//! events.insert(5, Event::Acquire { client: 1, token: 1 });
//! events.insert(15, Event::Acquire { client: 2, token: 2 });
//! let judge = |events: &[Event]| check(events, Promise::Exclusive);
//! let explanation = explain(&events, judge).expect("two clients hold the lock");
//! assert_eq!(explanation.smallest, [5, 15]);
//! assert!(explanation.why.starts_with("client 2 acquired the lock at event 15"));
//! assert!(explanation.picture("two holders").to_svg().contains("Acquire"));
//! ```

mod atomic_commitment;
mod consensus;
mod convergence;
mod delivery;
mod mutual_exclusion;
mod workload;

use crate::minimize::minimize;
use crate::render::{Bar, Picture};
use crate::verdict::Verdict;
use crate::{
    atomic_commitment as ac, consensus as co, convergence as cv, delivery as de,
    mutual_exclusion as mu,
};
use std::fmt::{Debug, Display};
use std::mem::discriminant;

/// An event of a protocol.
pub trait Occurrence: Clone + Debug {
    /// Who does it: the lane of a picture.
    fn lane(&self) -> String;
}

impl Occurrence for ac::Event {
    fn lane(&self) -> String {
        match self {
            ac::Event::Begin { .. } => "clients".to_string(),
            ac::Event::Vote { node, .. }
            | ac::Event::Decide { node, .. }
            | ac::Event::Crash { node }
            | ac::Event::Recover { node } => format!("node {node}"),
            ac::Event::Fault => "world".to_string(),
        }
    }
}

impl<V: Clone + Debug> Occurrence for co::Event<V> {
    fn lane(&self) -> String {
        match self {
            co::Event::Propose { .. } => "clients".to_string(),
            co::Event::Promise { node, .. }
            | co::Event::Accept { node, .. }
            | co::Event::Decide { node, .. }
            | co::Event::Crash { node }
            | co::Event::Recover { node } => format!("node {node}"),
        }
    }
}

impl<S: Clone + Debug> Occurrence for cv::Event<S> {
    fn lane(&self) -> String {
        match self {
            cv::Event::Acknowledge { .. } => "clients".to_string(),
            cv::Event::Deliver { replica, .. }
            | cv::Event::Restart { replica, .. }
            | cv::Event::Observe { replica, .. } => format!("replica {replica}"),
        }
    }
}

impl Occurrence for de::Event {
    fn lane(&self) -> String {
        match self {
            de::Event::Commit { .. } | de::Event::Abort { .. } | de::Event::Unknown { .. } => {
                "database".to_string()
            }
            de::Event::Publish { .. } => "broker".to_string(),
            de::Event::Deliver { consumer, .. } | de::Event::Apply { consumer, .. } => {
                format!("consumer {consumer}")
            }
        }
    }
}

impl Occurrence for mu::Event {
    fn lane(&self) -> String {
        match self {
            mu::Event::Acquire { client, .. }
            | mu::Event::Release { client }
            | mu::Event::Access { client, .. } => format!("client {client}"),
        }
    }
}

/// Why a run is bad.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventsExplanation<E> {
    /// Positions of events that, taken alone, still violate the property in the same way. None of them can be left out.
    pub smallest: Vec<usize>,
    /// What is wrong with these events, in words.
    pub why: String,
    events: Vec<E>,
}

/// Explains what `judge` finds in `events`; `None` if it finds no violation.
pub fn explain<E: Occurrence, C, X: Display>(
    events: &[E],
    judge: impl Fn(&[E]) -> Verdict<C, X>,
) -> Option<EventsExplanation<E>> {
    let Verdict::Violation(violation) = judge(events) else { return None };
    let mut smallest: Vec<usize> = (0..events.len()).collect();
    let pick = |places: &[usize]| -> Vec<E> {
        places.iter().map(|place| events[*place].clone()).collect()
    };
    minimize(&mut smallest, |places| match judge(&pick(places)) {
        Verdict::Violation(other) => discriminant(&other) == discriminant(&violation),
        Verdict::Ok(_) | Verdict::Unknown(_) => false,
    });
    let events = pick(&smallest);
    let why = match judge(&events) {
        Verdict::Violation(of_part) => renumbered(&of_part.to_string(), &smallest),
        Verdict::Ok(_) | Verdict::Unknown(_) => violation.to_string(),
    };
    Some(EventsExplanation { smallest, why, events })
}

/// The sentence about a part of a run, with the positions of the whole: `event 0`, `events 1 and 2`.
fn renumbered(sentence: &str, places: &[usize]) -> String {
    let mut words: Vec<String> = sentence.split(' ').map(str::to_string).collect();
    for at in 1..words.len() {
        let follows = matches!(words[at - 1].as_str(), "event" | "events")
            || at > 2 && words[at - 3] == "events" && words[at - 1] == "and";
        let digits = words[at].trim_end_matches([',', '.', ':', ';']).len();
        let place = words[at][..digits].parse().ok().and_then(|place: usize| places.get(place));
        if let (true, Some(place)) = (follows, place) {
            words[at] = format!("{place}{}", &words[at][digits..]);
        }
    }
    words.join(" ")
}

impl<E: Occurrence> EventsExplanation<E> {
    /// The timeline of the smallest part, to be written as text, SVG, HTML or DOT.
    pub fn picture(&self, title: &str) -> Picture {
        let bars = self.smallest.iter().zip(&self.events).map(|(place, event)| Bar {
            lane: event.lane(),
            label: format!("{event:?}"),
            from: *place as u32,
            to: Some(*place as u32),
            times: (place.to_string(), place.to_string()),
            essential: true,
        });
        Picture {
            title: title.to_string(),
            why: vec![self.why.clone()],
            bars: bars.collect(),
            edges: Vec::new(),
        }
    }
}

/// A claim of a violation about events.
fn claim(holds: bool, claim: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(format!("it is not so that {}", claim())) }
}

/// That an event of this kind stands at a place.
fn stands<E>(events: &[E], at: usize, is: impl Fn(&E) -> bool) -> Result<(), String> {
    claim(events.get(at).is_some_and(is), || format!("event {at} is what is said of it"))
}

/// That no event of this kind stands in a range of places.
fn none<E>(
    events: &[E],
    places: std::ops::Range<usize>,
    is: impl Fn(&E) -> bool,
) -> Result<(), String> {
    match events.get(places.clone()).unwrap_or(&[]).iter().position(is) {
        None => Ok(()),
        Some(at) => Err(format!("event {} should not be there", places.start + at)),
    }
}

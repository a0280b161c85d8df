//! Typed messages.

mod common;

use common::{ms, passes};
use serde::{Deserialize, Serialize};
use sim_net::{Errno, Mailbox, RecvError, UdpSocket};
use std::io::ErrorKind;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Message {
    Prepare { ballot: u64 },
    Accepted(String, Vec<u8>),
}

#[test]
fn messages_of_all_sizes_come_through() {
    passes(async {
        let one = Mailbox::<Message>::bind("0.0.0.0:1").await.unwrap();
        let two = Mailbox::<Message>::bind("0.0.0.0:2").await.unwrap();
        for bytes in [0, 10, 5_000, 65_000] {
            let message = Message::Accepted("value".into(), vec![3; bytes]);
            one.send(&message, "localhost:2").unwrap();
            assert_eq!(two.recv().await.unwrap(), (message, "127.0.0.1:1".parse().unwrap()));
        }
        let error = one.send(&Message::Accepted(String::new(), vec![0; 65_507]), "localhost:2");
        assert_eq!(Errno::of(&error.unwrap_err()), Some(Errno::MessageTooLong));
        assert!(matches!(
            two.try_recv(),
            Err(RecvError::Io(error)) if error.kind() == ErrorKind::WouldBlock
        ));
    });
}

#[test]
fn a_malformed_datagram_is_an_error_and_the_next_message_comes_through() {
    passes(async {
        let mailbox = Mailbox::<Message>::bind("0.0.0.0:1").await.unwrap();
        let socket = UdpSocket::bind("0.0.0.0:2").await.unwrap();
        let good = Message::Prepare { ballot: 300 };
        let mut long = postcard::to_stdvec(&good).unwrap();
        long.push(0);
        let datagrams: [&[u8]; 5] = [&[], &[0xFF; 40], &[1, 200, 1, 2], &[0], &long];
        for datagram in datagrams {
            socket.send_to(datagram, "localhost:1").await.unwrap();
        }
        Mailbox::from(socket).send(&good, "localhost:1").unwrap();
        ms(1).await;
        for datagram in datagrams {
            let error = mailbox.recv().await.unwrap_err();
            let RecvError::Malformed { from, .. } = &error else { panic!("{datagram:?}: {error}") };
            assert_eq!(*from, "127.0.0.1:2".parse().unwrap());
            assert!(error.to_string().starts_with("a datagram from 127.0.0.1:2 is no message"));
        }
        assert_eq!(mailbox.recv().await.unwrap().0, good);
    });
}

/// Sends another message while it is being encoded, as code under test may.
struct Nested<'a>(&'a Mailbox<u8>);

impl Serialize for Nested<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.send(&7, "localhost:1").map_err(serde::ser::Error::custom)?;
        serializer.serialize_u8(9)
    }
}

impl<'de> Deserialize<'de> for Nested<'_> {
    fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(serde::de::Error::custom("only sent"))
    }
}

#[test]
fn encoding_may_use_the_network() {
    passes(async {
        // Leaked, because a mailbox's type may not borrow what it is not bound to outlive.
        let inner: &'static Mailbox<u8> =
            Box::leak(Box::new(Mailbox::bind("0.0.0.0:1").await.unwrap()));
        let outer = Mailbox::<Nested<'static>>::bind("0.0.0.0:2").await.unwrap();
        outer.send(&Nested(inner), "localhost:1").unwrap();
        assert_eq!((inner.recv().await.unwrap().0, inner.recv().await.unwrap().0), (7, 9));
    });
}

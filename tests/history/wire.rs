//! Questions and answers over datagrams, as small numbers.

use squall::net::UdpSocket;
use squall::prelude::*;
use std::collections::BTreeMap;
use std::io;

pub const PORT: u16 = 7;

/// Nobody has answered in time: what was asked for may have happened or not.
#[derive(Debug)]
pub struct GaveUp;

/// Answers each datagram by its number and what `serve` makes of the rest.
pub async fn serve<F>(mut serve: impl FnMut(Vec<u64>) -> F) -> io::Result<()>
where
    F: Future<Output = Vec<u64>>,
{
    let socket = UdpSocket::bind(("0.0.0.0", PORT)).await?;
    let mut buffer = [0; 1024];
    loop {
        let (len, from) = socket.recv_from(&mut buffer).await?;
        let mut words = decode(&buffer[..len]);
        let number = words.remove(0);
        let mut answer = vec![number];
        answer.extend(serve(words).await);
        socket.send_to(&encode(&answer), from).await?;
    }
}

/// Asks `servers` until `enough` of them have answered, each once; gives up after two seconds.
pub async fn ask(
    servers: &[String],
    question: &[u64],
    enough: usize,
) -> Result<Vec<Vec<u64>>, GaveUp> {
    let number = random();
    let question = encode(&[&[number], question].concat());
    let asking = async {
        let socket = UdpSocket::bind("0.0.0.0:0").await.expect("a port is free");
        let mut answers: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        let mut buffer = [0; 1024];
        while answers.len() < enough {
            for server in servers {
                // A refusal is as good as silence: asked again.
                socket.send_to(&question, format!("{server}:{PORT}")).await.ok();
            }
            let until = Instant::now() + 100.millis();
            while let Ok(Ok((len, from))) =
                squall::time::timeout_at(until, socket.recv_from(&mut buffer)).await
            {
                let mut words = decode(&buffer[..len]);
                if words.remove(0) == number {
                    answers.insert(from.to_string(), words);
                }
            }
        }
        answers.into_values().collect()
    };
    timeout(2.seconds(), asking).await.map_err(|_| GaveUp)
}

fn encode(words: &[u64]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn decode(bytes: &[u8]) -> Vec<u64> {
    bytes.chunks_exact(8).map(|word| u64::from_le_bytes(word.try_into().expect("eight"))).collect()
}

/// A number of the run's own randomness.
pub fn random() -> u64 {
    rand::Rng::next_u64(&mut squall::rand::rng())
}

/// A number below `end`.
pub fn below(end: u64) -> u64 {
    random() % end
}

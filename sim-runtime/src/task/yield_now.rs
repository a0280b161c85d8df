//! Giving others a turn.

use std::future::poll_fn;
use std::task::Poll;

/// Lets other tasks run, like `tokio::task::yield_now`. Time does not move.
#[inline]
pub async fn yield_now() {
    let mut yielded = false;
    poll_fn(|cx| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

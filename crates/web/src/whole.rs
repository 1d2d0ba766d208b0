//! Work that must not stop half-way when its caller goes away.

use std::future::Future;

/// Runs work to its end, also when the connection that asked for it is closed in the meantime.
///
/// Test mode needs this: it changes the store and then what memory shows of it, and a request dropped in between would leave
/// the two apart until the next start.
#[expect(
    clippy::disallowed_methods,
    reason = "a request's own future is dropped with its connection; this work is not"
)]
pub(crate) async fn to_the_end<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    match tokio::spawn(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // Only the end of the runtime cancels it, and that of this request with it.
            Err(_) => std::future::pending().await,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::oneshot;

    #[tokio::test]
    async fn work_ends_although_nobody_waits_for_it() {
        let (go, gone) = oneshot::channel::<()>();
        let (done, is_done) = oneshot::channel();
        let mut asking = Box::pin(to_the_end(async move {
            gone.await.unwrap();
            done.send(7).unwrap();
        }));
        // Started, and then dropped, as when a client closes its connection.
        tokio::select! {
            biased;
            () = &mut asking => panic!("it cannot be done yet"),
            () = tokio::task::yield_now() => {}
        }
        drop(asking);
        go.send(()).unwrap();
        assert_eq!(is_done.await, Ok(7));
    }
}

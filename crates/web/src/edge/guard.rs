//! The socket as hyper sees it: one checked request at a time, within its deadlines.
//!
//! A head reaches hyper only when it is complete and nobody could read it differently; the next one only when the answer before
//! it is on its way. So a refusal has nothing in front of it, and hyper never meets what it would forgive. It changes no byte.

use hyper::rt::{Read, ReadBufCursor, Write};
use std::{
    future::poll_fn,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker, ready},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf},
    net::TcpStream,
};

use super::{
    Limits,
    chunks::Chunks,
    deadline::Deadline,
    exchange::Exchange,
    head::{Framing, HeadReader},
    refusal::Refusal,
};

/// Enough for nearly every request; it doubles where a head needs more.
const BUFFER_BYTES: usize = 2048;

/// What the next byte is part of.
#[derive(Debug)]
enum Stage {
    /// A head, held back until it is whole.
    Head(HeadReader),
    /// A checked head, of which this much is still to be handed on.
    Deliver {
        left: usize,
        framing: Framing,
    },
    Length(u64),
    Chunked(Chunks),
    /// Nothing more is read.
    Refused(Refusal),
}

/// See the module.
#[derive(Debug)]
pub(super) struct Guard {
    socket: TcpStream,
    limits: Arc<Limits>,
    exchange: Arc<Exchange>,
    stage: Stage,
    buffer: Vec<u8>,
    /// The unread part of the buffer.
    start: usize,
    end: usize,
    /// The peer will send no more.
    over: bool,
    /// Whether a request was answered on this connection.
    used: bool,
    reading: Deadline,
    writing: Deadline,
    /// Who is waiting for the exchange to end, because bytes of the next request are here.
    parked: Option<Waker>,
}

impl Guard {
    pub(super) fn new(socket: TcpStream, limits: Arc<Limits>, exchange: Arc<Exchange>) -> Self {
        Guard {
            socket,
            limits,
            exchange,
            stage: Stage::Head(HeadReader::default()),
            buffer: Vec::new(),
            start: 0,
            end: 0,
            over: false,
            used: false,
            reading: Deadline::default(),
            writing: Deadline::default(),
            parked: None,
        }
    }

    /// Waits for the first request; `false` when there will be none.
    pub(super) async fn first_head(&mut self) -> bool {
        // A peer that broke the connection off has nothing to be told.
        poll_fn(|cx| self.poll_head(cx)).await.unwrap_or(false)
    }

    /// Ends the connection: says why a head was refused, and listens to a peer that is still sending for a moment, because a
    /// socket closed on unread bytes takes its last answer with it.
    pub(super) async fn finish(mut self) {
        let limits = Arc::clone(&self.limits);
        let ending = async {
            if let Stage::Refused(refusal) = &self.stage {
                let answer = refusal.answer(self.buffer.get(self.start..self.end).unwrap_or_default());
                self.socket.write_all(&answer).await?;
            }
            self.socket.shutdown().await?;
            if self.is_mid_request() { self.discard().await } else { Ok(()) }
        };
        // The peer may be gone, or slow; neither is anybody's concern any more.
        if let Ok(Err(error)) = tokio::time::timeout(limits.linger_deadline, ending).await {
            tracing::trace!(%error, "the peer left before the end");
        }
    }

    fn is_mid_request(&self) -> bool {
        !self.over && (!matches!(self.stage, Stage::Head(_)) || self.start < self.end)
    }

    async fn discard(&mut self) -> io::Result<()> {
        self.buffer.resize(BUFFER_BYTES.max(self.buffer.len()), 0);
        let mut left = self.limits.linger_bytes_max;
        while left > 0 {
            let read = self.socket.read(&mut self.buffer).await?;
            if read == 0 {
                break;
            }
            left = left.saturating_sub(read);
        }
        Ok(())
    }

    /// Reads more into the buffer; whether there was more.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        if self.over {
            return Poll::Ready(Ok(false));
        }
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
        if self.end == self.buffer.len() {
            self.make_room();
        }
        let mut space = ReadBuf::new(self.buffer.get_mut(self.end..).unwrap_or_default());
        ready!(Pin::new(&mut self.socket).poll_read(cx, &mut space))?;
        let read = space.filled().len();
        self.end = self.end.saturating_add(read);
        self.over = read == 0;
        Poll::Ready(Ok(read > 0))
    }

    fn make_room(&mut self) {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end = self.end.saturating_sub(self.start);
            self.start = 0;
        } else {
            // The head's own bound ends this.
            self.buffer.resize(self.buffer.len().saturating_mul(2).max(BUFFER_BYTES), 0);
        }
    }

    /// The next head, and then whatever follows it. Ready without a byte means the end.
    fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        if !self.exchange.is_idle() {
            return self.poll_meanwhile(cx);
        }
        loop {
            let unread = self.buffer.get(self.start..self.end).unwrap_or_default();
            let Stage::Head(reader) = &mut self.stage else {
                return Poll::Ready(Ok(true));
            };
            match reader.scan(unread, &self.limits) {
                Ok(Some(head)) => {
                    self.reading.clear();
                    self.exchange.open();
                    self.stage = Stage::Deliver { left: head.length, framing: head.framing };
                    return Poll::Ready(Ok(true));
                }
                Ok(None) => {}
                Err(refusal) => {
                    self.stage = Stage::Refused(refusal);
                    return Poll::Ready(Ok(false));
                }
            }
            let idle = self.start == self.end;
            match self.poll_fill(cx)? {
                Poll::Ready(true) if idle => self.reading.clear(),
                Poll::Ready(true) => {}
                Poll::Ready(false) => return Poll::Ready(Ok(false)),
                Poll::Pending => return self.poll_head_deadline(cx, idle),
            }
        }
    }

    fn poll_head_deadline(&mut self, cx: &mut Context<'_>, idle: bool) -> Poll<io::Result<bool>> {
        let allowed = if idle && self.used { self.limits.idle_deadline } else { self.limits.head_deadline };
        ready!(self.reading.poll(cx, allowed));
        if idle {
            self.over = true;
        } else {
            self.stage = Stage::Refused(Refusal::HeadTooSlow);
        }
        Poll::Ready(Ok(false))
    }

    /// While a request is answered: notices a peer that left an endless answer. One that only stopped sending gets its answer.
    fn poll_meanwhile(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        if self.start == self.end {
            ready!(self.poll_fill(cx))?;
            if self.over && self.exchange.is_streaming() {
                return Poll::Ready(Ok(false));
            }
        }
        self.parked = Some(cx.waker().clone());
        Poll::Pending
    }

    /// The exchange is over, but hyper asked for the next head before that and may not ask again by itself.
    fn watch_for_next(&mut self, cx: &mut Context<'_>) {
        if let Some(waiting) = self.parked.take() {
            waiting.wake();
        } else if matches!(self.stage, Stage::Head(_)) && self.reading.poll(cx, self.limits.idle_deadline).is_ready() {
            cx.waker().wake_by_ref();
        }
    }

    /// More of the body.
    fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        if self.start < self.end {
            return Poll::Ready(Ok(true));
        }
        match self.poll_fill(cx) {
            Poll::Ready(read) => Poll::Ready(read),
            Poll::Pending => {
                ready!(self.reading.poll(cx, self.limits.body_deadline));
                Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the request body took too long")))
            }
        }
    }

    /// Hands on what belongs to the request at hand.
    fn hand_on(&mut self, cursor: &mut ReadBufCursor<'_>) -> io::Result<()> {
        let unread = self.buffer.get(self.start..self.end).unwrap_or_default();
        let unread = unread.get(..cursor.remaining()).unwrap_or(unread);
        let (taken, next) = match &mut self.stage {
            Stage::Head(_) | Stage::Refused(_) => return Ok(()),
            Stage::Deliver { left, framing } => {
                let taken = unread.len().min(*left);
                *left = left.saturating_sub(taken);
                (taken, (*left == 0).then(|| after_head(*framing)))
            }
            Stage::Length(left) => {
                let taken = usize::try_from(*left).unwrap_or(usize::MAX).min(unread.len());
                *left = left.saturating_sub(u64::try_from(taken).unwrap_or(u64::MAX));
                (taken, (*left == 0).then(|| after_head(Framing::Nothing)))
            }
            Stage::Chunked(chunks) => {
                let malformed =
                    |_| io::Error::new(io::ErrorKind::InvalidData, "the chunks of the request body are malformed");
                let taken = chunks.pass(unread).map_err(malformed)?;
                (taken, chunks.is_over().then(|| after_head(Framing::Nothing)))
            }
        };
        cursor.put_slice(unread.get(..taken).unwrap_or_default());
        self.start = self.start.saturating_add(taken);
        if let Some(next) = next {
            self.reading.clear();
            self.stage = next;
        }
        Ok(())
    }

    fn poll_written(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.writing.clear();
            return written;
        }
        ready!(self.writing.poll(cx, self.limits.write_stall_deadline));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the peer does not read its answer")))
    }
}

fn after_head(framing: Framing) -> Stage {
    match framing {
        Framing::Nothing => Stage::Head(HeadReader::default()),
        Framing::Length(length) => Stage::Length(length),
        Framing::Chunked => Stage::Chunked(Chunks::new()),
    }
}

impl Read for Guard {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut cursor: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let more = match &this.stage {
            Stage::Head(_) => ready!(this.poll_head(cx))?,
            Stage::Deliver { .. } => true,
            Stage::Length(_) | Stage::Chunked(_) => ready!(this.poll_body(cx))?,
            Stage::Refused(_) => false,
        };
        Poll::Ready(if more { this.hand_on(&mut cursor) } else { Ok(()) })
    }
}

impl Write for Guard {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write(cx, bytes);
        self.poll_written(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write_vectored(cx, pieces);
        self.poll_written(cx, written)
    }

    /// hyper flushes when its own buffers are empty, so an answer that ended before is on its way now.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.socket).poll_flush(cx))?;
        if self.exchange.flushed() {
            self.used = true;
            self.watch_for_next(cx);
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

//! A file as the body of an answer, read while it is sent: what is on its way takes no memory by its length.

use std::fs::File;
use std::io::{self, Read as _};
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};

/// Bytes that are read at a time. They were written a moment ago, so that no disk is waited for.
const PIECE: usize = 64 * 1024;

/// A file that is sent.
pub struct FileBody {
    file: File,
    left: u64,
}

impl FileBody {
    /// A file from where it is read next, its beginning.
    ///
    /// # Errors
    /// Its length cannot be read.
    pub fn new(file: File) -> io::Result<Self> {
        Ok(Self { left: file.metadata()?.len(), file })
    }
}

impl HttpBody for FileBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let length = usize::try_from(self.left).unwrap_or(PIECE).min(PIECE);
        if length == 0 {
            return Poll::Ready(None);
        }
        let mut piece = vec![0; length];
        Poll::Ready(Some(match self.file.read_exact(&mut piece) {
            Ok(()) => {
                self.left -= gridtier::index::count(length);
                Ok(Frame::data(piece.into()))
            }
            Err(error) => Err(error),
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

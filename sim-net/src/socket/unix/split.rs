//! The two halves of a Unix stream.

use super::SocketAddr;
use super::stream::UnixStream;
use crate::socket::halves::halves;

halves!(UnixStream, SocketAddr);

//! Tests of the server with requests over a socket. The store has no cycles.

mod client;
mod refusals;
mod delivery;
mod limits;

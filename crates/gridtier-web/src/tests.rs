//! Requests over a socket to a view of a store without cycles.

mod client;
mod refusals;
mod limits;

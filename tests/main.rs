//! The command end to end: what is published, what is printed, and how it ends. One binary, since each links the
//! engine anew.

mod support;

mod real_data;
mod tidy;

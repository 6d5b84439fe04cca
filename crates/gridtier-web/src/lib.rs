//! The local web view of a store: pages of the sections that every other renderer shows.

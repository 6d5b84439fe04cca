//! Tests of the checks of a cycle.

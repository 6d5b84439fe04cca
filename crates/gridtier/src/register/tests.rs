//! Registers against hand-computed cases.

//! Positions in columns, each kind with a type of its own, and the conversions between counts and numbers.
//!
//! A customer, an indicator and a stratum are all positions in some vector. When they all had one integer type, a
//! stratum's position once indexed a column of customers without a word from the compiler. So each kind of position is
//! a type here, four bytes wide, and turns into `usize` in one place. All functions are `#[inline]`: the dev profile
//! compiles incrementally, where rustc by itself inlines nothing across codegen units, and hot loops call these
//! functions for every row.

/// Declares a position type of four bytes.
macro_rules! positions {
    ($($(#[$about:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$about])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u32);

        #[allow(dead_code, reason = "not every kind of position needs every conversion")]
        impl $name {
            /// The position with that number.
            #[inline]
            #[must_use]
            pub const fn new(number: u32) -> Self {
                Self(number)
            }

            /// The position at that index of a vector.
            ///
            /// # Panics
            /// The index does not fit into 32 bits, although columns are bounded by the numbers that keys get.
            #[must_use]
            pub fn from_index(index: usize) -> Self {
                Self(u32::try_from(index).expect("no column has 2^32 entries"))
            }

            /// The position as an index of a vector.
            #[inline]
            #[must_use]
            pub const fn index(self) -> usize {
                $crate::index::index(self.0)
            }

            /// The position as the number that keys have.
            #[inline]
            #[must_use]
            pub const fn number(self) -> u32 {
                self.0
            }
        }
    )+};
}

pub(crate) use positions;

positions! {
    /// A customer: position in [`Customers`](crate::customer::Customers), in the order of ids.
    CustomerIx,
    /// An indicator: position in the method's list of indicators.
    IndicatorIx,
    /// A stratum: position in the list of strata of a grading.
    StratumIx,
    /// A graded customer: position in the graded population, which leaves out customers that are not graded.
    GradedIx,
}

/// A number of 32 bits as an index: lossless on every platform that this workspace builds for.
#[inline]
#[must_use]
pub const fn index(number: u32) -> usize {
    number as usize
}

/// A count of rows as an index.
///
/// # Panics
/// The count does not fit into the platform's `usize`.
#[inline]
#[must_use]
pub fn index_u64(count: u64) -> usize {
    usize::try_from(count).expect("a count of rows in memory fits usize")
}

/// A length as a count.
#[inline]
#[must_use]
pub const fn count(length: usize) -> u64 {
    length as u64
}

/// A count as a float: exact up to 2⁵³.
#[inline]
#[must_use]
pub const fn float(count: usize) -> f64 {
    count as f64
}

/// An exact integer as a float, rounded to the nearest float if it has more than 53 bits.
#[inline]
#[must_use]
pub const fn float_i64(integer: i64) -> f64 {
    integer as f64
}

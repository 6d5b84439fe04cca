//! Positions in columns, each of a type of its own, and the conversions between counts and numbers.
//!
//! A customer, an indicator and a stratum are all positions in some vector. With one integer type for all of them, a
//! stratum's position once indexed a column of customers without a word from the compiler. Each kind of position is a
//! type here, four bytes wide, and turns into `usize` in one place. All of it is `#[inline]`: the dev profile compiles
//! incrementally, where rustc inlines nothing across codegen units by itself, and hot loops call these by the row.

/// Declares a position type of four bytes.
macro_rules! positions {
    ($($(#[$about:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$about])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u32);

        #[allow(dead_code, reason = "not every kind of position needs every conversion")]
        impl $name {
            /// The position of that number.
            #[inline]
            #[must_use]
            pub const fn new(number: u32) -> Self {
                Self(number)
            }

            /// The position at that index of a vector.
            ///
            /// # Panics
            /// The index does not fit into 32 bits: columns are bounded by the numbers that keys get.
            #[must_use]
            pub fn from_index(index: usize) -> Self {
                Self(u32::try_from(index).expect("no column has 2^32 entries"))
            }

            /// As an index of a vector.
            #[inline]
            #[must_use]
            pub const fn index(self) -> usize {
                $crate::index::index(self.0)
            }

            /// As the number that keys have.
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
    /// A customer: position in [`Customers`](crate::customer::Customers), by the order of ids.
    CustomerIx,
    /// An indicator: position in the method's list of indicators.
    IndicatorIx,
    /// A stratum: position in the list of strata of a grading.
    StratumIx,
    /// A graded customer: position in the graded population, which leaves out who is not graded.
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
/// On a platform whose `usize` is smaller than the count.
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

/// An exact integer as a float, rounded to the nearest where it has more than 53 bits.
#[inline]
#[must_use]
pub const fn float_i64(integer: i64) -> f64 {
    integer as f64
}

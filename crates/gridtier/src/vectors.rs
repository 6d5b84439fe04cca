//! Runs a pass over many numbers compiled for the widest vectors that the processor has, with the same bits.
//!
//! Programs are built for the oldest processors of their architecture, whose vectors hold two doubles. A [`Pass`] is
//! compiled three times, and the processor is asked once which of the three it can run. Addition, multiplication,
//! division and comparison are rounded alike at every width (IEEE 754), and the compiler neither contracts a product and
//! a sum to one operation nor changes the order of a sum, so results do not depend on the processor.

/// A pass over many numbers. [`run`](Self::run) and all that it calls in its loops should be `#[inline(always)]`, so that
/// they are compiled for the vectors of the caller.
pub trait Pass {
    /// What the pass finds.
    type Output;

    /// Runs the pass.
    fn run(self) -> Self::Output;
}

/// Vectors that the processor has; made only by [`all`](Self::all), which asks the processor.
#[derive(Clone, Copy, Debug)]
pub struct Vectors(Width);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Width {
    /// The vectors of every processor of the architecture.
    Baseline,
    /// Vectors of four doubles.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// Vectors of eight doubles, with masks.
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Vectors {
    /// All vectors that the processor has, the widest last.
    pub fn all() -> impl DoubleEndedIterator<Item = Self> {
        let widths = [
            Some(Width::Baseline),
            #[cfg(target_arch = "x86_64")]
            std::arch::is_x86_feature_detected!("avx2").then_some(Width::Avx2),
            #[cfg(target_arch = "x86_64")]
            has_avx512().then_some(Width::Avx512),
        ];
        widths.into_iter().flatten().map(Self)
    }

    /// The widest vectors that the processor has.
    pub fn widest() -> Self {
        Self::all().next_back().unwrap_or(Self(Width::Baseline))
    }

    /// Runs a pass compiled for these vectors.
    #[cfg_attr(
        target_arch = "x86_64",
        expect(unsafe_code, reason = "code for processors that have wider vectors")
    )]
    pub fn run<P: Pass>(self, pass: P) -> P::Output {
        match self.0 {
            Width::Baseline => pass.run(),
            // SAFETY: the functions are safe but for their need of a processor with the named features. A `Vectors` with
            // this width is made by `all` alone, after the processor has said that it has all of them; features do not
            // change while a process runs.
            #[cfg(target_arch = "x86_64")]
            Width::Avx2 => unsafe { run_avx2(pass) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Width::Avx512 => unsafe { run_avx512(pass) },
        }
    }
}

#[cfg(target_arch = "x86_64")]
fn has_avx512() -> bool {
    std::arch::is_x86_feature_detected!("avx512f")
        && std::arch::is_x86_feature_detected!("avx512bw")
        && std::arch::is_x86_feature_detected!("avx512dq")
        && std::arch::is_x86_feature_detected!("avx512vl")
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn run_avx2<P: Pass>(pass: P) -> P::Output {
    pass.run()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn run_avx512<P: Pass>(pass: P) -> P::Output {
    pass.run()
}

/// Asks the processor to fetch values that are needed soon, if it can be asked.
#[inline(always)]
#[cfg_attr(target_arch = "x86_64", expect(unsafe_code, reason = "the hint takes a pointer"))]
pub fn prefetch<T>(values: &[T]) {
    /// Bytes of a cache line.
    const LINE: usize = 64;
    #[cfg(target_arch = "x86_64")]
    for value in values.iter().step_by((LINE / size_of::<T>().max(1)).max(1)) {
        use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
        // SAFETY: a prefetch is a hint. It reads nothing that the program can see, and does not fault, whatever the
        // address; this one is even that of a value.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(std::ptr::from_ref(value).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (values, LINE);
}
